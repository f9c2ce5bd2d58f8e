"""Plants a believable organisation: the same seed and size give the same rows, and every reference leads somewhere.

In proportion to the prospects come accounts, addresses, numbers, enrolments, mailings, calls, tasks and the rest;
what an administrator sets up is there whatever the size. Rows are put down as they would stand after years of use,
past all rules and listeners. The newest is older than the sandbox's clock.
"""

from __future__ import annotations

import random

from .seed_activity import plant_activity
from .seed_people import plant_people
from .seed_settings import plant_settings
from .soil import Soil
from .store import Store


def plant(store: Store, *, prospects: int, seed: int) -> None:
    """Fill an empty store with so many prospects and everything that comes with them."""
    soil = Soil(store, random.Random(seed))  # noqa: S311  # made-up people need no secrecy
    plant_settings(soil, users=5 + min(45, prospects // 500), sequences=10 + min(90, prospects // 1000))
    plant_people(soil, prospects)
    plant_activity(soil)
