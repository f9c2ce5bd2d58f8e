"""Which identifying texts are on file: the recent ones in memory and in a log, the others in a sorted table.

A digest falls on any page of a sorted table, so that writing it there with each delivery costs five times what
storing the delivery costs. So a delivery's digests are appended to a log in the transaction that stores it, held in
memory, and moved to the table later, many at once and in their order; between moves the log is read at opening.
Digests with a horizon of at most `SHORT` seconds never get that far: they stay in memory until they are forgotten.
Rows of the table that are past their horizon are removed as their neighbourhood is written.
"""

from __future__ import annotations

import collections.abc as abc
import sqlite3

from .known_keys import Seen, Texts
from .sqlite_rows import digest_of, insert, select_in

SHORT = 60.0
RECENT = 32_768
"""Digests in memory, besides the short-lived ones, above which they are moved; also once a day."""

STEP = 128
"""Digests moved in one transaction, unless more came with the last one: what waits for it stays short."""

_DAY = 86_400.0
_CLEARED = 4_096
_LOG = "INSERT INTO inbox_recent_keys(digest, event, seen_at, expires_at)"
_LOGGED = "SELECT digest, event, seen_at, expires_at FROM inbox_recent_keys ORDER BY id"
_LOG_ENDS = "SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM inbox_recent_keys"
_CLEAR = "DELETE FROM inbox_recent_keys WHERE id >= ? AND id < ? AND (expires_at <= ? OR expires_at - seen_at > ?)"
_FIND = "SELECT digest, event, seen_at, expires_at FROM inbox_keys WHERE digest IN"
_FILE = "INSERT OR REPLACE INTO inbox_keys(digest, event, seen_at, expires_at)"
_FORGET = "DELETE FROM inbox_keys WHERE digest > ? AND digest <= ? AND expires_at <= ?"


class KeyIndex:
    """The texts on file of one inbox. Lives in the writer's thread, and goes with its transactions."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self._connection = connection
        self._recent = {digest: Seen(*seen) for digest, *seen in connection.execute(_LOGGED)}
        self._filed = connection.execute("SELECT 1 FROM inbox_keys LIMIT 1").fetchone() is not None
        self._digests: dict[str, bytes] = {}
        self._staged: dict[bytes, Seen] = {}
        self._came = 0
        self._most = RECENT
        self._moved_at = now
        self._moving: list[bytes] = []
        self._moved_to = b""
        self._step: list[bytes] = []
        self._clearing = range(0)
        self._cleared_to = 0

    def known(self, texts: abc.Iterable[Texts]) -> dict[str, Seen]:
        """Give what is on file of all these texts."""
        horizons: dict[str, float] = {}
        for each in texts:
            horizons.update(each)
        self._digests = {text: digest_of(text) for text in horizons}
        known: dict[str, Seen] = {}
        sought: dict[bytes, str] = {}
        for text, digest in self._digests.items():
            if recent := self._recent.get(digest):
                known[text] = recent
            elif horizons[text] > SHORT:
                sought[digest] = text
        if self._filed:
            for digest, *seen in select_in(self._connection, _FIND, sought):
                known[sought[digest]] = Seen(*seen)
        return known

    def file(self, filed: abc.Mapping[str, Seen]) -> None:
        """Put texts on file, in the open transaction. They were asked for with `known` before."""
        self._staged = {self._digests[text]: seen for text, seen in filed.items()}
        self._write(_LOG, self._staged)

    def committed(self) -> None:
        """Take note that the transaction is durable."""
        self._recent.update(self._staged)
        self._came, self._staged = len(self._staged), {}

    def undone(self) -> None:
        """Take note that the transaction was undone."""
        self._staged = {}

    def due(self, now: float) -> bool:
        """Say whether there is something to move."""
        if self._moving or self._clearing:
            return True
        return len(self._recent) > self._most or now - self._moved_at > _DAY

    def step(self, now: float) -> None:
        """Move some digests to the table, in the open transaction, or clear some of the log; `stepped` follows."""
        if not self._moving and not self._clearing:
            self._plan(now)
        if self._moving:
            self._step = self._moving[-max(STEP, self._came) :]
            self._connection.execute(_FORGET, (self._moved_to, self._step[0], now))
            self._write(_FILE, {digest: self._recent[digest] for digest in reversed(self._step)})
        elif self._clearing:
            upto = min(self._clearing.start + _CLEARED, self._clearing.stop)
            self._connection.execute(_CLEAR, (self._clearing.start, upto, now, SHORT))
            self._cleared_to = upto

    def stepped(self) -> None:
        """Take note that the transaction of a step is durable."""
        if self._step:
            del self._moving[-len(self._step) :]
            self._moved_to = self._step[0]
            for digest in self._step:
                del self._recent[digest]
            self._step, self._filed = [], True
        else:
            self._clearing = range(self._cleared_to, self._clearing.stop)

    def _plan(self, now: float) -> None:
        for digest in [digest for digest, seen in self._recent.items() if seen.until <= now]:
            del self._recent[digest]
        lasting = (digest for digest, seen in self._recent.items() if seen.until - seen.at > SHORT)
        # Taken from the end, so that what is left needs no copying.
        self._moving = sorted(lasting, reverse=True)
        self._moved_to = b""
        # Those that stay are looked through again only when there are twice as many more.
        self._most = RECENT + 2 * (len(self._recent) - len(self._moving))
        first, last = self._connection.execute(_LOG_ENDS).fetchone()
        self._clearing = range(first, last + 1)
        self._moved_at = now

    def _write(self, head: str, filed: abc.Mapping[bytes, Seen]) -> None:
        insert(self._connection, head, [(digest, seen.event, seen.at, seen.until) for digest, seen in filed.items()])
