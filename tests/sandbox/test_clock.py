from __future__ import annotations

import asyncio

from outreach_async.engine.clock import SystemClock
from outreach_async.sandbox.clock import START, RunningClock, WoundClock


async def test_time_stands_still_until_it_is_advanced() -> None:
    clock = WoundClock()
    assert clock.now() == START
    await asyncio.sleep(0)
    assert clock.now() == START
    await clock.advance(10)
    assert clock.now() == START + 10


async def test_sleepers_wake_each_at_its_own_time_and_in_order() -> None:
    clock = WoundClock(0.0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))

    tasks = [asyncio.create_task(sleeper(name, s)) for name, s in (("b", 5.0), ("a", 2.0), ("c", 5.0), ("late", 50.0))]
    await clock.advance(10)
    assert woken == [("a", 2.0), ("b", 5.0), ("c", 5.0)]
    assert clock.sleeping == 1
    assert clock.next_wake == 50.0
    await clock.advance(40)
    await asyncio.gather(*tasks)
    assert clock.next_wake is None


async def test_a_sleeper_that_sleeps_again_is_woken_within_the_same_advance() -> None:
    clock = WoundClock(0.0)
    ticks: list[float] = []

    async def ticker() -> None:
        while True:
            await clock.sleep(3)
            ticks.append(clock.now())

    task = asyncio.create_task(ticker())
    await clock.advance(10)
    assert ticks == [3.0, 6.0, 9.0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert clock.next_wake is None


async def test_no_seconds_only_yield() -> None:
    clock = WoundClock()
    await clock.sleep(0)
    await clock.sleep(-5)
    assert clock.now() == START


async def test_auto_jumps_to_the_earliest_sleeper_when_everybody_waits() -> None:
    clock = WoundClock(0.0, auto=True)

    async def worker(seconds: float) -> float:
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.sleep(seconds)
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.sleep(seconds)
        return clock.now()

    ends = await asyncio.gather(*(worker(s) for s in (1.0, 60.0, 86_400.0)))
    assert ends == [2.0, 120.0, 172_800.0]


async def test_auto_waits_while_it_is_held() -> None:
    clock = WoundClock(0.0, auto=True)
    with clock.hold():
        task = asyncio.create_task(clock.sleep(5))
        for _ in range(200):
            await asyncio.sleep(0)
        assert not task.done()
    await task
    assert clock.now() == 5.0


async def test_auto_with_a_grace_lets_threads_finish_first() -> None:
    clock = WoundClock(0.0, auto=True, grace=0.05)
    sleeper = asyncio.create_task(clock.sleep(5))
    seen = await asyncio.to_thread(clock.now)
    assert seen == 0.0
    await sleeper
    assert clock.now() == 5.0


async def test_a_cancelled_sleeper_does_not_move_time() -> None:
    clock = WoundClock(0.0, auto=True)
    with clock.hold():
        task = asyncio.create_task(clock.sleep(5))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for _ in range(100):
        await asyncio.sleep(0)
    assert clock.now() == 0.0


async def test_advancing_a_clock_that_winds_itself_goes_no_further_than_told() -> None:
    clock = WoundClock(0.0, auto=True)
    with clock.hold():
        task = asyncio.create_task(clock.sleep(50))
        await clock.advance(10)
        assert (clock.now(), task.done()) == (10.0, False)
        await clock.advance(-5)
        assert clock.now() == 10.0
    await task
    assert clock.now() == 50.0


async def test_a_running_clock_is_real_time_that_can_be_moved_on() -> None:
    clock, real = RunningClock(), SystemClock()
    assert abs(clock.now() - real.now()) < 5
    sleepers = [asyncio.create_task(clock.sleep(seconds)) for seconds in (0, 600, 3600)]
    await asyncio.sleep(0.01)
    assert [sleeper.done() for sleeper in sleepers] == [True, False, False]
    await clock.advance(1800)
    await asyncio.sleep(0.01)
    assert [sleeper.done() for sleeper in sleepers] == [True, True, False]
    assert clock.now() - real.now() > 1790
    await clock.advance(1800)
    await asyncio.gather(*sleepers)
    cancelled = asyncio.create_task(clock.sleep(600))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    await clock.advance(1)
