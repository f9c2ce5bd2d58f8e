"""Many futures under one timer: each is told once, when it is done or at its deadline, whatever becomes of it later."""

from __future__ import annotations

import asyncio

from webhooks.deadlines import Deadlines


def futures(number: int) -> list[asyncio.Future[int]]:
    loop = asyncio.get_running_loop()
    return [loop.create_future() for _ in range(number)]


class Told:
    """Keeps what it was told, each with whether it was done by then."""

    def __init__(self) -> None:
        self.of: list[tuple[asyncio.Future[int], bool]] = []

    def __call__(self, future: asyncio.Future[int]) -> None:
        self.of.append((future, future.done()))

    async def until(self, number: int) -> list[tuple[asyncio.Future[int], bool]]:
        async with asyncio.timeout(20):
            while len(self.of) < number:
                await asyncio.sleep(0.01)
        return self.of


async def test_what_is_over_time_is_told_and_no_other() -> None:
    deadlines, told, short, long = Deadlines(), Told(), futures(3), futures(1)
    for future in short:
        deadlines.guard(future, 0.02, told)
    deadlines.guard(long[0], 60.0, told)
    assert await told.until(3) == [(future, False) for future in short]
    for future in short:
        future.set_result(1)
    await asyncio.sleep(0.1)
    assert len(told.of) == 3


async def test_what_is_done_in_time_is_told_then_and_not_again() -> None:
    deadlines, told, (future,) = Deadlines(), Told(), futures(1)
    deadlines.guard(future, 0.02, told)
    future.set_result(1)
    # Done before the look, and told after it.
    deadlines._look(asyncio.get_running_loop(), 0.02)
    assert await told.until(1) == [(future, True)]
    await asyncio.sleep(0.1)
    assert len(told.of) == 1


async def test_what_is_done_at_the_look_that_finds_it_over_time_is_told_once() -> None:
    deadlines, told, (future,) = Deadlines(), Told(), futures(1)
    deadlines.guard(future, -1.0, told)
    future.set_result(1)
    deadlines._look(asyncio.get_running_loop(), 60.0)
    await asyncio.sleep(0.1)
    assert told.of == [(future, True)]


async def test_what_is_released_is_told_when_it_is_done_alone() -> None:
    deadlines, told, (kept, guarded) = Deadlines(), Told(), futures(2)
    for future in (kept, guarded):
        deadlines.guard(future, 0.02, told)
    deadlines.release(kept)
    deadlines.release(kept)
    assert await told.until(1) == [(guarded, False)]
    kept.set_result(1)
    assert await told.until(2) == [(guarded, False), (kept, True)]


async def test_one_that_is_guarded_later_is_found_too() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        told, (future,) = Told(), futures(1)
        deadlines.guard(future, 0.02, told)
        assert await told.until(1) == [(future, False)]


def test_it_serves_the_next_loop_too() -> None:
    deadlines = Deadlines()

    async def guard() -> bool:
        told, (left, ended) = Told(), futures(2)
        deadlines.guard(left, 60.0, told)
        deadlines.guard(ended, 0.02, told)
        return await told.until(1) == [(ended, False)]

    assert [asyncio.run(guard()) for _ in range(2)] == [True, True]
