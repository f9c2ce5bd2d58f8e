"""Work that is owed to a handler without its having run: which handlers are known, and what those that went left.

It is kept as a retry with the attempt 0, due at once. Should the handler be there again it runs, as for the first
time; otherwise the worker gives it up with the reason. Each function is one job's part of a transaction.
"""

from __future__ import annotations

import collections.abc as abc

import msgspec
from msgspec.structs import replace

from . import sqlite_rows as rows
from .inbox import ANY_HANDLER, Settlement
from .known_routes import ROUTES_KEPT, KnownRoute, Lost
from .sqlite_store import Store, read_meta

OWED_AT_ONCE = 500
"""Settlements written in one transaction, so that no delivery waits long behind them."""

_KEEP = "INSERT OR REPLACE INTO inbox_meta(name, value) VALUES ('routes', ?)"
_PLACES = "SELECT id, state, source, provider, event FROM inbox_events WHERE id IN"
_PLACE = "SELECT source, provider, event FROM inbox_events WHERE id = ?"
_DEAD = "SELECT handler FROM inbox_work WHERE event = ? AND outcome = 'dead'"
_TOLD = "SELECT event, handler FROM inbox_work WHERE event IN"
_OWE = "INSERT INTO inbox_work(event, handler, outcome, attempt, at, seconds, retry_at, hold_until, reason)"

_decode = msgspec.json.Decoder(tuple[KnownRoute, ...]).decode


def introduce(store: Store, routes: abc.Sequence[KnownRoute]) -> Lost:
    """Note which handlers there are, and give what those on file took that these do not.

    Those that went stay on file until `forget`, so that a crash loses nothing of what they left.
    """
    on_file, last = _on_file(store), store.tally.last_id
    present = tuple(routes[:ROUTES_KEPT])
    went = [route for route in on_file or () if replace(route, until=0) not in present]
    # One that went before the last start took nothing that came since; one that was there before any event left none.
    earlier = [replace(route, until=route.until or last) for route in went if route.until or last][:ROUTES_KEPT]
    if on_file != (*present, *earlier):
        _keep(store, (*present, *earlier))
    return Lost(earlier, present)


def forget(store: Store) -> None:
    """Note that what is owed to those that went is on file."""
    _keep(store, tuple(route for route in _on_file(store) or () if not route.until))


def owe(store: Store, ids: abc.Sequence[int], lost: Lost, now: float) -> dict[int, list[str]]:
    """Write what these events owe to handlers that took them, never settled and went; give those by event."""
    told = set(rows.select_in(store.connection, _TOLD, ids))
    owed: dict[int, list[str]] = {}
    for event, state, *place in rows.select_in(store.connection, _PLACES, ids):
        source, provider, name = place
        handlers = [each for each in lost.handlers(event, (source, provider, name)) if (event, each) not in told]
        if handlers and state not in rows.FINISHED:
            owed[event] = handlers
    write_owed(store, owed, now)
    return owed


def owed_again(store: Store, id: int) -> list[str]:
    """Give the handlers to which an event that is delivered again is owed: dead ones that take it no more."""
    routes = _on_file(store)
    if routes is None:
        return []
    ((source, provider, event),) = store.connection.execute(_PLACE, (id,))
    present = {route.name for route in routes if not route.until and route.takes((source, provider, event))}
    dead = (name for (name,) in store.connection.execute(_DEAD, (id,)))
    return [name for name in dead if name not in present and name != ANY_HANDLER]


def write_owed(store: Store, owed: abc.Mapping[int, abc.Sequence[str]], now: float) -> None:
    """Write what events owe, by their ids, to handlers that have no settlement on file."""
    settlements = [
        rows.work_row(event, Settlement(handler=name, outcome="retry", attempt=0, at=now))
        for event, names in owed.items()
        for name in names
    ]
    rows.insert(store.connection, _OWE, settlements)


def _on_file(store: Store) -> tuple[KnownRoute, ...] | None:
    """Give the handlers on file; None where none were ever told of."""
    kept = read_meta(store.connection, "routes")
    return None if kept is None else _decode(kept)


def _keep(store: Store, routes: tuple[KnownRoute, ...]) -> None:
    store.connection.execute(_KEEP, (msgspec.json.encode(routes).decode(),))
