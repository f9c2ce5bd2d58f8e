"""What every inbox promises, asked of each of them. A new one joins by its name in `kept.BACKENDS`."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import concurrent.futures
import contextlib
import logging
import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import BACKENDS, Backend, delivery, finish, ids, nothing_to_claim, told
from webhooks import upkeep
from webhooks.delivery import Key, Watch
from webhooks.inbox import Claim, Inbox, Listing
from webhooks.inbox_errors import ClaimLost, InboxClosed, InboxFull
from webhooks.known_keys import Seen, put_on_file
from webhooks.known_routes import KnownRoute
from webhooks.lateness import Lateness


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture(params=BACKENDS, ids=lambda kind: kind.__name__.lower())
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return request.param(tmp_path)


@pytest.fixture
async def inbox(backend: Backend, clock: WoundClock) -> abc.AsyncIterator[Inbox]:
    opened = await backend.open(clock)
    yield opened
    await opened.close()


class TestPutting:
    async def test_what_was_put_comes_back_as_it_was(self, inbox: Inbox):
        put = delivery(7, body=b"\x00\xff not utf-8", flags=("odd",), watch=(Watch("w", "seen", 5.0),))
        receipt = await inbox.put(put)
        (claim,) = await inbox.claim()
        assert (receipt.duplicate, receipt.flags) == (False, ("odd",))
        assert claim.delivery == put
        assert (await inbox.get(receipt.id)).delivery == put

    async def test_text_that_is_no_unicode_does_not_stop_a_delivery(self, inbox: Inbox):
        receipt = await inbox.put(delivery(headers=(("x-odd", "\udcff\udce9"),)))
        assert (await inbox.get(receipt.id)).delivery.header("x-odd") == "??"

    async def test_events_are_lent_in_the_order_received(self, inbox: Inbox):
        receipts = [await inbox.put(delivery(n, resource=f"prospect/{n}")) for n in range(5)]
        assert ids(await inbox.claim(10)) == [receipt.id for receipt in receipts]

    async def test_a_known_key_is_a_duplicate_of_the_first_copy(self, inbox: Inbox):
        first = await inbox.put(delivery(1))
        again = await inbox.put(delivery(2, keys=(Key("other"), Key("outreach/digest/1"))))
        assert (again.id, again.duplicate) == (first.id, True)
        # A copy of the copy is known by what only the copy had.
        assert (await inbox.put(delivery(3, keys=(Key("other"),)))).id == first.id

    async def test_a_hundred_copies_at_once_are_one_event(self, inbox: Inbox):
        receipts = await asyncio.gather(*(inbox.put(delivery(1)) for _ in range(100)))
        assert len({receipt.id for receipt in receipts}) == 1
        assert sum(not receipt.duplicate for receipt in receipts) == 1
        assert inbox.statistics().duplicates == 99

    async def test_a_key_is_known_for_its_own_horizon(self, inbox: Inbox):
        key = (Key("k", 10.0),)
        await inbox.put(delivery(1, keys=key))
        assert (await inbox.put(delivery(1, keys=key, at=START + 9.9))).duplicate
        # A duplicate does not prolong the key it is known by.
        assert not (await inbox.put(delivery(1, keys=key, at=START + 10.0))).duplicate

    async def test_a_watched_text_flags_and_is_put_on_file(self, inbox: Inbox):
        watch = (Watch("id/1", "same-id-other-body", 100.0),)
        first = await inbox.put(delivery(1, watch=watch))
        second = await inbox.put(delivery(2, watch=watch, at=START + 60, flags=("own",)))
        third = await inbox.put(delivery(3, watch=watch, at=START + 150))
        fourth = await inbox.put(delivery(4, watch=watch, at=START + 260))
        assert [it.flags for it in (first, second, third, fourth)] == [
            (),
            ("own", "same-id-other-body"),
            ("same-id-other-body",),
            (),
        ]
        assert (await inbox.put(delivery(5, keys=(Key("id/1"),), at=START + 261))).id == fourth.id

    def test_a_text_that_comes_again_is_kept_no_shorter(self):
        known = {"k": Seen(1, START, START + 100)}
        assert put_on_file({"k": 10.0}, 2, START + 1, known) == {"k": Seen(2, START + 1, START + 100)}
        # By a clock that was set back.
        assert put_on_file({"k": 10.0}, 2, START - 1, known) == {"k": Seen(2, START, START + 100)}

    async def test_what_cannot_be_read_is_dead_on_arrival(self, inbox: Inbox):
        receipt = await inbox.put(delivery(unreadable="the body is not JSON"))
        entry = await inbox.get(receipt.id)
        assert (entry.state, entry.work[0].reason, entry.failures[0].handler) == ("dead", "the body is not JSON", "")
        assert await nothing_to_claim(inbox)
        assert inbox.statistics().dead == 1

    async def test_a_full_inbox_says_so_and_still_knows_its_copies(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock, depth=2)
        await inbox.put(delivery(1, resource="a/1"))
        await inbox.put(delivery(2, resource="a/2"))
        with pytest.raises(InboxFull, match="2 events wait"):
            await inbox.put(delivery(3))
        assert (await inbox.put(delivery(2))).duplicate
        await finish(inbox, await inbox.claim())
        await clock.advance(30)
        assert not (await inbox.put(delivery(3, at=clock.now()))).duplicate
        full = [gap for gap in await inbox.gaps() if gap.cause == "full"]
        assert [(gap.start, gap.end) for gap in full] == [(START, START + 30)]
        await inbox.close()

    async def test_what_cannot_be_read_takes_nobodys_room(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock, depth=1)
        for number in (1, 2):
            await inbox.put(delivery(number, unreadable="no"))
        await inbox.put(delivery(3))
        with pytest.raises(InboxFull):
            await inbox.put(delivery(4))
        assert not (await inbox.put(delivery(5, unreadable="no"))).duplicate
        await inbox.close()

    async def test_room_is_counted_through_ends_and_redeliveries(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock, depth=2)
        first = await inbox.put(delivery(1, resource=""))
        for number in (2, 3, 4):
            await finish(inbox, await inbox.claim())
            await inbox.put(delivery(number, resource=""))
        await finish(inbox, await inbox.claim(2))
        assert await inbox.redeliver(first.id)
        await inbox.put(delivery(5, resource=""))
        with pytest.raises(InboxFull):
            await inbox.put(delivery(6, resource=""))
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told(outcome="retry", retry_at=START + 60), end="whole")
        await inbox.close()
        inbox = await backend.open(clock, depth=2)
        with pytest.raises(InboxFull):
            await inbox.put(delivery(6, resource=""))
        await inbox.close()


class TestLateness:
    async def test_what_was_sent_before_what_is_here_says_so(self, inbox: Inbox):
        async def flags(number: int, resource: str, sent: str) -> tuple[str, ...]:
            new = delivery(number, resource=resource, flags=("own",))
            return (await inbox.put(msgspec.structs.replace(new, sent=sent))).flags

        assert await flags(1, "prospect/1", "2026-01-05T12:00:20Z") == ("own",)
        assert await flags(2, "prospect/1", "2026-01-05T12:00:10Z") == ("own", "late")
        assert await flags(3, "prospect/2", "2026-01-05T12:00:10Z") == ("own",)
        assert await flags(4, "prospect/1", "") == await flags(5, "prospect/1", "yesterday") == ("own",)
        # Another zone's text sorts otherwise than its time.
        assert await flags(6, "prospect/1", "2026-01-05T04:00:21-08:00") == ("own",)
        assert await flags(9, "prospect/1", "2026-01-05T13:00:15+01:00") == ("own", "late")
        assert await flags(7, "", "2026-01-05T12:00:10Z") == await flags(8, "", "2026-01-05T12:00:05Z") == ("own",)
        entry = await inbox.get(2)
        assert entry is not None
        assert entry.delivery.flags == ("own", "late")

    async def test_it_is_the_latest_of_its_own_record_that_counts(self, inbox: Inbox):
        async def late(number: int, sent: str, source: str = "outreach") -> bool:
            new = delivery(number, source=source)
            return "late" in (await inbox.put(msgspec.structs.replace(new, sent=sent))).flags

        assert not await late(1, "2026-01-05T12:00:20Z")
        # Two at the same time came in no wrong order.
        assert not await late(2, "2026-01-05T12:00:20Z")
        assert await late(3, "2026-01-05T12:00:10Z")
        # After the late one, and still before the first.
        assert await late(4, "2026-01-05T12:00:15Z")
        assert not await late(5, "2026-01-05T12:00:10Z", source="second")

    async def test_a_claim_tells_the_flags_that_were_stored(self, inbox: Inbox):
        for number, sent in ((1, "2026-01-05T12:00:20Z"), (2, "2026-01-05T12:00:10Z")):
            await inbox.put(msgspec.structs.replace(delivery(number, resource="prospect/1", flags=("own",)), sent=sent))
        (first,) = await inbox.claim()
        await finish(inbox, [first])
        (second,) = await inbox.claim()
        assert (first.delivery.flags, second.delivery.flags) == (("own",), ("own", "late"))

    def test_only_the_records_first_heard_of_last_are_remembered(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("webhooks.lateness.REMEMBERED", 2)
        lateness = Lateness()
        sent = [msgspec.structs.replace(delivery(n, resource=f"prospect/{n}"), sent="10.0") for n in (1, 2, 3)]
        assert [lateness.is_late(each) for each in sent] == [False] * 3
        early = [msgspec.structs.replace(each, sent="5.0") for each in sent]
        assert [lateness.is_late(each) for each in reversed(early)] == [True, True, False]


class TestOrder:
    async def test_a_resource_waits_for_the_end_of_its_head(self, inbox: Inbox):
        for n in range(3):
            await inbox.put(delivery(n, resource="prospect/1"))
        other = await inbox.put(delivery(9, resource="prospect/2"))
        head, beside = await inbox.claim(10)
        assert beside.id == other.id
        assert await nothing_to_claim(inbox)
        await inbox.settle(head, told())
        assert await nothing_to_claim(inbox)
        await inbox.settle(head, end="whole")
        assert ids(await inbox.claim(10)) == [head.id + 1]

    async def test_the_same_resource_of_another_source_is_another(self, inbox: Inbox):
        await inbox.put(delivery(1, source="east"))
        await inbox.put(delivery(2, source="west"))
        assert len(await inbox.claim(10)) == 2

    async def test_what_has_no_resource_has_no_order(self, inbox: Inbox):
        for n in range(3):
            await inbox.put(delivery(n, resource=""))
        assert len(await inbox.claim(10)) == 3

    async def test_a_retry_holds_its_resource(self, inbox: Inbox, clock: WoundClock):
        await inbox.put(delivery(1))
        await inbox.put(delivery(2))
        (head,) = await inbox.claim()
        retry = told(outcome="retry", retry_at=START + 5, hold_until=START + 60)
        await inbox.settle(head, retry, end="whole")
        assert await nothing_to_claim(inbox)
        claiming = asyncio.ensure_future(inbox.claim())
        await clock.advance(5)
        (again,) = await claiming
        assert (again.id, again.work) == (head.id, (retry,))

    async def test_a_resource_waits_no_longer_than_the_hold(self, inbox: Inbox, clock: WoundClock):
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        (head,) = await inbox.claim()
        await inbox.settle(head, told(outcome="retry", retry_at=START + 100, hold_until=START + 60), end="whole")
        claiming = asyncio.ensure_future(inbox.claim())
        await clock.advance(60)
        assert ids(await claiming) == [second.id]

    async def test_a_retry_without_a_hold_lets_the_next_pass(self, inbox: Inbox):
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        (head,) = await inbox.claim()
        await inbox.settle(head, told(outcome="retry", retry_at=START + 100), end="whole")
        assert ids(await inbox.claim()) == [second.id]

    async def test_ahead_of_its_turn_an_event_is_lent_once(self, inbox: Inbox):
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        (head,) = await inbox.claim(1, ahead=True)
        (early,) = await inbox.claim(1, ahead=True)
        assert (head.ahead, early.ahead, early.id) == (False, True, second.id)
        await inbox.settle(early, told("app:free"), end="part")
        assert await nothing_to_claim(inbox, ahead=True)
        await finish(inbox, [head])
        (full,) = await inbox.claim(1, ahead=True)
        assert (full.id, full.ahead, [work.handler for work in full.work]) == (second.id, False, ["app:free"])

    async def test_an_event_lent_ahead_has_its_turn_only_once_it_is_back(self, inbox: Inbox):
        await inbox.put(delivery(1))
        await inbox.put(delivery(2))
        head, early = await inbox.claim(2, ahead=True)
        await finish(inbox, [head])
        assert await nothing_to_claim(inbox, ahead=True)
        inbox.release(early)
        assert [(claim.id, claim.ahead) for claim in await inbox.claim()] == [(early.id, False)]

    async def test_a_retry_of_an_event_whose_turn_has_not_come(self, inbox: Inbox, clock: WoundClock):
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        _head, early = await inbox.claim(2, ahead=True)
        await inbox.settle(early, told("app:free", "retry", retry_at=START + 5), end="part")
        claiming = asyncio.ensure_future(inbox.claim(1, ahead=True))
        await clock.advance(5)
        (again,) = await claiming
        assert (again.id, again.ahead) == (second.id, True)

    async def test_ahead_of_its_turn_an_event_is_not_lent_again_for_a_retry_that_was_left(self, inbox: Inbox):
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        head, early = await inbox.claim(2, ahead=True)
        await inbox.settle(early, told("app:gone", "retry", retry_at=START), end="part")
        (again,) = await inbox.claim(1, ahead=True)
        await inbox.settle(again, end="part")
        assert await nothing_to_claim(inbox, ahead=True)
        await finish(inbox, [head])
        assert ids(await inbox.claim(1, ahead=True)) == [second.id]

    async def test_new_events_and_retries_take_turns(self, inbox: Inbox, clock: WoundClock):
        for n in range(8):
            await inbox.put(delivery(n, resource=""))
        failed = await inbox.claim(8)
        for claim in failed:
            await inbox.settle(claim, told(outcome="retry", retry_at=START + 1), end="whole")
        fresh = [(await inbox.put(delivery(n, resource=""))).id for n in range(10, 18)]
        await clock.advance(1)
        first = ids(await inbox.claim(8))
        assert len(set(first) & set(fresh)) == 6
        assert len(set(first) & set(ids(failed))) == 2


class TestSettling:
    async def test_a_finished_event_is_lent_no_more(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        await finish(inbox, await inbox.claim())
        entry = await inbox.get(receipt.id)
        assert (entry.state, entry.work, entry.failures) == ("done", (told(),), ())
        assert await nothing_to_claim(inbox)

    async def test_an_event_without_handlers_is_finished_too(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(claim, end="whole")
        assert (await inbox.get(receipt.id)).state == "done"

    async def test_one_dead_handler_makes_the_event_dead_once_the_others_are_settled(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("a", "dead", reason="no", traceback="Traceback"))
        assert (await inbox.get(receipt.id)).state == "pending"
        await inbox.settle(claim, told("b"), end="whole")
        entry = await inbox.get(receipt.id)
        assert (entry.state, entry.failures[0].traceback, entry.work[0].traceback) == ("dead", "Traceback", "")
        assert inbox.statistics().dead == 1

    async def test_every_failed_run_is_kept_and_the_latest_state(self, inbox: Inbox, clock: WoundClock):
        receipt = await inbox.put(delivery())
        for attempt in (1, 2):
            (claim,) = await inbox.claim()
            retry = told(outcome="retry", attempt=attempt, retry_at=clock.now(), reason=f"no {attempt}")
            await inbox.settle(claim, retry, end="whole")
        assert (await inbox.get(receipt.id)).state == "retrying"
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told(attempt=3), end="whole")
        entry = await inbox.get(receipt.id)
        assert [work.attempt for work in entry.work] == [3]
        assert [failure.reason for failure in entry.failures] == ["no 1", "no 2"]
        assert entry.state == "done"

    async def test_a_handler_whose_retry_is_not_due_is_named(self, inbox: Inbox, clock: WoundClock):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(
            claim, told("a", "retry", retry_at=START), told("b", "retry", retry_at=START + 9), end="whole"
        )
        (again,) = await inbox.claim()
        assert again.later == {"b"}

    async def test_what_is_given_back_is_lent_again_with_what_was_settled(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("a"))
        inbox.release(claim)
        (again,) = await inbox.claim()
        assert [work.handler for work in again.work] == ["a"]
        inbox.release(claim)
        assert inbox.statistics().running == 1

    async def test_a_claim_that_is_over_settles_nothing(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        inbox.release(claim)
        with pytest.raises(ClaimLost):
            await inbox.settle(claim, told(), end="whole")
        with pytest.raises(ClaimLost):
            await inbox.transact(claim, told(), lambda connection: None)
        (claim,) = await inbox.claim()
        ends = [inbox.settle(claim, told(), end="whole") for _ in range(2)]
        first, second = await asyncio.gather(*ends, return_exceptions=True)
        assert (first, type(second)) == (None, ClaimLost)
        inbox.release(claim)
        assert inbox.statistics().depth == 0

    async def test_a_claimer_that_is_cancelled_takes_nothing_along(self, inbox: Inbox):
        claiming = asyncio.ensure_future(inbox.claim())
        await asyncio.sleep(0)
        claiming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await claiming
        await inbox.put(delivery())
        assert len(await inbox.claim()) == 1

    async def test_quiet_waits_for_what_runs_and_not_for_retries(self, inbox: Inbox):
        await inbox.quiet()
        await inbox.put(delivery())
        waiting = asyncio.ensure_future(inbox.quiet())
        (claim,) = await inbox.claim()
        await asyncio.sleep(0)
        assert not waiting.done()
        await inbox.settle(claim, told(outcome="retry", retry_at=START + 50), end="whole")
        await waiting


class TestTransactions:
    async def test_an_effect_and_its_settlement_are_kept_together(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        (claim,) = await inbox.claim()

        def work(connection: sqlite3.Connection) -> int:
            connection.execute("CREATE TABLE IF NOT EXISTS scores(value INTEGER)")
            connection.execute("INSERT INTO scores VALUES (3)")
            return connection.execute("SELECT SUM(value) FROM scores").fetchone()[0]

        assert await inbox.transact(claim, told("app:score"), work) == 3
        await inbox.settle(claim, end="whole")
        entry = await inbox.get(receipt.id)
        assert (entry.state, [work.handler for work in entry.work]) == ("done", ["app:score"])

    async def test_it_may_do_what_it_likes_to_tables_of_its_own(self, inbox: Inbox):
        await inbox.put(delivery(event="made"))
        (claim,) = await inbox.claim()

        def work(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            assert isinstance(connection, sqlite3.Connection)
            connection.execute("CREATE TABLE mine(name TEXT UNIQUE, times INTEGER DEFAULT 1)")
            connection.execute("CREATE INDEX mine_by_times ON mine(times)")
            connection.execute("CREATE TEMP TRIGGER counts AFTER UPDATE ON mine BEGIN SELECT 1; END")
            count = "INSERT INTO mine(name) VALUES (?) ON CONFLICT(name) DO UPDATE SET times = times + 1"
            cursor = connection.executemany(count, [("a",), ("b",), ("a",)])
            connection.execute("ALTER TABLE mine ADD COLUMN note")
            with pytest.raises(connection.IntegrityError):
                connection.execute("INSERT INTO mine(name) VALUES (?)", ("a",))
            assert [column for _, column, *_ in connection.execute("PRAGMA table_info(mine)")][-1] == "note"
            assert connection.in_transaction
            cursor.execute(
                "SELECT name, times FROM mine UNION SELECT event, id FROM inbox_events ORDER BY times DESC, name"
            )
            return cursor.fetchall()

        assert await inbox.transact(claim, told(), work) == [("a", 2), ("b", 1), ("made", 1)]
        await inbox.transact(claim, told(), lambda connection: connection.execute("DROP TABLE mine"))
        await goes_on(inbox)

    async def test_what_it_raises_undoes_both(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        (claim,) = await inbox.claim()

        def make(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE effects(value)")
            raise LookupError("not today")

        with pytest.raises(LookupError, match="not today"):
            await inbox.transact(claim, told(), make)
        assert (await inbox.get(receipt.id)).work == ()
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await inbox.transact(claim, told(), lambda connection: connection.execute("SELECT * FROM effects"))

    @pytest.mark.parametrize(
        "forbidden",
        [
            lambda connection: connection.execute("COMMIT"),
            lambda connection: connection.execute("ROLLBACK"),
            lambda connection: connection.execute("RELEASE inbox_effect"),
            lambda connection: connection.execute("RELEASE Inbox_Effect"),
            lambda connection: connection.execute("DELETE FROM inbox_events"),
            lambda connection: connection.execute("DROP TABLE inbox_meta"),
            lambda connection: connection.execute("CREATE TABLE Inbox_Mine(x)"),
            lambda connection: connection.execute("CREATE TEMP TABLE inbox_events(x)"),
            lambda connection: connection.execute("CREATE TEMP VIEW inbox_events AS SELECT 1 AS id"),
            lambda connection: connection.execute("CREATE UNIQUE INDEX mine ON inbox_events(id)"),
            lambda connection: connection.execute(
                "CREATE TEMP TRIGGER mine AFTER INSERT ON inbox_events BEGIN SELECT RAISE(ABORT, 'no'); END"
            ),
            lambda connection: connection.execute("ATTACH ':memory:' AS other"),
            lambda connection: connection.execute("PRAGMA user_version = 9"),
        ],
    )
    async def test_it_may_not_end_the_transaction_nor_touch_the_inbox(self, inbox: Inbox, forbidden):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        with pytest.raises(ConfigurationError, match="may not do this"):
            await inbox.transact(claim, told(), forbidden)
        await finish(inbox, [claim])
        await goes_on(inbox)

    @pytest.mark.parametrize(
        ("name", "forbidden"),
        [
            ("close", lambda connection: connection.close()),
            ("close", lambda connection: connection.cursor().connection.close()),
            ("commit", lambda connection: connection.commit()),
            ("rollback", lambda connection: connection.rollback()),
            ("with connection", lambda connection: connection.__enter__()),
            ("with connection", lambda connection: contextlib.ExitStack().enter_context(connection)),
            ("executescript", lambda connection: connection.executescript("CREATE TABLE x(y)")),
            ("executescript", lambda connection: connection.cursor().executescript("CREATE TABLE x(y)")),
            ("isolation_level", lambda connection: setattr(connection, "isolation_level", "IMMEDIATE")),
            ("autocommit", lambda connection: setattr(connection, "autocommit", False)),
            ("set_authorizer", lambda connection: connection.set_authorizer(None)),
            ("set_progress_handler", lambda connection: connection.set_progress_handler(lambda: 1, 1)),
            ("setlimit", lambda connection: connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1)),
            ("create_function", lambda connection: connection.create_function("max", 1, lambda value: 7)),
            ("interrupt", lambda connection: connection.interrupt()),
            ("blobopen", lambda connection: connection.blobopen("inbox_bodies", "body", 1)),
            ("backup", lambda connection: connection.backup(sqlite3.connect(":memory:"))),
            ("cursor", lambda connection: connection.cursor(sqlite3.Cursor)),
        ],
    )
    async def test_it_may_not_change_the_connection(self, inbox: Inbox, name: str, forbidden):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        with pytest.raises(ConfigurationError, match=f"may not use .*{name}") as refused:
            await inbox.transact(claim, told(), forbidden)
        assert refused.value.hint
        await finish(inbox, [claim])
        await goes_on(inbox)

    async def test_what_it_leaves_open_ends_with_it(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()

        def work(connection: sqlite3.Connection) -> tuple[sqlite3.Connection, sqlite3.Cursor, sqlite3.Cursor]:
            connection.row_factory = sqlite3.Row
            connection.text_factory = bytes
            connection.execute("CREATE TABLE mine(x)")
            connection.execute("SAVEPOINT mine")
            rows = connection.execute("SELECT name FROM sqlite_master")
            assert isinstance(rows.fetchone()["name"], bytes)
            return connection, rows, connection.execute("INSERT INTO mine VALUES (1), (2), (3) RETURNING x")

        connection, *cursors = await inbox.transact(claim, told(), work)
        await goes_on(inbox)
        for cursor in cursors:
            with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
                cursor.fetchone()
            with pytest.raises(ConfigurationError, match="is over"):
                cursor.execute("SELECT 1")
        for use in (lambda: connection.execute("BEGIN"), lambda: connection.total_changes, connection.cursor):
            with pytest.raises(ConfigurationError, match="is over"):
                use()
        assert await inbox.transact(claim, told(), lambda own: own.execute("SELECT COUNT(*) FROM mine").fetchone()) == (
            3,
        )
        with pytest.raises(ConfigurationError, match="is over"):
            await inbox.transact(claim, told(), lambda own: connection.execute("SELECT 1"))
        await goes_on(inbox)

    async def test_its_connection_is_not_for_other_threads(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()

        def work(connection: sqlite3.Connection) -> None:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                pool.submit(connection.execute, "SELECT 1").result()

        with pytest.raises(ConfigurationError, match="another thread"):
            await inbox.transact(claim, told(), work)
        await goes_on(inbox)

    async def test_one_that_rolls_back_is_refused_alone(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()

        def rolls_back(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE mine(x UNIQUE)")
            connection.execute("INSERT OR ROLLBACK INTO mine VALUES (1), (1)")

        def hides_it(connection: sqlite3.Connection) -> None:
            with contextlib.suppress(sqlite3.IntegrityError):
                rolls_back(connection)

        def goes_on_after_it(connection: sqlite3.Connection) -> None:
            hides_it(connection)
            connection.execute("CREATE TABLE leaked(x)")

        def tells_it_otherwise(connection: sqlite3.Connection) -> None:
            hides_it(connection)
            raise LookupError

        for work in (rolls_back, hides_it, goes_on_after_it, tells_it_otherwise):
            with pytest.raises(ConfigurationError, match="ended the transaction"):
                await inbox.transact(claim, told(), work)
        assert inbox.statistics().failing_since is None
        assert (await inbox.get(claim.id)).work == ()
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await inbox.transact(claim, told(), lambda connection: connection.execute("SELECT * FROM leaked"))
        await goes_on(inbox)

    async def test_an_asynchronous_function_is_refused(self, inbox: Inbox):
        await inbox.put(delivery())
        (claim,) = await inbox.claim()

        async def work(connection: sqlite3.Connection) -> None: ...

        with pytest.raises(ConfigurationError, match="ordinary function"):
            await inbox.transact(claim, told(), work)
        with pytest.raises(ConfigurationError, match="to await"):
            await inbox.transact(claim, told(), lambda connection: work(connection))
        with pytest.raises(RuntimeError, match="SystemExit"):
            await inbox.transact(claim, told(), lambda connection: exit(1))
        await finish(inbox, [claim])

    async def test_a_slow_one_is_logged(self, inbox: Inbox, caplog: pytest.LogCaptureFixture, monkeypatch):
        monkeypatch.setattr("webhooks.effects.SLOW", 0.001)
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        with caplog.at_level(logging.WARNING):
            await inbox.transact(claim, told("app:slow"), lambda connection: time.sleep(0.005))
        assert "app:slow held up every delivery" in caplog.text


async def goes_on(inbox: Inbox) -> None:
    """Store, lend and finish one more event, whatever became of the transactions before."""
    receipt = await inbox.put(delivery(9_001, resource="", event="goes.on", keys=()))
    assert not receipt.duplicate
    await finish(inbox, await inbox.claim())
    entry = await inbox.get(receipt.id)
    assert (entry.state, entry.delivery.event) == ("done", "goes.on")


class TestOpeningAgain:
    @pytest.mark.parametrize("again", [False, True], ids=["given back", "opened again"])
    async def test_a_retry_that_was_settled_by_its_transaction_has_its_event_ended(self, backend: Backend, again: bool):
        clock = WoundClock()
        inbox = await backend.open(clock)
        await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told(outcome="retry", retry_at=START + 1), end="whole")
        await clock.advance(1)
        (claim,) = await inbox.claim()
        await inbox.transact(claim, told(attempt=2), lambda connection: None)
        if again:
            await inbox.close()
            inbox = await backend.open(clock)
        else:
            inbox.release(claim)
        async with asyncio.timeout(5):
            (claim,) = await inbox.claim()
        await inbox.settle(claim, end="whole")
        assert (await inbox.counts())["done"] == 1
        await inbox.close()

    async def test_what_was_not_settled_is_lent_again(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        for n in range(3):
            await inbox.put(delivery(n, resource=f"prospect/{n}"))
        first, second, _third = await inbox.claim(3)
        await finish(inbox, [first])
        await inbox.settle(second, told("a"))
        await inbox.close()
        inbox = await backend.open(clock)
        again = await inbox.claim(3)
        assert [(claim.id, [work.handler for work in claim.work]) for claim in again] == [
            (second.id, ["a"]),
            (second.id + 1, []),
        ]
        assert (await inbox.put(delivery(0))).duplicate
        with pytest.raises(ClaimLost):
            await inbox.settle(second, told("b"), end="whole")
        await inbox.close()

    @pytest.mark.parametrize(
        ("jump", "waits"), [(0.0, 30.0), (10.0, 20.0), (3600.0, 0.0), (-3600.0, 30.0), (-10.0, 30.0)]
    )
    async def test_a_jumping_clock_makes_no_retry_later(self, backend: Backend, jump: float, waits: float):
        clock = WoundClock()
        inbox = await backend.open(clock)
        await inbox.put(delivery(1))
        second = await inbox.put(delivery(2))
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told(outcome="retry", retry_at=START + 30, hold_until=START + 90), end="whole")
        await inbox.close()
        clock = WoundClock(START + jump)
        inbox = await backend.open(clock)
        assert await nothing_to_claim(inbox) == (waits > 0)
        claiming = asyncio.ensure_future(inbox.claim(2))
        await clock.advance(waits)
        # Its resource still waits for it, however long nobody was there.
        assert ids(await claiming) == [claim.id]
        claiming = asyncio.ensure_future(inbox.claim(2))
        await clock.advance(60)
        assert not claiming.done()
        inbox.release(msgspec.structs.replace(claim, fence=99))
        claiming.cancel()
        await asyncio.wait({claiming})
        assert (await inbox.get(second.id)).state == "pending"
        await inbox.close()

    async def test_dead_handlers_are_remembered(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        receipt = await inbox.put(delivery(1))
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("a", "dead"), told("b", "retry", retry_at=START), end="whole")
        await inbox.close()
        inbox = await backend.open(clock)
        assert inbox.statistics().retrying == 1
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("b"), end="whole")
        assert (await inbox.get(receipt.id)).state == "dead"
        await inbox.close()

    async def test_a_closed_inbox_refuses(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        await inbox.put(delivery(1))
        (claim,) = await inbox.claim()
        await inbox.close()
        await inbox.close()
        for call in (inbox.put(delivery(2)), inbox.claim(), inbox.settle(claim, told()), inbox.quiet()):
            with pytest.raises(InboxClosed, match="closed"):
                await call
        inbox.release(claim)

    async def test_closing_sends_away_who_waits(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        waiting = [asyncio.ensure_future(inbox.claim())]
        await asyncio.sleep(0)
        await inbox.put(delivery(1))
        waiting += [asyncio.ensure_future(inbox.claim()), asyncio.ensure_future(inbox.quiet())]
        await asyncio.sleep(0)
        await waiting[0]
        await inbox.close()
        for call in waiting[1:]:
            with pytest.raises(InboxClosed):
                await call


AUDIT, TASKS = KnownRoute("audit", "*"), KnownRoute("tasks", "task.*")


class TestHandlersThatWent:
    """What was owed to a handler is on record under its name."""

    async def left(self, backend: Backend, clock: WoundClock, *events: str) -> Inbox:
        """Put events while two handlers are known, and open the inbox again without any."""
        inbox = await backend.open(clock)
        await inbox.introduce((AUDIT, TASKS))
        for n, event in enumerate(events):
            await inbox.put(delivery(n, resource=f"prospect/{n}", event=event))
        await inbox.close()
        inbox = await backend.open(clock)
        await inbox.introduce(())
        return inbox

    def owed(self, claims: abc.Iterable[Claim]) -> list[list[tuple[str, str, int]]]:
        return [[(work.handler, work.outcome, work.attempt) for work in claim.work] for claim in claims]

    async def test_an_event_is_owed_to_those_that_took_it(self, backend: Backend, clock: WoundClock):
        inbox = await self.left(backend, clock, "task.created", "prospect.updated")
        await inbox.put(delivery(9, resource="", event="task.created"))
        claims = await inbox.claim(9)
        assert self.owed(claims) == [[("audit", "retry", 0), ("tasks", "retry", 0)], [("audit", "retry", 0)], []]
        assert [claim.later for claim in claims] == [frozenset()] * 3
        await inbox.settle(claims[0], told("audit", "dead"), told("tasks"), end="whole")
        await inbox.settle(claims[1], end="whole")
        assert await inbox.counts() == {"pending": 1, "retrying": 1, "done": 0, "dead": 1}
        assert inbox.statistics().retrying == 1
        await inbox.close()

    async def test_what_is_owed_survives_another_start_and_is_written_once(self, backend: Backend, clock: WoundClock):
        inbox = await self.left(backend, clock, "task.created")
        inbox.release((await inbox.claim())[0])
        await inbox.close()
        for routes in ((), (TASKS,)):
            inbox = await backend.open(clock)
            await inbox.introduce(routes)
            (claim,) = await inbox.claim()
            assert self.owed([claim]) == [[("audit", "retry", 0), ("tasks", "retry", 0)]]
            await inbox.close()

    async def test_one_that_is_there_again_in_time_is_owed_nothing(self, backend: Backend, clock: WoundClock):
        inbox = await self.left(backend, clock, "task.created")
        await inbox.close()
        inbox = await backend.open(clock)
        await inbox.introduce((TASKS, AUDIT))
        assert self.owed(await inbox.claim()) == [[]]
        await inbox.close()

    async def test_what_came_after_it_went_is_not_its(self, backend: Backend, clock: WoundClock):
        inbox = await self.left(backend, clock, "task.created")
        await inbox.put(delivery(8, resource="", event="task.created"))
        # Nothing was claimed meanwhile, so what it left is still to be written.
        await inbox.close()
        inbox = await backend.open(clock)
        await inbox.introduce(())
        assert [len(each) for each in self.owed(await inbox.claim(9))] == [2, 0]
        await inbox.close()

    async def test_one_that_takes_less_is_owed_the_rest(self, backend: Backend, clock: WoundClock):
        inbox = await self.left(backend, clock, "task.created", "prospect.updated")
        await inbox.introduce((AUDIT, TASKS))
        await inbox.introduce((KnownRoute("audit", "prospect.*"), TASKS))
        assert self.owed(await inbox.claim(9)) == [[("audit", "retry", 0)], []]
        await inbox.close()

    async def test_what_is_settled_or_finished_is_left_alone(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        await inbox.introduce((AUDIT, TASKS))
        for n in range(3):
            await inbox.put(delivery(n, resource="", event="task.created"))
        first, second, third = await inbox.claim(3)
        await inbox.settle(first, told("audit"), end="whole")
        await inbox.settle(second, told("audit", "dead"))
        await inbox.settle(third, told("audit", "retry", retry_at=START + 9, reason="no"), end="whole")
        await inbox.introduce(())
        inbox.release(second)
        again = {claim.id: claim for claim in await inbox.claim(3)}
        assert self.owed([again[second.id]]) == [[("audit", "dead", 1), ("tasks", "retry", 0)]]
        assert self.owed([again[third.id]]) == [[("audit", "retry", 1), ("tasks", "retry", 0)]]
        assert again[third.id].later == {"audit"}
        assert (await inbox.get(first.id)).work == (told("audit"),)
        await inbox.close()

    async def test_many_are_written_some_at_a_time(self, backend: Backend, clock: WoundClock, monkeypatch):
        monkeypatch.setattr("webhooks.owed_work.OWED_AT_ONCE", 4)
        inbox = await self.left(backend, clock, *["task.created"] * 7)
        claims = await inbox.claim(9)
        assert self.owed(claims) == [[("audit", "retry", 0), ("tasks", "retry", 0)]] * 7
        await inbox.close()

    async def test_a_dead_one_that_went_is_owed_what_is_delivered_again(self, inbox: Inbox):
        await inbox.introduce((AUDIT, TASKS))
        receipt = await inbox.put(delivery(event="task.created"))
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("audit", "dead"), told("tasks", "dead"), told("", "dead"), end="whole")
        await inbox.introduce((TASKS,))
        assert await inbox.redeliver(receipt.id)
        (claim,) = await inbox.claim()
        assert self.owed([claim]) == [[("audit", "retry", 0)]]
        await inbox.settle(claim, told("tasks"), end="whole")
        assert (await inbox.get(receipt.id)).state == "retrying"
        await inbox.settle((await inbox.claim())[0], told("audit", "dead", attempt=0, reason="gone"), end="whole")
        assert (await inbox.get(receipt.id)).reason == "gone"
        await inbox.introduce((TASKS, AUDIT))
        assert await inbox.redeliver(receipt.id)
        assert self.owed(await inbox.claim()) == [[("tasks", "done", 1)]]


class TestWhatNoHandlerTakes:
    async def untaken(self, inbox: Inbox, number: int) -> int:
        receipt = await inbox.put(delivery(number, resource=""))
        (claim,) = await inbox.claim()
        await inbox.settle(claim, end="unclaimed")
        return receipt.id

    async def test_it_is_done_and_says_so(self, inbox: Inbox):
        one = await self.untaken(inbox, 1)
        entry, (summary,) = await inbox.get(one), await inbox.events(Listing(state="done"))
        assert (entry.state, entry.work, entry.reason) == ("done", (), "no handler takes it")
        assert (summary.state, summary.reason) == ("done", "no handler takes it")
        assert inbox.statistics().depth == 0
        assert await nothing_to_claim(inbox)

    async def test_it_stands_among_the_done_ones(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        made = []
        for n in range(6):
            if n % 2:
                made.append(await self.untaken(inbox, n))
            else:
                made.append((await inbox.put(delivery(n, resource=""))).id)
                await finish(inbox, await inbox.claim())
        newest = made[::-1]
        assert [each.id for each in await inbox.events(Listing(state="done"))] == newest
        assert [each.id for each in await inbox.events(Listing(state="done", limit=3))] == newest[:3]
        assert [each.id for each in await inbox.events(Listing(state="done", after=made[1], limit=3))] == made[2:5]
        assert [each.id for each in await inbox.events(Listing(state="done", before=made[4]))] == made[3::-1]
        assert await inbox.counts() == {"pending": 0, "retrying": 0, "done": 6, "dead": 0}
        await inbox.close()
        inbox = await backend.open(clock)
        assert (inbox.statistics().depth, await nothing_to_claim(inbox)) == (0, True)
        assert await inbox.purge(START + 1) == 6
        assert await inbox.events(Listing()) == ()
        await inbox.close()

    async def test_it_is_delivered_again_to_a_handler_that_takes_it_now(self, inbox: Inbox):
        one = await self.untaken(inbox, 1)
        assert await inbox.redeliver(one)
        await finish(inbox, await inbox.claim())
        entry = await inbox.get(one)
        assert (entry.state, entry.reason) == ("done", "")


def test_one_object_serves_one_event_loop_after_the_other(backend: Backend):
    async def use(number: int) -> None:
        inbox = await backend.open(WoundClock())
        putting = [asyncio.ensure_future(inbox.put(delivery(number * 10 + n))) for n in range(5)]
        await asyncio.sleep(0)
        await finish(inbox, await inbox.claim())
        await asyncio.gather(*putting)
        await inbox.close()

    asyncio.run(use(1))
    asyncio.run(use(2))


class TestOperating:
    async def test_a_dead_event_is_worked_on_again_for_its_dead_handlers(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        (claim,) = await inbox.claim()
        await inbox.settle(claim, told("a"), told("b", "dead", reason="no"), end="whole")
        assert await inbox.redeliver(receipt.id)
        assert inbox.statistics().dead == 0
        assert not await inbox.redeliver(receipt.id)
        (again,) = await inbox.claim()
        assert [work.handler for work in again.work] == ["a"]
        await inbox.settle(again, told("b", attempt=1), end="whole")
        entry = await inbox.get(receipt.id)
        assert (entry.state, [failure.reason for failure in entry.failures]) == ("done", ["no"])

    async def test_a_done_event_is_worked_on_again_for_all(self, inbox: Inbox):
        receipt = await inbox.put(delivery())
        await finish(inbox, await inbox.claim())
        assert await inbox.redeliver(receipt.id)
        (again,) = await inbox.claim()
        assert again.work == ()
        assert not await inbox.redeliver(404)

    async def test_what_is_delivered_again_waits_for_what_runs(self, inbox: Inbox):
        first = await inbox.put(delivery(1))
        await finish(inbox, await inbox.claim())
        await inbox.put(delivery(2))
        await inbox.put(delivery(3))
        (running,) = await inbox.claim()
        await inbox.redeliver(first.id)
        assert await nothing_to_claim(inbox)
        await finish(inbox, [running])
        assert ids(await inbox.claim(9)) == [first.id]

    async def test_what_is_delivered_again_goes_before_what_waits(self, inbox: Inbox):
        first = await inbox.put(delivery(1))
        await finish(inbox, await inbox.claim())
        second = await inbox.put(delivery(2))
        await inbox.redeliver(first.id)
        (again,) = await inbox.claim(9)
        assert again.id == first.id
        assert await nothing_to_claim(inbox)
        await finish(inbox, [again])
        assert ids(await inbox.claim(9)) == [second.id]

    async def test_listings(self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch):
        for n in range(6):
            await inbox.put(delivery(n, resource=f"prospect/{n % 2}", event="a.b" if n % 3 else "c.d"))
        dead = await inbox.put(delivery(9, unreadable="not JSON", source="west", body=b"<xml>"))
        newest = [summary.id for summary in await inbox.events(Listing())]
        assert newest == sorted(newest, reverse=True)
        assert len(newest) == 7
        page = await inbox.events(Listing(before=newest[2], limit=2))
        assert [summary.id for summary in page] == newest[3:5]
        followed = await inbox.events(Listing(after=newest[2]))
        assert [summary.id for summary in followed] == [newest[1], newest[0]]
        (summary,) = await inbox.events(Listing(state="dead"))
        assert (summary.id, summary.reason, summary.size, summary.source) == (dead.id, "not JSON", 5, "west")
        assert len(await inbox.events(Listing(event="c.d", resource="prospect/0"))) == 1
        assert len(await inbox.events(Listing(source="west"))) == 1
        assert await inbox.events(Listing(limit=0)) == ()
        monkeypatch.setattr("webhooks.sqlite_reader.LISTED", 3)
        assert len(await inbox.events(Listing(limit=100))) == 3
        assert await inbox.counts() == {"pending": 6, "retrying": 0, "done": 0, "dead": 1}
        assert await inbox.get(404) is None

    async def test_purging_takes_what_is_finished_and_old(self, inbox: Inbox, clock: WoundClock):
        old = await inbox.put(delivery(1, resource=""))
        unfinished = await inbox.put(delivery(2, resource=""))
        dead = await inbox.put(delivery(3, unreadable="no"))
        new = await inbox.put(delivery(4, resource="", at=START + 100))
        claims = await inbox.claim(9)
        await finish(inbox, [claim for claim in claims if claim.id != unfinished.id])
        assert await inbox.purge(START + 100) == 2
        assert [summary.id for summary in await inbox.events(Listing())] == [new.id, unfinished.id]
        assert (await inbox.get(old.id), await inbox.get(dead.id)) == (None, None)
        assert inbox.statistics().dead == 0
        # What it was known by outlives it.
        assert (await inbox.put(delivery(1))).duplicate

    async def test_purging_finds_what_is_old_behind_what_came_by_a_clock_that_was_ahead(self, inbox: Inbox):
        many = upkeep.REMOVED_AT_ONCE + 50
        ahead = [delivery(n, unreadable="no", at=START + 7 * 86_400) for n in range(many)]
        old = [delivery(many + n, unreadable="no") for n in range(many)]
        receipts = await asyncio.gather(*map(inbox.put, [*ahead, *old]))
        assert await inbox.purge(START + 100) == many
        left = await inbox.events(Listing(limit=1_000))
        assert [summary.id for summary in reversed(left)] == [receipt.id for receipt in receipts[:many]]

    async def test_no_id_is_given_twice(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock)
        first = await inbox.put(delivery(1))
        await finish(inbox, await inbox.claim())
        assert await inbox.purge(START + 1) == 1
        await inbox.close()
        inbox = await backend.open(clock)
        assert (await inbox.put(delivery(2))).id > first.id
        await inbox.close()

    async def test_a_gap_is_repaired_once(self, backend: Backend, clock: WoundClock):
        inbox = await backend.open(clock, depth=1)
        await inbox.put(delivery(1))
        with pytest.raises(InboxFull):
            await inbox.put(delivery(2))
        await finish(inbox, await inbox.claim())
        await inbox.put(delivery(2))
        (gap,) = await inbox.gaps()
        assert gap.repaired_at is None
        assert await inbox.repaired(gap.id)
        assert not await inbox.repaired(gap.id)
        assert not await inbox.repaired(404)
        assert (await inbox.gaps())[0].repaired_at == START
        await inbox.close()

    async def test_how_it_stands(self, inbox: Inbox):
        assert inbox.statistics().oldest_at is None
        await inbox.put(delivery(1, resource="", at=START - 5))
        await inbox.put(delivery(2, resource="", flags=("odd",)))
        await inbox.put(delivery(1))
        await inbox.claim()
        stand = inbox.statistics()
        assert stand.bound == 1_000
        assert (stand.depth, stand.running, stand.stored, stand.duplicates, stand.flagged) == (2, 1, 2, 1, 1)
        assert (stand.oldest_at, stand.failing_since, stand.failure) == (START - 5, None, "")

    async def test_a_redelivered_event_is_as_old_as_it_was(self, inbox: Inbox):
        await inbox.put(delivery(1, at=START - 100))
        await finish(inbox, await inbox.claim())
        await inbox.put(delivery(2, at=START - 50))
        await inbox.put(delivery(3, at=START))
        assert inbox.statistics().oldest_at == START - 50
        assert await inbox.redeliver(1)
        for oldest in (START - 100, START - 50, START, None):
            assert inbox.statistics().oldest_at == oldest
            if oldest is not None:
                await finish(inbox, await inbox.claim())
