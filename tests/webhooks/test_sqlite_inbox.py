"""The inbox on disk: what a crash, a full disk, a second process, an older or a foreign file make of it."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import inspect
import logging
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery, finish, ids, told
from webhooks import key_index, local_inbox, sqlite_schema, upkeep
from webhooks.delivery import Key
from webhooks.inbox import Listing
from webhooks.inbox_errors import InboxFull, InboxHeld, InboxUnavailable
from webhooks.jobs import Call, Put
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.sqlite_store import Store

DAY = 86_400.0


def refused_by_the_disk(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


NOBODY = 65_534


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


@pytest.fixture
async def inbox(path: Path, clock: WoundClock) -> abc.AsyncIterator[SqliteInbox]:
    opened = SqliteInbox(path)
    await opened.open(clock)
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def opened(path: Path, clock: WoundClock, **options: float) -> abc.AsyncIterator[SqliteInbox]:
    inbox = SqliteInbox(path, **options)  # type: ignore[arg-type]
    await inbox.open(clock)
    try:
        yield inbox
    finally:
        await inbox.close()


@contextlib.asynccontextmanager
async def generation(path: Path, clock: WoundClock, queue: str, begins: float = 0.0) -> abc.AsyncIterator[SqliteInbox]:
    """Hold an inbox as a generation of a server does, which accepts connections some seconds after the opening."""
    inbox = SqliteInbox(path)
    inbox.queued_at(queue)
    await inbox.open(clock)
    try:
        await clock.advance(begins)
        await inbox.accepting()
        yield inbox
    finally:
        await inbox.close()


def crash(path: Path, folder: Path) -> Path:
    """Give the file as a kill -9 would leave it now."""
    folder.mkdir()
    for part in path.parent.glob(f"{path.name}*"):
        shutil.copy(part, folder / part.name)
    return folder / path.name


class TestCrashing:
    async def test_what_was_acknowledged_and_settled_is_there(self, inbox: SqliteInbox, path, tmp_path, clock):
        receipts = await asyncio.gather(*(inbox.put(delivery(n, resource=f"a/{n}")) for n in range(50)))
        (first,) = await inbox.claim()
        await finish(inbox, [first])
        (second,) = await inbox.claim()
        await inbox.transact(second, told("app:effect"), lambda connection: connection.execute("CREATE TABLE mine(x)"))
        async with opened(crash(path, tmp_path / "after"), clock) as after:
            assert await after.counts() == {"pending": 49, "retrying": 0, "done": 1, "dead": 0}
            claims = await after.claim(100)
            assert ids(claims) == [receipt.id for receipt in receipts[1:]]
            assert [work.handler for work in claims[0].work] == ["app:effect"]
            assert (await after.put(delivery(7))).duplicate

    async def test_every_put_of_a_group_is_told_after_one_commit(self, inbox: SqliteInbox):
        seen: list[int] = []
        deliver = inbox._deliver

        def counting(jobs, error):
            seen.append(len(jobs))
            deliver(jobs, error)

        inbox._writer._deliver = counting  # type: ignore[union-attr]
        await asyncio.gather(*(inbox.put(delivery(n)) for n in range(200)))
        assert sum(seen) == 200
        assert len(seen) < 20

    async def test_the_event_loop_goes_on_while_the_disk_is_slow(self, inbox: SqliteInbox):
        turns = 0
        slow = asyncio.ensure_future(
            inbox._hand_in(
                Call(
                    lambda store: store.connection.execute(
                        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000)"
                        " SELECT MAX(x) FROM n"
                    ).fetchone()
                )
            )
        )
        while not slow.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert turns > 5


class TestKeys:
    async def test_keys_are_known_from_memory_from_the_table_and_after_a_crash(
        self, path, tmp_path, monkeypatch, clock
    ):
        monkeypatch.setattr(key_index, "RECENT", 40)
        monkeypatch.setattr(key_index, "STEP", 8)

        def put(n: int, at: float = START):
            return delivery(n, resource="", keys=(Key(f"d/{n}"), Key(f"soft/{n}", 10.0)), at=at)

        async with opened(path, clock) as inbox:
            for n in range(120):
                await inbox.put(put(n))
            assert inbox._store is not None
            assert len(inbox._store.keys._recent) < 240
            for known in (inbox, after := SqliteInbox(crash(path, tmp_path / "after"))):
                if known is after:
                    await after.open(clock)
                for n in range(120):
                    # One by one: a copy that is known by one of its keys puts the other on file again.
                    for key in put(n).keys:
                        receipt = await known.put(delivery(n, keys=(key,)))
                        assert (receipt.id, receipt.duplicate) == (n + 1, True), key
                assert not (await known.put(put(500))).duplicate
            await after.close()

    async def test_keys_past_their_horizon_are_forgotten(self, path, monkeypatch, clock):
        monkeypatch.setattr(key_index, "RECENT", 0)
        async with opened(path, clock) as inbox:
            for n in range(20):
                await inbox.put(delivery(n, resource="", keys=(Key(f"{n}", 100.0), Key(f"soft {n}", 10.0))))
            await clock.advance(200)
            for n in range(20, 60):
                await inbox.put(delivery(n, resource="", at=clock.now(), keys=(Key(f"{n}", 100.0),)))
            for _ in range(5):
                await inbox.put(delivery(20))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (table,) = connection.execute("SELECT COUNT(*) FROM inbox_keys").fetchone()
            (log,) = connection.execute("SELECT COUNT(*) FROM inbox_recent_keys").fetchone()
        assert table + log < 85

    async def test_a_move_that_fails_loses_nothing(self, path, monkeypatch, clock):
        monkeypatch.setattr(key_index, "RECENT", 0)
        async with opened(path, clock) as inbox:
            insert, failing = key_index.insert, True

            def sometimes(connection, head, rows, tail=""):
                if failing and head == key_index._FILE:
                    raise sqlite3.OperationalError("disk I/O error")
                insert(connection, head, rows, tail)

            monkeypatch.setattr(key_index, "insert", sometimes)
            for n in range(5):
                await inbox.put(delivery(n))
            failing = False
            for n in range(5):
                assert (await inbox.put(delivery(n))).duplicate


class TestFailing:
    @pytest.fixture
    def small_disk(self) -> abc.Iterator[abc.Callable[[int], None]]:
        """Bound the size of any file this process writes: what a disk that has no more room does."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or soft, hard))
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    async def test_a_disk_without_room_refuses_and_recovers_by_itself(
        self, path: Path, clock: WoundClock, small_disk, caplog: pytest.LogCaptureFixture
    ):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
            (claim,) = await inbox.claim()
            small_disk(path.with_name("inbox.db-wal").stat().st_size + 4096)
            await clock.advance(1)
            with pytest.raises(InboxUnavailable, match=r"cannot be written: the disk (is full|fails)"):
                await inbox.put(delivery(2, body=b"x" * 100_000, at=clock.now()))
            failing = inbox.statistics()
            assert failing.failing_since == START + 1
            assert "the disk" in failing.failure
            with pytest.raises(InboxUnavailable):
                await inbox.settle(claim, told(reason="x" * 100_000), end="whole")
            small_disk(0)
            await clock.advance(2)
            await inbox.settle(claim, told(), end="whole")
            receipt = await inbox.put(delivery(2, body=b"x" * 100_000, at=clock.now()))
            assert inbox.statistics().failing_since is None
            assert len((await inbox.get(receipt.id)).delivery.body) == 100_000
            (gap,) = await inbox.gaps()
            assert (gap.start, gap.end, gap.cause) == (START + 1, START + 3, "store")
            assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
        async with opened(path, clock) as inbox:
            assert (await inbox.counts())["pending"] == 1
            with contextlib.closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    async def test_a_disk_that_fails_forgets_neither_room_nor_that_there_was_none(self, path, clock, small_disk):
        async with opened(path, clock, depth=1) as inbox:
            await inbox.put(delivery(1))
            with pytest.raises(InboxFull):
                await inbox.put(delivery(2))
            await finish(inbox, await inbox.claim())
            await clock.advance(30)
            small_disk(1)
            for _ in range(2):
                with pytest.raises(InboxUnavailable):
                    await inbox.put(delivery(2, at=clock.now()))
            small_disk(0)
            await inbox.put(delivery(2, at=clock.now()))
            with pytest.raises(InboxFull):
                await inbox.put(delivery(3))
            full = [gap for gap in await inbox.gaps() if gap.cause == "full"]
            assert [(gap.start, gap.end) for gap in full] == [(START, START + 30)]

    async def test_a_file_that_cannot_grow_has_its_log_told_and_deliveries_stored(
        self, path: Path, clock: WoundClock, small_disk, caplog: pytest.LogCaptureFixture
    ):
        async def a_minute_later(*, failing: bool) -> None:
            while bool(inbox.statistics().failure) is not failing:
                await clock.advance(20)
                await asyncio.sleep(0.01)

        async with opened(path, clock) as inbox:
            # The log begins anew, so that it has room where the file has none.
            for n in range(70):
                await inbox.put(delivery(n, body=b"x" * 100_000))
            small_disk(path.stat().st_size)
            for n in range(100, 120):
                await inbox.put(delivery(n, body=b"x" * 100_000))
            await a_minute_later(failing=True)
            told = inbox.statistics()
            assert told.failing_since is None
            assert "inbox.db, 8 MB, cannot be moved into it: the disk" in told.failure
            assert told.log_bytes == path.with_name("inbox.db-wal").stat().st_size
            receipt = await inbox.put(delivery(121))
            small_disk(0)
            await a_minute_later(failing=False)
            assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
            assert [word in caplog.text for word in ("deliveries are stored, and", "moved into it again")] == [True] * 2
            # From here on commits look after it again.
            for n in range(200, 400):
                await inbox.put(delivery(n, body=b"x" * 100_000))
            assert path.with_name("inbox.db-wal").stat().st_size < 20_000_000
            assert (await inbox.get(receipt.id)).delivery == delivery(121)

    async def test_a_store_that_failed_is_tried_though_nothing_comes(self, path: Path, clock: WoundClock, small_disk):
        async with opened(path, clock) as inbox:
            small_disk(1)
            with pytest.raises(InboxUnavailable):
                await inbox.put(delivery(1))
            await clock.advance(30)
            assert inbox.statistics().failing_since == START
            small_disk(0)
            while inbox.statistics().failing_since is not None:
                await clock.advance(5)
                await asyncio.sleep(0.01)
            (gap,) = await inbox.gaps()
            assert gap.cause == "store"

    async def test_a_copy_is_told_so_only_once_the_first_one_is_on_disk(self, path, clock, small_disk):
        async with opened(path, clock) as inbox:
            gate = threading.Event()
            waiting = asyncio.ensure_future(inbox._hand_in(Call(lambda store: gate.wait())))
            copies = [asyncio.ensure_future(inbox.put(delivery(1))) for _ in range(3)]
            await asyncio.sleep(0.01)
            small_disk(1)
            gate.set()
            refused = await asyncio.gather(waiting, *copies, return_exceptions=True)
            assert [type(each) for each in refused[1:]] == [InboxUnavailable] * 3
            small_disk(0)
            assert [(await inbox.put(delivery(1))).duplicate for _ in range(2)] == [False, True]

    async def test_one_that_cannot_keep_its_last_heartbeat_is_closed_all_the_same(self, path, clock, small_disk):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
            small_disk(1)
        small_disk(0)
        async with opened(path, clock, patience=0.0) as inbox:
            assert ids(await inbox.claim()) == [1]

    async def test_a_claim_given_back_while_its_end_fails_is_lent_again(self, path, clock, small_disk):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
            (claim,) = await inbox.claim()
            small_disk(1)
            settling = asyncio.ensure_future(inbox.settle(claim, told(), end="whole"))
            await asyncio.sleep(0)
            settling.cancel()
            inbox.release(claim)
            assert inbox.statistics().running == 1
            assert ids(await inbox.claim()) == [claim.id]
            small_disk(0)

    async def test_a_claim_given_back_while_its_end_succeeds_is_over(self, inbox: SqliteInbox):
        await inbox.put(delivery(1))
        (claim,) = await inbox.claim()
        settling = asyncio.ensure_future(inbox.settle(claim, told(), end="whole"))
        await asyncio.sleep(0)
        settling.cancel()
        inbox.release(claim)
        await inbox.quiet()
        assert (await inbox.counts())["done"] == 1

    async def test_what_one_job_does_wrong_is_its_own_fault(self, inbox: SqliteInbox):
        wrong = delivery(1, at="yesterday")  # type: ignore[arg-type]
        huge = Call(lambda store: store.connection.execute("SELECT ?", (1 << 70,)))
        results = await asyncio.gather(
            inbox.put(delivery(2)),
            inbox._hand_in(huge),
            inbox.put(wrong),
            inbox.put(delivery(3)),
            return_exceptions=True,
        )
        assert [isinstance(result, InboxUnavailable) for result in results] == [False, True, True, False]
        assert inbox.statistics().failing_since is None

    async def test_too_much_at_once_is_refused(self, inbox: SqliteInbox, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(local_inbox, "WAITING", 3)
        results = await asyncio.gather(*(inbox.put(delivery(n)) for n in range(9)), return_exceptions=True)
        assert sum(isinstance(result, InboxUnavailable) for result in results) == 6
        # The note of the span in which it was so waits too.
        for start in (10, 20, 30):
            puts = (inbox.put(delivery(n)) for n in range(start, start + 9))
            results = await asyncio.gather(*puts, return_exceptions=True)
            assert sum(isinstance(result, InboxUnavailable) for result in results) >= 6

    async def test_a_file_that_cannot_be_read_says_so(self, inbox: SqliteInbox):
        await inbox.put(delivery(1))
        assert inbox._reader is not None
        inbox._reader.close()
        with pytest.raises(InboxUnavailable, match="cannot be read"):
            await inbox.get(1)


class TestGuests:
    @pytest.mark.parametrize(
        ("work", "outcome"),
        [
            (lambda connection: connection.close(), ConfigurationError),
            (lambda connection: connection.execute("INSERT OR ROLLBACK INTO mine VALUES (1)"), ConfigurationError),
            (lambda connection: connection.execute("INSERT INTO mine VALUES (2), (3) RETURNING x"), sqlite3.Cursor),
            (lambda connection: connection.execute("COMMIT"), ConfigurationError),
            (lambda connection: connection.execute("SELECT nothing"), sqlite3.OperationalError),
        ],
    )
    async def test_the_others_of_its_transaction_are_stored(self, inbox: SqliteInbox, work, outcome):
        receipt = await inbox.put(delivery(1))
        (claim,) = await inbox.claim()
        await inbox.transact(
            claim, told("app:before"), lambda connection: connection.execute("CREATE TABLE mine(x UNIQUE)")
        )
        await inbox.transact(
            claim, told("app:one"), lambda connection: connection.execute("INSERT INTO mine VALUES (1)")
        )
        gate = threading.Event()
        waiting = asyncio.ensure_future(inbox._hand_in(Call(lambda store: gate.wait())))
        before = [asyncio.ensure_future(inbox.put(delivery(n))) for n in (2, 3)]
        guest = asyncio.ensure_future(inbox.transact(claim, told("app:guest"), work))
        after = [asyncio.ensure_future(inbox.put(delivery(n))) for n in (4, 5)]
        await asyncio.sleep(0.01)
        gate.set()
        *others, came = await asyncio.gather(waiting, *before, *after, guest, return_exceptions=True)
        assert [receipt.id for receipt in others[1:]] == [2, 3, 4, 5]
        assert isinstance(came, outcome)
        assert inbox.statistics().failing_since is None
        assert (await inbox.put(delivery(6))).id == 6
        handlers = {run.handler for run in (await inbox.get(receipt.id)).work}
        assert ("app:guest" in handlers) == (outcome is sqlite3.Cursor)

    async def test_a_cursor_that_is_kept_does_not_keep_the_log(self, inbox: SqliteInbox, path: Path):
        await inbox.put(delivery(1))
        (claim,) = await inbox.claim()
        kept = await inbox.transact(claim, told(), lambda connection: connection.execute("SELECT * FROM sqlite_master"))
        for n in range(2, 22):
            await inbox.put(delivery(n, body=b"x" * 1_000_000))
        # The log begins anew once it is in the file, at some eight megabytes.
        assert path.with_name("inbox.db-wal").stat().st_size < 12_000_000
        del kept


class TestGaps:
    async def test_every_start_records_the_span_since_the_last_heartbeat(self, path, tmp_path, clock):
        async with opened(path, clock) as inbox:
            assert await inbox.gaps() == ()
            await clock.advance(60)
            while (await inbox._hand_in(Call(lambda store: upkeep.read_meta(store.connection, "heartbeat")))) == START:
                await asyncio.sleep(0.01)
            await clock.advance(30)
            killed = crash(path, tmp_path / "killed")
        await clock.advance(10)
        async with opened(killed, clock) as inbox:
            assert [(gap.start, gap.end, gap.cause) for gap in await inbox.gaps()] == [
                (START + 60, START + 100, "stopped")
            ]
        async with opened(path, clock) as inbox:
            assert [(gap.start, gap.end) for gap in await inbox.gaps()] == [(START + 90, START + 100)]

    async def test_the_span_begins_where_deliveries_ended_and_not_where_the_work_did(self, path, clock):
        async with opened(path, clock) as inbox:
            await clock.advance(5)
            await inbox.cease()
            await clock.advance(130)
            await inbox.cease()
        await clock.advance(1)
        async with opened(path, clock) as inbox:
            assert [(gap.start, gap.end) for gap in await inbox.gaps()] == [(START + 5, START + 136)]

    async def test_a_generation_that_takes_over_what_waited_in_the_queue_leaves_no_gap(self, path, clock):
        async with generation(path, clock, "queue") as inbox:
            await clock.advance(30)
            inbox.yielding()
            await clock.advance(2)
        await clock.advance(1)
        async with generation(path, clock, "queue", begins=0.9) as inbox:
            assert await inbox.gaps() == ()

    @pytest.mark.parametrize(
        ("yields", "queue", "seconds"),
        [(True, "queue", 2.0), (True, "queue", -9.0), (True, "another", 0.0), (True, "", 0.0), (False, "queue", 0.0)],
        ids=["too long", "a clock that went back", "another queue", "no queue", "stopped"],
    )
    async def test_any_other_end_of_a_generation_leaves_a_gap(self, path, clock, yields, queue, seconds):
        async with generation(path, clock, "queue") as inbox:
            await clock.advance(30)
            if yields:
                inbox.yielding()
            await clock.advance(2)
        ceased = clock.now() - (2 if yields else 0)
        later = WoundClock(clock.now() + seconds)
        async with generation(path, later, queue) as inbox:
            (gap,) = await inbox.gaps()
            assert [gap.start, gap.end] == sorted([ceased, later.now()])

    @pytest.mark.parametrize("later", [0.5, 60.0])
    async def test_a_generation_killed_before_it_serves_hides_no_gap(self, path, tmp_path, clock, later):
        async with generation(path, clock, "queue") as inbox:
            inbox.yielding()
        await clock.advance(1)
        begun = SqliteInbox(path)
        begun.queued_at("queue")
        await begun.open(clock)
        killed = crash(path, tmp_path / "killed")
        await begun.close()
        await clock.advance(later)
        async with generation(killed, clock, "queue") as inbox:
            spans = [(gap.start, gap.end) for gap in await inbox.gaps()]
            assert spans == ([] if later < 1 else [(START, START + 61)])

    async def test_a_yield_counts_once(self, path, tmp_path, clock):
        async with generation(path, clock, "queue") as inbox:
            inbox.yielding()
        await clock.advance(1)
        async with generation(path, clock, "queue"):
            killed = crash(path, tmp_path / "killed")
        await clock.advance(1)
        async with generation(killed, clock, "queue") as inbox:
            assert [(gap.start, gap.end) for gap in await inbox.gaps()] == [(START + 1, START + 2)]

    async def test_a_span_in_which_too_much_waited_is_known(self, path, clock, monkeypatch):
        async with opened(path, clock) as inbox:
            monkeypatch.setattr("webhooks.local_inbox.WAITING", 0)
            for number in (1, 2):
                with pytest.raises(InboxUnavailable):
                    await inbox.put(delivery(number))
                await clock.advance(3)
            monkeypatch.undo()
            for number in (3, 4):
                await inbox.put(delivery(number))
                await clock.advance(1)
            (gap,) = await inbox.gaps()
            assert (gap.start, gap.end, gap.cause) == (START, START + 6, "store")

    @pytest.mark.parametrize("told", ["by the next heartbeat", "by the end of deliveries"])
    async def test_a_span_in_which_too_much_waited_is_known_though_nothing_came_after(
        self, path, clock, monkeypatch, told
    ):
        async with opened(path, clock) as inbox:
            monkeypatch.setattr("webhooks.local_inbox.WAITING", 0)
            with pytest.raises(InboxUnavailable):
                await inbox.put(delivery(1))
            await clock.advance(4)
            await (inbox._beat() if told == "by the next heartbeat" else inbox.cease())
            (gap,) = await inbox.gaps()
            assert (gap.start, gap.end, gap.cause) == (START, START + 4, "store")

    async def test_a_span_in_which_too_much_waited_is_recorded_once_it_can_be(self, path, clock, monkeypatch):
        async with opened(path, clock) as inbox:
            with monkeypatch.context() as patched:
                patched.setattr("webhooks.local_inbox.WAITING", 0)
                with pytest.raises(InboxUnavailable):
                    await inbox.put(delivery(1))
            with monkeypatch.context() as patched:
                patched.setattr(Store, "note_gap", refused_by_the_disk)
                with pytest.raises(InboxUnavailable):
                    await inbox.put(delivery(2))
            await clock.advance(9)
            await inbox.put(delivery(3))
            await inbox._beat()
            assert START in [gap.start for gap in await inbox.gaps() if gap.detail.startswith("too much")]

    async def test_a_span_in_which_it_was_full_is_known_though_it_never_had_room_again(self, path, tmp_path, clock):
        async with opened(path, clock, depth=1) as inbox:
            await inbox.put(delivery(1))
            with pytest.raises(InboxFull):
                await inbox.put(delivery(2))
            for _ in range(2):
                await clock.advance(60)
                await inbox._beat()
            (gap,) = await inbox.gaps()
            assert (gap.cause, gap.start, gap.end) == ("full", START, clock.now())
            await finish(inbox, await inbox.claim())
            await clock.advance(10)
            await inbox._beat()
            await clock.advance(10)
            await inbox._beat()
            (gap,) = await inbox.gaps()
            assert START + 120 <= gap.end <= START + 130

    async def test_a_span_goes_on_only_as_long_as_it_is_the_same_and_not_repaired(self, inbox: SqliteInbox):
        def note(start: float, end: float, cause: str) -> asyncio.Future[None]:
            return inbox._hand_in(Call(lambda store: store.note_gap(start, end, cause)))

        await note(1, 2, "store")
        await note(2, 3, "store")
        await note(3, 4, "full")
        assert await inbox.repaired(2)
        await note(4, 5, "full")
        spans = [(gap.start, gap.end, gap.cause, gap.repaired_at is not None) for gap in await inbox.gaps()]
        assert spans == [(4, 5, "full", False), (3, 4, "full", True), (1, 3, "store", False)]

    async def test_only_so_many_spans_are_kept(self, path, clock, monkeypatch):
        monkeypatch.setattr(upkeep, "_GAPS_KEPT", 2)
        for _ in range(5):
            async with opened(path, clock) as inbox:
                gaps = await inbox.gaps()
                await clock.advance(1)
            await clock.advance(9)
        assert [(gap.start, gap.end) for gap in gaps] == [(START + 31, START + 40), (START + 21, START + 30)]

    async def test_a_clock_that_went_back_gives_a_span_and_not_a_hole(self, path):
        async with opened(path, WoundClock()):
            pass
        async with opened(path, WoundClock(START - DAY)) as inbox:
            assert [(gap.start, gap.end) for gap in await inbox.gaps()] == [(START - DAY, START)]


class TestHolding:
    async def test_a_second_one_waits_and_then_names_the_holder(self, inbox: SqliteInbox, path: Path):
        clock = WoundClock()
        second = SqliteInbox(path, patience=2.0)
        opening = asyncio.ensure_future(second.open(clock))
        await clock.advance(1.5)
        assert not opening.done()
        await clock.advance(1)
        with pytest.raises(InboxHeld, match=rf"held by process {os.getpid()} \(waited 2 s\)") as refused:
            await opening
        assert refused.value.pid == os.getpid()

    async def test_who_waits_for_the_holder_says_so_once(self, inbox: SqliteInbox, path: Path, caplog):
        clock = WoundClock()
        opening = asyncio.ensure_future(SqliteInbox(path, patience=5.0).open(clock))
        await clock.advance(0.8)
        assert caplog.messages == []
        await clock.advance(4)
        assert caplog.messages == [f"waiting for process {os.getpid()}, which holds {path}"]
        await clock.advance(1)
        with pytest.raises(InboxHeld):
            await opening

    async def test_a_second_one_gets_it_once_it_is_free(self, path: Path):
        first, clock = SqliteInbox(path), WoundClock()
        await first.open(clock)
        second = SqliteInbox(path, patience=5.0)
        opening = asyncio.ensure_future(second.open(clock))
        await clock.advance(1)
        await first.close()
        while not opening.done():
            await clock.advance(0.1)
            await asyncio.sleep(0.005)
        await opening
        await second.close()

    async def test_another_process_is_kept_out_and_its_death_lets_in(self, path: Path, clock: WoundClock):
        code = (
            "import asyncio, sys\n"
            "from webhooks.sqlite_inbox import SqliteInbox\n"
            "async def hold():\n"
            "    async with SqliteInbox(sys.argv[1]):\n"
            "        print('held', flush=True)\n"
            "        await asyncio.sleep(60)\n"
            "asyncio.run(hold())\n"
        )
        holder = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, cwd=Path.cwd())
        assert holder.stdout is not None
        with holder.stdout:
            assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
            with pytest.raises(InboxHeld, match=rf"process {holder.pid}\. Stop"):
                await SqliteInbox(path, patience=0.0).open(clock)
            holder.kill()
            await asyncio.to_thread(holder.wait)
        async with opened(path, clock, patience=0.0) as inbox:
            assert (await inbox.gaps())[0].cause == "stopped"

    async def test_reading_works_beside_the_holder(self, inbox: SqliteInbox, path: Path):
        receipt = await inbox.put(delivery(1))
        with contextlib.closing(SqliteInbox.reader(path)) as reader:
            assert reader.get(receipt.id).delivery == delivery(1)
            assert reader.counts()["pending"] == 1
            assert reader.gaps() == ()
            await inbox.put(delivery(2))
            assert len(reader.events(Listing())) == 2

    async def test_reading_works_without_a_holder(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
        with contextlib.closing(SqliteInbox.reader(path)) as reader:
            assert reader.counts()["pending"] == 1


class TestFiles:
    async def test_what_was_handed_in_before_the_closing_is_written(self, path: Path, clock: WoundClock):
        inbox = SqliteInbox(path)
        await inbox.open(clock)
        putting = [asyncio.ensure_future(inbox.put(delivery(n))) for n in range(50)]
        await asyncio.sleep(0)
        await inbox.close()
        assert len({(await each).id for each in putting}) == 50
        async with opened(path, clock) as inbox:
            assert inbox.statistics().depth == 50

    async def test_closing_leaves_one_file_and_no_log(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
            await inbox.get(1)
        assert not path.with_name("inbox.db-wal").exists()

    async def test_it_is_private(self, inbox: SqliteInbox, path: Path):
        parts = list(path.parent.iterdir())
        assert {part.name for part in parts} == {f"inbox.db{end}" for end in ("", "-wal", "-shm", ".lock", ".pid")}
        for part in parts:
            assert stat.S_IMODE(part.stat().st_mode) == 0o600, part

    @pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
    async def test_what_root_makes_beside_an_inbox_is_its_owners(self, path: Path, clock: WoundClock):
        async with opened(path, clock):
            pass
        os.chown(path, NOBODY, NOBODY)
        for end in (".lock", ".pid"):
            path.with_name(f"inbox.db{end}").unlink()
        async with opened(path, clock, listening=False):
            for part in path.parent.iterdir():
                assert (part.stat().st_uid, part.stat().st_gid) == (NOBODY, NOBODY), part
                assert stat.S_IMODE(part.stat().st_mode) == 0o600, part

    @pytest.mark.parametrize("link", ["symbolic", "hard"])
    async def test_a_link_beside_an_inbox_leads_nowhere(self, path: Path, clock: WoundClock, link: str):
        async with opened(path, clock):
            pass
        victim, note = path.with_name("victim"), path.with_name("inbox.db.pid")
        victim.write_text("not ours\n")
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        note.unlink()
        note.symlink_to(victim) if link == "symbolic" else note.hardlink_to(victim)
        before = victim.stat()
        async with opened(path, clock, listening=False):
            pass
        assert victim.read_text() == "not ours\n"
        assert victim.stat().st_uid == before.st_uid

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda path: path.write_text("no database at all" * 100), "cannot be opened"),
            (lambda path: path.mkdir(), "cannot be written: Is a directory"),
            (lambda path: sqlite(path, "CREATE TABLE users(name)"), "database of another program"),
            (lambda path: sqlite(path, "PRAGMA user_version = 3"), "database of another program"),
            (
                lambda path: sqlite(
                    path,
                    f"PRAGMA application_id = {sqlite_schema.APPLICATION_ID}; "
                    "PRAGMA user_version = 99; CREATE TABLE inbox_events(x)",
                ),
                r"newer version \(format 99, this one knows 2\)",
            ),
        ],
    )
    async def test_a_file_that_is_no_inbox_of_ours_is_refused_and_left(self, path: Path, clock, make, says):
        make(path)
        before = path.read_bytes() if path.is_file() else b""
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=says) as refused:
                await SqliteInbox(path, patience=0.0).open(clock)
            assert "\n" not in str(refused.value)
        assert (path.read_bytes() if path.is_file() else b"") == before

    @pytest.mark.parametrize("named", ["", ".", "/", "..", Path("folder/..")])
    def test_a_path_without_a_name_is_refused_at_once(self, named):
        with pytest.raises(ConfigurationError, match=r"names no file for an inbox\. Name one"):
            SqliteInbox(named)

    def test_a_folder_is_not_read_as_an_inbox(self, tmp_path: Path):
        with pytest.raises(ConfigurationError, match=rf"^{tmp_path} is a folder\. Name the inbox's file"):
            SqliteInbox.reader(tmp_path)

    async def test_a_damaged_file_and_a_second_opening_are_refused(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            with pytest.raises(ConfigurationError, match="open already"):
                await inbox.open(clock)
        sqlite(path, "DROP TABLE inbox_recent_keys")
        with pytest.raises(ConfigurationError, match="is damaged: no such table"):
            await inbox.open(clock)

    async def test_a_folder_that_is_not_there_or_not_ours(self, path: Path, clock: WoundClock):
        with pytest.raises(ConfigurationError, match="there is no folder"):
            await SqliteInbox(path.parent / "no" / "inbox.db").open(clock)
        if os.geteuid() == 0:
            pytest.skip("root may write anywhere")
        path.parent.chmod(0o500)
        with pytest.raises(ConfigurationError, match="folder this process may write to"):
            await SqliteInbox(path).open(clock)

    async def test_a_folder_that_takes_no_new_file_is_told_at_once(self, clock: WoundClock):
        if not Path("/proc/self").exists():
            pytest.skip("needs /proc: there not even root makes a file")
        async with asyncio.timeout(5):
            with pytest.raises(ConfigurationError, match=r"/proc/inbox\.db cannot be locked: No such file"):
                await SqliteInbox("/proc/inbox.db").open(clock)

    async def test_a_holder_tells_where_it_is_asked(self, path: Path, clock: WoundClock):
        told = path.with_name("inbox.db.pid")
        inbox = SqliteInbox(path)
        assert inbox.identity == ""
        assert not inbox.is_held_as("")
        inbox.announce("http://127.0.0.1:8081")
        assert not told.exists()
        await inbox.open(clock)
        assert told.read_text() == f"{os.getpid()}\nhttp://127.0.0.1:8081\n"
        assert told.stat().st_mode & 0o777 == 0o600
        inbox.announce("http://127.0.0.1:8082")
        with pytest.raises(InboxHeld) as refused:
            await SqliteInbox(path, patience=0.0).open(clock)
        assert (refused.value.pid, refused.value.admin) == (os.getpid(), "http://127.0.0.1:8082")
        assert "8082" not in str(refused.value)
        await inbox.close()
        # The next one has none.
        async with opened(path, clock):
            with pytest.raises(InboxHeld) as refused:
                await SqliteInbox(path, patience=0.0).open(clock)
            assert (refused.value.pid, refused.value.admin) == (os.getpid(), "")

    async def test_an_inbox_is_known_by_whatever_path_while_it_is_held(self, path: Path, clock: WoundClock):
        (path.parent / "real").mkdir()
        (path.parent / "link").symlink_to(path.parent / "real")
        inbox, elsewhere = SqliteInbox(path.parent / "real" / "inbox.db"), SqliteInbox(path)
        seen = SqliteInbox(path.parent / "link" / "inbox.db")
        await elsewhere.open(clock)
        await inbox.open(clock)
        assert inbox.is_held_as(seen.identity)
        assert not seen.is_held_as(seen.identity)
        assert not inbox.is_held_as(elsewhere.identity)
        await elsewhere.close()
        await inbox.close()
        assert not inbox.is_held_as(seen.identity)

    async def test_a_check_makes_no_file(self, path: Path, clock: WoundClock):
        SqliteInbox(path).check()
        assert list(path.parent.iterdir()) == []
        async with opened(path, clock):
            SqliteInbox(path).check()
        sqlite(path, "PRAGMA user_version = 99")
        with pytest.raises(ConfigurationError, match="newer version"):
            SqliteInbox(path).check()

    def test_a_check_finds_out_whether_a_file_could_be_made(self, path: Path):
        with pytest.raises(ConfigurationError, match="there is no folder"):
            SqliteInbox(path.parent / "no" / "inbox.db").check()
        path.symlink_to(path.parent / "no" / "inbox.db")
        with pytest.raises(ConfigurationError, match=r"inbox\.db cannot be written: No such file or directory"):
            SqliteInbox(path).check()
        if not Path("/proc/self").exists():
            pytest.skip("needs /proc: there not even root makes a file")
        with pytest.raises(ConfigurationError, match=r"/proc/inbox\.db cannot be written: No such file"):
            SqliteInbox("/proc/inbox.db").check()

    def test_reading_what_is_not_there(self, path: Path):
        with pytest.raises(ConfigurationError, match="there is no inbox at"):
            SqliteInbox.reader(path)
        path.write_text("not a database" * 100)
        with pytest.raises(ConfigurationError, match="cannot be read"):
            SqliteInbox.reader(path)
        path.unlink()
        sqlite(path, "")
        with pytest.raises(ConfigurationError, match="older format"):
            SqliteInbox.reader(path)

    def test_migrations_go_step_by_step_and_leave_a_failed_step_undone(self, path: Path):
        first, second = "CREATE TABLE a(x);", "CREATE TABLE b(x); INSERT INTO a VALUES (1);"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            sqlite_schema.migrate(connection, 0, (first,))
            with pytest.raises(sqlite3.OperationalError):
                sqlite_schema.migrate(connection, 1, (first, "CREATE TABLE b(x); CREATE TABLE a(x);"))
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)
            assert connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (1,)
            sqlite_schema.migrate(connection, 1, (first, second))
            assert connection.execute("PRAGMA user_version").fetchone() == (2,)
            assert connection.execute("SELECT x FROM a").fetchone() == (1,)

    async def test_a_file_of_the_first_format_is_brought_up_to_date_with_what_is_in_it(self, path: Path, clock):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            sqlite_schema.migrate(connection, 0, sqlite_schema.MIGRATIONS[:1])
            Store(connection, clock.now).commit([Put(delivery(n, unreadable="no JSON")) for n in range(3)])
        with pytest.raises(ConfigurationError, match="older format"):
            SqliteInbox.reader(path)
        async with opened(path, clock) as inbox:
            assert (await inbox.counts())["dead"] == 3
            assert (await inbox.put(delivery(1))).duplicate
            assert await inbox.purge(START + 1) == 3
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (len(sqlite_schema.MIGRATIONS),)

    async def test_every_commit_is_synced(self, inbox: SqliteInbox):
        def ask(name: str):
            return Call(lambda store: store.connection.execute(f"PRAGMA {name}").fetchone()[0])

        assert await inbox._hand_in(ask("journal_mode")) == "wal"
        assert await inbox._hand_in(ask("synchronous")) == 2


class TestRetention:
    async def test_a_clock_that_jumped_ahead_costs_no_dead_letter_at_once(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1, unreadable="no JSON"))
        jumped = WoundClock(START + 40 * DAY)
        async with opened(path, jumped) as inbox:
            await inbox._beat()
            await inbox._tidy(jumped.now() + DAY - 1)
            assert (await inbox.counts()).get("dead") == 1
            await inbox._tidy(jumped.now() + DAY)
            assert not (await inbox.counts()).get("dead")

    async def test_a_start_within_a_day_spares_nothing(self, path: Path, clock: WoundClock):
        async with opened(path, clock, keep_dead=3_600.0) as inbox:
            await inbox.put(delivery(1, unreadable="no JSON"))
        later = WoundClock(START + DAY)
        async with opened(path, later, keep_dead=3_600.0) as inbox:
            await inbox._tidy(later.now())
            assert not (await inbox.counts()).get("dead")

    async def test_a_jump_while_it_runs_spares_as_well(self, path: Path):
        class Jumping(WoundClock):
            ahead = 0.0

            def now(self) -> float:
                return START + self.ahead

            async def sleep(self, seconds: float) -> None:
                await asyncio.sleep(0.002)

        clock = Jumping()
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1, unreadable="no JSON"))
            clock.ahead = 40 * DAY
            while (await inbox._hand_in(Call(lambda store: upkeep.read_meta(store.connection, "heartbeat")))) == START:
                await asyncio.sleep(0.01)
            await inbox._tidy(clock.now())
            assert (await inbox.counts()).get("dead") == 1
            clock.ahead += DAY
            await inbox._tidy(clock.now())
            assert not (await inbox.counts()).get("dead")

    async def test_each_part_of_a_removal_is_small_and_found_without_looking_through_the_rest(
        self, inbox: SqliteInbox, clock: WoundClock
    ):
        puts = (delivery(n, unreadable="no JSON", at=START - n) for n in range(upkeep.REMOVED_AT_ONCE + 1))
        await asyncio.gather(*map(inbox.put, puts))

        def remove(store: Store) -> tuple[int, list[str]]:
            asked: list[str] = []
            store.connection.set_trace_callback(asked.append)
            number = upkeep.remove(store, "dead", clock.now() + 1) or upkeep.remove(store, "dead", None)
            store.connection.set_trace_callback(None)
            plans = [store.connection.execute(f"EXPLAIN QUERY PLAN {each}") for each in asked if "inbox_events" in each]
            return number, [detail for plan in plans for (*_, detail) in plan]

        for number in (upkeep.REMOVED_AT_ONCE, 1, 0):
            removed, plans = await inbox._hand_in(Call(remove))
            assert removed == number
            assert plans
            assert all(plan.startswith("SEARCH inbox_events USING") for plan in plans), plans

    async def test_what_is_finished_goes_with_time_and_dead_letters_later(self, path: Path, clock: WoundClock):
        async with opened(path, clock, keep=3_600.0, keep_dead=7_200.0) as inbox:
            for n in range(3):
                await inbox.put(delivery(n, resource=f"a/{n}"))
            done, dead, _waiting = await inbox.claim(3)
            await finish(inbox, [done])
            await inbox.settle(dead, told(outcome="dead"), end="whole")
            for hours, left in (
                (1, {"pending": 1, "retrying": 0, "done": 0, "dead": 1}),
                (1, {"pending": 1, "retrying": 0, "done": 0, "dead": 0}),
            ):
                await clock.advance(hours * 3_600 + 61)
                while await inbox.counts() != left:
                    await asyncio.sleep(0.005)
                    await clock.advance(61)

    async def test_dead_letters_go_last(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1, unreadable="no"))
            for n in (2, 3):
                await inbox.put(delivery(n, resource=""))
            await finish(inbox, await inbox.claim(2))
            left = []
            while await inbox._hand_in(Call(upkeep.remove_oldest)):
                left.append([summary.state for summary in await inbox.events(Listing())])
            assert left == [["dead"], []]

    async def test_only_some_go_at_a_time_so_that_deliveries_get_in_between(self, inbox: SqliteInbox):
        await asyncio.gather(*(inbox.put(delivery(n, unreadable="no")) for n in range(250)))
        remove = Call(lambda store: upkeep.remove(store, "dead", None))
        assert [await inbox._hand_in(remove), await inbox._hand_in(remove)] == [200, 50]

    async def test_nothing_is_left_of_what_was_removed(self, path: Path, clock: WoundClock):
        async with opened(path, clock) as inbox:
            await inbox.put(delivery(1))
            await inbox.put(delivery(2, unreadable="no"))
            (claim,) = await inbox.claim()
            await inbox.settle(claim, told(outcome="dead", reason="no", traceback="Traceback"), end="whole")
            assert await inbox.purge(START + 1) == 2
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for table in ("inbox_events", "inbox_bodies", "inbox_work", "inbox_failures"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table

    def test_what_is_kept_unless_told(self):
        """The values are those of the table in docs/webhooks.md."""
        unless_told = {each.name: each.default for each in inspect.signature(SqliteInbox).parameters.values()}
        assert (unless_told["depth"], unless_told["max_bytes"]) == (100_000, 4 * 1024**3)
        assert (unless_told["keep"], unless_told["keep_dead"]) == (7 * DAY, 30 * DAY)

    async def test_the_oldest_go_when_the_file_grows_too_large_and_the_disk_gets_its_room_back(
        self, path: Path, clock: WoundClock
    ):
        async with opened(path, clock, max_bytes=2_000_000) as inbox:
            for n in range(120):
                await inbox.put(delivery(n, resource="", body=b"x" * 50_000))
            claims = await inbox.claim(120)
            await finish(inbox, claims[:-1])
            await inbox._tidy(clock.now())
            assert await inbox._hand_in(Call(upkeep.used_bytes)) <= 2_000_000
            left = await inbox.events(Listing(limit=1000))
            assert claims[-1].id in {summary.id for summary in left}
            assert claims[0].id not in {summary.id for summary in left}
        assert path.stat().st_size < 4_000_000


def sqlite(path: Path, script: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
