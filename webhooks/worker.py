"""Runs handlers: claims events, keeps the terms of each handler, settles, and lets go in good order.

An event's handlers run one after the other in the order of their registration; one that fails does not stop the
others, and it alone is run again. What is promised is *at least once*: an event is settled after its handler ran, so
a process that dies in between runs that handler again. `event.transaction` closes that gap for effects in the inbox's
own database.

Which event comes next is the inbox's decision; which handlers there are is the routing table's. The tasks that all of
this is done in, and how they are left, are the crew's.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import logging
import random

import anyio

from outreach_async.engine.clock import Clock

from .attempt import Attempt, Failure, describe, run
from .backoff import Backoff
from .crew import Crew
from .events import Event, parse
from .inbox import Claim, End, Inbox, Settlement
from .inbox_errors import ClaimLost, InboxClosed, InboxUnavailable
from .plan import after_failure, make_plan, unroutable
from .routing import Route, RoutingTable

CONCURRENCY = 16
GRACE = 25.0
_PAUSE = 1.0

_log = logging.getLogger("webhooks.worker")

Report = abc.Callable[[Claim, Settlement], object]


class Worker:
    """Works on the events of one inbox, at most `concurrency` at a time.

    `report` is told of every settlement once it is on disk, and `unclaimed` of every event that no handler takes.
    `jitter` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        inbox: Inbox,
        table: RoutingTable,
        clock: Clock,
        *,
        concurrency: int = CONCURRENCY,
        backoff: Backoff | None = None,
        jitter: abc.Callable[[], float] = random.random,
        report: Report | None = None,
        unclaimed: abc.Callable[[Claim], object] | None = None,
    ) -> None:
        self._inbox = inbox
        self._table = table
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._jitter = jitter
        self._report = report
        self._unclaimed = unclaimed
        self._ahead = any(not route.ordered for route in table.routes)
        self._crew = Crew(concurrency, self._handle, inbox.release)
        self._claiming = anyio.CancelScope()
        self._grace = GRACE

    @property
    def busy(self) -> int:
        """How many events are being worked on."""
        return self._crew.busy

    def stop(self, grace: float = GRACE) -> None:
        """Claim no more; let what runs go on for `grace` seconds, then cancel it.

        `run` returns after that, in some five seconds at most: a handler that does not end when it is cancelled is
        left to itself.
        """
        self._grace = grace
        self._claiming.cancel()

    async def run(self) -> None:
        """Work until `stop`. What is not finished stays in the inbox. Raises InboxClosed when that was closed first."""
        closed: InboxClosed | None = None
        async with self._crew:
            with self._claiming:
                try:
                    await self._claim()
                except InboxClosed as error:
                    closed = error
            await self._crew.rest(self._clock.sleep(self._grace))
            if self.busy:
                _log.warning("%d events are left for the next start: they ran longer than the grace", self.busy)
        if closed:
            raise closed

    async def _claim(self) -> None:
        # A claim that can be had at once does not look whether it was cancelled.
        while not self._claiming.cancel_called:
            if not self._crew.free:
                await self._crew.change()
                continue
            try:
                claims = await self._inbox.claim(self._crew.free, ahead=self._ahead)
            except InboxClosed:
                raise
            except InboxUnavailable as error:
                _log.error("no events can be read: %s", error)
                await self._clock.sleep(_PAUSE)
                continue
            for claim in claims:
                self._crew.hand(claim)

    async def _handle(self, claim: Claim) -> None:
        """Work on one event, and let no other suffer for what goes wrong with it."""
        try:
            await self._work(claim)
        except (ClaimLost, InboxClosed) as error:
            _log.warning("%s", error)
        except Exception:
            # Not the handler's: that one's would be on record. It is claimed again, but not at once.
            _log.exception("event %d could not be worked on", claim.id)
            await self._clock.sleep(_PAUSE)

    async def _work(self, claim: Claim) -> None:
        todo = make_plan(claim, self._table, self._clock.now())
        try:
            event = parse(claim.delivery) if todo.run else None
        except Exception as error:
            await self._record(claim, *todo.lost, unroutable(describe(error), self._clock.now()), end="whole")
            return
        told = list(todo.lost)
        for route in todo.run:
            assert event is not None
            await self._record(claim, *told)
            if self._crew.leaving:
                return
            told = await self._run(route, event, claim)
        await self._record(claim, *told, end=todo.end)

    async def _run(self, route: Route, event: Event, claim: Claim) -> list[Settlement]:
        """Run one handler; give what is still to be recorded of it."""
        before = next((work for work in claim.work if work.handler == route.name), None)
        number = before.attempt + 1 if before else 1
        attempt = Attempt(self._inbox, claim, route.name, number, self._clock.now)
        _name_task(f"{route.name} of event {claim.id}")
        try:
            failure = await run(route, event, attempt)
        except asyncio.CancelledError as error:
            if self._crew.cancelled():
                raise
            # The handler cancelled its own task, which has more to do.
            failure = _uncancelled(error)
        if not self._crew.holds(claim):
            raise ClaimLost(claim.id)
        if attempt.settled:
            if failure:
                _log.warning("%s failed after its transaction, and counts as done: %s", route.name, failure.reason)
            self._tell(claim, attempt.done())
            return []
        if failure is None:
            return [attempt.done()]
        settlement = after_failure(
            route, attempt.done(), failure, self._backoff, self._jitter(), before.hold_until if before else 0.0
        )
        level = logging.ERROR if settlement.outcome == "dead" else logging.WARNING
        _log.log(level, "event %d: %s failed, %s: %s", claim.id, route.name, _next(settlement), failure.reason)
        return [settlement]

    async def _record(self, claim: Claim, *told: Settlement, end: End | None = None) -> None:
        """Record settlements, however long the store takes to come back."""
        if not told and end is None:
            return
        while True:
            try:
                await self._inbox.settle(claim, *told, end=end)
                break
            except InboxClosed:
                raise
            except InboxUnavailable as error:
                _log.error("event %d cannot be settled yet: %s", claim.id, error)
                await self._clock.sleep(_PAUSE)
        for settlement in told:
            self._tell(claim, settlement)
        if end == "unclaimed" and self._unclaimed:
            self._unclaimed(claim)

    def _tell(self, claim: Claim, settlement: Settlement) -> None:
        if self._report:
            self._report(claim, settlement)


def _name_task(name: str) -> None:
    if task := asyncio.current_task():
        task.set_name(name)


def _uncancelled(error: asyncio.CancelledError) -> Failure:
    task = asyncio.current_task()
    while task and task.cancelling():
        task.uncancel()
    return describe(error)


def _next(settlement: Settlement) -> str:
    if settlement.outcome == "dead":
        return f"given up after {settlement.attempt} tries"
    return f"tried again in {settlement.retry_at - settlement.at:.1f} s"
