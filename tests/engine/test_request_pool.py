from __future__ import annotations

import asyncio
import typing

import pytest

from outreach_async.engine.clock import SystemClock
from outreach_async.engine.request_pool import RequestPool
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.messages import NO_HEADERS, Request, Response
from outreach_async.protocol.quota import Pace
from outreach_async.protocol.retry import RetryBudget
from outreach_async.sandbox.clock import WoundClock


class Wire:
    """A transport that only takes note of being closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        return Response(200, NO_HEADERS, b"{}")

    async def close(self) -> None:
        self.closed += 1


class Call:
    """A task that is inside the pool until told to go on, or until cancelled."""

    def __init__(self, pool: RequestPool, *, depth: int = 1, stubborn: bool = False) -> None:
        self.go_on = asyncio.Event()
        self.cancelled = False
        self._stubborn = stubborn
        self.task = asyncio.create_task(self._run(pool, depth))

    async def _run(self, pool: RequestPool, depth: int) -> None:
        for _ in range(depth):
            pool.enter()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            if self._stubborn:
                await self.go_on.wait()
            raise
        finally:
            for _ in range(depth):
                pool.leave()


async def test_what_a_pool_is_made_of() -> None:
    clock, budget, wire = WoundClock(), RetryBudget(), Wire()
    pool = RequestPool(concurrency=7, pace=Pace.even(reserve=5), transport=wire, clock=clock, retry_budget=budget)
    assert pool.pacer.statistics().slots == 7
    assert pool.pace == Pace.even(reserve=5)
    assert (pool.clock, pool.retry_budget, pool.transport) == (clock, budget, wire)


async def test_its_defaults() -> None:
    pool = RequestPool()
    assert isinstance(pool.clock, SystemClock)
    assert pool.pace == Pace.burst()
    assert (pool.concurrency, pool.timeout, pool.retry_budget.left) == (40, 60.0, 500)
    assert type(pool.transport).__name__ == "AiohttpTransport"
    assert pool.transport is pool.transport
    await pool.close()


@pytest.mark.parametrize("arguments", [{"concurrency": 0}, {"timeout": 0}, {"timeout": float("nan")}])
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, typing.Any]) -> None:
    with pytest.raises(ConfigurationError):
        RequestPool(**arguments)


async def test_a_closed_pool_refuses_new_work_and_has_closed_its_transport_once() -> None:
    wire = Wire()
    async with RequestPool(transport=wire) as pool:
        assert not pool.closed
    await pool.close()
    assert pool.closed
    assert wire.closed == 1
    with pytest.raises(ConfigurationError):
        pool.enter()
    with pytest.raises(ConfigurationError):
        await pool.__aenter__()


async def test_a_closed_pool_makes_no_transport() -> None:
    pool = RequestPool()
    await pool.close()
    with pytest.raises(ConfigurationError):
        _ = pool.transport


async def test_closing_waits_for_the_calls_under_way() -> None:
    wire = Wire()
    pool = RequestPool(transport=wire)
    calls = [Call(pool), Call(pool, depth=2)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close(grace=60))
    for call in calls:
        await asyncio.sleep(0)
        assert not closing.done()
        assert wire.closed == 0
        call.go_on.set()
    await closing
    assert wire.closed == 1
    assert not any(call.cancelled for call in calls)


async def test_what_outlasts_the_grace_is_cancelled() -> None:
    wire = Wire()
    pool = RequestPool(transport=wire)
    call = Call(pool)
    await asyncio.sleep(0)
    await pool.close(grace=0)
    assert call.cancelled
    assert wire.closed == 1


async def test_a_call_that_will_not_be_cancelled_cannot_keep_the_pool_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outreach_async.engine.request_pool._LAST_WORDS", 0.0)
    wire = Wire()
    pool = RequestPool(transport=wire)
    call = Call(pool, stubborn=True)
    await asyncio.sleep(0)
    await pool.close(grace=0)
    assert wire.closed == 1
    call.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await call.task


async def test_a_call_may_close_the_pool_it_runs_in() -> None:
    wire = Wire()
    pool = RequestPool(transport=wire)
    other = Call(pool)
    await asyncio.sleep(0)
    pool.enter()
    try:
        await pool.close(grace=0)
    finally:
        pool.leave()
    assert other.cancelled
    assert wire.closed == 1


async def test_closing_that_is_cancelled_still_closes() -> None:
    wire = Wire()
    pool = RequestPool(transport=wire)
    call = Call(pool)
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close(grace=60))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert call.cancelled
    assert wire.closed == 1


def test_a_call_thrown_away_after_its_loop_has_ended_makes_no_noise() -> None:
    pool = RequestPool(transport=Wire())

    async def call() -> None:
        pool.enter()
        try:
            await asyncio.Event().wait()
        finally:
            pool.leave()

    loop = asyncio.new_event_loop()
    coroutine = call()

    async def start() -> None:
        coroutine.send(None)

    loop.run_until_complete(start())
    loop.close()
    coroutine.close()


async def test_its_map_is_the_free_one() -> None:
    async def double(number: int) -> int:
        return 2 * number

    async with RequestPool(transport=Wire()) as pool:
        outcomes = [outcome async for outcome in pool.map(double, range(3), concurrency=2)]
    assert sorted((outcome.item, outcome.value) for outcome in outcomes) == [(0, 0), (1, 2), (2, 4)]


async def test_closing_the_pool_inside_its_map_ends_the_loop() -> None:
    pool = RequestPool(transport=Wire())

    async def call(number: int) -> int:
        pool.enter()
        try:
            await asyncio.sleep(3600 if number else 0)
        finally:
            pool.leave()
        return number

    outcomes = pool.map(call, range(3), concurrency=3)
    assert (await anext(outcomes)).item == 0
    await pool.close(grace=0)
    with pytest.raises(ConfigurationError):
        await anext(outcomes)
