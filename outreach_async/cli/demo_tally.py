"""What a demo saw of its own calls: how many were cured, and how long they waited for their quota."""

from __future__ import annotations

import collections.abc as abc
import itertools
import math
from dataclasses import dataclass

from ..engine.clock import Clock
from ..engine.observers import Attempt, Observer, Reason
from ..protocol.errors import OutreachError
from ..protocol.messages import Request

# Shorter waits are for a slot, or for the answer that tells the quota, and not for a new window.
_WORTH_TELLING = 0.25

# A new window lets all go that wait for it, one right after the other.
_TOGETHER = 0.25


@dataclass(frozen=True, slots=True)
class Waits:
    """How often calls stood still for a new window, and for how many seconds of the clock in all."""

    times: int
    seconds: float


class Tally(Observer):
    """Counts over all clients that it observes. `recovered` are calls that failed at least once and then succeeded.

    `tell` is told of the first call recovered from each kind of failure.
    """

    def __init__(self, clock: Clock, tell: abc.Callable[[str], None]) -> None:
        self.recovered = 0
        self.failures: dict[str, int] = {}
        self._clock = clock
        self._tell = tell
        self._failing: dict[int, str] = {}
        self._told: set[str] = set()
        self._waits: list[tuple[float, float]] = []

    def on_attempt(self, request: Request, attempt: Attempt) -> None:
        """Count a failed exchange by its kind."""
        if attempt.failure is not None:
            kind = type(attempt.failure).__name__
            self.failures[kind] = self.failures.get(kind, 0) + 1
            self._failing[id(request)] = kind

    def on_wait(self, request: Request, reason: Reason, seconds: float) -> None:
        """Keep when a call waited for its quota."""
        if reason == "quota" and seconds >= _WORTH_TELLING:
            now = self._clock.now()
            self._waits.append((now - seconds, now))

    def on_end(self, request: Request, error: OutreachError | None, seconds: float) -> None:
        """Count a call that was cured."""
        kind = self._failing.pop(id(request), None)
        if kind is None or error is not None:
            return
        self.recovered += 1
        if kind not in self._told:
            self._told.add(kind)
            self._tell(f"+ recovered from {kind}: {request.method} {request.route} went through at last")

    @property
    def waits(self) -> Waits:
        """The waits of all calls: those let go together are one, and each second counts once."""
        ends = sorted(end for _, end in self._waits)
        times = sum(later - earlier > _TOGETHER for earlier, later in itertools.pairwise((-math.inf, *ends)))
        return Waits(times, sum(end - start for start, end in _merged(sorted(self._waits))))


def _merged(spans: abc.Iterable[tuple[float, float]]) -> abc.Iterator[tuple[float, float]]:
    first: tuple[float, float] | None = None
    for start, end in spans:
        if first is None:
            first = (start, end)
        elif start <= first[1]:
            first = (first[0], max(first[1], end))
        else:
            yield first
            first = (start, end)
    if first is not None:
        yield first
