"""The hourly quota: used whole and never passed, alone and with another spender."""

import asyncio
import random

import pytest

from outreach_async import QuotaExhausted
from outreach_async.protocol.pace import Pace
from outreach_async.sandbox import Sandbox

TASKS = 200


def counts(sandbox):
    """Give what was granted and refused of each of the user's windows, the last one left out: it is not over."""
    windows = sandbox.outreach.statistics()["windows"]["user:ada"]
    return [window["used"] for window in windows][:-1], sum(window["refused"] for window in windows)


async def spend(api, sandbox, calls, *, tasks=TASKS):
    """Make calls from many tasks at once, each taking 5 to 25 ms."""

    async def call(number: int) -> None:
        await api.prospects.get(number % 20 + 1)

    async for outcome in api.map(call, range(calls), concurrency=tasks):
        assert outcome.error is None


@pytest.fixture
def sandbox():
    return Sandbox(prospects=20, quota="1000/10")


async def test_two_hundred_tasks_use_a_quota_whole_and_never_pass_it(sandbox):
    async with sandbox.client(pool=sandbox.pool(concurrency=40)) as api:
        await spend(api, sandbox, 4500)
    used, refused = counts(sandbox)
    assert refused == 0
    assert sandbox.outreach.over_limit == 0
    assert len(used) >= 4
    assert all(window >= 980 for window in used), used


async def test_a_reserve_is_left_for_others(sandbox):
    pool = sandbox.pool(concurrency=40, pace=Pace.burst(reserve=100))
    async with sandbox.client(pool=pool) as api:
        await spend(api, sandbox, 2500)
    used, refused = counts(sandbox)
    assert refused == 0
    assert all(890 <= window <= 900 for window in used), used


async def test_another_spender_costs_no_more_than_its_slots(sandbox):
    """Two pools know nothing of each other: each passes the limit by at most the other's slots a window."""
    slots = 20
    pools = [sandbox.pool(concurrency=slots) for _ in range(2)]
    clients = [sandbox.client(pool=pool) for pool in pools]
    await asyncio.gather(*(spend(api, sandbox, 1500) for api in clients))
    windows = sandbox.outreach.statistics()["windows"]["user:ada"]
    assert all(window["refused"] <= 2 * slots for window in windows), windows
    assert sum(window["used"] for window in windows) >= 3000
    for pool in pools:
        await pool.close()


async def test_a_sliding_window_is_met_by_an_even_pace():
    sandbox = Sandbox(prospects=20, quota="100/10", window="sliding")
    async with sandbox.client(pool=sandbox.pool(concurrency=10, pace=Pace.even())) as api:
        await spend(api, sandbox, 450, tasks=20)
    assert sandbox.outreach.over_limit <= 10


@pytest.mark.parametrize("reset_format", ["epoch", "delta", "iso", "http_date"])
@pytest.mark.parametrize("merged_headers", ["on", "off"])
async def test_every_form_of_the_headers_is_understood(reset_format, merged_headers):
    sandbox = Sandbox(prospects=20, quota="100/10", reset_format=reset_format, merged_headers=merged_headers)
    async with sandbox.client(pool=sandbox.pool(concurrency=10)) as api:
        await spend(api, sandbox, 450, tasks=30)
    assert sandbox.outreach.over_limit == 0


async def test_a_server_that_tells_nothing_is_not_waited_for():
    sandbox = Sandbox(prospects=20, rate_headers="never")
    async with sandbox.client(pool=sandbox.pool(concurrency=10)) as api:
        began = sandbox.clock.now()
        await spend(api, sandbox, 300, tasks=30)
        assert sandbox.clock.now() - began < 60


async def test_every_tenant_has_its_own_quota(sandbox):
    async with sandbox.pool(concurrency=40) as pool:
        ada, bob = sandbox.client(pool=pool), sandbox.client(user="bob", pool=pool)
        began = sandbox.clock.now()
        await asyncio.gather(spend(ada, sandbox, 950, tasks=50), spend(bob, sandbox, 950, tasks=50))
        assert sandbox.clock.now() - began < 10
    assert sandbox.outreach.over_limit == 0


async def test_an_interactive_call_does_not_wait_behind_the_nightly_job(sandbox):
    async with sandbox.client(pool=sandbox.pool(concurrency=2)) as api:
        job = asyncio.create_task(spend(api, sandbox, 600, tasks=200))
        while len(sandbox.outreach.requests) < 100:
            await asyncio.sleep(0)
        before = len(sandbox.outreach.requests)
        await api.with_options(lane="interactive").prospects.get(3)
        assert len(sandbox.outreach.requests) - before < 20
        await job


async def test_who_will_not_wait_is_told_when_the_quota_is_back():
    sandbox = Sandbox(prospects=20, quota="10/3600")
    async with sandbox.client() as api:
        await spend(api, sandbox, 10, tasks=1)
        began = sandbox.clock.now()
        with pytest.raises(QuotaExhausted) as caught:
            await api.with_options(patience=60).prospects.get(1)
        assert began + 3000 < caught.value.resets_at <= began + 3601
        assert sandbox.clock.now() - began < 1
    assert sandbox.outreach.over_limit == 0


async def test_cancelled_waiters_harm_nobody(sandbox):
    async with sandbox.client(pool=sandbox.pool(concurrency=5)) as api:
        source = random.Random(3)
        tasks = [asyncio.create_task(api.prospects.get(number % 20 + 1)) for number in range(300)]
        await asyncio.sleep(0)
        for task in source.sample(tasks, 150):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, asyncio.CancelledError) for result in results) >= 100
        assert not [r for r in results if isinstance(r, Exception)]
        assert api._pool.pacer.statistics().busy == 0
        await api.prospects.get(1)


async def test_the_loop_may_be_left_in_mid_walk(sandbox):
    async with sandbox.client() as api:
        async for _ in api.map(api.prospects.get, range(1, 21), concurrency=5):
            break
        for _ in range(20):
            await asyncio.sleep(0)
        assert api._pool.pacer.statistics().busy == 0
