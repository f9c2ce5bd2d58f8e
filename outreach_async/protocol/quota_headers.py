"""What the quota headers of one answer say; what follows from it is `quota`'s business.

Outreach sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` with every answer, and `Retry-After` with a 429;
PlanMySaaS sends `X-RateLimit-Window` (`minute`, `hour`, `day`) in place of a reset. Two limiters' values may arrive
merged (`9999, 19988`): the first is the user's hourly quota, the lowest `Remaining` is the one that refuses first.
"""

from __future__ import annotations

import collections.abc as abc
from typing import NamedTuple

from .instants import Moment, first_integer, lowest_integer, read_moment, server_time

WINDOW_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
"""The windows a server names, in seconds (PlanMySaaS, rate limits)."""

CEILING = 7200.0
"""The longest wait taken from a header, in seconds: twice the window, which is an hour unless the answer names it."""

UNDATED = 60.0
"""Seconds for which a `Remaining` without any time is believed."""


class Reading(NamedTuple):
    """One answer's headers. `wait` is in seconds from now, `reset` in Unix seconds of the server's own clock.

    `remaining` and `limit` are None where not told; `dated` is False where no time was, and one is assumed.
    """

    limit: int | None
    remaining: int | None
    wait: float
    reset: float
    dated: bool


class HeaderReader:
    """Reads the headers of one subject's answers; it keeps the last date texts read, since they seldom change."""

    __slots__ = ("_date", "_date_text", "_moment", "_reset_text")

    def __init__(self) -> None:
        self._reset_text: str | None = None
        self._moment: Moment | None = None
        self._date_text: str | None = None
        self._date: float | None = None

    def read(self, now: float, headers: abc.Mapping[str, str]) -> Reading:
        """Read an answer that arrived at `now`."""
        get = headers.get
        reset_text, date_text = get("X-RateLimit-Reset"), get("Date")
        if reset_text != self._reset_text:
            self._reset_text, self._moment = reset_text, read_moment(reset_text)
        if date_text != self._date_text:
            told = server_time(date_text, -1.0)
            self._date_text, self._date = date_text, None if told < 0 else told
        server_now = now if self._date is None else self._date
        moment, window = self._moment, named_window(headers)
        wait = min(_seconds(moment, server_now, window or UNDATED), 2 * window if window else CEILING)
        remaining = lowest_integer(get("X-RateLimit-Remaining"))
        limit = first_integer(get("X-RateLimit-Limit"))
        return Reading(limit, remaining, max(wait, 0.0), server_now + wait, moment is not None)


def named_window(headers: abc.Mapping[str, str]) -> float | None:
    """Give the length in seconds of the window an answer names; None when it names none that is known."""
    name = headers.get("X-RateLimit-Window")
    return None if name is None else WINDOW_SECONDS.get(name.strip().lower())


def asked_wait(now: float, headers: abc.Mapping[str, str], reading: Reading) -> float | None:
    """Give the seconds that a 429 asks to wait: its `Retry-After`, else its reset; None when it says neither."""
    moment = read_moment(headers.get("Retry-After"))
    if moment is None:
        return reading.wait if reading.dated else None
    wait = _seconds(moment, server_time(headers.get("Date"), now), 0.0)
    window = named_window(headers)
    return min(max(wait, 0.0), 2 * window if window else CEILING)


def _seconds(moment: Moment | None, server_now: float, otherwise: float) -> float:
    if moment is None:
        return otherwise
    return moment.value - server_now if moment.absolute else moment.value
