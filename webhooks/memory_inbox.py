"""The inbox that forgets: the contract of `Inbox` without a disk, for tests and for trying things out.

The same tables as on disk, in memory, and every call a transaction of its own. What it was given survives `close` and
another `open` of the same object as it would survive a crash: claims are forgotten, settlements are not.
"""

from __future__ import annotations

import collections.abc as abc
import weakref
from typing import Self

from outreach_async.engine.clock import Clock, SystemClock

from .inbox import DEPTH, T
from .jobs import AnyJob
from .local_inbox import LocalInbox
from .sqlite_reader import Reader
from .sqlite_schema import open_in_memory
from .sqlite_store import Store


class MemoryInbox(LocalInbox):
    """Keeps deliveries while the object lives. `depth` bounds the unfinished events."""

    def __init__(self, *, depth: int = DEPTH) -> None:
        super().__init__(depth)
        self._connection = open_in_memory()
        weakref.finalize(self, self._connection.close)
        self._reader = Reader(self._connection)

    def __repr__(self) -> str:
        return "<MemoryInbox>"

    async def open(self, clock: Clock) -> None:
        """Begin to lend what is unfinished."""
        await self._start(clock, Store(self._connection, clock.now, depth=self._depth), self._reader.unfinished())

    async def close(self) -> None:
        """Stop lending; what is unfinished stays so."""
        self._stop()

    async def __aenter__(self) -> Self:
        await self.open(SystemClock())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _read(self, question: abc.Callable[[Reader], T]) -> T:
        return question(self._reader)

    def _submit(self, job: AnyJob) -> None:
        error: Exception | None = None
        try:
            self._at_store().commit([job])
        except Exception as failure:
            error = failure
        self._deliver([job], error)
        self._at_store().tend()
