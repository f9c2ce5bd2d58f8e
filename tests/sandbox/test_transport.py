from __future__ import annotations

import asyncio

import pytest

from outreach_async.protocol.errors import ConfigurationError, ConnectionFailed, TimedOut
from outreach_async.protocol.messages import Request
from outreach_async.sandbox.clock import START, WoundClock
from outreach_async.sandbox.sandbox import Sandbox

PROSPECTS = Request("GET", "https://api.outreach.io", "/api/v2/prospects", "page%5Bsize%5D=2", route="/prospects")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(prospects=5)


async def test_a_request_is_answered_with_the_services_headers(sandbox: Sandbox) -> None:
    response = await sandbox.transport().send(PROSPECTS, f"Bearer {sandbox.access_token()}")
    assert response.status == 200
    assert response.headers["x-ratelimit-remaining"] == "9999"
    assert response.headers["date"] == "Sun, 22 Nov 2026 00:00:00 GMT"
    assert sandbox.outreach.requests[-1].query == (("page[size]", "2"),)


async def test_other_origins_are_not_reached(sandbox: Sandbox) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await sandbox.transport().send(Request("GET", "https://evil.example", "/api/v2/prospects"), "Bearer x")
    assert not caught.value.reached
    assert not sandbox.outreach.requests


async def test_a_slow_answer_takes_its_time_and_no_more_than_the_timeout(sandbox: Sandbox) -> None:
    transport, token = sandbox.transport(), f"Bearer {sandbox.access_token()}"
    sandbox.outreach.slow_next(9.0)
    assert (await transport.send(PROSPECTS, token, 10.0)).status == 200
    assert sandbox.clock.now() == START + 9
    sandbox.outreach.slow_next(100.0, times=2)
    with pytest.raises(TimedOut):
        await transport.send(PROSPECTS, token, 10.0)
    assert sandbox.clock.now() == START + 19
    with pytest.raises(TimedOut):
        await transport.send(PROSPECTS, token)
    assert sandbox.clock.now() == START + 79


async def test_cut_and_refused_connections(sandbox: Sandbox) -> None:
    transport, token = sandbox.transport(), f"Bearer {sandbox.access_token()}"
    sandbox.outreach.cut_next(5)
    with pytest.raises(ConnectionFailed) as cut:
        await transport.send(PROSPECTS, token)
    sandbox.outreach.refuse_next()
    with pytest.raises(ConnectionFailed) as refused:
        await transport.send(PROSPECTS, token)
    assert (cut.value.reached, refused.value.reached) == (True, False)
    assert len(sandbox.outreach.requests) == 1


async def test_a_closed_transport_takes_nothing(sandbox: Sandbox) -> None:
    transport = sandbox.transport()
    await transport.close()
    with pytest.raises(ConfigurationError):
        await transport.send(PROSPECTS, None)


async def test_many_at_once_share_the_clock() -> None:
    sandbox = Sandbox(prospects=5, clock=WoundClock(0.0, auto=True))
    transport, token = sandbox.transport(), f"Bearer {sandbox.access_token()}"
    sandbox.outreach.slow_next(3.0, times=-1)
    await asyncio.gather(*(transport.send(PROSPECTS, token) for _ in range(20)))
    assert sandbox.clock.now() == 3.0
