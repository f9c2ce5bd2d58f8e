"""The connection that a transaction's function is given: it runs statements, and leaves nothing behind.

The inbox has one connection that writes. Were it handed out, a function that closes it, limits it or leaves a cursor
open would stop every later delivery. So a `Guest` is lent in its place for the time of one call: a connection that is
itself closed, whose statements run on the inbox's. What it does not lend is refused, also what a later Python adds.
"""

from __future__ import annotations

import collections.abc as abc
import sqlite3
import threading
import weakref
from typing import Any, Self

from outreach_async.protocol.errors import ConfigurationError

_COMMITS = "The inbox commits what the function wrote when it returns, and undoes it when it raises."
_HINTS = {
    "commit": _COMMITS,
    "rollback": _COMMITS,
    "with connection": f"Leave the `with` out. {_COMMITS}",
    "executescript": "It would commit first: execute the statements one by one.",
    "close": "It is the inbox's connection: leave it open.",
    "create_function": "It would stay for all: compute the value in Python, and hand it in.",
}
_HINT = "A transaction has execute(), executemany() and cursor(); use a connection of your own for more."

_RUNS = {"cursor", "execute", "executemany"}
_SHOWN = {"in_transaction", "isolation_level", "total_changes"}
_SETTABLE = {"row_factory", "text_factory"}
_REFUSED = {name for name in dir(sqlite3.Connection) if name[0].islower()} - _RUNS - _SHOWN - _SETTABLE


class Guest(sqlite3.Connection):
    """Lends another connection to the thread that makes this one, until `leave`.

    Raises ConfigurationError for what is not lent, after `leave`, in another thread, and for a statement that comes
    after the end of the transaction.
    """

    def __init__(self, host: sqlite3.Connection) -> None:
        # Opened and closed, so that whatever gets by this class, as `sqlite3.Cursor(guest)` does, meets a closed
        # database. One that was never opened would crash the interpreter there.
        super().__init__(":memory:")
        super().close()
        self._host: sqlite3.Connection | None = host
        self._thread = threading.get_ident()
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def __getattribute__(self, name: str) -> Any:
        if name in _SHOWN or name in _SETTABLE:
            return getattr(self._lent(), name)
        if name in _REFUSED:
            raise _refusal(name)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _SETTABLE:
            setattr(self._lent(), name, value)
        elif name.startswith("_"):
            super().__setattr__(name, value)
        else:
            raise _refusal(name)

    def __enter__(self) -> Self:
        raise _refusal("with connection")

    def cursor(self, factory: None = None) -> sqlite3.Cursor:  # type: ignore[override]
        """Give a cursor, which is closed when the function returns."""
        if factory:
            raise _refusal("cursor(factory)")
        cursor = self._lent().cursor(lambda host: _GuestCursor(host, self))
        self._cursors.add(cursor)
        return cursor

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: abc.Iterable[Any], /) -> sqlite3.Cursor:
        """Run one statement for each row of parameters."""
        return self.cursor().executemany(sql, parameters)

    def leave(self) -> None:
        """End the loan, and with it every statement that still runs: one that does would hold up the commit."""
        self._host = None
        for cursor in list(self._cursors):
            cursor.close()

    def check(self) -> None:
        """Refuse a statement that would run outside of the transaction."""
        if not self._lent().in_transaction:
            raise ended()

    def _lent(self) -> sqlite3.Connection:
        if self._host is None:
            raise ConfigurationError(
                "the transaction that this connection was lent for is over", hint="Do all of it in one function."
            )
        if threading.get_ident() != self._thread:
            raise ConfigurationError(
                "a transaction's connection was used from another thread", hint="Use it in the function itself."
            )
        return self._host


class _GuestCursor(sqlite3.Cursor):
    def __init__(self, host: sqlite3.Connection, guest: Guest) -> None:
        super().__init__(host)
        self._guest = guest

    @property
    def connection(self) -> sqlite3.Connection:
        return self._guest

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        self._guest.check()
        return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: abc.Iterable[Any], /) -> Self:
        self._guest.check()
        return super().executemany(sql, parameters)

    def executescript(self, script: str, /) -> sqlite3.Cursor:
        raise _refusal("executescript")


def ended() -> ConfigurationError:
    """Say that a statement of the function ended the transaction, for all who were in it."""
    return ConfigurationError(
        "a statement of this function ended the transaction",
        hint="Use no OR ROLLBACK, and let errors of the disk pass.",
    )


def _refusal(name: str) -> ConfigurationError:
    used = name if name.startswith("with ") else f"connection.{name}"
    return ConfigurationError(f"a transaction may not use {used}", hint=_HINTS.get(name, _HINT))
