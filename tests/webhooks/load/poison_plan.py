"""Poison among good deliveries: which, where and of what kind, by dice."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.webhooks.load.deliveries import ALWAYS, Planned

PER_RESOURCE = 20
"""Deliveries about one record, on average."""

SECONDS = 0.002
"""What a good delivery's handler takes."""

_OWN = 1_000_000_000


def plan(events: int, share: float, dice: random.Random) -> list[Planned]:
    """Plan so many deliveries, a share of them poison: half raise, a quarter hang, a quarter cannot be read.

    One half of the poison hits records of its own, the other half records that good deliveries are about too. The
    same dice give the same good deliveries for every share.
    """
    resources = max(10, events // PER_RESOURCE)
    planned = [Planned(number, dice.randrange(resources) + 1, SECONDS) for number in range(1, events + 1)]
    chosen = dice.sample(range(events), round(events * share))
    for turn, place in enumerate(chosen):
        planned[place] = _poisoned(planned[place], turn)
    return planned


def _poisoned(good: Planned, turn: int) -> Planned:
    # The places are random already, so taking turns mixes kinds and records alike.
    at = replace(good, resource=_OWN + good.number) if turn // 4 % 2 else good
    if turn % 4 < 2:
        return replace(at, fails=ALWAYS)
    return replace(at, hangs=ALWAYS) if turn % 4 == 2 else replace(at, readable=False)
