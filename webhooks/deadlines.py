"""One timer for many futures with about the same time to live: a timer for each would cost more than what it guards.

What is over time is found by a look every so often, so a future may live a tenth longer than was said. Nobody waits
for it to be cancelled: a task may take its time for that, or not let itself be cancelled at all.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from typing import Any, TypeVar

T = TypeVar("T")

_LOOKS = 10
_SHORTEST = 0.02


class Deadlines:
    """Guards futures of one event loop at a time. Its timer runs while there are any."""

    def __init__(self) -> None:
        self._guarded: dict[asyncio.Future[Any], tuple[float, abc.Callable[[Any], object]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def guard(self, future: asyncio.Future[T], seconds: float, told: abc.Callable[[asyncio.Future[T]], object]) -> None:
        """Have `told` called with a future, once: when it is done, or not released within about so many seconds."""
        loop = future.get_loop()
        if loop is not self._loop:
            # A loop that ended took its timer with it.
            self._loop, self._timer, self._guarded = loop, None, {}
        self._guarded[future] = (loop.time() + seconds, told)
        future.add_done_callback(told)
        if self._timer is None:
            self._look_in(loop, max(_SHORTEST, seconds / _LOOKS))

    def release(self, future: asyncio.Future[Any]) -> None:
        """Guard a future no longer; nothing happens to one that was not guarded."""
        self._guarded.pop(future, None)

    def _look_in(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        self._timer = loop.call_later(pause, self._look, loop, pause)

    def _look(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        self._timer = None
        now = loop.time()
        overdue = [(future, told) for future, (deadline, told) in self._guarded.items() if deadline <= now]
        for future, told in overdue:
            del self._guarded[future]
            # Of one that is done its callback is on its way.
            if not future.done():
                future.remove_done_callback(told)
                loop.call_soon(told, future)
        if self._guarded:
            self._look_in(loop, pause)
