"""How many requests a subject has left, counted as the simulated service counts them, and the headers that tell it.

Windows begin and end at full seconds, since the service writes its resets as integers. A refused request spends
nothing. Which subjects a call spends from is decided by the caller.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import math
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate

from ..protocol.messages import Response
from .calls import error_answer
from .switches import Rate, Switches

_KEPT_WINDOWS = 1000
# `X-RateLimit-Remaining: 9999, 19988` is what was seen in the wild: the second limiter is some way ahead.
_SECOND_LIMITER_AHEAD = 11


@dataclass(frozen=True, slots=True)
class Spent:
    """What one request found: whether it may pass, and what its subject has left until `resets_at` (Unix seconds)."""

    limit: int
    remaining: int
    resets_at: float
    allowed: bool


@dataclass(slots=True)
class WindowUse:
    """How one window was used: the requests it let pass and those it refused."""

    start: float
    used: int = 0
    refused: int = 0


class FixedWindow:
    """Counts in windows of a fixed length; each begins with the first request after the last one ended."""

    __slots__ = ("_aligned", "_ends", "_rate", "_use", "history")

    def __init__(self, rate: Rate, *, aligned: bool = False) -> None:
        self._rate = rate
        self._aligned = aligned
        self._ends = -math.inf
        self._use = WindowUse(0.0)
        self.history: deque[WindowUse] = deque(maxlen=_KEPT_WINDOWS)

    def take(self, now: float) -> Spent:
        """Spend one request, if there is one."""
        if now >= self._ends:
            self._open(now)
        limit, use = self._rate.limit, self._use
        if use.used >= limit:
            use.refused += 1
            return Spent(limit, 0, self._ends, allowed=False)
        use.used += 1
        return Spent(limit, limit - use.used, self._ends, allowed=True)

    def _open(self, now: float) -> None:
        seconds = self._rate.seconds
        start = now // seconds * seconds if self._aligned else math.floor(now)
        self._ends = start + seconds
        self._use = WindowUse(start)
        self.history.append(self._use)


class SlidingWindow:
    """Counts the requests of the last so many seconds."""

    __slots__ = ("_passed", "_rate", "_use", "history")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._passed: deque[float] = deque()
        self._use = WindowUse(0.0)
        self.history: deque[WindowUse] = deque([self._use], maxlen=1)

    def take(self, now: float) -> Spent:
        """Spend one request, if fewer than the limit lie within the last window."""
        limit, seconds, passed = self._rate.limit, self._rate.seconds, self._passed
        while passed and passed[0] <= now - seconds:
            passed.popleft()
        if len(passed) >= limit:
            self._use.refused += 1
            return Spent(limit, 0, (passed[0] if passed else now) + seconds, allowed=False)
        passed.append(now)
        self._use.used += 1
        return Spent(limit, limit - len(passed), passed[0] + seconds, allowed=True)


class Quotas:
    """The quotas of one simulated service, by subject. Switching `window` or a rate begins all counts anew."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._windows: dict[tuple[str, Rate], FixedWindow | SlidingWindow] = {}

    @property
    def switches(self) -> Switches:
        """The switches these quotas go by."""
        return self._switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._switches = switches
        self.clear()

    def clear(self) -> None:
        """Forget what was spent."""
        self._windows.clear()

    def spend(self, subject: str, rate: Rate, now: float) -> Spent:
        """Spend one request of a subject. A rate with limit 0 refuses nothing."""
        if not rate.limit:
            return Spent(0, 0, now + rate.seconds, allowed=True)
        window = self._windows.get((subject, rate))
        if window is None:
            window = self._windows[subject, rate] = self._open(rate)
        return window.take(now)

    def history(self, subject: str) -> tuple[WindowUse, ...]:
        """Give how a subject's windows were used, the oldest kept first; a sliding one counts as one."""
        return tuple(use for (name, _), window in self._windows.items() if name == subject for use in window.history)

    def subjects(self) -> tuple[str, ...]:
        """Name every subject that spent anything."""
        return tuple(dict.fromkeys(name for name, _ in self._windows))

    def headers(self, spent: Spent, now: float) -> list[tuple[str, str]]:
        """Give the X-RateLimit headers of an answer, and Retry-After, their alias, on a refusal."""
        tell = self._switches.rate_headers
        if tell == "never" or (tell == "limited" and spent.allowed) or not spent.limit:
            return []
        reset = self.reset_text(spent.resets_at, now)
        remaining = str(spent.remaining)
        if self._switches.merged_headers:
            remaining = f"{remaining}, {max(0, spent.limit + spent.remaining - _SECOND_LIMITER_AHEAD)}"
        told = [
            ("X-RateLimit-Limit", str(spent.limit)),
            ("X-RateLimit-Remaining", remaining),
            ("X-RateLimit-Reset", reset),
        ]
        return told if spent.allowed else [*told, ("Retry-After", reset)]

    def reset_text(self, at: float, now: float) -> str:
        """Write a moment as X-RateLimit-Reset has it; never earlier than the moment itself."""
        whole = math.ceil(at)
        match self._switches.reset_format:
            case "epoch":
                return str(whole)
            case "delta":
                return str(max(0, math.ceil(at - now)))
            case "iso":
                return iso_text(whole)
            case "http_date":
                return formatdate(whole, usegmt=True)

    def _open(self, rate: Rate) -> FixedWindow | SlidingWindow:
        if self._switches.window == "sliding":
            return SlidingWindow(rate)
        return FixedWindow(rate, aligned=self._switches.window_start == "aligned")


def refusal(spent: Spent, headers: abc.Iterable[tuple[str, str]] = ()) -> Response:
    """Give Outreach's 429 in its own words ("Outreach, getting started")."""
    again = dt.datetime.fromtimestamp(math.ceil(spent.resets_at), dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    detail = f"You have exceeded your permitted rate limit of {spent.limit:,}; please try again at {again}."
    return error_answer(429, "rateLimitExceeded", "Rate Limit Exceeded", detail, headers=headers)


def iso_text(at: float) -> str:
    """Write a moment as ISO 8601 in UTC, at full seconds."""
    return dt.datetime.fromtimestamp(math.ceil(at), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
