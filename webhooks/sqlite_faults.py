"""What a database error means: the store's own trouble, or the fault of one job; and how to say it."""

from __future__ import annotations

import sqlite3


def is_store_failure(error: BaseException) -> bool:
    """Say whether the disk or the file failed, and not one job's data."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def explain(error: BaseException) -> str:
    """Say in words what a database error means."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return "the disk is full"
    if name.startswith("SQLITE_IOERR"):
        return f"the disk fails ({name.removeprefix('SQLITE_')})"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another process is writing to the file"
    return f"the database fails: {error}"
