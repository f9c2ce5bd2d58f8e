"""Where the workers of one process borrow events: an agenda, a clock, a bell, and the list of what is lent.

Which event comes next is the agenda's decision. Knows no disk; an inbox tells it what was committed.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import itertools

import msgspec

from outreach_async.engine.clock import Clock

from .agenda import Agenda, Pick, Retry
from .inbox import Claim, End, Settlement, State
from .inbox_errors import ClaimLost, InboxClosed


def lane_of(source: str, resource: str) -> str:
    """Give the name under which deliveries are kept in order; empty for those without a resource."""
    return f"{source}\n{resource}" if resource else ""


def resumed(settlement: Settlement, now: float) -> Retry:
    """Give a retry that was on file when the inbox was opened.

    However the clock jumped meanwhile, it waits no longer than the delay it was given, and holds its lane as long
    past that as it would have.
    """
    delay = max(0.0, settlement.retry_at - settlement.at)
    due = now + min(delay, max(0.0, settlement.retry_at - now))
    held = settlement.hold_until - settlement.retry_at
    return Retry(due, due + held if settlement.hold_until and held > 0 else 0.0)


# Counted for the whole process, so that a claim does not outlive the opening of its inbox.
_fences = itertools.count(1)


class Desk:
    """Gives out events as they become possible. Belongs to one event loop, from its making until `close`."""

    def __init__(self, clock: Clock) -> None:
        self.agenda = Agenda()
        self._clock = clock
        self._bell = asyncio.Event()
        self._closed = False
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = 0.0
        self._lent: dict[int, int] = {}
        self._ending: dict[int, bool] = {}
        self._watchers: list[asyncio.Future[None]] = []

    def add(
        self,
        id: int,
        lane: str,
        received_at: float,
        now: float,
        *,
        retries: abc.Mapping[str, Retry] | None = None,
        covered: bool = False,
        died: bool = False,
    ) -> None:
        """Take in an event that is on disk."""
        self.agenda.add(id, lane, received_at, now, retries=retries, covered=covered, died=died)
        self._bell.set()

    def owe(self, id: int, handlers: abc.Iterable[str]) -> None:
        """Note handlers that an event is owed to."""
        self.agenda.owe(id, handlers, self._clock.now())
        self._bell.set()

    async def take(self, limit: int, *, ahead: bool) -> list[Pick]:
        """Wait until something can be given out, and give it."""
        while True:
            self._bell.clear()
            if picks := self.agenda.take(limit, self._clock.now(), ahead=ahead):
                return picks
            self._set_alarm()
            await self._bell.wait()
            if self._closed:
                raise InboxClosed

    def put_back(self, picks: abc.Iterable[Pick]) -> None:
        """Take back what could not be lent."""
        for pick in picks:
            self._release(pick.id)

    def lend(self, claims: abc.Iterable[Claim]) -> tuple[Claim, ...]:
        """Give claims the number by which they are known from earlier ones of the same events."""
        fence = next(_fences)
        lent = tuple(msgspec.structs.replace(claim, fence=fence) for claim in claims)
        self._lent.update((claim.id, claim.fence) for claim in lent)
        return lent

    def check(self, claim: Claim) -> None:
        """Raise ClaimLost for a claim that is over, or about to be."""
        if self._lent.get(claim.id) != claim.fence or claim.id in self._ending:
            raise ClaimLost(claim.id)

    def settle(self, id: int, settlements: abc.Iterable[Settlement]) -> None:
        """Note what became of handlers of an event that is lent."""
        if id in self._lent:
            self.agenda.settle(id, settlements)

    def ending(self, id: int, end: End) -> State:
        """Note that the end of a claim is on its way to disk, and say what state that leaves the event in."""
        self._ending[id] = False
        return self.agenda.verdict(id, end)

    def ended(self, id: int, end: End, committed: bool) -> None:
        """End a claim, or keep it lent when its end could not be recorded."""
        given_back = self._ending.pop(id)
        if committed:
            del self._lent[id]
            self.agenda.end(id, end, self._clock.now())
            self._ring()
        elif given_back:
            self._take_back(id)

    def release(self, claim: Claim) -> None:
        """Take a claim back, unless it is over; one that is ending is taken back should that fail."""
        if self._lent.get(claim.id) != claim.fence:
            return
        if claim.id in self._ending:
            self._ending[claim.id] = True
        else:
            self._take_back(claim.id)

    async def quiet(self) -> None:
        """Wait until nothing is given out and nothing could be."""
        while self.agenda.busy(self._clock.now()):
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.append(watcher)
            await watcher
            if self._closed:
                raise InboxClosed

    def close(self) -> None:
        """Send those who wait away."""
        self._closed = True
        self._ring()
        if self._alarm:
            self._alarm.cancel()

    def _take_back(self, id: int) -> None:
        del self._lent[id]
        self._release(id)

    def _release(self, id: int) -> None:
        self.agenda.release(id, self._clock.now())
        self._ring()

    def _set_alarm(self) -> None:
        moment = self.agenda.next_time()
        if moment is None:
            return
        if self._alarm and not self._alarm.done():
            # One that rings too early does no harm, so it is kept; retries would otherwise make a task each.
            if self._alarm_at <= moment:
                return
            self._alarm.cancel()
        self._alarm_at = moment
        self._alarm = asyncio.get_running_loop().create_task(self._ring_at(moment))

    async def _ring_at(self, moment: float) -> None:
        await self._clock.sleep(moment - self._clock.now())
        self._bell.set()

    def _ring(self) -> None:
        self._bell.set()
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)
