"""The worker: handlers run under their terms, in order, at least once, and are left in good order."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import inspect
import random
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

import anyio
import msgspec
import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import BACKENDS, Backend, delivery, told
from webhooks.attempt import REASON_LIMIT, TRACEBACK_LIMIT, Failure, describe
from webhooks.backoff import Backoff
from webhooks.delivery import Delivery
from webhooks.events import Event
from webhooks.inbox import Claim, Inbox, Listing, Settlement
from webhooks.inbox_errors import ClaimLost, InboxClosed, InboxUnavailable
from webhooks.known_routes import known_routes
from webhooks.memory_inbox import MemoryInbox
from webhooks.plan import after_failure, make_plan
from webhooks.routing import Route, Router, RoutingTable
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.worker import Worker


class Desk:
    """An inbox, a router to register handlers with, and the worker between them."""

    def __init__(self, inbox: Inbox, clock: WoundClock) -> None:
        self.inbox = inbox
        self.clock = clock
        self.router = Router()
        self.reported: list[tuple[int, str, str]] = []
        self.unclaimed: list[int] = []
        self.worker: Worker | None = None

    @contextlib.asynccontextmanager
    async def working(self, *, concurrency: int = 16, grace: float = 0.0, **more: Any) -> abc.AsyncIterator[Worker]:
        table = self.router.table()
        await self.inbox.introduce(known_routes(table.routes))
        self.worker = Worker(
            self.inbox,
            table,
            self.clock,
            concurrency=concurrency,
            **{"jitter": lambda: 1.0, **more},
            report=lambda claim, made: self.reported.append((claim.id, made.handler, made.outcome)),
            unclaimed=lambda claim: self.unclaimed.append(claim.id),
        )
        running = asyncio.ensure_future(self.worker.run())
        try:
            yield self.worker
        finally:
            self.worker.stop(grace)
            await running

    async def start_again(self) -> None:
        """Close the inbox and open it, with no handlers as yet."""
        await self.inbox.close()
        await self.inbox.open(self.clock)
        self.router = Router()

    def handle(self, name: str, pattern: str = "*", **terms: Any) -> list[int]:
        """Register a handler, and give the list of what it ran."""
        ran: list[int] = []

        @self.router.on(pattern, name=name, **terms)
        async def handle(event: Event) -> None:
            ran.append(number(event))

        return ran

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
        assert (desk.reported, desk.unclaimed) == ([], [one])
        entry = await desk.inbox.get(one)
        assert entry is not None
        assert entry.reason == "no handler takes it"

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

    async def test_those_that_failed_together_do_not_come_back_together(self, desk: Desk):
        @desk.router.on("*", name="app:poison")
        async def poison(event: Event) -> None:
            raise ValueError("no")

        failed = await desk.put(*range(1, 31))
        async with desk.working(jitter=random.random):
            await desk.inbox.quiet()
        entries = [await desk.inbox.get(one) for one in failed]
        waits = [work.retry_at - work.at for entry in entries if entry for work in entry.work]
        assert len(set(waits)) > 20
        assert 0.0 <= min(waits) <= max(waits) <= 1.0
        assert inspect.signature(Worker).parameters["jitter"].default is random.random

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


class TestHandlersThatAreGone:
    """What a handler never ran is not lost without a word when it is there no more."""

    async def left(self, desk: Desk, *numbers: int, **fields: Any) -> list[int]:
        """Let the present handlers be known, put deliveries that none of them runs, and start again without any."""
        async with desk.working() as worker:
            await desk.clock.advance(0)
            worker.stop(0)
            ids = await desk.put(*numbers, **fields)
        await desk.start_again()
        return ids

    async def dead(self, desk: Desk, one: int) -> dict[str, str]:
        entry = await desk.inbox.get(one)
        assert entry is not None
        return {work.handler: work.reason for work in entry.work if work.outcome == "dead"}

    async def test_what_it_never_ran_is_given_up_in_its_name(self, desk: Desk):
        desk.handle("old")
        desk.handle("stays")
        (one,) = await self.left(desk, 1)
        ran = desk.handle("stays")
        async with desk.working():
            await desk.inbox.quiet()
            (two,) = await desk.put(2)
            await desk.inbox.quiet()
        assert await self.dead(desk, one) == {"old": "the handler old no longer exists; it had not handled this event"}
        assert (await desk.state(one), await desk.state(two)) == ("dead", "done")
        assert ran == [1, 2]
        assert (one, "old", "dead") in desk.reported

    async def test_a_new_name_runs_once_and_the_old_one_is_given_up(self, desk: Desk):
        desk.handle("old")
        (one,) = await self.left(desk, 1)
        ran = desk.handle("new")
        async with desk.working():
            await desk.inbox.quiet()
            assert await desk.state(one) == "dead"
            await desk.inbox.redeliver(one)
            await desk.inbox.quiet()
        assert (ran, list(await self.dead(desk, one))) == ([1], ["old"])

    async def test_one_that_is_there_again_runs_what_is_delivered_again(self, desk: Desk):
        desk.handle("old")
        (one,) = await self.left(desk, 1)
        async with desk.working():
            await desk.inbox.quiet()
        assert await desk.state(one) == "dead"
        for deliver_first in (True, False):
            if deliver_first:
                # The way of an operator whose receiver does not run.
                assert await desk.inbox.redeliver(one)
            await desk.start_again()
            ran = desk.handle("old")
            async with desk.working():
                if not deliver_first:
                    assert await desk.inbox.redeliver(one)
                await desk.inbox.quiet()
            assert (ran, await desk.state(one)) == ([1], "done")

    async def test_one_that_is_there_again_before_its_work_was_given_up_runs_it(self, desk: Desk):
        desk.handle("old")
        (one,) = await self.left(desk, 1)
        await desk.inbox.introduce(())
        await desk.start_again()
        ran = desk.handle("old")
        async with desk.working():
            await desk.inbox.quiet()
        assert (ran, await desk.state(one)) == ([1], "done")

    async def test_one_that_gave_up_and_went_is_not_forgotten_by_a_redelivery(self, desk: Desk):
        @desk.router.on("*", name="old", retries=0)
        async def fails(event: Event) -> None:
            raise ValueError("down")

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.inbox.quiet()
        await desk.start_again()
        async with desk.working():
            await desk.inbox.redeliver(one)
            await desk.inbox.quiet()
        assert await self.dead(desk, one) == {"old": "the handler old no longer exists; it had not handled this event"}

    async def test_one_that_takes_other_events_now_gives_up_what_it_never_ran(self, desk: Desk):
        desk.handle("changed")
        (one,) = await self.left(desk, 1)
        ran = desk.handle("changed", "task.*")
        async with desk.working():
            await desk.inbox.quiet()
        assert await self.dead(desk, one) == {
            "changed": "the handler changed no longer takes this event; it had not handled this event"
        }
        assert ran == []

    async def test_what_it_was_done_with_stays_done(self, desk: Desk):
        desk.handle("old")
        gate = asyncio.Event()

        @desk.router.on("*", name="slow")
        async def slow(event: Event) -> None:
            await gate.wait()

        (one,) = await desk.put(1)
        async with desk.working():
            await desk.clock.advance(0)
        await desk.start_again()
        desk.handle("slow")
        async with desk.working():
            await desk.inbox.quiet()
        assert await desk.state(one) == "done"

    async def test_without_order_it_is_given_up_too(self, desk: Desk):
        desk.handle("old")
        ids = await self.left(desk, 1, 2, resource="a/1")
        ran = desk.handle("free", ordered=False)
        async with desk.working():
            await desk.inbox.quiet()
        assert [list(await self.dead(desk, one)) for one in ids] == [["old"], ["old"]]
        assert sorted(ran) == [1, 2]

    async def test_before_its_turn_it_is_not_looked_at_again_and_again(self, desk: Desk):
        desk.handle("old")
        _, two = await self.left(desk, 1, 2, resource="a/1")
        gate, ran = asyncio.Event(), desk.handle("free", ordered=False)

        @desk.router.on("*", name="strict")
        async def strict(event: Event) -> None:
            await gate.wait()

        inbox = Counting(desk.inbox)
        desk.inbox = cast(Inbox, inbox)
        async with desk.working(grace=1):
            for _ in range(50):
                await asyncio.sleep(0)
            assert (ran, inbox.claimed) == ([1, 2], 2)
            gate.set()
            await desk.inbox.quiet()
        assert list(await self.dead(desk, two)) == ["old"]


class Counting:
    """An inbox that counts what it lends."""

    def __init__(self, inbox: Any) -> None:
        self._inbox = inbox
        self.claimed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inbox, name)

    async def claim(self, *args: Any, **options: Any) -> tuple[Claim, ...]:
        claims: tuple[Claim, ...] = await self._inbox.claim(*args, **options)
        self.claimed += len(claims)
        return claims


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

    async def test_a_resource_is_held_from_the_first_failure_on_whenever_the_second_comes(self, desk: Desk):
        @desk.router.on("*", name="app:poison", retries=2, timeout=5)
        async def poison(event: Event) -> None:
            raise ValueError("no")

        (one,) = await desk.put(1)
        for attempt in (1, 2):
            async with desk.working():
                await desk.inbox.quiet()
            entry = await desk.inbox.get(one)
            assert entry is not None
            assert [(work.attempt, work.hold_until) for work in entry.work] == [(attempt, START + 13)]
            await desk.clock.advance(10)

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


class Stubborn:
    """A handler that swallows every cancellation until it is let go; then it does `last`."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancellations = 0
        self.raised: BaseException | None = None
        self.last: abc.Callable[[Event], abc.Awaitable[object]] | None = None
        self._go = asyncio.Event()

    async def __call__(self, event: Event) -> None:
        self.begun.set()
        while not self._go.is_set():
            try:
                await self._go.wait()
            except asyncio.CancelledError:
                self.cancellations += 1
        try:
            if self.last:
                await self.last(event)
        except Exception as error:
            self.raised = error
            raise
        finally:
            self.ended.set()

    async def let_go(self) -> None:
        self._go.set()
        await self.ended.wait()
        # What follows in its task is done, too.
        await asyncio.sleep(0.01)


@pytest.fixture
async def stubborn(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> abc.AsyncIterator[Stubborn]:
    monkeypatch.setattr("webhooks.crew._RELUCTANT", 0.2)
    handler = Stubborn()
    desk.router.on("*", name="app:stubborn")(handler)
    yield handler
    await handler.let_go()


@pytest.mark.timeout(10)
class TestReluctance:
    async def test_what_swallows_its_cancellation_is_cancelled_once_named_and_left(
        self, desk: Desk, stubborn: Stubborn, caplog: pytest.LogCaptureFixture
    ):
        (one,) = await desk.put(1)
        async with desk.working():
            await stubborn.begun.wait()
            began, busy = time.monotonic(), time.process_time()
        assert 0.2 <= time.monotonic() - began < 1.0
        # Cancelled again and again, it would keep the processor busy for all that time.
        assert time.process_time() - busy < 0.1
        assert stubborn.cancellations == 1
        assert (await desk.state(one), desk.inbox.statistics().running) == ("pending", 0)
        assert f"app:stubborn of event {one} did not stop" in caplog.text

    async def test_what_it_does_later_settles_nothing(self, desk: Desk, stubborn: Stubborn):
        (one,) = await desk.put(1)
        async with desk.working():
            await stubborn.begun.wait()
        await stubborn.let_go()
        assert (await desk.state(one), desk.reported) == ("pending", [])
        async with desk.working():
            await desk.inbox.quiet()
        assert (await desk.state(one), desk.reported) == ("done", [(one, "app:stubborn", "done")])

    @pytest.mark.parametrize("lately", ["", "fails"])
    async def test_one_that_is_handled_anew_meanwhile_is_not_settled_by_the_former_run(
        self, desk: Desk, stubborn: Stubborn, lately: str
    ):
        async def fail(event: Event) -> None:
            raise ValueError("too late")

        stubborn.last = fail if lately else None
        (one,) = await desk.put(1)
        async with desk.working():
            await stubborn.begun.wait()
        (claim,) = await desk.inbox.claim()
        await stubborn.let_go()
        assert desk.reported == []
        assert await desk.state(one) == "pending"
        await desk.inbox.settle(claim, told(), end="whole")
        assert await desk.state(one) == "done"

    @pytest.mark.parametrize("backend", BACKENDS)
    @pytest.mark.parametrize(("then", "refusal"), [("", ClaimLost), ("closed", InboxClosed), ("reopened", ClaimLost)])
    async def test_its_late_transaction_is_refused(
        self,
        backend: type[Backend],
        then: str,
        refusal: type[Exception],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr("webhooks.crew._RELUCTANT", 0.05)
        clock, stubborn = WoundClock(), Stubborn()
        inbox = await backend(tmp_path).open(clock)
        desk = Desk(inbox, clock)
        desk.router.on("*", name="app:stubborn")(stubborn)
        stubborn.last = lambda event: event.transaction(lambda database: database.execute("CREATE TABLE late(x)"))
        (one,) = await desk.put(1)
        async with desk.working():
            await stubborn.begun.wait()
        if then:
            await inbox.close()
        if then == "reopened":
            await inbox.open(clock)
        await stubborn.let_go()
        assert type(stubborn.raised) is refusal
        if then != "closed":
            entry = await inbox.get(one)
            assert entry is not None
            assert (entry.state, entry.work, entry.failures) == ("pending", (), ())
            await inbox.close()

    async def test_handlers_that_come_after_it_are_left_for_the_next_start(self, desk: Desk):
        ran: list[str] = []
        begun = asyncio.Event()

        @desk.router.on("*", name="first")
        async def first(event: Event) -> None:
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            ran.append("first")

        @desk.router.on("*", name="second")
        async def second(event: Event) -> None:
            ran.append("second")

        (one,) = await desk.put(1)
        async with desk.working():
            await begun.wait()
        assert (ran, await desk.state(one)) == (["first"], "pending")
        async with desk.working():
            await desk.inbox.quiet()
        assert (ran, await desk.state(one)) == (["first", "second"], "done")

    @pytest.mark.parametrize("by", ["task", "scope"])
    async def test_a_worker_that_is_cancelled_leaves_it_too(self, desk: Desk, stubborn: Stubborn, by: str):
        await desk.put(1)
        worker = Worker(desk.inbox, desk.router.table(), desk.clock)

        async def run() -> None:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await worker.run()

        scopes: list[anyio.CancelScope] = []
        running = asyncio.ensure_future(run())
        await stubborn.begun.wait()
        began, busy = time.monotonic(), time.process_time()
        if by == "task":
            running.cancel()
        else:
            scopes[0].cancel()
        await asyncio.wait({running})
        assert running.cancelled() is (by == "task")
        assert 0.2 <= time.monotonic() - began < 1.0
        assert time.process_time() - busy < 0.1
        assert (stubborn.cancellations, desk.inbox.statistics().running, worker.busy) == (1, 0, 0)

    async def test_the_end_of_the_loop_is_not_the_handlers_failure(self, desk: Desk):
        begun = asyncio.Event()

        @desk.router.on("*")
        async def handle(event: Event) -> None:
            begun.set()
            await asyncio.Event().wait()

        (one,) = await desk.put(1)
        before = asyncio.all_tasks()
        running = asyncio.ensure_future(Worker(desk.inbox, desk.router.table(), desk.clock).run())
        await begun.wait()
        # As `asyncio.run` does at its end: all of them at once, the worker's own among the last.
        ended = sorted(asyncio.all_tasks() - before, key=lambda task: task is running)
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)
        assert running.cancelled()
        entry = await desk.inbox.get(one)
        assert entry is not None
        assert (entry.state, entry.work) == ("pending", ())


async def test_a_fault_of_ours_costs_one_event_its_turn_and_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[tuple[int, float]] = []
    faults = [RuntimeError("a fault of ours")]

    @desk.router.on("*", name="any")
    async def handle(event: Event) -> None:
        ran.append((number(event), desk.clock.now() - START))

    class Faulty(RoutingTable):
        def matching(self, delivery: Delivery) -> tuple[Route, ...]:
            if faults:
                raise faults.pop()
            return super().matching(delivery)

    await desk.put(1, 2)
    worker = Worker(desk.inbox, Faulty(desk.router.table().routes), desk.clock)
    running = asyncio.ensure_future(worker.run())
    await desk.clock.advance(0)
    assert ran == [(2, 0)]
    await desk.clock.advance(1)
    await desk.inbox.quiet()
    assert ran == [(2, 0), (1, 1)]
    assert "a fault of ours" in caplog.text
    worker.stop()
    await running


async def test_a_task_that_ended_is_replaced(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.crew._PAUSE", 0.05)
    ran: list[int] = []
    ends: list[BaseException] = [GeneratorExit(), GeneratorExit()]

    @desk.router.on("*", name="any")
    async def handle(event: Event) -> None:
        if ends:
            raise ends.pop()
        ran.append(number(event))

    await desk.put(1, 2)
    async with desk.working(concurrency=1):
        await desk.inbox.quiet()
    assert ran == [1, 2]
    assert caplog.text.count("any of event 1 ended a task, which is replaced") == 2


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

    def test_waits_grow_from_a_second_to_a_minute_unless_told(self):
        assert [Backoff().longest(attempt) for attempt in (1, 2, 6, 7, 8)] == [1, 2, 32, 60, 60]

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
        second = after_failure(ordered, told(at=START + 10, attempt=2), failure, backoff, 1.0, first.hold_until)
        assert (second.retry_at, second.hold_until) == (START + 12, START + 13)
        last = after_failure(ordered, told(at=START + 13, attempt=3), failure, backoff, 1.0, second.hold_until)
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

    def test_what_the_bound_cuts_through_was_masked_before(self):
        for filler in range(REASON_LIMIT - 60, REASON_LIMIT + 1):
            address = "ada.king" + "@example.com"
            assert "ada.k" not in describe(ValueError(f"{'x' * filler} {address}")).reason
        for filler in range(TRACEBACK_LIMIT - 60, TRACEBACK_LIMIT + 1):
            assert "c4n4ry" not in describe(ValueError(f"Bearer c4n4ry.c4n4ry.c4n4ry.c4n4ry {'x' * filler}")).traceback

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
