"""The worker: handlers run under their terms, in order, at least once, and are left in good order."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import random
import sqlite3
from pathlib import Path

import msgspec
import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery, told
from webhooks.attempt import Failure, describe
from webhooks.backoff import Backoff
from webhooks.events import Event
from webhooks.inbox import Claim, Inbox, Listing, Settlement
from webhooks.inbox_errors import InboxClosed, InboxUnavailable
from webhooks.memory_inbox import MemoryInbox
from webhooks.plan import after_failure, make_plan
from webhooks.routing import Router
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.worker import Worker


class Desk:
    """An inbox, a router to register handlers with, and the worker between them."""

    def __init__(self, inbox: Inbox, clock: WoundClock) -> None:
        self.inbox = inbox
        self.clock = clock
        self.router = Router()
        self.reported: list[tuple[int, str, str]] = []
        self.worker: Worker | None = None

    @contextlib.asynccontextmanager
    async def working(self, *, concurrency: int = 16, grace: float = 0.0) -> abc.AsyncIterator[Worker]:
        self.worker = Worker(
            self.inbox,
            self.router.table(),
            self.clock,
            concurrency=concurrency,
            jitter=lambda: 1.0,
            report=lambda claim, made: self.reported.append((claim.id, made.handler, made.outcome)),
        )
        running = asyncio.ensure_future(self.worker.run())
        try:
            yield self.worker
        finally:
            self.worker.stop(grace)
            await running

    async def put(self, *numbers: int, **fields: object) -> list[int]:
        """Put deliveries, each of a resource of its own unless one is named."""
        return [
            (await self.inbox.put(delivery(n, **{"resource": f"prospect/{n}", **fields}))).id  # type: ignore[arg-type]
            for n in numbers
        ]

    async def state(self, one: int) -> str:
        entry = await self.inbox.get(one)
        assert entry is not None
        return entry.state

    async def pass_time(self, seconds: float) -> None:
        """Let time pass second by second, and whatever becomes due be done."""
        while seconds > 0:
            await self.clock.advance(min(1.0, seconds))
            await self.inbox.quiet()
            seconds -= 1.0


def number(event: Event) -> int:
    """The number that a delivery was made with."""
    return event.document["data"]["id"]


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
async def desk(clock: WoundClock) -> abc.AsyncIterator[Desk]:
    inbox = MemoryInbox()
    await inbox.open(clock)
    yield Desk(inbox, clock)
    await inbox.close()


class TestHandlers:
    async def test_they_run_in_the_order_of_registration_and_the_event_is_done(self, desk: Desk):
        ran: list[str] = []
        for name in "abc":

            @desk.router.on("*", name=name)
            async def handle(event: Event, name: str = name) -> None:
                ran.append(f"{name} {event.name} {event.attempt}")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        assert ran == ["a prospect.updated 1", "b prospect.updated 1", "c prospect.updated 1"]
        assert await desk.state(one) == "done"
        assert desk.reported == [(one, name, "done") for name in "abc"]

    async def test_an_event_nobody_wants_is_done(self, desk: Desk):
        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        assert await desk.state(one) == "done"

    async def test_one_that_fails_does_not_stop_the_others_and_it_alone_is_run_again(self, desk: Desk):
        ran: list[str] = []

        @desk.router.on("*", name="bad", retries=3)
        async def bad(event: Event) -> None:
            ran.append(f"bad {event.attempt}")
            if event.attempt < 3:
                raise ValueError("not yet")

        @desk.router.on("*", name="good")
        async def good(event: Event) -> None:
            ran.append("good")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
            assert (ran, await desk.state(one)) == (["bad 1", "good"], "retrying")
            await desk.pass_time(1)
            await desk.pass_time(2)
        assert ran == ["bad 1", "good", "bad 2", "bad 3"]
        assert await desk.state(one) == "done"

    async def test_poison_is_given_up_with_reason_and_traceback(self, desk: Desk):
        @desk.router.on("*", name="bad", retries=2)
        async def bad(event: Event) -> None:
            raise LookupError("no such thing, Bearer abc.def")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
            await desk.pass_time(3)
        entry = await desk.inbox.get(one)
        assert entry is not None
        assert entry.state == "dead"
        assert [failure.attempt for failure in entry.failures] == [1, 2, 3]
        assert entry.work[0].reason == "LookupError: no such thing, Bearer ***"
        assert 'raise LookupError("no such thing, Bearer ***' in entry.failures[-1].traceback

    async def test_a_run_that_takes_too_long_has_failed(self, desk: Desk):
        @desk.router.on("*", name="slow", retries=0, timeout=0.01)
        async def slow(event: Event) -> None:
            await asyncio.Event().wait()

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        entry = await desk.inbox.get(one)
        assert entry is not None
        assert (entry.state, entry.work[0].reason) == ("dead", "took longer than 0.01 s")

    async def test_a_handler_that_cancels_itself_has_failed(self, desk: Desk):
        @desk.router.on("*", name="odd", retries=0)
        async def odd(event: Event) -> None:
            raise asyncio.CancelledError

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        assert await desk.state(one) == "dead"

    async def test_a_body_that_cannot_be_read_is_given_up(self, desk: Desk):
        @desk.router.on("*", name="any")
        async def handle(event: Event) -> None: ...

        (broken,) = await desk.put(1, body=b"<xml/>")
        (unreadable,) = await desk.put(2, unreadable="not JSON")
        async with desk.working():
            assert await desk.inbox.redeliver(unreadable)
            await desk.inbox.quiet()
        for one in (broken, unreadable):
            entry = await desk.inbox.get(one)
            assert entry is not None
            assert (entry.state, entry.work[0].handler) == ("dead", "")
            assert "not JSON" in entry.work[0].reason

    async def test_a_retry_of_a_handler_that_is_gone_is_given_up(self, desk: Desk):
        @desk.router.on("*", name="app:old")
        async def old(event: Event) -> None:
            raise ValueError("down")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        desk.router = Router()
        async with desk.working():
            await desk.pass_time(1)
        entry = await desk.inbox.get(one)
        assert entry is not None
        assert entry.state == "dead"
        assert entry.work[0].reason == "the handler app:old no longer exists; it failed with: ValueError: down"

    async def test_what_is_delivered_again_runs_only_what_died(self, desk: Desk):
        ran: list[str] = []
        down = True

        @desk.router.on("*", name="a")
        async def a(event: Event) -> None:
            ran.append("a")

        @desk.router.on("*", name="b", retries=0)
        async def b(event: Event) -> None:
            ran.append(f"b {event.attempt}")
            if down:
                raise ValueError

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
            assert await desk.state(one) == "dead"
            down = False
            await desk.inbox.redeliver(one)
            await desk.inbox.quiet()
        assert ran == ["a", "b 1", "b 1"]
        assert await desk.state(one) == "done"

    async def test_the_key_of_an_event_is_the_same_at_every_attempt(self, desk: Desk):
        keys: list[str] = []

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            keys.append(event.key)
            if event.attempt == 1:
                raise ValueError

        await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
            await desk.pass_time(1)
        assert keys == ["outreach/digest/1"] * 2


class TestOrder:
    async def test_at_most_so_many_run_at_once(self, desk: Desk):
        running = most = 0

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

        await desk.put(*range(1, 41))
        async with desk.working(concurrency=7):
            await desk.inbox.quiet()
        assert (most, running) == (7, 0)

    async def test_a_resource_is_handled_in_order_under_random_delays(self, desk: Desk):
        seen: dict[str, list[int]] = {}
        dice = random.Random(5)

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            for _ in range(dice.randrange(6)):
                await asyncio.sleep(0)
            seen.setdefault(event.delivery.resource, []).append(number(event))

        for n in range(1, 301):
            await desk.put(n, resource=f"prospect/{dice.randrange(12)}")
        async with desk.working(concurrency=8):
            await desk.inbox.quiet()
        assert sum(map(len, seen.values())) == 300
        assert all(numbers == sorted(numbers) for numbers in seen.values())

    async def test_a_resource_waits_for_the_retries_of_its_head_and_others_do_not(self, desk: Desk):
        ran: list[int] = []

        @desk.router.on("*", retries=2)
        async def handle(event: Event) -> None:
            which = number(event)
            if which == 1 and event.attempt < 3:
                raise ValueError
            ran.append(which)

        for n, resource in ((1, "a/1"), (2, "a/1"), (3, "b/1")):
            await desk.put(n, resource=resource)
        async with desk.working():
            await desk.inbox.quiet()
            assert ran == [3]
            await desk.pass_time(3)
        assert ran == [3, 1, 2]

    async def test_a_handler_that_opted_out_neither_waits_nor_is_waited_for(self, desk: Desk):
        ran: list[str] = []
        gate = asyncio.Event()

        @desk.router.on("*", name="strict")
        async def strict(event: Event) -> None:
            if number(event) == 1:
                await gate.wait()
            ran.append(f"strict {number(event)}")

        @desk.router.on("*", name="free", ordered=False, retries=1)
        async def free(event: Event) -> None:
            ran.append(f"free {number(event)}")
            if number(event) == 2 and event.attempt == 1:
                raise ValueError

        for n in (1, 2, 3):
            await desk.put(n, resource="a/1")
        async with desk.working():
            while len(ran) < 2:
                await asyncio.sleep(0)
            assert ran == ["free 2", "free 3"]
            gate.set()
            await desk.inbox.quiet()
            assert ran == ["free 2", "free 3", "strict 1", "free 1", "strict 2", "strict 3"]
            await desk.pass_time(1)
        assert ran[-1] == "free 2"
        assert await desk.inbox.counts() == {"pending": 0, "retrying": 0, "done": 3, "dead": 0}

    async def test_where_all_opted_out_a_resource_has_no_order(self, desk: Desk):
        gate = asyncio.Event()
        ran: list[int] = []

        @desk.router.on("*", ordered=False)
        async def free(event: Event) -> None:
            if number(event) == 1:
                await gate.wait()
            ran.append(number(event))

        ids = [await desk.put(n, resource="a/1") for n in (1, 2)]
        async with desk.working():
            while not ran:
                await asyncio.sleep(0)
            assert (ran, await desk.state(ids[1][0])) == ([2], "done")
            gate.set()
            await desk.inbox.quiet()
        assert await desk.state(ids[0][0]) == "done"

    async def test_poison_delays_no_other_resource(self, desk: Desk):
        handled: dict[int, float] = {}

        @desk.router.on("*", retries=3)
        async def handle(event: Event) -> None:
            which = number(event)
            if which % 100 == 0:
                raise ValueError("poison")
            handled[which] = desk.clock.now()

        for n in range(1, 1001):
            await desk.put(n, resource=f"prospect/{n}")
        async with desk.working():
            await desk.inbox.quiet()
            assert len(handled) == 990
            await desk.pass_time(7)
        dead = await desk.inbox.events(Listing(state="dead", limit=1000))
        assert {summary.resource for summary in dead} == {f"prospect/{n}" for n in range(100, 1001, 100)}
        assert set(handled.values()) == {START}


class TestTransactions:
    async def test_an_effect_counts_even_when_the_handler_fails_after_it(self, desk: Desk):
        sums: list[int] = []

        def add(connection: sqlite3.Connection) -> int:
            connection.execute("CREATE TABLE IF NOT EXISTS sums(value)")
            connection.execute("INSERT INTO sums VALUES (1)")
            return connection.execute("SELECT COUNT(*) FROM sums").fetchone()[0]

        @desk.router.on("*", name="adds")
        async def adds(event: Event) -> None:
            sums.append(await event.transaction(add))
            with pytest.raises(ConfigurationError, match="settled by its first"):
                await event.transaction(add)
            raise ValueError("too late")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        assert (sums, await desk.state(one)) == ([1], "done")
        assert desk.reported == [(one, "adds", "done")]

    async def test_an_effect_that_fails_is_undone_and_tried_again(self, desk: Desk):
        tries: list[int] = []

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("CREATE TABLE sums(value)")
            if len(tries) == 1:
                raise ValueError

        @desk.router.on("*")
        async def adds(event: Event) -> None:
            tries.append(event.attempt)
            await event.transaction(add)

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
            await desk.pass_time(1)
        assert (tries, await desk.state(one)) == ([1, 2], "done")

    async def test_a_run_that_is_cancelled_in_its_transaction_learns_what_became_of_it(self, tmp_path: Path):
        clock = WoundClock()
        async with SqliteInbox(tmp_path / "inbox.db") as inbox:
            desk = Desk(inbox, clock)
            started = asyncio.Event()
            loop = asyncio.get_running_loop()

            def slow(connection: sqlite3.Connection) -> None:
                loop.call_soon_threadsafe(started.set)
                connection.execute("CREATE TABLE effects(value)")
                connection.execute(
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 500000) SELECT MAX(x) FROM n"
                ).fetchone()

            @desk.router.on("*", timeout=0.02, retries=0)
            async def handle(event: Event) -> None:
                await event.transaction(slow)

            (one,) = await desk.put(1)
            async with desk.working():
                await started.wait()
                await inbox.quiet()
            assert await desk.state(one) == "done"


class TestStopping:
    async def test_what_runs_may_finish_within_the_grace(self, desk: Desk):
        gate, started = asyncio.Event(), asyncio.Event()

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            started.set()
            await gate.wait()

        first, second = await desk.put(1, 2, resource="a/1")
        async with desk.working(grace=10) as worker:
            await started.wait()
            worker.stop(10)
            await desk.clock.advance(9)
            assert worker.busy == 1
            gate.set()
        assert (await desk.state(first), await desk.state(second)) == ("done", "pending")

    async def test_what_runs_longer_is_cancelled_once_and_left(self, desk: Desk):
        tidied: list[str] = []
        started = asyncio.Event()

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                tidied.append("yes")

        (one,) = await desk.put(1)
        async with desk.working() as worker:
            await started.wait()
            worker.stop(5)
            await desk.clock.advance(5)
        assert (tidied, await desk.state(one)) == (["yes"], "pending")
        assert desk.inbox.statistics().running == 0
        assert [claim.id for claim in await desk.inbox.claim()] == [one]

    async def test_a_worker_that_is_cancelled_gives_everything_back(self, desk: Desk):
        started = asyncio.Event()

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            started.set()
            await asyncio.Event().wait()

        await desk.put(1, 2)
        running = asyncio.ensure_future(Worker(desk.inbox, desk.router.table(), desk.clock).run())
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert desk.inbox.statistics().running == 0

    async def test_one_stopped_before_it_starts_claims_nothing(self, desk: Desk):
        await desk.put(1)
        worker = Worker(desk.inbox, desk.router.table(), desk.clock)
        worker.stop(0)
        await worker.run()
        assert desk.inbox.statistics().depth == 1

    async def test_one_whose_inbox_was_closed_says_so(self, desk: Desk):
        running = asyncio.ensure_future(Worker(desk.inbox, desk.router.table(), desk.clock).run())
        await desk.clock.advance(0)
        await desk.inbox.close()
        with pytest.raises(InboxClosed):
            await running

    async def test_an_event_that_is_settled_after_the_closing_is_left(self, desk: Desk):
        gate, started = asyncio.Event(), asyncio.Event()

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            started.set()
            await gate.wait()

        (one,) = await desk.put(1)
        async with desk.working(grace=10) as worker:
            await started.wait()
            worker.stop(10)
            await desk.inbox.close()
            gate.set()
        await desk.inbox.open(desk.clock)
        assert await desk.state(one) == "pending"


class FailingInbox(MemoryInbox):
    """Refuses some calls, as an inbox with a full disk does."""

    refuse_settle = refuse_claim = 0

    async def settle(self, claim: Claim, *settlements: Settlement, **end: object) -> None:
        if self.refuse_settle:
            self.refuse_settle -= 1
            raise InboxUnavailable("the disk is full")
        await super().settle(claim, *settlements, **end)  # type: ignore[arg-type]

    async def claim(self, limit: int = 1, *, ahead: bool = False) -> tuple[Claim, ...]:
        if self.refuse_claim:
            self.refuse_claim -= 1
            raise InboxUnavailable("the disk fails")
        return await super().claim(limit, ahead=ahead)


async def test_a_store_that_fails_for_a_while_costs_no_second_run(clock: WoundClock):
    inbox = FailingInbox()
    await inbox.open(clock)
    desk = Desk(inbox, clock)
    ran: list[int] = []

    @desk.router.on("*")
    async def handle(event: Event) -> None:
        ran.append(event.attempt)

    (one,) = await desk.put(1)
    inbox.refuse_claim = inbox.refuse_settle = 2
    async with desk.working():
        await clock.advance(4)
        await inbox.quiet()
    assert (ran, await desk.state(one)) == ([1], "done")
    await inbox.close()


class TestDeciding:
    def test_waits_double_up_to_a_ceiling_and_are_jittered_in_full(self):
        backoff = Backoff(first=1.0, ceiling=10.0)
        assert [backoff.longest(attempt) for attempt in range(1, 7)] == [1, 2, 4, 8, 10, 10]
        assert backoff.longest(10_000) == 10
        assert [backoff.wait(3, jitter) for jitter in (0.0, 0.5, 1.0)] == [0.0, 2.0, 4.0]

    def test_the_window_spans_every_wait_and_every_run_that_is_left(self):
        backoff = Backoff(first=1.0, ceiling=10.0)
        assert backoff.window(1, retries=3, timeout=5.0) == (1 + 5) + (2 + 5) + (4 + 5)
        assert backoff.window(4, retries=3, timeout=5.0) == 0

    def test_a_failure_holds_its_resource_from_the_first_on(self):
        router = Router()

        @router.on("*", name="a", retries=2, timeout=5)
        async def a(event: Event) -> None: ...

        @router.on("*", name="b", retries=2, ordered=False)
        async def b(event: Event) -> None: ...

        ordered, free = router.table().routes
        failure, backoff = Failure("no", "Traceback"), Backoff()
        first = after_failure(ordered, told(at=START), failure, backoff, 0.5, 0.0)
        assert (first.outcome, first.retry_at, first.hold_until) == ("retry", START + 0.5, START + 13)
        second = after_failure(ordered, told(at=START + 6, attempt=2), failure, backoff, 1.0, first.hold_until)
        assert (second.retry_at, second.hold_until) == (START + 8, START + 13)
        last = after_failure(ordered, told(at=START + 9, attempt=3), failure, backoff, 1.0, second.hold_until)
        assert (last.outcome, last.hold_until, last.reason, last.traceback) == ("dead", 0.0, "no", "Traceback")
        assert after_failure(free, told(), failure, backoff, 0.5, 0.0).hold_until == 0.0

    def test_a_claim_is_for_what_is_due(self):
        router = Router()
        for name in ("done", "dead", "due", "later", "new"):

            @router.on("*", name=name)
            async def handle(event: Event) -> None: ...

        @router.on("task.*", name="elsewhere")
        async def elsewhere(event: Event) -> None: ...

        claim = Claim(
            id=1,
            delivery=delivery(),
            work=(
                told("done"),
                told("dead", "dead"),
                told("due", "retry"),
                told("later", "retry"),
                told("gone", "retry", reason="x"),
                told("elsewhere", "retry", reason="y"),
            ),
            later=frozenset({"later"}),
        )
        todo = make_plan(claim, router.table(), START)
        assert [route.name for route in todo.run] == ["due", "new"]
        assert [(lost.handler, lost.reason.partition(";")[0]) for lost in todo.lost] == [
            ("gone", "the handler gone no longer exists"),
            ("elsewhere", "the handler elsewhere no longer takes this event"),
        ]
        early = make_plan(msgspec.structs.replace(claim, ahead=True), router.table(), START)
        assert (early.run, early.lost, early.end) == ((), (), "part")

    def test_what_is_kept_of_an_error_has_bounds(self):
        told = describe(ValueError("x" * 2_000))
        assert len(told.reason) == 500
        assert describe(KeyError()).reason == "KeyError"

        def deep(n: int) -> None:
            deep(n - 1) if n % 2 else deeper(n)

        def deeper(n: int) -> None:
            if n < 2:
                raise ValueError("the end")
            deep(n - 1)

        with pytest.raises(ValueError, match="the end") as raised:
            deep(301)
        trace = describe(raised.value).traceback
        assert len(trace) < 8_100
        assert trace.endswith("ValueError: the end\n")

    def test_nobodys_address_is_kept_of_an_error(self):
        address = "ada.king" + "@example.com"
        try:
            raise KeyError(address)
        except KeyError as error:
            error.add_note(f"asked for {address}\x1b[2J")
            kept = describe(error)
        assert kept.reason == "KeyError: 'a***@example.com'"
        assert kept.traceback.count("a***@example.com") == 2
        assert address not in kept.traceback
        assert describe(ValueError(f"{address}\r\n{address}")).reason == (
            "ValueError: a***@example.com\\r\\na***@example.com"
        )


class Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def exits() -> None:
    raise SystemExit(3)


def raises_a_base_exception() -> None:
    raise BaseException("not an Exception")


def raises_what_cannot_be_told() -> None:
    raise Wordless


def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@pytest.mark.parametrize("act", [exits, raises_a_base_exception, raises_what_cannot_be_told, cancels_itself])
async def test_whatever_a_handler_raises_ends_only_that_handler(act: abc.Callable[[], None], clock: WoundClock) -> None:
    inbox, ran = MemoryInbox(), []
    await inbox.open(clock)
    desk = Desk(inbox, clock)

    @desk.router.on("*", name="bad", retries=0)
    async def bad(event: Event) -> None:
        act()
        await asyncio.sleep(0)

    @desk.router.on("*", name="good")
    async def good(event: Event) -> None:
        ran.append(event.delivery.body)

    async with desk.working():
        first, second = await desk.put(1, 2)
        await inbox.quiet()
        assert [await desk.state(each) for each in (first, second)] == ["dead", "dead"]
        assert len(ran) == 2
    await inbox.close()
