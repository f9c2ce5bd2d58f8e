"""The order of each record's events, under random delays, failures and retries; and one effect of many copies.

Deliveries come as fast as they are taken, so that most of the time there is more to do than may be done at a time.
The copies are sent while the worker is still busy with what came before.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.webhooks.load import notes, order_plan
from tests.webhooks.load.order_verdict import Verdict, judge
from tests.webhooks.load.process import serving, worked_off
from tests.webhooks.load.receiver import NOTES, Terms
from tests.webhooks.load.senders import at_once, in_turn

SENDERS = 8
COPYING = 4
"""Senders that share the copies of a delivery."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events sent once, and of those sent as many copies."""

    once: Verdict
    copied: Verdict
    copies: int

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.once.good and self.copied.good

    def __str__(self) -> str:
        return (
            f"{self.copied.events} deliveries sent {self.copies} times each at once:"
            f" effects per event {self.copied.effects_per_event:g}, missing {self.copied.missing}\n{self.once}"
        )


async def run(
    folder: Path, events: int, *, resources: int, copied: int, copies: int, terms: Terms, seed: int
) -> Outcome:
    """Send in order, then copies, and compare."""
    dice = random.Random(seed)
    lanes = order_plan.lanes(events, resources, SENDERS, dice)
    repeated = order_plan.copied(copied, events + 1, dice)
    async with serving(folder, terms) as port:
        await in_turn(port, lanes)
        await at_once(port, repeated, copies, COPYING)
        await worked_off(folder)
    runs = notes.read(folder / NOTES)
    once = judge(list(chain.from_iterable(lanes)), [run for run in runs if run.number <= events])
    return Outcome(once, judge(repeated, [run for run in runs if run.number > events]), copies)
