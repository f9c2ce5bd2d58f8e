"""Deliveries about a few hundred records, whose order can be told by their numbers, and which sender sends which."""

from __future__ import annotations

import random

from tests.webhooks.load.deliveries import Planned

LONGEST = 0.010
"""Seconds a handler takes at most."""

FAILING = 0.02
"""How many of the deliveries fail at their first try."""


def lanes(events: int, resources: int, senders: int, dice: random.Random) -> list[list[Planned]]:
    """Plan so many deliveries: a lane for each sender, in which records are mixed and the numbers of each rise.

    A record has one sender, which waits for every answer: its numbers are the order in which it is received.
    """
    told: list[list[Planned]] = [[] for _ in range(senders)]
    sender_of = {resource: dice.randrange(senders) for resource in range(1, resources + 1)}
    # The first round gives every record one, so that none is left out.
    first = dice.sample(sorted(sender_of), resources)
    for number in range(1, events + 1):
        resource = first[number - 1] if number <= resources else dice.randrange(resources) + 1
        fails = int(dice.random() < FAILING)
        told[sender_of[resource]].append(Planned(number, resource, dice.uniform(0.0, LONGEST), fails))
    return told


def copied(events: int, first: int, dice: random.Random) -> list[Planned]:
    """Plan deliveries of which copies are sent, numbered from `first` on, each about a record of its own."""
    return [Planned(number, number, dice.uniform(0.0, LONGEST)) for number in range(first, first + events)]
