"""Many futures under one timer: each ends by itself, at its deadline, or when somebody else cancels it."""

from __future__ import annotations

import asyncio

from webhooks.deadlines import Deadlines


def futures(number: int) -> list[asyncio.Future[int]]:
    loop = asyncio.get_running_loop()
    return [loop.create_future() for _ in range(number)]


async def test_what_is_over_time_is_cancelled_and_no_other() -> None:
    deadlines, short, long = Deadlines(), futures(3), futures(1)
    for future in short:
        deadlines.guard(future, 0.02)
    deadlines.guard(long[0], 60.0)
    await asyncio.wait(short)
    assert [future.cancelled() for future in short] == [True] * 3
    assert not long[0].done()


async def test_what_is_released_lives_on() -> None:
    deadlines, (kept, guarded) = Deadlines(), futures(2)
    for future in (kept, guarded):
        deadlines.guard(future, 0.02)
    deadlines.release(kept)
    deadlines.release(kept)
    await asyncio.wait([guarded])
    assert not kept.done()


async def test_one_that_is_guarded_later_is_found_too() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        (future,) = futures(1)
        deadlines.guard(future, 0.02)
        await asyncio.wait([future])
        assert future.cancelled()


def test_it_serves_the_next_loop_too() -> None:
    deadlines = Deadlines()

    async def guard() -> bool:
        left, ended = futures(2)
        deadlines.guard(left, 60.0)
        deadlines.guard(ended, 0.02)
        await asyncio.wait([ended])
        return ended.cancelled()

    assert [asyncio.run(guard()) for _ in range(2)] == [True, True]
