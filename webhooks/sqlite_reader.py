"""The reading half of an inbox's database: listings, single events, gaps, and what to claim.

Reads beside the writer, in its own process or another, and never writes: a connection that only reads cannot meet the
flaw of SQLite below 3.51.3 by which two writing connections corrupt the log. One call at a time.
"""

from __future__ import annotations

import collections.abc as abc
import sqlite3
from dataclasses import dataclass
from operator import itemgetter

from . import sqlite_rows as rows
from .agenda import Pick
from .inbox import LAST_ID, LISTED, Claim, Entry, Gap, Listing, Settlement, State, Summary
from .sqlite_rows import RETRYING, select_in

_SUMMARIES = (
    "SELECT id, state, source, provider, event, resource, received_at, flags, size, coalesce("
    "(SELECT reason FROM inbox_work AS work WHERE work.event = inbox_events.id AND work.outcome <> 'done'"
    " ORDER BY work.at DESC LIMIT 1), '') FROM inbox_events"
)
_ENTRY = (
    "SELECT state, source, provider, event, resource, received_at, flags, unreadable, envelope, body"
    " FROM inbox_events JOIN inbox_bodies USING(id) WHERE id = ?"
)
_CLAIMS = (
    "SELECT id, source, provider, event, resource, received_at, flags, unreadable, envelope, body"
    " FROM inbox_events JOIN inbox_bodies USING(id) WHERE id IN"
)
_WORK = (
    "SELECT event, handler, outcome, attempt, at, seconds, retry_at, hold_until, reason FROM inbox_work WHERE event IN"
)
_FAILURES = (
    "SELECT handler, outcome, attempt, at, seconds, retry_at, hold_until, reason, traceback"
    " FROM inbox_failures WHERE event = ? ORDER BY id"
)
_SETTLED_TO = "SELECT value FROM inbox_meta WHERE name = 'settled_to'"
_PENDING = "SELECT id, source, resource, received_at, state FROM inbox_events WHERE id > ? AND state IS NULL"
_RETRYING = "SELECT id, source, resource, received_at, state FROM inbox_events WHERE state = ?"
_UNSETTLED = (
    "SELECT event, handler, outcome, attempt, at, seconds, retry_at, hold_until, reason FROM inbox_work"
    " WHERE outcome <> 'done' AND event IN (SELECT id FROM inbox_events WHERE id > ? AND state IS NULL"
    " UNION ALL SELECT id FROM inbox_events WHERE state = ?)"
)
_COUNT_PENDING = "SELECT COUNT(*) FROM inbox_events WHERE id > ? AND state IS NULL"
_COUNTS = "SELECT state, COUNT(*) FROM inbox_events WHERE state IS NOT NULL GROUP BY state"
_GAPS = "SELECT id, started_at, ended_at, cause, detail, repaired_at FROM inbox_gaps ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An event that is not settled, as found at opening. `work` holds its retries and deaths."""

    id: int
    source: str
    resource: str
    received_at: float
    covered: bool
    work: tuple[Settlement, ...]


class Reader:
    """What can be asked of an inbox's database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, id: int) -> Entry | None:
        """Give one event whole; None when there is none."""
        row = self._connection.execute(_ENTRY, (id,)).fetchone() if 0 < id <= LAST_ID else None
        if row is None:
            return None
        work = tuple(self._work([id]).get(id, ()))
        return Entry(
            id=id,
            state=rows.state_of(row[0]),
            delivery=rows.delivery_of(row[1:]),
            work=work,
            reason=rows.reason_of(row[0], work),
            failures=tuple(map(rows.settlement_of, self._connection.execute(_FAILURES, (id,)))),
        )

    def claims(self, picks: abc.Sequence[Pick]) -> tuple[Claim, ...]:
        """Give the events that were picked, in that order."""
        ids = [pick.id for pick in picks]
        found = select_in(self._connection, _CLAIMS, ids)
        deliveries = {row[0]: rows.delivery_of(row[1:]) for row in found}
        work = self._work(ids)
        return tuple(
            Claim(
                id=pick.id,
                delivery=deliveries[pick.id],
                work=tuple(work.get(pick.id, ())),
                later=pick.later,
                ahead=pick.ahead,
            )
            for pick in picks
        )

    def events(self, listing: Listing) -> tuple[Summary, ...]:
        """Give the events that a listing asks for."""
        # One number after the other: the index gives the ids of one in order, and would have to sort those of two.
        numbers = rows.numbers_of(listing.state) if listing.state else (None,)
        found = [row for number in numbers for row in self._summaries(listing, number)]
        found.sort(key=itemgetter(0), reverse=listing.after is None)
        return tuple(map(rows.summary_of, found[: _limit(listing)]))

    def _summaries(self, listing: Listing, number: int | None) -> list[rows.Row]:
        wanted: dict[str, object] = {
            "state = ?": number,
            "state IS NULL AND id > ?": self._settled_to() if listing.state == "pending" else None,
            "source = ?": listing.source or None,
            "event = ?": listing.event or None,
            "resource = ?": listing.resource or None,
            "id < ?": listing.before,
            "id > ?": listing.after,
        }
        asked = {condition: value for condition, value in wanted.items() if value is not None}
        where = f" WHERE {' AND '.join(asked)}" if asked else ""
        order = "DESC" if listing.after is None else "ASC"
        statement = f"{_SUMMARIES}{where} ORDER BY id {order} LIMIT ?"
        return self._connection.execute(statement, [*asked.values(), _limit(listing)]).fetchall()

    def counts(self) -> dict[State, int]:
        """Count the events on file by their state."""
        counts: dict[State, int] = {"pending": 0, "retrying": 0, "done": 0, "dead": 0}
        (counts["pending"],) = self._connection.execute(_COUNT_PENDING, (self._settled_to(),)).fetchone()
        for number, count in self._connection.execute(_COUNTS):
            counts[rows.state_of(number)] += count
        return counts

    def gaps(self) -> tuple[Gap, ...]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        return tuple(Gap(*row) for row in self._connection.execute(_GAPS, (LISTED,)))

    def unfinished(self) -> list[Unfinished]:
        """Give every event that is not settled, in the order received."""
        low = self._settled_to()
        found = self._connection.execute(_PENDING, (low,)).fetchall()
        found += self._connection.execute(_RETRYING, (RETRYING,))
        told = _by_event(self._connection.execute(_UNSETTLED, (low, RETRYING)))
        return [
            Unfinished(event, source, resource, at, state == RETRYING, tuple(told.get(event, ())))
            for event, source, resource, at, state in sorted(found, key=itemgetter(0))
        ]

    def _settled_to(self) -> int:
        row = self._connection.execute(_SETTLED_TO).fetchone()
        return row[0] if row else 0

    def _work(self, ids: abc.Iterable[int]) -> dict[int, list[Settlement]]:
        return _by_event(select_in(self._connection, _WORK, ids))


def _limit(listing: Listing) -> int:
    return max(0, min(listing.limit, LISTED))


def _by_event(found: abc.Iterable[rows.Row]) -> dict[int, list[Settlement]]:
    told: dict[int, list[Settlement]] = {}
    for event, *row in found:
        told.setdefault(event, []).append(rows.settlement_of(tuple(row)))
    return told
