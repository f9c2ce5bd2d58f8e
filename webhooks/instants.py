"""Reading the times that signed bodies tell."""

from __future__ import annotations

import datetime as dt
import re

_MILLISECONDS = 1e11
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)


def instant(told: str) -> dt.datetime | None:
    """Read a time in ISO 8601, or in seconds or milliseconds since 1970. None for anything else.

    One without a zone is taken for UTC.
    """
    try:
        if _NUMBER.fullmatch(told):
            seconds = float(told)
            return dt.datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS else seconds, dt.UTC)
        read = dt.datetime.fromisoformat(told)
    except (ValueError, OverflowError, OSError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


def seconds_of(told: str) -> float | None:
    """Give the same time in Unix seconds."""
    read = instant(told)
    return read.timestamp() if read else None
