"""One time limit for very many calls, with one timer for them all.

The loop keeps timers in a heap that compares in Python: a timer started and cancelled for every request costs a tenth
of the request. Deadlines of equal length end in the order they began, so here only the first has a timer.
"""

from __future__ import annotations

import asyncio

from ..protocol.errors import TimedOut
from ..protocol.messages import Request


class Deadline:
    """The time limit of one call, in the task that began it."""

    __slots__ = ("_cancelling", "_task", "expired", "when")

    def __init__(self, task: asyncio.Task[object], when: float) -> None:
        self.when = when
        self.expired = False
        self._task = task
        self._cancelling = task.cancelling()

    def expire(self) -> None:
        """Cancel the call."""
        self.expired = True
        self._task.cancel()

    def cancelled(self, request: Request) -> TimedOut | None:
        """Give the error that a cancellation stands for; None when somebody else cancelled the call as well."""
        if self.expired and self._task.uncancel() <= self._cancelling:
            return TimedOut("no whole answer in time", request=request)
        return None


class Deadlines:
    """Starts deadlines of one length, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> Deadline:
        """Begin a deadline for the running task; every one begun must be given to `stop`."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        deadline = Deadline(task, loop.time() + self._seconds)
        self._open[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.when, self._expire)
        return deadline

    def stop(self, deadline: Deadline) -> None:
        """End a deadline, expired or not."""
        self._open.pop(deadline, None)

    def close(self) -> None:
        """Drop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for deadline in list(self._open):
            if deadline.when > loop.time():
                self._timer = loop.call_at(deadline.when, self._expire)
                return
            deadline.expire()
            del self._open[deadline]
