"""What an inbox's writer does besides storing and settling: opening, heartbeats, purging, redelivery, repair.

Each function is one job's part of a transaction. Those that remove take a limit, so that no delivery waits long
behind them; they are called again until they find less than that.
"""

from __future__ import annotations

import sqlite3

from .inbox import LAST_ID, State
from .owed_work import owed_again, write_owed
from .sqlite_rows import DEAD, FINISHED, numbers_of, update_in
from .sqlite_store import SPARED, Store, read_meta

REMOVED_AT_ONCE = 200

QUEUED = 4.0
"""Seconds for which connections may wait in the queue and still be answered in time: Outreach gives them five."""

_PAGES_AT_ONCE = 256
_GAPS_KEPT = 1_000
_DUE = "SELECT id FROM inbox_events WHERE state = ? AND received_at < ? ORDER BY received_at LIMIT ?"
_OLDEST = "SELECT id FROM inbox_events WHERE state = ? ORDER BY id LIMIT ?"
_FIRST_PENDING = "SELECT id FROM inbox_events WHERE id > ? AND state IS NULL ORDER BY id LIMIT 1"
_REMOVE = (
    "DELETE FROM inbox_bodies WHERE id IN",
    "DELETE FROM inbox_work WHERE event IN",
    "DELETE FROM inbox_failures WHERE event IN",
    "DELETE FROM inbox_events WHERE id IN",
)


def note_start(store: Store, now: float, queue: str = "") -> None:
    """Record the span since the last heartbeat, when nobody listened; the very first start has none.

    Nor has one that takes over the `queue` in which connections waited meanwhile, when it was not for too long.
    """
    if (last := read_meta(store.connection, "heartbeat")) is not None and not _waited(store, last, now, queue):
        store.note_gap(last, now, "stopped")
    # It counts once, whatever ends this process.
    store.connection.execute("DELETE FROM inbox_meta WHERE name = 'yielded'")
    store.connection.execute("DELETE FROM inbox_gaps WHERE id <= (SELECT MAX(id) FROM inbox_gaps) - ?", (_GAPS_KEPT,))
    beat(store, now)


def note_yield(store: Store, now: float, queue: str) -> None:
    """Keep the last heartbeat, and in which queue connections wait for the next generation since then."""
    beat(store, now)
    write_meta(store.connection, "yielded", _mark(queue, now))


def _waited(store: Store, last: float, now: float, queue: str) -> bool:
    """Say whether all that came since the last heartbeat waited in this queue, and no longer than it could."""
    yielded = bool(queue) and read_meta(store.connection, "yielded") == _mark(queue, last)
    return yielded and 0 <= now - last < QUEUED


def _mark(queue: str, at: float) -> str:
    # With its time, so that it says nothing of a heartbeat that came after it.
    return f"{queue} {at!r}"


def beat(store: Store, now: float) -> None:
    """Record that the inbox was open now, and until now full, if it is; and up to which event all are settled."""
    store.note_full()
    last = read_meta(store.connection, "heartbeat")
    if last is not None and abs(now - last) > SPARED:
        # On file: the next heartbeat is by the same clock, in this process or the next, and looks like any other.
        write_meta(store.connection, "spared_until", now + SPARED)
    low = read_meta(store.connection, "settled_to") or 0
    pending = store.connection.execute(_FIRST_PENDING, (low,)).fetchone()
    write_meta(store.connection, "settled_to", pending[0] - 1 if pending else store.tally.last_id)
    write_meta(store.connection, "heartbeat", now)


def write_meta(connection: sqlite3.Connection, name: str, value: float | str) -> None:
    """Keep a number or a word beside the events."""
    connection.execute("INSERT OR REPLACE INTO inbox_meta(name, value) VALUES (?, ?)", (name, value))


def redeliver(store: Store, id: int, now: float) -> tuple[str, str, float, list[str]] | None:
    """Make a finished event unfinished; None when it is no such event.

    Gives its source, its resource, its time of receipt, and the handlers that are owed it. The settlements of its
    dead handlers are dropped; when none died, all are.
    """
    ask = store.connection.execute
    find = "SELECT state, source, resource, received_at FROM inbox_events WHERE id = ?"
    row = ask(find, (id,)).fetchone() if 0 < id <= LAST_ID else None
    if row is None or row[0] not in FINISHED:
        return None
    write_meta(store.connection, "settled_to", min(id - 1, read_meta(store.connection, "settled_to") or 0))
    owed = owed_again(store, id)
    if ask("DELETE FROM inbox_work WHERE event = ? AND outcome = 'dead'", (id,)).rowcount == 0:
        ask("DELETE FROM inbox_work WHERE event = ?", (id,))
    ask("UPDATE inbox_events SET state = NULL WHERE id = ?", (id,))
    write_owed(store, {id: owed}, now)
    state, source, resource, received_at = row
    store.tally.depth += 1
    store.tally.dead -= state == DEAD
    return source, resource, received_at, owed


def remove(store: Store, state: State, before: float | None) -> int:
    """Remove some events of a finished state, those received before a time or else the first on file; say how many."""
    statement, *bound = (_OLDEST,) if before is None else (_DUE, before)
    # One number after the other: the index gives those of one in order, and would have to sort those of two.
    found = [store.connection.execute(statement, (one, *bound, REMOVED_AT_ONCE)) for one in numbers_of(state)]
    ids = sorted(event for rows in found for (event,) in rows)[:REMOVED_AT_ONCE]
    for delete in _REMOVE if ids else ():
        update_in(store.connection, delete, ids)
    if ids:
        # The highest id on file may go, and no id is ever given twice.
        write_meta(store.connection, "last_id", store.tally.last_id)
    store.tally.dead -= len(ids) * (state == "dead")
    return len(ids)


def ages_out(store: Store, now: float) -> bool:
    """Say whether events may be removed for their age by now."""
    return store.ages_out(now)


def remove_oldest(store: Store) -> int:
    """Remove the oldest finished events, dead ones only when no others are left; say how many."""
    return remove(store, "done", None) or remove(store, "dead", None)


def used_bytes(store: Store) -> int:
    """Say how much of the file is in use."""
    return (_pragma(store, "page_count") - _pragma(store, "freelist_count")) * _pragma(store, "page_size")


def give_back(store: Store) -> int:
    """Give free pages back to the disk, once they are a quarter of the file; say how many."""
    free = _pragma(store, "freelist_count")
    if free < max(_PAGES_AT_ONCE, _pragma(store, "page_count") // 4):
        return 0
    store.connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
    return _PAGES_AT_ONCE


def repaired(store: Store, gap: int, now: float) -> bool:
    """Note that a gap was reconciled; False when it is not there or was before."""
    note = "UPDATE inbox_gaps SET repaired_at = ? WHERE id = ? AND repaired_at IS NULL"
    return store.connection.execute(note, (now, gap)).rowcount == 1


def _pragma(store: Store, name: str) -> int:
    (value,) = store.connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)
