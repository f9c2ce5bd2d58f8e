"""Many waits under one timer: each ends by itself, at its deadline, or when somebody else cancels it."""

from __future__ import annotations

import asyncio

import pytest

from webhooks.deadlines import Deadlines


async def never() -> None:
    await asyncio.Event().wait()


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


async def test_a_wait_gives_what_it_waited_for() -> None:
    deadlines = Deadlines()
    assert await asyncio.gather(*(deadlines.wait(answer(), 5.0) for _ in range(100))) == [42] * 100


async def test_a_wait_ends_at_its_deadline_and_harms_no_other() -> None:
    deadlines = Deadlines()
    short = [asyncio.ensure_future(deadlines.wait(never(), 0.02)) for _ in range(3)]
    long = asyncio.ensure_future(deadlines.wait(never(), 60.0))
    ended = await asyncio.gather(*short, return_exceptions=True)
    assert [type(each) for each in ended] == [TimeoutError] * 3
    assert not long.done()
    long.cancel()
    await asyncio.wait([long])


async def test_the_deadline_is_told_as_such_and_the_task_goes_on() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await deadlines.wait(never(), 0.02)
    assert await deadlines.wait(answer(), 5.0) == 42


async def test_a_cancellation_from_elsewhere_is_no_deadline() -> None:
    deadlines = Deadlines()
    waiting = asyncio.ensure_future(deadlines.wait(never(), 60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert waiting.cancelled()


def test_it_serves_the_next_loop_too() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            asyncio.run(deadlines.wait(never(), 0.02))
        assert asyncio.run(deadlines.wait(answer(), 60.0)) == 42
