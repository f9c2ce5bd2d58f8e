from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib

import pytest

from outreach_async.engine.concurrent_map import Outcome, map_concurrently
from outreach_async.protocol.errors import ConfigurationError, InvalidResponse


class Calls:
    """A function to map, which counts who is inside and ends when told."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.inside = self.most = self.cancelled = 0
        self.gates: dict[int, asyncio.Event] = {}

    async def at_once(self, item: int) -> int:
        self.started.append(item)
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        return item * 10

    async def when_told(self, item: int) -> int:
        self.started.append(item)
        try:
            await self.gates.setdefault(item, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return item * 10

    async def refusing_odd(self, item: int) -> int:
        if item % 2:
            raise InvalidResponse(f"no {item}")
        return item

    async def failing_at_three(self, item: int) -> int:
        await asyncio.sleep(0)
        if item == 3:
            raise ZeroDivisionError
        return item


async def numbers(count: int) -> abc.AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_every_item_has_one_outcome(concurrency: int) -> None:
    calls = Calls()
    for items in (range(20), numbers(20)):
        outcomes = [outcome async for outcome in map_concurrently(calls.at_once, items, concurrency=concurrency)]
        assert sorted(outcome.item for outcome in outcomes) == list(range(20))
        assert all(outcome.value == outcome.item * 10 and outcome.error is None for outcome in outcomes)
    assert calls.most <= concurrency


async def test_no_items_no_outcomes() -> None:
    assert [outcome async for outcome in map_concurrently(Calls().at_once, [], concurrency=4)] == []


async def test_outcomes_come_in_the_order_of_completion() -> None:
    calls, seen = Calls(), []
    outcomes = map_concurrently(calls.when_told, range(3), concurrency=3)
    first = asyncio.create_task(anext(outcomes))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    for number in (2, 0, 1):
        calls.gates[number].set()
        seen.append((await first).item)
        if len(seen) < 3:
            first = asyncio.create_task(anext(outcomes))
    assert seen == [2, 0, 1]
    await outcomes.aclose()


async def test_an_error_of_this_library_belongs_to_its_item() -> None:
    outcomes = [outcome async for outcome in map_concurrently(Calls().refusing_odd, range(4), concurrency=2)]
    assert {outcome.item for outcome in outcomes if isinstance(outcome.error, InvalidResponse)} == {1, 3}
    assert Outcome(0, value=0) in outcomes


async def test_any_other_exception_ends_the_loop() -> None:
    calls = Calls()
    with pytest.raises(ZeroDivisionError):
        async for _ in map_concurrently(calls.failing_at_three, range(1000), concurrency=2):
            pass
    assert len(asyncio.all_tasks()) == 1


async def test_an_exception_of_the_iterable_ends_the_loop_even_when_it_is_one_of_ours() -> None:
    async def broken() -> abc.AsyncIterator[int]:
        yield 1
        raise InvalidResponse("no next page")

    with pytest.raises(InvalidResponse):
        async for _ in map_concurrently(Calls().at_once, broken(), concurrency=2):
            pass


async def test_leaving_early_cancels_the_rest_and_closes_the_source() -> None:
    calls, closed = Calls(), []

    async def source() -> abc.AsyncIterator[int]:
        try:
            for number in range(100):
                yield number
        finally:
            closed.append(True)

    for number in range(100):
        calls.gates[number] = asyncio.Event()
    calls.gates[0].set()
    async with contextlib.aclosing(map_concurrently(calls.when_told, source(), concurrency=4)) as outcomes:
        async for outcome in outcomes:
            assert outcome.item == 0
            break
    assert closed == [True]
    assert calls.cancelled == len(calls.started) - 1
    assert len(asyncio.all_tasks()) == 1


async def test_a_loop_that_is_merely_left_is_cleaned_up_too() -> None:
    calls = Calls()
    calls.gates[0] = asyncio.Event()
    calls.gates[0].set()
    async for _ in map_concurrently(calls.when_told, range(10), concurrency=4):
        break
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_a_slow_reader_holds_the_workers_back() -> None:
    calls = Calls()
    outcomes = map_concurrently(calls.at_once, range(1000), concurrency=3)
    await anext(outcomes)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(calls.started) <= 1 + 3 + 3
    await outcomes.aclose()


async def test_cancelling_the_reader_cancels_the_calls() -> None:
    calls = Calls()

    async def read() -> None:
        async for _ in map_concurrently(calls.when_told, range(10), concurrency=4):
            pass

    reader = asyncio.create_task(read())
    while len(calls.started) < 4:
        await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert calls.cancelled == 4


async def test_calls_cancelled_from_outside_end_the_loop_with_an_error() -> None:
    async def cancelled(_: int) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(ConfigurationError):
        async for _ in map_concurrently(cancelled, range(10), concurrency=2):
            pass


@pytest.mark.parametrize("concurrency", [0, -1])
def test_concurrency_is_one_or_more(concurrency: int) -> None:
    with pytest.raises(ConfigurationError):
        map_concurrently(Calls().at_once, [], concurrency=concurrency)
