"""When a failed handler runs again, and for how long it may hold up its resource: pure, jitter given.

Waits double from `first` to `ceiling` and are jittered in full, so that a thousand events that failed together do not
come back together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between the runs of one handler, in seconds."""

    first: float = 1.0
    ceiling: float = 60.0

    def longest(self, attempt: int) -> float:
        """Give the longest wait after this failed attempt; attempts count from 1."""
        return min(self.ceiling, self.first * 2.0 ** min(attempt - 1, 64))

    def wait(self, attempt: int, jitter: float) -> float:
        """Give the wait after this failed attempt, for a `jitter` from 0 to 1."""
        return jitter * self.longest(attempt)

    def window(self, attempt: int, *, retries: int, timeout: float) -> float:
        """Give the longest time from this failed attempt until the last one that `retries` allows has ended."""
        left = range(attempt, retries + 1)
        return sum(self.longest(number) + timeout for number in left)
