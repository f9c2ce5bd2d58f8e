"""One timer for many waits of about the same length: a timer for each would cost more than the wait it guards.

Who is over time is found by a look every so often, so a wait may take a tenth longer than was said.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from typing import TypeVar

T = TypeVar("T")

_LOOKS = 10
_SHORTEST = 0.02


class Deadlines:
    """Guards waits within one event loop at a time. Its timer runs while anything waits."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[object], float] = {}
        self._overdue: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def wait(self, awaited: abc.Awaitable[T], seconds: float) -> T:
        """Wait for something, at most about `seconds`. Raises TimeoutError, and what it raises."""
        task, loop = self._running()
        self._waiting[task] = loop.time() + seconds
        if self._timer is None:
            pause = max(_SHORTEST, seconds / _LOOKS)
            self._timer = loop.call_later(pause, self._look, loop, pause)
        try:
            return await awaited
        except asyncio.CancelledError:
            if task in self._overdue and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            del self._waiting[task]
            self._overdue.discard(task)

    def _running(self) -> tuple[asyncio.Task[object], asyncio.AbstractEventLoop]:
        """Give the running task and its loop. Asking which loop runs is a system call, so the last one is tried."""
        task = asyncio.current_task(self._loop) if self._loop else None
        if task is None:
            # A loop that ended took its timer with it.
            self._loop, self._timer = asyncio.get_running_loop(), None
            task = asyncio.current_task(self._loop)
            assert task is not None
        assert self._loop is not None
        return task, self._loop

    def _look(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        self._timer = None
        now = loop.time()
        for task, deadline in self._waiting.items():
            if deadline <= now and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        if self._waiting:
            self._timer = loop.call_later(pause, self._look, loop, pause)
