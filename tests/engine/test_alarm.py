from __future__ import annotations

import asyncio

import pytest

from outreach_async.engine.alarm import Alarm
from outreach_async.sandbox.clock import START, WoundClock


class Bell:
    """An alarm whose rings are kept with their times."""

    def __init__(self) -> None:
        self.clock = WoundClock()
        self.alarm: Alarm[str] = Alarm(self.clock, self.ring)
        self.rung: list[tuple[float, list[str]]] = []
        self.then: dict[str, tuple[str, float]] = {}

    def ring(self, keys: list[str]) -> None:
        self.rung.append((self.clock.now() - START, keys))
        for key in keys:
            if key in self.then:
                name, at = self.then[key]
                self.alarm.set(name, START + at)


@pytest.fixture
def bell() -> Bell:
    return Bell()


async def test_it_rings_once_for_each_key_at_its_time(bell: Bell) -> None:
    for key, at in (("late", 9), ("early", 3), ("too", 3)):
        bell.alarm.set(key, START + at)
    assert len(bell.alarm) == 3
    await bell.clock.advance(20)
    assert bell.rung == [(3, ["early", "too"]), (9, ["late"])]
    assert len(bell.alarm) == 0
    assert bell.clock.sleeping == 0


async def test_of_two_times_for_one_key_the_earlier_counts(bell: Bell) -> None:
    bell.alarm.set("key", START + 9)
    bell.alarm.set("other", START + 12)
    bell.alarm.set("key", START + 5)
    bell.alarm.set("key", START + 7)
    await bell.clock.advance(20)
    assert bell.rung == [(5, ["key"]), (12, ["other"])]


async def test_a_dropped_key_does_not_ring_and_the_timer_goes_with_the_last(bell: Bell) -> None:
    bell.alarm.set("a", START + 3)
    bell.alarm.set("b", START + 5)
    bell.alarm.drop("a")
    bell.alarm.drop("a")
    await bell.clock.advance(4)
    assert bell.rung == []
    assert bell.clock.sleeping == 1
    bell.alarm.drop("b")
    await asyncio.sleep(0)
    assert bell.clock.sleeping == 0
    await bell.clock.advance(10)
    assert bell.rung == []


async def test_ringing_may_set_the_next_time(bell: Bell) -> None:
    bell.then = {"a": ("b", 5), "b": ("a", 5)}
    bell.alarm.set("a", START + 3)
    await bell.clock.advance(4)
    bell.then = {"b": ("c", 1)}  # a time that is over already
    await bell.clock.advance(10)
    assert bell.rung == [(3, ["a"]), (5, ["b"]), (5, ["c"])]


async def test_keys_dropped_while_others_wait_leave_nothing_behind(bell: Bell) -> None:
    bell.alarm.set("a", START + 3)
    bell.alarm.set("b", START + 3)
    bell.alarm.set("c", START + 6)
    bell.alarm.drop("b")
    bell.alarm.set("d", START + 2)
    await bell.clock.advance(10)
    assert bell.rung == [(2, ["d"]), (3, ["a"]), (6, ["c"])]


async def test_a_timer_killed_from_outside_is_replaced(bell: Bell) -> None:
    bell.alarm.set("a", START + 3)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    bell.alarm.set("b", START + 4)
    await bell.clock.advance(10)
    assert bell.rung == [(3, ["a"]), (4, ["b"])]
