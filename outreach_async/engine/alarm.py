"""One timer task for everybody who waits for time to pass, and none while nobody does.

What is woken, and what it does then, is the owner's business.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import heapq
import itertools
import math
from typing import Generic, TypeVar

from .clock import Clock

K = TypeVar("K")

_MOMENT = 1e-6
"""Seconds of rounding in a sum of Unix seconds."""


class Alarm(Generic[K]):
    """Rings for keys at the times set for them; `ring` gets all that are due at once. Times are Unix seconds."""

    __slots__ = ("_clock", "_heap", "_order", "_ring", "_timer", "_timer_at", "_times")

    def __init__(self, clock: Clock, ring: abc.Callable[[list[K]], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._times: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = itertools.count()
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = math.inf

    def __len__(self) -> int:
        return len(self._times)

    def set(self, key: K, at: float) -> None:
        """Ring for the key at this time, or at the one set before if that is earlier."""
        if at >= self._times.get(key, math.inf):
            return
        self._times[key] = at
        heapq.heappush(self._heap, (at, next(self._order), key))
        self._arm()

    def drop(self, key: K) -> None:
        """Do not ring for the key; the timer goes with the last one."""
        self._times.pop(key, None)
        if not self._times:
            self._heap.clear()
            self._disarm()

    def _arm(self) -> None:
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        if not self._heap:
            return
        at = self._heap[0][0]
        if self._timer is None or self._timer.done() or at < self._timer_at:
            self._disarm()
            self._timer_at = at
            self._timer = asyncio.get_running_loop().create_task(self._wait_until(at))

    def _disarm(self) -> None:
        timer, self._timer, self._timer_at = self._timer, None, math.inf
        if timer is not None:
            timer.cancel()

    async def _wait_until(self, at: float) -> None:
        await self._clock.sleep(at - self._clock.now())
        # From here on this task is nobody's timer: ringing may set or drop keys, and so start another or cancel none.
        self._timer = None
        due = self._take_due(self._clock.now() + _MOMENT)
        if due:
            self._ring(due)
        self._arm()

    def _take_due(self, now: float) -> list[K]:
        due: list[K] = []
        while self._heap and self._heap[0][0] <= now:
            at, _, key = heapq.heappop(self._heap)
            if self._times.get(key) == at:
                del self._times[key]
                due.append(key)
        return due
