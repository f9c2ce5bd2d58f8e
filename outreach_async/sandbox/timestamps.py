"""Times as Outreach writes them: UTC, to the second, always `.000Z`; as texts they sort in the order of time.

The form is the one seen in live payloads. Which attribute holds a time is not known here.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache


@lru_cache(maxsize=64)
def _written(second: int) -> str:
    return dt.datetime.fromtimestamp(second, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stamp(now: float) -> str:
    """Give Unix seconds as the API writes a time; a fraction of a second is dropped, as the service drops it."""
    return _written(int(now))


def seconds(text: str) -> float:
    """Give the Unix seconds of a time in the API's own form."""
    return dt.datetime.fromisoformat(text).timestamp()


def read_instant(text: str) -> str | None:
    """Give a time that a caller wrote in the API's form, with its milliseconds; None when it is not a time.

    A date stands for its first moment, and a time without zone is taken as UTC.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_second(instant: str) -> str:
    """Drop the milliseconds of a time, as the service does before it keeps one."""
    return instant[:19] + ".000Z"


def is_date(text: str) -> bool:
    """Tell whether a text is a calendar date, `2026-11-22`."""
    try:
        return len(text) == len("2026-11-22") and dt.date.fromisoformat(text) is not None
    except ValueError:
        return False
