"""One timer for many waits of about the same length: a timer for each would cost more than the wait it guards.

Who is over time is found by a look every so often, so a wait may take a tenth longer than was said.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from typing import TypeVar

T = TypeVar("T")

_LOOKS = 10


class Deadlines:
    """Guards waits within one event loop at a time. Its timer runs while anything waits."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[object], float] = {}
        self._overdue: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self, awaited: abc.Awaitable[T], seconds: float) -> T:
        """Wait for something, at most about `seconds`. Raises TimeoutError, and what it raises."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        self._waiting[task] = loop.time() + seconds
        # A loop that ended took its timer with it.
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._timer = loop.call_later(seconds / _LOOKS, self._look, loop, seconds / _LOOKS)
        try:
            return await awaited
        except asyncio.CancelledError:
            if task in self._overdue and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            del self._waiting[task]
            self._overdue.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        self._timer = None
        now = loop.time()
        for task, deadline in self._waiting.items():
            if deadline <= now and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        if self._waiting:
            self._timer = loop.call_later(pause, self._look, loop, pause)
