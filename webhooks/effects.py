"""A handler's own writes inside the inbox's transaction: run once, undone alone, timed.

The function is a guest on the inbox's only writing connection, while every delivery waits for it. It is lent a `Guest`
in the connection's place. Statements that would end the transaction, reach other files or touch the inbox's own tables
are refused by SQLite itself, through its authorizer.
"""

from __future__ import annotations

import collections.abc as abc
import inspect
import logging
import sqlite3
import time

from outreach_async.protocol.errors import ConfigurationError

from .guest import Guest, ended
from .inbox import T, Work
from .sqlite_faults import is_store_failure

SLOW = 0.25
"""Seconds above which a function's time is logged."""

_log = logging.getLogger("webhooks.inbox")
_SAVEPOINT = "inbox_effect"
_NEVER = {sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ASKING = {"table_info", "index_list"}


def check_work(work: Work[T]) -> None:
    """Refuse a function that could not run in the writer's thread. Raises ConfigurationError."""
    if inspect.iscoroutinefunction(work) or not callable(work):
        raise ConfigurationError(
            "a transaction takes an ordinary function of a connection",
            hint="Write it as `def`, and await nothing in it.",
        )


def check_unsettled(settled: bool) -> None:
    """Refuse a transaction in a run that its first one has settled. Raises ConfigurationError."""
    if settled:
        raise ConfigurationError(
            "this handler is settled by its first transaction", hint="Do all of it in one function."
        )


def run_effect(connection: sqlite3.Connection, work: Work[T], settle: abc.Callable[[], None], name: str) -> T:
    """Run `work`, then `settle`, in a savepoint of the open transaction; what either raises undoes both.

    `name` stands in the log when it takes longer than `SLOW`. Raises ConfigurationError when `work` tries what is
    refused to it, and whatever else `work` raises.
    """
    started = time.monotonic()
    connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        result = _guarded(connection, work)
        if not connection.in_transaction:
            raise ended()
        settle()
        connection.execute(f"RELEASE {_SAVEPOINT}")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute(f"ROLLBACK TO {_SAVEPOINT}")
            connection.execute(f"RELEASE {_SAVEPOINT}")
        # The whole transaction is over: a full disk did that, or the function.
        elif not isinstance(error, ConfigurationError) and not is_store_failure(error):
            raise ended() from error
        raise
    if (seconds := time.monotonic() - started) > SLOW:
        _log.warning("the transaction of %s held up every delivery for %.0f ms", name, seconds * 1000)
    return result


def _guarded(connection: sqlite3.Connection, work: Work[T]) -> T:
    guest = Guest(connection)
    connection.set_authorizer(_authorize)
    try:
        result = work(guest)
    except sqlite3.DatabaseError as error:
        if "not authorized" in str(error) or "prohibited" in str(error):
            raise ConfigurationError(
                f"a transaction may not do this: {error}",
                hint="The inbox commits it; use tables of your own, whose names do not start with inbox_.",
            ) from error
        raise
    finally:
        connection.set_authorizer(None)
        connection.row_factory = None
        connection.text_factory = str
        guest.leave()
    if inspect.isawaitable(result):
        close = getattr(result, "close", None)
        if close:
            close()
        raise ConfigurationError("a transaction's function gave something to await", hint="Write it as `def`.")
    return result


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _NEVER:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if second is None or first in _ASKING else sqlite3.SQLITE_DENY
    # Whatever is made, changed or dropped; our savepoint bears such a name too.
    if action not in _READS and any(name.lower().startswith("inbox_") for name in (first, second) if name):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
