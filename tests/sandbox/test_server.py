from __future__ import annotations

import asyncio
import collections.abc as abc
import json
from typing import Any

import aiohttp
import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import RunningClock
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.server import Served

KEYS = {
    "outreach_base_url", "planmysaas_base_url", "control_url", "client_id", "client_secret", "redirect_uri",
    "refresh_token", "s2s_guid", "s2s_private_key", "install_id", "api_key", "api_keys", "outreach_webhook_secret",
    "planmysaas_webhook_secret",
}  # fmt: skip


@pytest.fixture
async def served() -> abc.AsyncIterator[Served]:
    async with Sandbox(prospects=5).serve() as served:
        yield served


@pytest.fixture
async def http() -> abc.AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def bearer(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.sandbox.access_token()}"}


async def test_both_services_stand_on_one_origin(served: Served, http: aiohttp.ClientSession) -> None:
    async with http.get(served.outreach_base_url + "/api/v2/prospects?page[size]=2", headers=bearer(served)) as answer:
        page = await answer.json(content_type=None)
        assert answer.status == 200
        assert answer.headers["X-RateLimit-Remaining"] == "9999"
        assert len(answer.headers.getall("Date")) == 1
        assert len(page["data"]) == 2
        assert page["links"]["next"].startswith(served.outreach_base_url + "/")
    key = {"Authorization": f"Bearer {served.sandbox.credentials.api_key}"}
    async with http.get(served.planmysaas_base_url + "/api/v1/outreach/me", headers=key) as answer:
        assert (await answer.json())["workspace"]["id"] == "ws_abc"
        assert answer.headers["X-Request-Id"]


async def test_links_lead_to_the_name_the_client_used(served: Served, http: aiohttp.ClientSession) -> None:
    url = f"http://localhost:{served.port}/api/v2/prospects?page[size]=1"
    async with http.get(url, headers=bearer(served)) as answer:
        assert json.loads(await answer.read())["links"]["next"].startswith(f"http://localhost:{served.port}/")


async def test_what_is_announced_are_origins_and_credentials(served: Served) -> None:
    told = served.announced()
    assert set(told) == KEYS
    assert set(told["api_keys"]) == {"no_scopes", "revoked", "free_plan"}
    assert told["outreach_base_url"] == f"http://127.0.0.1:{served.port}"
    assert "BEGIN PRIVATE KEY" in told["s2s_private_key"]
    json.dumps(told)


async def test_a_sign_in_over_the_wire(served: Served, http: aiohttp.ClientSession) -> None:
    known, base = served.sandbox.credentials, served.outreach_base_url
    query = {"client_id": known.client_id, "redirect_uri": known.redirect_uri, "response_type": "code", "state": "s"}
    async with http.get(base + "/oauth/authorize", params=query, allow_redirects=False) as answer:
        assert answer.status == 302
        code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
    form = {
        "client_id": known.client_id, "client_secret": known.client_secret, "redirect_uri": known.redirect_uri,
        "grant_type": "authorization_code", "code": code,
    }  # fmt: skip
    async with http.post(base + "/oauth/token", data=form) as answer:
        assert answer.status == 200
        assert (await answer.json())["token_type"] == "Bearer"
    del form["code"]
    refresh = form | {"grant_type": "refresh_token", "refresh_token": known.refresh_token}
    async with http.post(base + "/oauth/token", json=refresh) as answer:
        assert (answer.status, await answer.text()) == (429, "Retry later\n")
    await served.sandbox.advance(60)
    async with http.post(base + "/oauth/token", params=refresh) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("after", [0, 5, 100_000])
async def test_a_cut_answer_ends_before_it_is_whole(served: Served, http: aiohttp.ClientSession, after: int) -> None:
    served.sandbox.outreach.cut_next(after)
    async with http.get(served.outreach_base_url + "/api/v2/prospects", headers=bearer(served)) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_dropped_connection_gives_no_answer(served: Served, http: aiohttp.ClientSession) -> None:
    served.sandbox.outreach.cut_next(times=3)
    with pytest.raises(aiohttp.ClientError):
        await http.post(served.outreach_base_url + "/api/v2/prospects", headers=bearer(served), data=b"{}")
    assert len(served.sandbox.outreach.requests) == 1
    served.sandbox.outreach.heal()
    served.sandbox.outreach.refuse_next()
    with pytest.raises(aiohttp.ClientError):
        await http.post(served.outreach_base_url + "/api/v2/prospects", headers=bearer(served), data=b"{}")
    assert len(served.sandbox.outreach.requests) == 1


async def test_a_slow_answer_waits_for_the_clock_and_a_stop_does_not_wait_for_it(http: aiohttp.ClientSession) -> None:
    sandbox = Sandbox(prospects=5)
    async with sandbox.serve() as served:
        sandbox.outreach.slow_next(3600.0, times=2)
        url, headers = served.outreach_base_url + "/api/v2/users", bearer(served)
        slow = asyncio.create_task(http.get(url, headers=headers))
        while not sandbox.outreach.requests:
            await asyncio.sleep(0.01)
        assert not slow.done()
        await sandbox.advance(3600)
        assert (await slow).status == 200
        unfinished = asyncio.create_task(http.get(url, headers=bearer(served)))
        while len(sandbox.outreach.requests) < 2:
            await asyncio.sleep(0.01)
    unfinished.cancel()
    await asyncio.gather(unfinished, return_exceptions=True)


async def test_a_taken_port_is_told(served: Served) -> None:
    with pytest.raises(ConfigurationError, match=str(served.port)):
        async with Sandbox(prospects=1).serve(served.port):
            pass
    with pytest.raises(ConfigurationError):
        async with Sandbox(prospects=1).serve(99_999):
            pass


async def test_serving_puts_the_sandbox_on_real_time_and_keeps_its_tokens(http: aiohttp.ClientSession) -> None:
    sandbox = Sandbox(prospects=5)
    early = sandbox.access_token()
    async with sandbox.serve() as served:
        assert isinstance(sandbox.clock, RunningClock)
        headers = {"Authorization": f"Bearer {early}"}
        async with http.get(served.outreach_base_url + "/api/v2/users", headers=headers) as answer:
            assert answer.status == 200
        await sandbox.advance(7200)
        async with http.get(served.outreach_base_url + "/api/v2/users", headers=headers) as answer:
            assert answer.status == 401


async def test_junk_requests_get_an_answer(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /api/v2/%ff%zz?%%=&&a=%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer: Any = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401 ")
