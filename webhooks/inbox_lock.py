"""The lifetime lock of an inbox file: one process at a time, and a refusal that says which.

The operating system gives the lock up when its holder dies. A second file tells the holder's process id, since what
stands in the lock file itself is the locking library's own affair. Neither file is ever removed: a lock on a file
that somebody removed is held by nobody else.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from outreach_async.engine.clock import Clock
from outreach_async.protocol.errors import ConfigurationError

from .inbox_errors import InboxHeld

_EVERY = 0.1
_MODE = 0o600


class InboxLock:
    """The lock beside an inbox file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holder = path.with_name(path.name + ".pid")
        self._file = path.with_name(path.name + ".lock")
        # Taken in one thread and given up in whichever closes the inbox.
        self._lock = FileLock(self._file, thread_local=False, mode=_MODE)

    def check(self) -> None:
        """Refuse a folder that is not there. Raises ConfigurationError."""
        if not self._path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self._path.parent}", hint="Make it, or name another file.")

    async def acquire(self, clock: Clock, patience: float) -> None:
        """Take the lock, waiting at most `patience` seconds. Raises InboxHeld, ConfigurationError."""
        self.check()
        until = clock.now() + patience
        while True:
            try:
                # The library takes a folder in which no file can be made for one whose lock is held.
                self._file.touch(_MODE)
                self._lock.acquire(blocking=False)
                break
            except Timeout:
                if clock.now() >= until:
                    raise InboxHeld(str(self._path), pid=self._pid(), waited=patience) from None
            except OSError as error:
                raise ConfigurationError(
                    f"{self._path} cannot be locked: {error.strerror or error}",
                    hint="Name a file in a folder this process may write to.",
                ) from None
            await clock.sleep(_EVERY)
        # Only the text of a refusal depends on it; a full disk is the inbox's to tell.
        with contextlib.suppress(OSError):
            self._holder.touch(_MODE)
            self._holder.write_text(f"{os.getpid()}\n")

    def release(self) -> None:
        """Give the lock up."""
        self._lock.release()

    def _pid(self) -> int | None:
        try:
            return int(self._holder.read_text())
        except (OSError, ValueError):
            return None
