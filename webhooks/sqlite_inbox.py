"""The inbox on disk: one file, one process that holds it, one thread that writes it.

A delivery is durable when `put` returns: its transaction is synced to disk, together with all that came meanwhile.
Others may read the file beside us (`SqliteInbox.reader`), and nobody else may write it. Nothing here blocks the event
loop: writes happen in the writer's thread, reads in another.

Once a minute a heartbeat is written, so that the next start knows since when nobody listened. A generation of a server
notes its start only when it accepts connections: one that is killed before leaves what it found, and the next one that
serves records the whole span, or none when the connections waited for it but a moment. Once a minute, too, what is too
old or too much is removed: finished events past their keeping time or beyond `max_bytes`. After more than a day without
a heartbeat nothing is removed for its age for a day: the clock may have jumped, and dead letters wait for somebody to
see them. While the store fails it is tried every few seconds.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import logging
import os
import sqlite3
from pathlib import Path
from typing import Self

import anyio
import anyio.to_thread

from outreach_async.engine.clock import Clock, SystemClock
from outreach_async.protocol.errors import ConfigurationError

from . import upkeep
from .group_commit import GroupCommit
from .inbox import DEPTH, T
from .inbox_errors import InboxClosed, InboxError, InboxUnavailable
from .inbox_lock import InboxLock
from .jobs import AnyJob, Call
from .local_inbox import LocalInbox
from .sqlite_faults import explain
from .sqlite_reader import Reader
from .sqlite_schema import check_file, open_for_reading, open_for_writing
from .sqlite_store import Store

DAY = 86_400.0
KEEP = 7 * DAY
KEEP_DEAD = 30 * DAY
MAX_BYTES = 4 * 1024**3
PATIENCE = 30.0
HEARTBEAT = 60.0
PROBE = 5.0

CEASING = 5.0
"""Seconds that the last heartbeat may take; without it, the gap begins with the one before."""

CLOSING = 15.0
"""Seconds in which what was handed in has to be written for the file to be let go of in good order."""

_log = logging.getLogger("webhooks.inbox")


class SqliteInbox(LocalInbox):
    """Keeps deliveries in the file at `path`.

    `depth` bounds the unfinished events. Finished ones are kept `keep` seconds, dead ones `keep_dead`, and fewer when
    more than `max_bytes` are in use. `patience` is how many seconds an opening waits for the process that holds the
    file. A tool that takes the file while no receiver runs says `listening=False`: it keeps no heartbeat and removes
    nothing, so that the next start still knows since when nobody listened. Raises ConfigurationError for a path without
    a file's name.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        depth: int = DEPTH,
        keep: float = KEEP,
        keep_dead: float = KEEP_DEAD,
        max_bytes: int = MAX_BYTES,
        patience: float = PATIENCE,
        listening: bool = True,
    ) -> None:
        super().__init__(depth)
        self.path = Path(path)
        if self.path.name in ("", ".."):
            raise ConfigurationError(
                f"{os.fspath(path)!r} names no file for an inbox", hint='Name one, such as SqliteInbox("inbox.db").'
            )
        self._keep = keep
        self._keep_dead = keep_dead
        self._max_bytes = max_bytes
        self._patience = patience
        self._listening = listening
        self._lock = InboxLock(self.path)
        self._writer: GroupCommit | None = None
        self._reader: Reader | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._turns: anyio.CapacityLimiter | None = None
        self._told_failing = False
        self._queue = ""
        self._yielded_at: float | None = None

    def __repr__(self) -> str:
        return f"<SqliteInbox {self.path}>"

    @staticmethod
    def reader(path: str | os.PathLike[str]) -> Reader:
        """Open an inbox file for reading, beside the process that holds it. Raises ConfigurationError."""
        return Reader(open_for_reading(Path(path)))

    def check(self) -> None:
        """Refuse what opening would refuse, beside whoever holds the file; makes none. Raises ConfigurationError."""
        self._lock.check()
        check_file(self.path)

    def announce(self, admin: str) -> None:
        """Tell others where the holder's admin interface answers: a URL, as it is reached from this machine.

        It stands beside the file while this process holds it, and the command line finds it there. `hooks serve`
        and `hooks.run()` do so by themselves.
        """
        self._lock.announce(admin)

    def generation_of(self, parent: int) -> None:
        """Tell others which process would start the holder again: the one to stop. `hooks serve` does so by itself."""
        self._lock.generation_of(parent)

    def queued_at(self, queue: str) -> None:
        """Tell in which queue connections wait while nobody accepts them; then say `accepting` once somebody does."""
        self._queue = queue

    async def accepting(self) -> None:
        """Take note that connections are accepted from now on. Raises InboxUnavailable."""
        if self._keeper is None and self._listening:
            await self._note_start()

    def yielding(self) -> None:
        """Take note that from now on none are, and that the next generation takes them from the same queue."""
        self._yielded_at = self._clock.now()

    @property
    def identity(self) -> str:
        """What names this inbox to every process of this machine, by whatever path; empty before its first opening."""
        return self._lock.identity

    def is_held_as(self, identity: str) -> bool:
        """Say whether this is the inbox that others know by this name, and held here."""
        return bool(identity) and self._lock.held and identity == self._lock.identity

    async def open(self, clock: Clock) -> None:
        """Take hold of the file and load what is unfinished. Raises ConfigurationError, InboxHeld."""
        if self._writer:
            raise ConfigurationError(f"{self.path} is open already", hint="Open an inbox once, and share it.")
        await self._lock.acquire(clock, self._patience)
        # Reads take turns in one thread. Made here, since it belongs to the event loop that opens the inbox.
        self._turns = anyio.CapacityLimiter(1)
        try:
            await self._open(clock)
        except BaseException:
            await self._let_go()
            raise

    async def cease(self) -> None:
        """Keep the last heartbeat: the gap begins where deliveries end, not where the work on them does."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        self._keeper = None
        try:
            async with asyncio.timeout(CEASING):
                await self._last_beat()
        except TimeoutError:
            _log.error("the writer of %s does not answer: its last heartbeat stays the one before", self.path)
        except InboxError as error:
            _log.error("%s", error)

    async def close(self) -> None:
        """Commit what was handed in and let go of the file.

        Raises InboxUnavailable when its writer does not end: this process then holds the file until it ends itself.
        """
        await self.cease()
        await self._let_go()

    async def __aenter__(self) -> Self:
        await self.open(SystemClock())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self, clock: Clock) -> None:
        stores: list[Store] = []

        def open_store() -> Store:
            connection = open_for_writing(self.path)
            try:
                stores.append(Store(connection, clock.now, depth=self._depth))
            except sqlite3.Error as error:
                connection.close()
                raise ConfigurationError(
                    f"{self.path} is damaged: {error}", hint="Restore it, or name another file."
                ) from None
            return stores[0]

        self._writer = GroupCommit(open_store, self._deliver)
        await self._writer.start()
        self._reader = await anyio.to_thread.run_sync(self.reader, self.path, limiter=self._turns)
        await self._start(clock, stores[0], await self._read(lambda reader: reader.unfinished()))
        self._yielded_at = None
        if self._listening and not self._queue:
            await self._note_start()

    async def _note_start(self) -> None:
        now = self._clock.now()
        await self._hand_in(Call(lambda store: upkeep.note_start(store, now, self._queue)))
        self._keeper = asyncio.get_running_loop().create_task(self._watch())

    async def _let_go(self) -> None:
        # First nothing more is taken in; what was is then written. The writer closes last, since only the last
        # connection can move the log into the file and remove it.
        self._stop()
        if self._turns:
            async with self._turns:
                if self._reader:
                    self._reader.close()
                self._reader = None
        if self._writer and not await self._writer.close(CLOSING):
            _, trouble = self._at_store().trouble
            raise InboxUnavailable(
                f"{self.path} cannot be closed: {trouble or 'its writer does not answer'}",
                hint="What was not answered is not stored. The file is free again once this process has ended.",
            )
        self._writer = None
        self._lock.release()

    async def _read(self, question: abc.Callable[[Reader], T]) -> T:
        if self._reader is None:
            raise InboxClosed
        try:
            return await anyio.to_thread.run_sync(question, self._reader, limiter=self._turns)
        except sqlite3.Error as error:
            raise InboxUnavailable(f"the inbox cannot be read: {explain(error)}") from None

    def _submit(self, job: AnyJob) -> None:
        if self._writer is None:
            raise InboxClosed
        self._writer.submit(job)

    def _deliver(self, jobs: abc.Sequence[AnyJob], error: Exception | None) -> None:
        super()._deliver(jobs, error)
        store = self._at_store()
        failing = store.failing_since is not None
        if failing and not self._told_failing:
            _log.error("%s cannot be written: %s; deliveries are refused until it can", self.path, store.failure)
        elif self._told_failing and not failing:
            _log.warning("%s can be written again", self.path)
        self._told_failing = failing

    async def _watch(self) -> None:
        """Keep the heartbeat, and the file within its bounds."""
        beaten = self._clock.now()
        while True:
            await self._clock.sleep(PROBE)
            failing = self._at_store().failing_since is not None
            if not failing and self._clock.now() - beaten < HEARTBEAT:
                continue
            # What failed is logged already; the next round tries again.
            with contextlib.suppress(InboxError):
                await self._beat()
                beaten = self._clock.now()
                await self._tidy(beaten)

    async def _beat(self) -> None:
        self._note_overrun()
        now = self._clock.now()
        await self._hand_in(Call(lambda store: upkeep.beat(store, now)))

    async def _last_beat(self) -> None:
        since = self._yielded_at
        if since is None or not self._queue:
            await self._beat()
            return
        self._note_overrun()
        await self._hand_in(Call(lambda store: upkeep.note_yield(store, since, self._queue)))

    async def _tidy(self, now: float) -> None:
        if await self._hand_in(Call(lambda store: upkeep.ages_out(store, now))):
            await self._remove("done", now - self._keep)
            await self._remove("dead", now - self._keep_dead)
        while await self._hand_in(Call(upkeep.used_bytes)) > self._max_bytes:
            if not await self._hand_in(Call(upkeep.remove_oldest)):
                break
        while await self._hand_in(Call(upkeep.give_back)):
            pass
