"""Time wound by hand: nothing passes until somebody advances it, so a day of waiting takes a moment and is exact.

`WoundClock` is an engine clock for client and simulated server alike. It cannot see threads or sockets: who waits for
one while the clock winds itself holds it meanwhile. `RunningClock` is for a server that others reach: real time, which
can be moved on as well.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import heapq
import itertools

from ..engine.clock import SystemClock

# 2026-11-22T00:00:00Z, so that dates in test output look like dates.
START = 1_795_305_600.0
# A turn of the loop runs everything that is ready, so work that never asks the time ends within few turns.
_QUIET_TURNS = 32
_MOST_TURNS = 1_000_000


class WoundClock:
    """A clock that only moves when told to, or, with `auto=True`, when everybody on the loop waits for it.

    `start` is Unix seconds. With `auto`, time jumps to the earliest sleeper once the loop has been quiet: some turns
    without anybody asking the time, nobody holding the clock, and `grace` real seconds besides.
    """

    def __init__(self, start: float = START, *, auto: bool = False, grace: float = 0.0) -> None:
        self._now = start
        self._auto = auto
        self._grace = grace
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._activity = 0
        self._held = 0
        self._winder: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Give the time in Unix seconds."""
        self._activity += 1
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been wound this far; zero or less only yields to the loop."""
        self._activity += 1
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        self._start_winding()
        try:
            await woken
        finally:
            self._activity += 1

    async def advance(self, seconds: float) -> None:
        """Let this many seconds pass, waking every sleeper at its own time and letting it work before going on."""
        target = self._now + max(0.0, seconds)
        with self.hold():
            await self._settle()
            while (due := self.next_wake) is not None and due <= target:
                self._wake(due)
                await self._settle()
            self._now = max(self._now, target)
            await self._settle()

    @contextlib.contextmanager
    def hold(self) -> abc.Iterator[None]:
        """Keep the clock from winding itself, while work is under way that the loop does not show."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._start_winding()

    @property
    def next_wake(self) -> float | None:
        """The time the earliest sleeper waits for; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    @property
    def sleeping(self) -> int:
        """How many wait for the clock now."""
        return sum(1 for _, _, woken in self._sleepers if not woken.done())

    def _wake(self, due: float) -> None:
        self._now = max(self._now, due)
        while self._sleepers and self._sleepers[0][0] <= due:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    async def _settle(self) -> None:
        quiet, seen = 0, self._activity
        for _ in range(_MOST_TURNS):
            await asyncio.sleep(0)
            quiet, seen = (quiet + 1, seen) if self._activity == seen else (0, self._activity)
            if quiet >= _QUIET_TURNS:
                return

    def _start_winding(self) -> None:
        idle = self._winder is None or self._winder.done()
        if self._auto and idle and self._free():
            self._winder = asyncio.get_running_loop().create_task(self._wind())

    def _free(self) -> bool:
        return not self._held and self.next_wake is not None

    async def _wind(self) -> None:
        while self._free():
            seen = self._activity
            if self._grace:
                await asyncio.sleep(self._grace)
            await self._settle()
            due = self.next_wake
            # With a grace, anything that happened meanwhile starts it anew: the last word belongs to the quiet.
            if due is not None and self._free() and (not self._grace or seen == self._activity):
                self._wake(due)


class RunningClock:
    """Real time that can be moved on: an hour passes at once, and then goes on as before."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead = 0.0
        self._sleepers: set[asyncio.Future[None]] = set()

    def now(self) -> float:
        """Give the time in Unix seconds."""
        return self._real.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait this long, or until the clock has been moved on as far."""
        due = self.now() + seconds
        await asyncio.sleep(0)
        while (left := due - self.now()) > 0:
            moved = asyncio.get_running_loop().create_future()
            self._sleepers.add(moved)
            try:
                await asyncio.wait((moved,), timeout=left)
            finally:
                self._sleepers.discard(moved)

    async def advance(self, seconds: float) -> None:
        """Move the clock on at once, and let those whose time has come go first."""
        self._ahead += max(0.0, seconds)
        for moved in self._sleepers:
            if not moved.done():
                moved.set_result(None)
        await asyncio.sleep(0)
