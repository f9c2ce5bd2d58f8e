"""The tables of an inbox file, how they came about, and how such a file is opened.

The file is ours when it bears our `application_id`; `user_version` counts the migrations it went through. Handlers
may keep tables of their own in it, under any name that does not start with `inbox_`.

Bodies stand apart from events, so that noting a new state never rewrites a body. A pending event has no state and is
in no index, which spares each delivery a write; no event up to the number `settled_to` in inbox_meta is pending.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
from pathlib import Path

from outreach_async.protocol.errors import ConfigurationError

from . import ownership

APPLICATION_ID = 0x4F41494E
BUSY_SECONDS = 2.0
# One for each number of rows that `sqlite_rows` makes, by table.
_STATEMENTS = 256
LOG_PAGES = 1_000
"""Pages in the log after which a commit moves it into the file: the longer it waits, the fewer there are to move."""

_OLDEST_SQLITE = (3, 24, 0)

_FIRST = """
CREATE TABLE inbox_events(
  id INTEGER PRIMARY KEY, state INTEGER, source TEXT NOT NULL, provider TEXT NOT NULL, event TEXT NOT NULL,
  resource TEXT NOT NULL, received_at REAL NOT NULL, size INTEGER NOT NULL, flags TEXT NOT NULL,
  unreadable TEXT NOT NULL
);
CREATE INDEX inbox_events_by_state ON inbox_events(state, id) WHERE state IS NOT NULL;
CREATE TABLE inbox_bodies(id INTEGER PRIMARY KEY, envelope BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE inbox_keys(
  digest BLOB PRIMARY KEY, event INTEGER NOT NULL, seen_at REAL NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE inbox_recent_keys(id INTEGER PRIMARY KEY, seen BLOB NOT NULL, short_until REAL NOT NULL);
CREATE TABLE inbox_work(
  event INTEGER NOT NULL, handler TEXT NOT NULL, outcome TEXT NOT NULL, attempt INTEGER NOT NULL, at REAL NOT NULL,
  seconds REAL NOT NULL, retry_at REAL NOT NULL, hold_until REAL NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY(event, handler)
) WITHOUT ROWID;
CREATE TABLE inbox_failures(
  id INTEGER PRIMARY KEY, event INTEGER NOT NULL, handler TEXT NOT NULL, outcome TEXT NOT NULL,
  attempt INTEGER NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL, retry_at REAL NOT NULL, hold_until REAL NOT NULL,
  reason TEXT NOT NULL, traceback TEXT NOT NULL
);
CREATE INDEX inbox_failures_by_event ON inbox_failures(event);
CREATE TABLE inbox_gaps(
  id INTEGER PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL NOT NULL, cause TEXT NOT NULL, detail TEXT NOT NULL,
  repaired_at REAL
);
CREATE TABLE inbox_meta(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
"""

# Ids follow the order of receipt, and times do not where the clock was set: what is old is found by its time.
_SECOND = """
CREATE INDEX inbox_events_by_age ON inbox_events(state, received_at) WHERE state IS NOT NULL;
"""

MIGRATIONS = (_FIRST, _SECOND)
"""Scripts in order; a file of version n went through the first n. Never edit one that was released: add another."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open the file for the one process that holds it, making or migrating it. Raises ConfigurationError."""
    _check_sqlite()
    _make_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=_STATEMENTS)
    try:
        version = _version(connection, path)
        # Only a file without tables takes these two: fewer, larger pages cost less to log, and a purge may give
        # them back to the disk.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL syncs the log at every commit; NORMAL would lose acknowledged deliveries with the power.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        migrate(connection, version)
    except sqlite3.Error as error:
        connection.close()
        raise ConfigurationError(f"{path} cannot be opened: {error}", hint="Is it an inbox, on a local disk?") from None
    except BaseException:
        connection.close()
        raise
    return connection


def check_file(path: Path) -> None:
    """Refuse a file that could not be written, or is no inbox of ours; makes none. Raises ConfigurationError."""
    _check_sqlite()
    if not _is_writable(path):
        return
    try:
        with contextlib.closing(_connect_for_reading(path)) as connection:
            _version(connection, path)
    except sqlite3.Error as error:
        raise unreadable(path, error) from None


def check_there(path: Path) -> None:
    """Refuse a file that is not there, or not to be reached. Raises ConfigurationError."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise ownership.refusal(path) or unreadable(path, error) from None
    except OSError:
        mode = 0
    if stat.S_ISDIR(mode):
        raise ConfigurationError(f"{path} is a folder", hint="Name the inbox's file in it.")
    if not stat.S_ISREG(mode):
        raise ConfigurationError(
            f"there is no inbox at {path}", hint="It is made when the receiver first runs. Or name its file."
        )


def unreadable(path: Path, error: Exception) -> ConfigurationError:
    """Say why a file cannot be read: it is another user's, or so is what SQLite keeps beside it, or it is no inbox."""
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm")]
    # Asked without opening them: to close a file would give up the locks that this process has on it.
    for part in (path, *beside):
        if os.access(part, os.F_OK) and not os.access(part, os.R_OK) and (refused := ownership.refusal(part)):
            return refused
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        for part in beside:
            if not os.access(part if os.access(part, os.F_OK) else path.parent, os.W_OK):
                return ownership.unshared(path, part)
    return ConfigurationError(f"{path} cannot be read: {error}", hint="Is it an inbox?")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the file beside whoever holds it. Raises ConfigurationError."""
    check_there(path)
    try:
        connection = _connect_for_reading(path)
    except sqlite3.Error as error:
        raise unreadable(path, error) from None
    try:
        version = _version(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise unreadable(path, error) from None
    except BaseException:
        connection.close()
        raise
    if version < len(MIGRATIONS):
        connection.close()
        raise ConfigurationError(
            f"{path} is of an older format", hint="Start the receiver once: it brings it up to date."
        )
    return connection


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    # The connection serves one call at a time, from whichever thread makes it.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def open_in_memory() -> sqlite3.Connection:
    """Make an inbox's tables in memory."""
    _check_sqlite()
    # One thread uses it; the garbage collector may close it from another.
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection, 0)
    return connection


def migrate(connection: sqlite3.Connection, version: int, scripts: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring a file of this version up to date, each step in a transaction of its own."""
    for number, script in enumerate(scripts[version:], version + 1):
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {script}; {marks} COMMIT;")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Give the format of a file that is ours, 0 for an empty one. Raises ConfigurationError for any other."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or version or tables):
        raise ConfigurationError(
            f"{path} is the database of another program",
            hint="Give the inbox a file of its own; handlers may keep their tables in it.",
        )
    if version > len(MIGRATIONS):
        raise ConfigurationError(
            f"{path} was written by a newer version (format {version}, this one knows {len(MIGRATIONS)})",
            hint="Update outreach-async, or name another file.",
        )
    return int(version)


def _make_private(path: Path) -> None:
    """Make the file readable by its owner alone, since it holds people's data; its log inherits that."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise _unwritable(path, error) from None


def _is_writable(path: Path) -> bool:
    """Say whether there is a file to be written; False where one can be made. Raises ConfigurationError."""
    try:
        os.close(os.open(path, os.O_RDWR))
    except FileNotFoundError:
        # A file without a name, where the system knows such: permissions alone do not tell whether one can be made.
        try:
            tempfile.TemporaryFile(dir=path.resolve().parent).close()
        except OSError as error:
            raise _unwritable(path, error) from None
        return False
    except OSError as error:
        raise _unwritable(path, error) from None
    return True


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    refused = ownership.refusal(path) if isinstance(error, PermissionError) else None
    return refused or ConfigurationError(
        f"{path} cannot be written: {error.strerror}", hint="Name a file in a folder this process may write to."
    )


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ConfigurationError(
            f"this Python has SQLite {sqlite3.sqlite_version}", hint="An inbox needs SQLite 3.24 or newer."
        )
