"""A handler's own writes inside the inbox's transaction: run once, undone alone, timed.

The function is a guest on the inbox's only writing connection, while every delivery waits for it. It is lent a `Guest`
in the connection's place. Statements that would end the transaction, reach other files or touch the inbox's own tables
are refused by SQLite itself, through its authorizer; those that run on without an end are interrupted. A loop in
Python is not: no thread can stop another.
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
"""Seconds above which a function's time is logged, while it runs and when it is over."""

STUCK = 5.0
"""Seconds above which the function that still runs is the store's failure: Outreach waits no longer than that."""

STATEMENTS = 30.0
"""Seconds after which a statement of a function is interrupted."""

_log = logging.getLogger("webhooks.inbox")
_SAVEPOINT = "inbox_effect"
_STEPS = 10_000
_NEVER = {sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_ASKING = {"table_info", "index_list"}


class Overrun(ConfigurationError):
    """A function's statements took too long. It is not tried again with the others of its transaction."""

    def __init__(self) -> None:
        super().__init__(
            f"the statements of a transaction took longer than {STATEMENTS:g} s",
            hint="Every delivery waits for them: look for an index that is missing, or do less at once.",
        )


class Hold:
    """The function of one handler that runs in the writer's thread, as seen from another. `since` is in Unix seconds.

    The thread cannot be stopped from outside while it runs Python, so all there is to do is to name it.
    """

    def __init__(self, event: int, handler: str, since: float) -> None:
        self.since = since
        self._who = f"the transaction of {handler} on event {event}"
        self._started = time.monotonic()
        self._told = 0

    def __str__(self) -> str:
        return f"{self._who} has not returned for {self._seconds:.0f} s, and nothing else can be written"

    @property
    def stuck(self) -> bool:
        """Whether it has run for so long that deliveries are being refused."""
        return self._seconds > STUCK

    def tell(self) -> None:
        """Log it once it is slow, and once more when it is stuck."""
        if self.stuck and self._told < 2:
            self._told = 2
            _log.error("%s: deliveries are refused until it does", self)
        elif self._seconds > SLOW and not self._told:
            self._told = 1
            _log.warning("%s holds up every delivery, for %.0f ms so far", self._who, self._seconds * 1000)

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._started


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
    until = time.monotonic() + STATEMENTS
    connection.set_authorizer(_authorize)
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        result = work(guest)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise Overrun from error
        if "not authorized" in str(error) or "prohibited" in str(error):
            raise ConfigurationError(
                f"a transaction may not do this: {error}",
                hint="The inbox commits it; use tables of your own, whose names do not start with inbox_.",
            ) from error
        raise
    finally:
        connection.set_authorizer(None)
        connection.set_progress_handler(None, 0)
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
