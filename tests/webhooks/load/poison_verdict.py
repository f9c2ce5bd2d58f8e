"""What poison did to the others: compares what was sent with the file and with the handler's notes. Pure.

A good event is ready when it was received, or, behind poison of its own resource, when that poison was given up or
the retry window in which it may hold up its resource was over. What it waited since then, until the run began that
handled it, is its delay. The two kinds are told apart, so that those ahead of which no poison stood are seen alone.
"""

from __future__ import annotations

import collections.abc as abc
from collections import Counter
from dataclasses import dataclass

from tests.webhooks.load.delays import Delays, delays_of
from tests.webhooks.load.deliveries import Planned
from tests.webhooks.load.notes import Run
from tests.webhooks.load.stored import Stored

LIMIT = 1.0
"""Seconds after which an event that is ready counts as late."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of so many events.

    `lost` counts deliveries that are not on file, and good ones that were not handled; `doubled` those on file or
    handled more than once. `misjudged` counts events that are dead and no poison, or poison and not dead; `mistried`
    the poison that was not run as often as it should. `others` are the good events of other resources than poison's,
    `behind` those that had to wait for it, from when they had to no more, and `held` is the longest they waited in all.
    """

    events: int
    poison: int
    dead: int
    lost: int
    doubled: int
    misjudged: int
    mistried: int
    others: Delays
    behind: Delays
    held: float

    @property
    def late(self) -> int:
        """How many good events were late."""
        return self.others.late + self.behind.late

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.late + self.lost + self.doubled + self.misjudged + self.mistried

    def __str__(self) -> str:
        return f"events {self.events}, poison {self.poison}, dead {self.dead}, late {self.late}, lost {self.lost}"


def judge(
    planned: abc.Sequence[Planned], stored: abc.Sequence[Stored], runs: abc.Sequence[Run], retries: int, limit: float
) -> Verdict:
    """Compare. `stored` is in the order received."""
    sent = {each.number for each in planned}
    poison = {each.number: (retries + 1 if each.readable else 0) for each in planned if each.poison}
    copies = Counter(each.number for each in stored)
    effects = Counter(run.number for run in runs if run.done)
    tries = Counter(run.number for run in runs)
    dead = {each.number for each in stored if each.state == "dead"}
    others, behind, held = _waits(stored, poison.keys(), {run.number: run.started for run in runs if run.done})
    return Verdict(
        events=len(planned),
        poison=len(poison),
        dead=len(dead),
        lost=len((sent - copies.keys()) | (sent - poison.keys() - effects.keys())),
        doubled=sum(copies[number] > 1 or effects[number] > 1 for number in copies.keys() | effects.keys()),
        misjudged=len(dead ^ poison.keys()),
        mistried=sum(tries[number] != wanted for number, wanted in poison.items()),
        others=delays_of(others, limit),
        behind=delays_of(behind, limit),
        held=max(held, default=0.0),
    )


def _waits(
    stored: abc.Iterable[Stored], poison: abc.Set[int], started: abc.Mapping[int, float]
) -> tuple[list[float], list[float], list[float]]:
    """Give the delays of events that no poison stood before, those of the others, and how long these waited in all."""
    others: list[float] = []
    behind: list[float] = []
    held: list[float] = []
    free: dict[str, float] = {}
    for each in stored:
        freed_at = free.get(each.resource, 0.0)
        if each.number in poison:
            free[each.resource] = max(freed_at, each.released_at)
        elif each.number in started:
            began = started[each.number]
            if freed_at > each.received_at:
                behind.append(began - freed_at)
                held.append(began - each.received_at)
            else:
                others.append(began - each.received_at)
    return others, behind, held
