"""What the quota headers of one answer say; what follows from it is `quota`'s business.

Outreach sends `X-RateLimit-Limit`, `-Remaining` and `-Reset` with every answer, and `Retry-After` with a 429
(Outreach, getting started); PlanMySaaS sends `X-RateLimit-Window` (`minute`, `hour`, `day`) in place of a reset. Two
limiters' values may arrive merged (`9999, 19988`): the first is the user's hourly quota, the lowest `Remaining` is the
one that refuses first.
"""

from __future__ import annotations

import collections.abc as abc
import math
from dataclasses import dataclass

from .instants import Moment, first_integer, lowest_integer, read_moment

WINDOW_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
"""The windows a server names, in seconds (PlanMySaaS, rate limits)."""

CEILING = 7200.0
"""The longest wait taken from a header, in seconds: twice the window, which is an hour unless the answer names it."""

UNDATED = 60.0
"""Seconds for which a `Remaining` without any time is believed."""

_ROUNDING = 1.5
"""Seconds by which a reset may be off when it is told as whole seconds from a date cut to whole seconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says about its window. `moment` is its reset, None where not told; `date` is the server's time.

    Two answers that say the same give the same object, so that the usual answer costs one comparison.
    """

    limit: int | None
    moment: Moment | None
    date: float | None
    window: float | None

    @property
    def dated(self) -> bool:
        """Whether a reset was told; else one is assumed."""
        return self.moment is not None

    @property
    def steady(self) -> bool:
        """Whether it says the same whenever it is looked at."""
        return self.moment is not None and self.moment.absolute

    def wait(self, now: float) -> float:
        """Give the seconds from `now` to the reset, within bounds."""
        return max(0.0, self.reset(now) - self._server_time(now))

    def reset(self, now: float) -> float:
        """Give the reset in Unix seconds of the server's own clock; this is the window's name."""
        server_now = self._server_time(now)
        wait = seconds_from(self.moment, server_now)
        if wait is None:
            wait = self.window or UNDATED
        return server_now + min(wait, _ceiling(self.window))

    def _server_time(self, now: float) -> float:
        return now if self.date is None else self.date


@dataclass(frozen=True, slots=True)
class Sighting:
    """A window as it was first seen: its reset on the server's clock, which names it, and the seconds it had to run.

    `dated` is whether the reset was told, or assumed.
    """

    reset: float = -math.inf
    span: float = 0.0
    dated: bool = False

    def is_before(self, reading: Reading, now: float) -> bool:
        """Tell whether an answer belongs to a later window than this."""
        if reading.dated != self.dated:
            return reading.dated
        return reading.reset(now) - self.reset > self._tolerance

    def is_after(self, reading: Reading, now: float) -> bool:
        """Tell whether an answer belongs to an older window than this."""
        return reading.dated and self.reset - reading.reset(now) > self._tolerance

    @property
    def _tolerance(self) -> float:
        """Seconds by which the resets told for one window may differ: by rounding, or by half of the window."""
        return max(_ROUNDING, self.span / 2)


class HeaderReader:
    """Reads the headers of one subject's answers. It keeps the last reading, since few answers say something new."""

    __slots__ = ("_last", "_texts")

    def __init__(self) -> None:
        self._texts: tuple[str | None, ...] = ()
        self._last = Reading(None, None, None, None)

    def read(self, headers: abc.Mapping[str, str]) -> Reading:
        """Read an answer's window."""
        get = headers.get
        limit, reset, date = get("X-RateLimit-Limit"), get("X-RateLimit-Reset"), get("Date")
        texts = limit, reset, date, get("X-RateLimit-Window") if reset is None else None
        if texts != self._texts:
            told = read_moment(date)
            server_time = told.value if told is not None and told.absolute else None
            window = named_window(headers) if reset is None else None
            self._texts = texts
            self._last = Reading(first_integer(limit), read_moment(reset), server_time, window)
        return self._last


def calls_left(headers: abc.Mapping[str, str]) -> int | None:
    """Give how many calls an answer says are left; None when it does not say."""
    text = headers.get("X-RateLimit-Remaining")
    if text is None:
        return None
    return int(text) if len(text) < 10 and text.isascii() and text.isdigit() else lowest_integer(text)


def named_window(headers: abc.Mapping[str, str]) -> float | None:
    """Give the length in seconds of the window an answer names; None when it names none that is known."""
    name = headers.get("X-RateLimit-Window")
    return None if name is None else WINDOW_SECONDS.get(name.strip().lower())


def asked_wait(now: float, headers: abc.Mapping[str, str], reading: Reading) -> float | None:
    """Give the seconds that a 429 asks to wait: its `Retry-After`, else its reset; None when it says neither."""
    server_now = now if reading.date is None else reading.date
    wait = seconds_from(read_moment(headers.get("Retry-After")), server_now)
    if wait is None:
        return reading.wait(now) if reading.dated else None
    return min(max(wait, 0.0), _ceiling(named_window(headers)))


def seconds_from(moment: Moment | None, server_now: float) -> float | None:
    """Give the seconds from the server's time to a moment."""
    if moment is None:
        return None
    return moment.value - server_now if moment.absolute else moment.value


def margin(wait: float) -> float:
    """Give the seconds to stay clear of a reset, which may have been rounded down; of an hour, a second is little."""
    return min(1.0, wait * 0.005)


def _ceiling(window: float | None) -> float:
    return 2 * window if window else CEILING
