"""The tasks that work on events: made once, handed one claim after the other, and left in bounded time.

Plain tasks and no task group, which could not leave one: it waits for its tasks without end, and cancels one that
swallows its cancellation again and again meanwhile. Here each is cancelled once, so that a handler's clean-up can
still await something. What has not ended some seconds later is named in the log and goes on by itself; its claim is
given back, so that nothing it does then is recorded.

Knows no handler and no inbox.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import logging
from typing import Any, Self

import anyio

from .inbox import Claim

_RELUCTANT = 5.0
"""How many seconds a task that was cancelled gets for its end."""

_PAUSE = 1.0

_log = logging.getLogger("webhooks.worker")

left: set[asyncio.Task[None]] = set()
"""The tasks that did not end. They are kept here because asyncio keeps none alive that nobody else does."""


class Crew:
    """`size` tasks, from its entering to its leaving, which takes little more than `_RELUCTANT` seconds.

    `work` is done with each claim handed in, and `release` called with each that is over or left. A task's name is
    what the log calls it by.
    """

    def __init__(
        self, size: int, work: abc.Callable[[Claim], abc.Awaitable[None]], release: abc.Callable[[Claim], object]
    ) -> None:
        self.leaving = False
        self._size = size
        self._work = work
        self._release = release
        self._claims: dict[int, Claim] = {}
        self._handed: asyncio.Queue[Claim] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._owner: asyncio.Task[Any] | None = None

    @property
    def busy(self) -> int:
        """How many claims are being worked on."""
        return len(self._claims)

    @property
    def free(self) -> int:
        """How many more could be."""
        return self._size - len(self._claims)

    async def __aenter__(self) -> Self:
        self._owner = asyncio.current_task()
        # Made once: a task per event would cost more than claiming it.
        for _ in range(self._size):
            self._hire()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leaving = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        try:
            if tasks:
                with anyio.CancelScope(shield=True):
                    await asyncio.wait(tasks, timeout=_RELUCTANT)
        finally:
            self._leave(task for task in tasks if not task.done())

    def hand(self, claim: Claim) -> None:
        """Have a claim worked on. There has to be a task `free` for it."""
        self._claims[claim.id] = claim
        self._handed.put_nowait(claim)

    def holds(self, claim: Claim) -> bool:
        """Say whether a claim is still worked on, and was not left."""
        return claim.id in self._claims

    def cancelled(self) -> bool:
        """Say whether a task's cancellation is the crew's doing, or that of all it runs in."""
        return self.leaving or (self._owner is not None and self._owner.cancelling() > 0)

    async def change(self) -> None:
        """Wait until a claim is over."""
        # Cleared here and not in a task that waits: what ends before that task begins is not missed.
        self._changed.clear()
        await self._changed.wait()

    async def rest(self, limit: abc.Coroutine[Any, Any, None]) -> None:
        """Wait until no claim is worked on, but no longer than `limit` takes."""
        until = asyncio.ensure_future(limit)
        until.add_done_callback(lambda _: self._changed.set())
        try:
            while self._claims and not until.done():
                await self.change()
        finally:
            until.cancel()

    def _hire(self) -> None:
        if self.leaving:
            return
        task = asyncio.get_running_loop().create_task(self._serve())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _serve(self) -> None:
        while not self.leaving:
            claim = await self._handed.get()
            try:
                await self._work(claim)
            finally:
                self._over(claim)

    def _over(self, claim: Claim) -> None:
        if self._claims.pop(claim.id, None):
            self._release(claim)
            self._changed.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Replace a task that ended before its time: whatever ended it, the crew is to stay as large as it was."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("%s ended a task, which is replaced", task.get_name(), exc_info=error)
        # Not at once, since its work may well do the same to the next one.
        asyncio.get_running_loop().call_later(_PAUSE, self._hire)

    def _leave(self, tasks: abc.Iterable[asyncio.Task[None]]) -> None:
        for task in tasks:
            _log.error("%s did not stop, and is left to itself: it runs again after the next start", task.get_name())
            left.add(task)
            task.add_done_callback(left.discard)
        for claim in tuple(self._claims.values()):
            self._over(claim)
