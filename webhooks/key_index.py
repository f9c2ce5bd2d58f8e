"""Which identifying texts are on file: the recent ones in memory and in a log, the others in a sorted table.

A digest falls on any page of a sorted table, so that writing it there with each delivery costs five times what
storing the delivery costs. So the texts of a transaction are appended to a log, as one row and within it, held in
memory, and moved to the table later, as digests, many at once and in their order; the log is read at opening. Texts
with a horizon of at most `SHORT` seconds never get that far, and are sought in memory alone. Rows of the table that
are past their horizon are removed as their neighbourhood is written, unless the clock may have jumped: by one set
right again they are not past it.
"""

from __future__ import annotations

import collections.abc as abc
import sqlite3

import msgspec

from .known_keys import Seen, Texts
from .sqlite_rows import digest_of, insert, select_in

SHORT = 60.0
RECENT = 32_768
"""Texts in memory, besides the short-lived ones, above which they are moved; also once a day."""

STEP = 128
"""Texts moved in one transaction, unless more came with the last one: what waits for it stays short."""

_DAY = 86_400.0
_CLEARED = 64
_LOG = "INSERT INTO inbox_recent_keys(seen, short_until) VALUES (?, ?)"
_LOGGED = "SELECT seen FROM inbox_recent_keys ORDER BY id"
_LOG_ENDS = "SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM inbox_recent_keys"
_CLEAR = "DELETE FROM inbox_recent_keys WHERE id >= ? AND id < ? AND NOT (short_until > ? AND short_until <= ?)"
_FIND = "SELECT digest, event, seen_at, expires_at FROM inbox_keys WHERE digest IN"
_FILE = "INSERT OR REPLACE INTO inbox_keys(digest, event, seen_at, expires_at)"
_FORGET = "DELETE FROM inbox_keys WHERE digest > ? AND digest <= ? AND expires_at <= ?"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Seen]).decode


class KeyIndex:
    """The texts on file of one inbox. Lives in the writer's thread, and goes with its transactions."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self._connection = connection
        self._recent: dict[str, Seen] = {}
        for (seen,) in connection.execute(_LOGGED):
            self._recent.update(_decode(seen))
        self._filed = connection.execute("SELECT 1 FROM inbox_keys LIMIT 1").fetchone() is not None
        self._staged: abc.Mapping[str, Seen] = {}
        self._came = 0
        self._most = RECENT
        self._moved_at = now
        self._moving: list[tuple[bytes, str]] = []
        self._moved_to = b""
        self._step: list[tuple[bytes, str]] = []
        self._clearing = range(0)
        self._cleared_to = 0

    def known(self, texts: abc.Iterable[Texts]) -> dict[str, Seen]:
        """Give what is on file of all these texts."""
        known: dict[str, Seen] = {}
        sought: dict[bytes, str] = {}
        for each in texts:
            for text, horizon in each.items():
                if recent := self._recent.get(text):
                    known[text] = recent
                elif self._filed and horizon > SHORT:
                    sought[digest_of(text)] = text
        for digest, *seen in select_in(self._connection, _FIND, sought):
            known[sought[digest]] = Seen(*seen)
        return known

    def file(self, filed: abc.Mapping[str, Seen]) -> None:
        """Put texts on file, in the open transaction."""
        self._staged = filed
        if filed:
            short = max((seen.until for seen in filed.values() if seen.until - seen.at <= SHORT), default=0.0)
            self._connection.execute(_LOG, (_encode(filed), short))

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

    def step(self, now: float, *, forget: bool) -> None:
        """Move some texts to the table, in the open transaction, or clear some of the log; `stepped` follows.

        Those past their horizon go when it may `forget` them, and are moved like others when not.
        """
        if not self._moving and not self._clearing:
            self._plan(now, forget=forget)
        if self._moving:
            self._step = self._moving[-max(STEP, self._came) :]
            if forget:
                self._connection.execute(_FORGET, (self._moved_to, self._step[0][0], now))
            moved = [(digest, self._recent[text]) for digest, text in reversed(self._step)]
            insert(self._connection, _FILE, [(digest, seen.event, seen.at, seen.until) for digest, seen in moved])
        elif self._clearing:
            upto = min(self._clearing.start + _CLEARED, self._clearing.stop)
            # All the others in these rows were moved by now.
            self._connection.execute(_CLEAR, (self._clearing.start, upto, now, now + 2 * SHORT))
            self._cleared_to = upto

    def stepped(self) -> None:
        """Take note that the transaction of a step is durable."""
        if self._step:
            del self._moving[-len(self._step) :]
            self._moved_to = self._step[0][0]
            for _, text in self._step:
                del self._recent[text]
            self._step, self._filed = [], True
        else:
            self._clearing = range(self._cleared_to, self._clearing.stop)

    def _plan(self, now: float, *, forget: bool) -> None:
        for text in [text for text, seen in self._recent.items() if _over(seen, now, forget=forget)]:
            del self._recent[text]
        lasting = ((digest_of(text), text) for text, seen in self._recent.items() if not _is_short(seen))
        # Taken from the end, so that what is left needs no copying.
        self._moving = sorted(lasting, reverse=True)
        self._moved_to = b""
        # Those that stay are looked through again only when there are twice as many more.
        self._most = RECENT + 2 * (len(self._recent) - len(self._moving))
        first, last = self._connection.execute(_LOG_ENDS).fetchone()
        self._clearing = range(first, last + 1)
        self._moved_at = now


def _is_short(seen: Seen) -> bool:
    return seen.until - seen.at <= SHORT


def _over(seen: Seen, now: float, *, forget: bool) -> bool:
    """Say whether a text is of no use any more; a short-lived one that a clock put ahead never is."""
    if _is_short(seen):
        return seen.until <= now or seen.at > now + SHORT
    return forget and seen.until <= now
