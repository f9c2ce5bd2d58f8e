"""The lifetime lock of an inbox file: one process at a time, and a refusal that says which.

The operating system gives the lock up when its holder dies. A second file tells the holder's process id, where its
admin interface answers and which process would start it again, a line each, since what stands in the lock file itself
is the locking library's own affair. Neither file is ever removed: a lock on a file that somebody removed is held by
nobody else. So what the second one tells may be a dead process's: it is read only when the lock is held, and whoever
goes there asks first whether the holder is there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

from filelock import FileLock, Timeout

from outreach_async.engine.clock import Clock
from outreach_async.protocol.errors import ConfigurationError

from . import ownership
from .inbox_errors import InboxHeld, holder_named

_EVERY = 0.1
_SILENT = 1.0
_NOTE_LIMIT = 1_000
_MODE = 0o600

_log = logging.getLogger("webhooks.inbox")


class InboxLock:
    """The lock beside an inbox file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holder = path.with_name(path.name + ".pid")
        self._admin = ""
        self._parent: int | None = None
        self._file = path.with_name(path.name + ".lock")
        # Taken in one thread and given up in whichever closes the inbox.
        self._lock = FileLock(self._file, thread_local=False, mode=_MODE)

    def check(self) -> None:
        """Refuse a folder that is not there. Raises ConfigurationError."""
        if not self._path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self._path.parent}", hint="Make it, or name another file.")

    async def acquire(self, clock: Clock, patience: float) -> None:
        """Take the lock, waiting at most `patience` seconds, and saying so. Raises InboxHeld, ConfigurationError."""
        self.check()
        begun, silent = clock.now(), True
        while not self._taken():
            waited = clock.now() - begun
            if waited >= patience:
                pid, admin, parent = self._told()
                raise InboxHeld(str(self._path), pid=pid, waited=patience, admin=admin, parent=parent)
            if silent and waited >= _SILENT:
                silent = False
                self._say_waiting()
            await clock.sleep(_EVERY)
        self._tell()

    def announce(self, admin: str) -> None:
        """Tell where the holder's admin interface answers, now when the lock is held and whenever it is taken."""
        self._admin = admin
        if self._lock.is_locked:
            self._tell()

    def generation_of(self, parent: int) -> None:
        """Tell which process would start the holder again, whenever the lock is taken."""
        self._parent = parent

    @property
    def identity(self) -> str:
        """What names this lock to every process of this machine, by whatever path; empty while there is none."""
        try:
            found = self._file.stat()
        except OSError:
            return ""
        return f"{found.st_dev}-{found.st_ino}"

    @property
    def held(self) -> bool:
        """Whether it is held here."""
        return self._lock.is_locked

    def release(self) -> None:
        """Give the lock up."""
        self._lock.release()

    def _taken(self) -> bool:
        """Take the lock if nobody holds it. Raises ConfigurationError."""
        try:
            # The library takes a folder in which no file can be made for one whose lock is held.
            self._make(self._file)
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise self._unlockable(error) from None
        return True

    def _unlockable(self, error: OSError) -> ConfigurationError:
        denied = isinstance(error, PermissionError)
        refused = (ownership.refusal(self._file) or ownership.refusal(self._path)) if denied else None
        return refused or ConfigurationError(
            f"{self._path} cannot be locked: {error.strerror or error}",
            hint="Name a file in a folder this process may write to.",
        )

    def _say_waiting(self) -> None:
        pid, _, parent = self._told()
        _log.warning("waiting for %s, which holds %s", holder_named(pid, parent), self._path)

    def _tell(self) -> None:
        # Refusals depend on it, and who is asked; a full disk is the inbox's to tell.
        with contextlib.suppress(OSError):
            self._make(self._holder)
            parent = f"{self._parent}\n" if self._parent else ""
            _write(self._holder, f"{os.getpid()}\n{self._admin}\n{parent}")

    def _make(self, path: Path) -> None:
        """Make a file if there is none. One that root makes is the inbox's owner's, whose receiver is to open it."""
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        except FileExistsError:
            return
        try:
            # Only what was made here is given away, by its descriptor: whose folder it is may lay links in it.
            with contextlib.suppress(OSError):
                if os.geteuid() == 0:
                    owner = self._path.stat()
                    os.fchown(made, owner.st_uid, owner.st_gid)
        finally:
            os.close(made)

    def _told(self) -> tuple[int | None, str, int | None]:
        """Give the holder's process id, where its admin interface answers and its parent, as far as they are told."""
        try:
            with self._holder.open() as file:
                pid, admin, parent, *_ = *file.read(_NOTE_LIMIT).split("\n"), "", "", ""
            return int(pid), admin, int(parent) if parent.isdecimal() else None
        except (OSError, ValueError):
            return None, "", None


def _write(path: Path, text: str) -> None:
    """Write a file anew; a link to another one is left alone. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "w") as file:
        found = os.fstat(file.fileno())
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            file.truncate(0)
            file.write(text)
