"""How a quota is spent: the caller's wish as a value, and a quota's state as a value to print.

Nothing here counts; `quota` and `windows` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import ConfigurationError

Kind = Literal["burst", "even"]

PATIENCE = 3900.0
"""Seconds a call waits for its quota unless told otherwise: one hourly window, and five minutes for skewed clocks."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a quota is spent, and how much of it is left to others.

    A worked timeline, 10,000 calls an hour, 200 tasks with more work than that, 20 ms a call:

    - `burst` (the default): 0.00 s one call asks how much is left; 0.02 s its answer says 9,999, and from now on as
      many calls run as there are slots; at about 1 s the quota is spent, and everybody sleeps until the hour is over;
      then one call asks again. Work that fits into what is left never waits.
    - `even`: the first call asks likewise; then one call leaves every 0.36 s, until the hour is over and the next one
      asks. What is left is spread over what remains of the hour, so pauses are caught up and nothing is left unused.

    `reserve` is how many calls of every window are left for other programs of the same user. `patience` is the
    longest a call may wait for its quota, in seconds; a longer wait raises `QuotaExhausted` at once.
    """

    kind: Kind = "burst"
    reserve: int = 0
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        if self.kind not in ("burst", "even"):
            raise ConfigurationError(f"a pace is 'burst' or 'even', not {self.kind!r}")
        if self.reserve < 0:
            raise ConfigurationError(f"a reserve is a number of calls, 0 or more, not {self.reserve}")
        if not self.patience >= 0:
            raise ConfigurationError(f"patience is a number of seconds, 0 or more, not {self.patience}")

    @classmethod
    def burst(cls, *, reserve: int = 0, patience: float = PATIENCE) -> Pace:
        """Spend what is left as fast as it can be, then wait for the window to end."""
        return cls("burst", reserve, patience)

    @classmethod
    def even(cls, *, reserve: int = 0, patience: float = PATIENCE) -> Pace:
        """Spread what is left over what remains of the window."""
        return cls("even", reserve, patience)


@dataclass(frozen=True, slots=True)
class QuotaView:
    """A quota as it was believed at `at` (Unix seconds).

    `limit` and `remaining` count calls, `resets_at` is in Unix seconds; each is None while the server has not told it.
    `remaining` has the calls in flight taken off already.
    """

    subject: str
    limit: int | None
    remaining: int | None
    resets_at: float | None
    in_flight: int
    pace: Kind
    at: float

    def __str__(self) -> str:
        if self.remaining is None:
            left = "quota not known yet"
        elif self.limit is None:
            left = f"{self.remaining:,} left"
        else:
            left = f"{self.remaining:,} of {self.limit:,} left"
        if self.resets_at is None:
            return left
        return f"{left}, resets in {spoken(self.resets_at - self.at)}"


def spoken(seconds: float) -> str:
    """Give a duration as people say it: `12 s`, `31 min`, `2.5 h`."""
    if seconds < 100:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
