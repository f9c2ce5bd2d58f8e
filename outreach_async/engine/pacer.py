"""Callers wait here for a turn: a connection slot and a place in every quota they spend, got together or not at all.

A waiter holds nothing while it waits. Turns are handed out by whoever gives one back, at once and in order: first come
first served within a gate and lane. When a call may go is decided in `protocol.quota`, who is next in `turns`; this
module puts the two together.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import math
from dataclasses import dataclass

from ..protocol.errors import ConfigurationError, QuotaExhausted
from ..protocol.pace import Pace, QuotaView, spoken
from ..protocol.quota import SHUT, Quota
from ..protocol.windows import Window, refused_window
from .clock import Clock
from .turns import Door, Turns
from .waiting_line import Lane, Place, WaitingLine

__all__ = ["Gate", "Lane", "Pacer", "PacerStatistics"]

Meter = Quota | Window


@dataclass(frozen=True, slots=True)
class PacerStatistics:
    """A pacer at one moment: slots in all and in use, callers waiting, and gates that wait for time to pass."""

    slots: int
    busy: int
    waiting: int
    sleeping: int


class Gate:
    """Where calls that spend the same quotas take their turns; `patience` is in seconds. Get one from `Pacer.gate`."""

    __slots__ = ("_kin", "_lone", "_meters", "_now", "_patience", "_quota", "_turns", "_windows", "line")

    def __init__(
        self, turns: Turns, clock: Clock, patience: float, meters: tuple[Meter, ...], kin: tuple[list[Door], ...]
    ) -> None:
        self.line = WaitingLine()
        self._turns = turns
        self._now = clock.now
        self._patience = patience
        self._meters = meters
        self._windows = tuple(meter for meter in meters if isinstance(meter, Window))
        self._kin = kin
        # Only from a lone quota may a turn be taken without asking; other gates hold one that never has credit.
        lone = meters[0] if len(meters) == 1 else None
        self._lone = isinstance(lone, Quota)
        self._quota = lone if isinstance(lone, Quota) else Quota("")

    def try_acquire(self) -> bool:
        """Take a turn if there is one right now and nobody waits for it."""
        turns, quota = self._turns, self._quota
        # Whoever waits could not go, so where there is a slot and credit nobody is passed by.
        if turns.free and quota.credit > 0 and self._now() < quota.until:
            turns.free -= 1
            quota.credit -= 1
            quota.in_flight += 1
            return True
        return self._try_slowly()

    async def acquire(self, *, lane: Lane = "bulk", patience: float | None = None) -> float:
        """Wait for a turn; give the seconds waited.

        Raises QuotaExhausted as soon as the quota is known to need longer than `patience` seconds, counted from this
        call; None takes the pace's. Waiting for a slot alone is not bounded here: slots come back with the answers.
        """
        if self.try_acquire():
            return 0.0
        began = self._now()
        deadline = began + (self._patience if patience is None else patience)
        opens_at = began + self.least_wait(began)
        if opens_at > deadline:
            raise self._exhausted(began, opens_at)
        place: Place = asyncio.get_running_loop().create_future()
        self.line.join(place, lane, deadline)
        self._turns.arrived(self)
        try:
            resets_at = await place
        except BaseException:
            self._abandon(place, lane)
            raise
        finally:
            self._turns.left(self)
        if resets_at is not None:
            raise self._exhausted(self._now(), resets_at)
        return self._now() - began

    def release(self, status: int = 0, headers: abc.Mapping[str, str] | None = None) -> None:
        """Give the turn back, with the answer's status and headers, or without them when no answer came.

        A call without an answer counts as spent until later answers tell; see `give_back` for one that never left.
        """
        turns, quota = self._turns, self._quota
        turns.free += 1
        if not self._lone:
            self._end(status, headers)
        elif headers is not None:
            quota.observe(self._now(), status, headers)
        elif quota.until != SHUT:
            quota.lose()
        else:
            quota.settle(self._now())
        if turns.waiting:
            turns.look_again(*self._kin)

    def give_back(self) -> None:
        """Give back a turn that was not used: nothing was sent."""
        self._turns.free += 1
        for meter in self._meters:
            meter.refund()
        self._turns.look_again(*self._kin)

    def wait(self, now: float) -> float:
        """Give the seconds until time alone opens the gate: 0 when it is open, infinity when only an answer can."""
        return max((meter.wait(now) for meter in self._meters), default=0.0)

    def least_wait(self, now: float) -> float:
        """Give the part of the wait that no answer can shorten."""
        return max((meter.least_wait(now) for meter in self._meters), default=0.0)

    def let_through(self, lane: Lane, now: float) -> None:
        """Give the slot there is to the first who waits in the lane; the gate is open."""
        place = self.line.next(lane)
        if place is not None:
            self._take(now)
            place.set_result(None)

    def _try_slowly(self) -> bool:
        if not self._turns.free or self.line:
            return False
        now = self._now()
        if self.wait(now) > 0:
            return False
        self._take(now)
        return True

    def _take(self, now: float) -> None:
        self._turns.free -= 1
        for meter in self._meters:
            meter.spend(now)

    def _abandon(self, place: Place, lane: Lane) -> None:
        """Forget a waiter that was cancelled; the turn it had just been given goes to the next."""
        self.line.leave(place, lane)
        if place.done() and not place.cancelled() and place.result() is None:
            self.give_back()

    def _end(self, status: int, headers: abc.Mapping[str, str] | None) -> None:
        now, refused = self._now(), None
        if status == 429 and headers is not None:
            refused = refused_window(self._windows, now, headers)
        for meter in self._meters:
            if headers is None:
                meter.settle(now)
            else:
                blamed = meter is refused if refused else isinstance(meter, Quota)
                meter.observe(now, status if blamed else 0, headers)

    def _exhausted(self, now: float, resets_at: float) -> QuotaExhausted:
        tightest = max(self._meters, key=lambda meter: meter.least_wait(now))
        return QuotaExhausted(
            f"the quota {tightest.subject} lets no call go for another {spoken(resets_at - now)}, "
            "which is longer than this one may wait",
            resets_at=resets_at,
            hint="Call again after resets_at, or give more patience.",
        )


class Pacer:
    """Slots and quotas shared by everybody who calls through one pool, and the queues for them.

    `slots` is how many calls may be in flight at once, over all quotas; `pace` is how every quota is spent. Raises
    ConfigurationError for fewer slots than one.
    """

    def __init__(self, clock: Clock, *, slots: int, pace: Pace) -> None:
        if slots < 1:
            raise ConfigurationError(f"a pacer needs a slot or more, not {slots}")
        self._clock = clock
        self._pace = pace
        self._turns = Turns(clock, slots)
        self._meters: dict[str, list[Meter]] = {}
        self._kin: dict[str, list[Door]] = {}  # by subject: the gates that spend from it
        self._gates: dict[tuple[str, ...], Gate] = {}

    def declare(self, subject: str, limit: int, seconds: float) -> None:
        """Say that a subject allows `limit` calls in any `seconds`; several such limits may be declared for one.

        Declaring the same again changes nothing. Raises ConfigurationError once a gate spends from the subject.
        """
        meters = self._meters.setdefault(subject, [])
        if any(isinstance(meter, Window) and (meter.limit, meter.seconds) == (limit, seconds) for meter in meters):
            return
        if subject in self._kin:
            raise ConfigurationError(f"the limits of {subject} have to be declared before its first call")
        meters.append(Window(subject, limit, seconds))

    def gate(self, subjects: tuple[str, ...]) -> Gate:
        """Give the gate of calls that spend from all these subjects; the same one for the same subjects."""
        gate = self._gates.get(subjects)
        if gate is None:
            kin = tuple(self._kin.setdefault(subject, []) for subject in subjects)
            meters = [meter for subject in subjects for meter in self._meters_of(subject)]
            gate = self._gates[subjects] = Gate(self._turns, self._clock, self._pace.patience, tuple(meters), kin)
            for gates in kin:
                gates.append(gate)
        return gate

    def view(self, subject: str) -> QuotaView | None:
        """Give what is known of a subject's quota, None for a subject never seen; of several limits, the tightest."""
        now = self._clock.now()
        views = [meter.view(now) for meter in self._meters.get(subject, ())]
        return min(views, key=lambda view: math.inf if view.remaining is None else view.remaining, default=None)

    def statistics(self) -> PacerStatistics:
        """Give the numbers of this moment."""
        turns, waiting = self._turns, sum(len(gate.line) for gate in self._gates.values())
        return PacerStatistics(turns.slots, turns.slots - turns.free, waiting, turns.sleeping)

    def _meters_of(self, subject: str) -> list[Meter]:
        meters = self._meters.setdefault(subject, [])
        if not meters:
            meters.append(Quota(subject, self._pace))
        return meters
