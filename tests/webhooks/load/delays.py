"""How long events waited, and how many of them too long."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delays:
    """The waits of so many events, in seconds, and how many of them were late."""

    count: int
    late: int
    most: float
    longest: float

    def __str__(self) -> str:
        return f"99.9 % within {self.most:.3f} s, longest {self.longest:.3f} s, late {self.late} of {self.count}"


def delays_of(waits: abc.Iterable[float], limit: float) -> Delays:
    """Sum up waits; one above `limit` seconds is late."""
    ordered = sorted(waits)
    late = sum(wait > limit for wait in ordered)
    if not ordered:
        return Delays(0, 0, 0.0, 0.0)
    return Delays(len(ordered), late, ordered[int(0.999 * (len(ordered) - 1))], ordered[-1])
