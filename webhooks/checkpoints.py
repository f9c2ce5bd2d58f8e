"""Whether the log beside an inbox's file can be moved into it, once a minute.

SQLite moves it after commits, by itself, and keeps silent when it cannot. Nothing is lost by that, since what is in the
log is synced: but the log grows, until it has filled the disk. So it is asked for in so many words too; and while it
fails, only so, since each commit would write the whole log again in vain.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

from .sqlite_faults import explain
from .sqlite_schema import LOG_PAGES

AGAIN = 60.0
"""Seconds between two looks; more where a look that fails takes long."""

_SHARE = 20.0
_log = logging.getLogger("webhooks.inbox")


class Checkpoints:
    """Looks after the log of one connection that writes. Lives in the writer's thread.

    `failure` says why the log could not be moved last time, empty when it was. `log_bytes` is its size then: where
    all is well it stays below 64 MiB.
    """

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.failure = ""
        self.log_bytes = 0
        self._connection = connection
        self._file = next(file for _, name, file in connection.execute("PRAGMA database_list") if name == "main")
        self._looked_at = now
        self._pause = AGAIN

    def look(self, now: float) -> None:
        """Move the log into the file, if it is time to; outside of a transaction. Raises nothing of the database's."""
        if not self._file or abs(now - self._looked_at) < self._pause:
            return
        failed_before, started = bool(self.failure), time.monotonic()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self.failure = ""
        except sqlite3.Error as error:
            self.failure = explain(error)
        self._looked_at = now
        self._pause = max(AGAIN, _SHARE * (time.monotonic() - started) if self.failure else 0.0)
        self.log_bytes = _size(f"{self._file}-wal")
        if bool(self.failure) != failed_before:
            self._turn()

    def _turn(self) -> None:
        pages = 0 if self.failure else LOG_PAGES
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {pages}").fetchall()
        if self.failure:
            _log.error("%s: deliveries are stored, and it grows until the disk is full", self)
        else:
            _log.warning("the log of %s is moved into it again", self._file)

    def __str__(self) -> str:
        if not self.failure:
            return ""
        return f"the log of {self._file}, {self.log_bytes / 1e6:.0f} MB, cannot be moved into it: {self.failure}"


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
