"""Whether effects came in the order received, and once each: compares what was sent with the handler's notes. Pure."""

from __future__ import annotations

import collections.abc as abc
from collections import Counter
from dataclasses import dataclass

from tests.webhooks.load.deliveries import Planned
from tests.webhooks.load.notes import Run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of so many events.

    `disordered` counts effects that came after one of a later event of their resource, `overlapping` those whose run
    began before the one before it of the resource had ended. `speed_up` is how much longer the handlers alone would
    have taken one at a time than the receiver took with all of it.
    """

    events: int
    effects: int
    missing: int
    doubled: int
    disordered: int
    overlapping: int
    failed_tries: int
    speed_up: float

    @property
    def violations(self) -> int:
        """How often the order was not kept."""
        return self.disordered + self.overlapping

    @property
    def effects_per_event(self) -> float:
        """How many effects an event had, on average; `missing` and `doubled` tell what that may hide."""
        return self.effects / max(1, self.events)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.violations + self.missing + self.doubled

    def __str__(self) -> str:
        return (
            f"effects missing {self.missing}, doubled {self.doubled}, out of order {self.disordered},"
            f" overlapping {self.overlapping}; tries that failed {self.failed_tries}\n"
            f"events {self.events}, violations {self.violations},"
            f" effects per event {self.effects_per_event:g}, speed-up {self.speed_up:.1f}"
        )


def judge(planned: abc.Sequence[Planned], runs: abc.Sequence[Run]) -> Verdict:
    """Compare. `runs` is in the order in which they ended; the numbers of a resource rise as it was received."""
    sent = {each.number: each for each in planned}
    effects = Counter(run.number for run in runs if run.done)
    disordered, overlapping = _violations(sent, runs)
    return Verdict(
        events=len(sent),
        effects=effects.total(),
        missing=len(sent.keys() - effects.keys()),
        doubled=sum(count > 1 for count in effects.values()),
        disordered=disordered,
        overlapping=overlapping,
        failed_tries=sum(not run.done for run in runs),
        speed_up=_speed_up(sent, runs),
    )


def _violations(sent: abc.Mapping[int, Planned], runs: abc.Iterable[Run]) -> tuple[int, int]:
    """Count the effects that came too late for the order, and the runs that began too early for it.

    A run that fails counts with the latter: nothing of the same resource may run beside it either.
    """
    last: dict[int, int] = {}
    ended: dict[int, float] = {}
    disordered = overlapping = 0
    for run in runs:
        resource = sent[run.number].resource
        overlapping += run.started < ended.get(resource, 0.0)
        ended[resource] = run.ended
        if run.done:
            disordered += run.number < last.get(resource, 0)
            last[resource] = max(run.number, last.get(resource, 0))
    return disordered, overlapping


def _speed_up(sent: abc.Mapping[int, Planned], runs: abc.Sequence[Run]) -> float:
    """Compare what the handlers were told to take, which no load of the machine prolongs, with what all took."""
    if not runs:
        return 0.0
    took = max(run.ended for run in runs) - min(run.started for run in runs)
    return sum(sent[run.number].seconds for run in runs) / took if took else 0.0
