"""A limit that no header tells: so many calls in any so many seconds, counted here.

Declared from the documents (Kaia: 3 a second and 6,000 a day per organisation) or learned from a refusal that names
its window (PlanMySaaS). A call counts from when it leaves until the window's length after its *answer*: the server
counted it somewhere between, so no window of the server's, sliding or fixed, ever holds more than the limit.
"""

from __future__ import annotations

import collections.abc as abc
import math
from collections import deque

from .errors import ConfigurationError
from .instants import lowest_integer, wait_seconds
from .pace import Kind, QuotaView

MOMENT = 1e-6
"""Waits shorter than this are over: what is left of them is the rounding of a sum of Unix seconds."""


class Window:
    """At most `limit` calls in any `seconds`. A state machine: `now` (Unix seconds) is an argument, no clock is read.

    It keeps one number for each call of the window, at most `limit` of them. Raises ConfigurationError for a limit
    below 1, and for no time.
    """

    __slots__ = ("_answered", "_even_until", "_next_at", "_not_before", "in_flight", "limit", "seconds", "subject")

    def __init__(self, subject: str, limit: int, seconds: float) -> None:
        if limit < 1 or not seconds > 0:
            raise ConfigurationError(f"a window is 1 call or more in some seconds, not {limit} in {seconds} s")
        self.subject = subject
        self.limit = limit
        self.seconds = seconds
        self.in_flight = 0
        self._answered: deque[float] = deque()
        self._not_before = 0.0
        self._even_until = 0.0
        self._next_at = 0.0

    def wait(self, now: float) -> float:
        """Give the seconds until a call may go: 0 for at once, infinity when only an answer can tell."""
        self._forget(now)
        wait = (max(self._not_before, self._next_at) if now < self._even_until else self._not_before) - now
        if self.in_flight + len(self._answered) >= self.limit:
            wait = max(wait, self._answered[0] + self.seconds - now if self._answered else math.inf)
        return wait if wait > MOMENT else 0.0

    def least_wait(self, now: float) -> float:
        """Give the part of the wait that no answer to a call in flight can shorten."""
        wait = self.wait(now)
        return 0.0 if math.isinf(wait) else wait

    def spend(self, now: float) -> None:
        """Count a call that leaves now."""
        self.in_flight += 1
        if now < self._even_until:
            self._next_at = now + self.seconds / self.limit

    def refund(self) -> None:
        """Take back a call that never left."""
        self.in_flight -= 1

    def settle(self, now: float) -> None:
        """Count a call as ended; whether the server saw it is not known, so it counts."""
        self._forget(now)
        self.in_flight -= 1
        self._answered.append(now)

    def observe(self, now: float, status: int, headers: abc.Mapping[str, str]) -> None:
        """Count a call as answered; a 429 shuts the window as long as the answer asks, at most twice its length."""
        if status == 429:
            self.in_flight -= 1
            asked = wait_seconds(headers.get("Retry-After"), now=now, date=headers.get("Date"), ceiling=math.inf)
            self.shut(now, asked)
        else:
            self.settle(now)

    def shut(self, now: float, seconds: float | None) -> None:
        """Let nobody go for so many seconds, None for unknown, and spread the calls of the next window evenly.

        Somebody else spends from it too, or the server counts otherwise than the documents say.
        """
        pause = min(max(seconds or 0.0, self.seconds / self.limit), 2 * self.seconds)
        self._not_before = max(self._not_before, now + pause)
        self._even_until = self._not_before + self.seconds

    def view(self, now: float) -> QuotaView:
        """Give the window's state as a value; it resets when the last call counted leaves it."""
        self._forget(now)
        used = self.in_flight + len(self._answered)
        resets_at = self._answered[-1] + self.seconds if self._answered else None
        kind: Kind = "even" if now < self._even_until else "burst"
        return QuotaView(self.subject, self.limit, max(0, self.limit - used), resets_at, self.in_flight, kind, now)

    def _forget(self, now: float) -> None:
        answered, gone = self._answered, now - self.seconds + MOMENT
        while answered and answered[0] <= gone:
            answered.popleft()


class LearnedWindows:
    """The windows of one subject that its server named when it refused a call; none at first.

    A call spends from all of them, in the way it spends from one `Window`.
    """

    __slots__ = ("_subject", "_windows")

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._windows: dict[float, Window] = {}

    def __bool__(self) -> bool:
        return bool(self._windows)

    def learn(self, now: float, seconds: float | None, limit: int | None, in_flight: int, wait: float | None) -> None:
        """Keep count of a window from now on, with the calls in flight in it, and shut it for as long as was asked.

        Nothing is learned from a refusal that does not say the window's length and limit.
        """
        if seconds is None or not limit or limit < 0:
            return
        window = self._windows.get(seconds)
        if window is None or window.limit != limit:
            window = self._windows[seconds] = Window(self._subject, limit, seconds)
            window.in_flight = in_flight
        window.shut(now, wait)

    def wait(self, now: float) -> float:
        """Give the seconds until a call may go, as `Window.wait`."""
        return max((window.wait(now) for window in self._windows.values()), default=0.0)

    def spend(self, now: float) -> None:
        """Count a call that leaves now."""
        for window in self._windows.values():
            window.spend(now)

    def refund(self) -> None:
        """Take back a call that never left, or was refused."""
        for window in self._windows.values():
            window.refund()

    def settle(self, now: float) -> None:
        """Count a call as ended."""
        for window in self._windows.values():
            window.settle(now)


def refused_window(windows: abc.Sequence[Window], now: float, headers: abc.Mapping[str, str]) -> Window | None:
    """Tell which of a call's declared windows a 429 came from; None when the quota of the headers refused it.

    The headers speak of the user's quota. When it has calls left, a declared window refused: the shortest one that
    the wait asked for could come from. `Retry-After` may merely repeat `X-RateLimit-Reset`, and then says nothing.
    """
    left = lowest_integer(headers.get("X-RateLimit-Remaining"))
    if left is not None and left <= 0:
        return None
    asked = headers.get("Retry-After")
    if asked == headers.get("X-RateLimit-Reset"):
        asked = None
    wait = wait_seconds(asked, now=now, date=headers.get("Date"), ceiling=math.inf) or 0.0
    by_length = sorted(windows, key=lambda window: window.seconds)
    return next((window for window in by_length if wait <= 2 * window.seconds), by_length[-1] if by_length else None)
