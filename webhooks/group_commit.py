"""One thread that writes: jobs that came while a transaction was on its way share the next one.

Nobody is told before the commit is durable, and all of a transaction are told in one turn of the event loop. The
thread outlives every error: the next jobs try the store again. Knows no tables.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import queue
import threading
from typing import Protocol

from .jobs import AnyJob
from .sqlite_faults import is_store_failure

AT_ONCE = 512
"""Jobs in one transaction at most: what they wait for stays short."""

LOOK = 0.25
"""Seconds between two looks at the thread while jobs wait for it."""


class Ledger(Protocol):
    """What the thread writes to; made, used and closed in that thread alone, but for `look`."""

    def commit(self, jobs: abc.Sequence[AnyJob]) -> None:
        """Do the jobs durably. When it raises, nothing of them was done."""
        ...

    def tend(self) -> None:
        """Do a little of what can be done at leisure. Raises nothing."""
        ...

    def look(self) -> None:
        """Tell of what holds up the thread; called from the event loop meanwhile."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


Deliver = abc.Callable[[abc.Sequence[AnyJob], Exception | None], None]


class GroupCommit:
    """Hands jobs to a writer thread. `deliver` is called in the event loop with the jobs of each transaction."""

    def __init__(self, open_ledger: abc.Callable[[], Ledger], deliver: Deliver) -> None:
        self._open_ledger = open_ledger
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[AnyJob | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._ledger: Ledger | None = None
        self._waiting = 0
        self._looking: asyncio.TimerHandle | None = None
        # A daemon: a program that ends without closing loses nothing, since nothing untold is promised.
        self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)

    async def start(self) -> None:
        """Open the ledger in the thread. Raises what opening it raises."""
        self._thread.start()
        await self._opened

    def submit(self, job: AnyJob) -> None:
        """Have a job done in the next transaction."""
        self._waiting += 1
        if self._looking is None:
            self._looking = self._loop.call_later(LOOK, self._look)
        self._jobs.put(job)

    async def close(self, seconds: float) -> bool:
        """Do what was submitted, close the ledger, end the thread. False when that is not done in time, and goes on."""
        self._jobs.put(None)
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _run(self) -> None:
        try:
            self._ledger = ledger = self._open_ledger()
        except Exception as error:
            self._tell(self._answer, error)
            self._tell(self._ended.set)
            return
        self._tell(self._answer, None)
        try:
            while batch := self._next_batch():
                self._commit(ledger, batch)
                ledger.tend()
        finally:
            try:
                ledger.close()
            finally:
                self._tell(self._ended.set)

    def _next_batch(self) -> list[AnyJob]:
        """Wait for a job and take those behind it; empty when the thread is to end."""
        job = self._jobs.get()
        batch: list[AnyJob] = []
        while job is not None:
            batch.append(job)
            if len(batch) == AT_ONCE or self._jobs.empty():
                return batch
            job = self._jobs.get_nowait()
        if batch:
            self._jobs.put(None)
        return batch

    def _commit(self, ledger: Ledger, batch: list[AnyJob]) -> None:
        try:
            ledger.commit(batch)
        except Exception as error:
            if len(batch) == 1 or is_store_failure(error):
                self._tell(self._done, batch, error)
                return
            # One job's data is at fault: the others need not suffer for it.
            for job in batch:
                self._commit(ledger, [job])
        else:
            self._tell(self._done, batch, None)

    def _done(self, jobs: abc.Sequence[AnyJob], error: Exception | None) -> None:
        self._waiting -= len(jobs)
        self._deliver(jobs, error)

    def _look(self) -> None:
        self._looking = None
        if self._waiting and self._ledger:
            self._ledger.look()
            self._looking = self._loop.call_later(LOOK, self._look)

    def _answer(self, error: Exception | None) -> None:
        if self._opened.cancelled():
            return
        if error:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)

    def _tell(self, function: abc.Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The loop was closed under us: nobody is left to be told.
            return
