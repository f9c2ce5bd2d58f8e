"""One timer for many futures with about the same time to live: a timer for each would cost more than what it guards.

What is over time is found by a look every so often, so a future may live a tenth longer than was said.
"""

from __future__ import annotations

import asyncio
from typing import Any

_LOOKS = 10
_SHORTEST = 0.02


class Deadlines:
    """Guards futures of one event loop at a time. Its timer runs while there are any."""

    def __init__(self) -> None:
        self._guarded: dict[asyncio.Future[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def guard(self, future: asyncio.Future[Any], seconds: float) -> None:
        """Cancel a future that is not released within about so many seconds."""
        loop = future.get_loop()
        if loop is not self._loop:
            # A loop that ended took its timer with it.
            self._loop, self._timer, self._guarded = loop, None, {}
        self._guarded[future] = loop.time() + seconds
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
        for future in [future for future, deadline in self._guarded.items() if deadline <= now]:
            del self._guarded[future]
            future.cancel()
        if self._guarded:
            self._look_in(loop, pause)
