"""How much of a fixed window is used, and how often the server refuses, in simulated time."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from outreach_async.protocol.quota import Pace, Quota

START = 1_700_000_003.3
LENGTH = 10.0
TASKS = 200


@dataclass
class Simulation:
    """`pools` of 200 tasks each that never run out of work, one quota of `limit` calls in every ten seconds.

    Calls take 5 to 50 ms each way. `speed` is how many a second the server can answer, None for any number.
    """

    limit: int = 1500
    pools: int = 1
    speed: float | None = None
    pace: Pace = field(default_factory=Pace)
    granted: Counter[int] = field(default_factory=Counter)
    refused: Counter[tuple[int, int]] = field(default_factory=Counter)

    def run(self, seconds: float) -> Simulation:
        self.random = random.Random(7)
        self.quotas = [Quota(f"pool {number}", self.pace) for number in range(self.pools)]
        self.free = [TASKS] * self.pools
        self.wakes = [-math.inf] * self.pools
        self.server_free_at = START
        self.order = itertools.count()
        self.events: list[tuple[float, int, int, dict[str, str] | None, int]] = []
        for pool in range(self.pools):
            self.work(pool, START)
        while self.events and self.events[0][0] < START + seconds:
            now, _, pool, headers, status = heapq.heappop(self.events)
            if status == -1:
                self.answer(pool, now)
            elif headers is not None:
                self.free[pool] += 1
                self.quotas[pool].observe(now, status, headers)
            self.work(pool, now)
        return self

    def work(self, pool: int, now: float) -> None:
        quota = self.quotas[pool]
        while self.free[pool]:
            wait = quota.wait(now)
            if wait > 0:
                if wait < math.inf and not now < self.wakes[pool] <= now + wait:
                    self.wakes[pool] = now + wait
                    self.at(now + wait, pool)
                return
            quota.spend(now)
            self.free[pool] -= 1
            arrival = now + self.random.uniform(0.005, 0.05)
            if self.speed:
                self.server_free_at = arrival = max(arrival, self.server_free_at) + 1 / self.speed
            self.at(arrival, pool, status=-1)

    def answer(self, pool: int, now: float) -> None:
        window = int(now // LENGTH)
        granted = self.granted[window] < self.limit
        (self.granted if granted else self.refused)[window if granted else (pool, window)] += 1  # type: ignore[index]
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.granted[window]),
            "X-RateLimit-Reset": str(int((window + 1) * LENGTH)),
        }
        self.at(now + self.random.uniform(0.005, 0.05), pool, headers, 200 if granted else 429)

    def at(self, when: float, pool: int, headers: dict[str, str] | None = None, status: int = 0) -> None:
        heapq.heappush(self.events, (when, next(self.order), pool, headers, status))

    def used(self) -> float:
        """Give the part used of the windows that lie wholly inside the run."""
        whole = sorted(self.granted)[1:-1]
        return sum(self.granted[window] for window in whole) / (self.limit * len(whole))


@pytest.mark.parametrize("speed", [None, 150.0])
@pytest.mark.parametrize("limit", [100, 1000, 1500])
def test_one_pool_uses_what_is_granted_and_is_never_refused(limit: int, speed: float | None) -> None:
    simulation = Simulation(limit=limit, speed=speed).run(80)
    assert simulation.used() >= 0.98
    assert not simulation.refused


def test_an_even_pace_uses_nearly_as_much() -> None:
    simulation = Simulation(pace=Pace.even()).run(80)
    assert simulation.used() >= 0.98
    assert not simulation.refused


def test_of_two_pools_each_is_refused_no_more_than_the_other_has_slots_and_then_once_a_window_at_most() -> None:
    simulation = Simulation(pools=2).run(80)
    assert simulation.used() >= 0.98
    assert max(simulation.refused.values()) <= TASKS
    assert all(count <= 1 for (_, window), count in simulation.refused.items() if window > START // LENGTH)
