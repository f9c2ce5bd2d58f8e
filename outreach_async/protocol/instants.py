"""Every form of time seen in `X-RateLimit-Reset`, `Retry-After` and `Date`, read as seconds from now.

Seen in the wild or promised: Unix seconds, seconds from now, ISO-8601, HTTP dates, and two values merged into one
field. Which header means what is decided by the callers; this module only reads, and gives None for the unreadable.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

EPOCH_FROM = 1e9
"""From this number on, a plain number is Unix seconds; below, it is seconds from now (Outreach, rate limits)."""

_LONGEST_TEXT = 200
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was written: Unix seconds where `absolute`, else seconds from when the answer was made."""

    value: float
    absolute: bool


def read_moment(text: str | None) -> Moment | None:
    """Read a time in any form; of a list, the first entry. None when there is none or it cannot be read."""
    if text is None or len(text) > _LONGEST_TEXT:
        return None
    text = text.strip().strip('"')
    # An HTTP date holds a comma itself, so the whole text is tried before the first entry of a list.
    return _number(text) or _iso(text) or _http_date(text) or _first_of_list(text)


def wait_seconds(text: str | None, *, now: float, date: str | None = None, ceiling: float) -> float | None:
    """Give how many seconds from `now` the time lies, within 0 and `ceiling`; None when it is unreadable.

    `date` is the answer's `Date` header: absolute times are measured against the server's own clock where it is
    there, so that a wrong local clock moves no wait. It is cut to whole seconds, which makes a wait up to a second
    longer, never shorter.
    """
    moment = read_moment(text)
    if moment is None:
        return None
    wait = moment.value - server_time(date, now) if moment.absolute else moment.value
    return min(max(wait, 0.0), ceiling)


def server_time(date: str | None, now: float) -> float:
    """Give the server's time as its `Date` header told it, or `now` where it told none."""
    moment = read_moment(date)
    return moment.value if moment is not None and moment.absolute else now


def first_integer(text: str | None) -> int | None:
    """Give the first whole number of a header; the hourly user quota comes first where two limiters were merged."""
    numbers = _integers(text)
    return numbers[0] if numbers else None


def lowest_integer(text: str | None) -> int | None:
    """Give the lowest whole number of a header: of merged limiters, the one that will refuse first."""
    numbers = _integers(text)
    return min(numbers) if numbers else None


def _integers(text: str | None) -> list[int]:
    if text is None or len(text) > _LONGEST_TEXT:
        return []
    parts = (part.strip() for part in text.split(","))
    return [int(part.partition(".")[0]) for part in parts if _NUMBER.fullmatch(part)]


def _number(text: str) -> Moment | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return Moment(value, absolute=value >= EPOCH_FROM)


def _iso(text: str) -> Moment | None:
    try:
        return _absolute(dt.datetime.fromisoformat(text))
    except ValueError:
        return None


def _http_date(text: str) -> Moment | None:
    try:
        return _absolute(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _absolute(instant: dt.datetime) -> Moment:
    # Both APIs write UTC; the sample of a 429 text leaves the zone out.
    aware = instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
    return Moment((aware - dt.datetime.fromtimestamp(0, dt.UTC)).total_seconds(), absolute=True)


def _first_of_list(text: str) -> Moment | None:
    first, comma, _ = text.partition(",")
    return read_moment(first) if comma else None
