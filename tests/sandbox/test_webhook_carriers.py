"""How webhooks travel: over real connections on loopback, and what a served sandbox makes of them."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import json
import socket
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from outreach_async.sandbox.clock import RunningClock, WoundClock
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.webhook_carriers import HttpCarrier
from outreach_async.sandbox.webhook_ledger import Message
from outreach_async.sandbox.webhook_rules import Outcome


@dataclass
class Server:
    """A receiver on loopback: the last part of the path says what it answers."""

    port: int = 0
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    flaky: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.got.append((request.path, dict(request.headers), await request.read()))
        assert request.transport is not None
        match request.path.strip("/"):
            case "abort":
                request.transport.abort()
            case "never":
                await asyncio.sleep(30)
            case "elsewhere":
                raise web.HTTPFound(self.url("200"))
            case "flaky" if self.flaky:
                self.flaky -= 1
                return web.Response(status=503)
            case code if code.isdecimal():
                return web.Response(status=int(code))
        return web.Response()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
async def server() -> abc.AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{any}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


@pytest.fixture
async def carrier() -> abc.AsyncIterator[HttpCarrier]:
    clock = WoundClock(auto=True)
    made = HttpCarrier(lambda: clock, lambda: False)
    yield made
    await made.close()


def to(url: str) -> Message:
    return Message(url, (("Content-Type", "application/json"), ("X-PMS-Event", "lead.created")), b"{}")


@pytest.mark.parametrize(
    ("path", "outcome"),
    [("200", 200), ("204", 204), ("429", 429), ("500", 500), ("elsewhere", 302), ("abort", "reset")],
)
async def test_what_the_network_shows_is_told(
    server: Server, carrier: HttpCarrier, path: str, outcome: Outcome
) -> None:
    assert await carrier.carry(to(server.url(path)), 5.0) == outcome
    ((_, headers, body),) = server.got
    assert (headers["X-PMS-Event"], headers["Content-Type"], body) == ("lead.created", "application/json", b"{}")


async def test_no_answer_in_time_is_told(server: Server, carrier: HttpCarrier) -> None:
    assert await carrier.carry(to(server.url("never")), 0.05) == "timeout"


async def test_where_nobody_listens_is_told(carrier: HttpCarrier) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await carrier.carry(to(f"http://127.0.0.1:{taken.getsockname()[1]}/"), 5.0) == "refused"


async def test_a_host_that_is_not_known_is_told(carrier: HttpCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    assert await carrier.carry(to("http://receiver.invalid/"), 5.0) == "dns"
    refusing = HttpCarrier(RunningClock, lambda: True)
    assert await refusing.carry(to("http://receiver.invalid/"), 5.0) == "dns"
    await refusing.close()


async def test_private_addresses_are_refused_where_they_are(server: Server) -> None:
    refusing = HttpCarrier(RunningClock, lambda: True)
    assert await refusing.carry(to(server.url("200")), 5.0) == "private"
    assert await refusing.carry(to(f"http://localhost:{server.port}/200"), 5.0) == "private"
    await refusing.close()
    assert not server.got


async def post(session: aiohttp.ClientSession, url: str, document: object) -> Any:
    async with session.post(url, json=document) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_served_sandbox_posts_to_real_addresses(server: Server) -> None:
    sandbox = Sandbox(prospects=10, webhook_https="optional", webhook_waits=0.0001)
    async with sandbox.serve() as served, aiohttp.ClientSession() as session:
        control = served.control_url + "/_sandbox"
        sandbox.outreach.subscribe(server.url("200"))
        server.flaky = 2
        told = {"provider": "planmysaas", "url": server.url("flaky"), "secret": "mine"}
        assert await post(session, f"{control}/webhook", told) == {"url": server.url("flaky")}
        assert (await post(session, f"{control}/fire", {"event": "account.created"}))["changes"] == 1
        await post(session, f"{control}/fire", {"provider": "planmysaas", "event": "lead.created"})
        await sandbox.deliveries_settled()
        async with session.get(f"{control}/deliveries", params={"provider": "planmysaas"}) as answer:
            (entry,) = await answer.json()
    assert [one["outcome"] for one in entry["tries"]] == [503, 503, 200]
    assert sorted(path for path, _, _ in server.got) == ["/200", "/flaky", "/flaky", "/flaky"]


async def test_what_happens_by_itself_is_told_while_nobody_calls(server: Server) -> None:
    sandbox = Sandbox(prospects=10, webhook_https="optional")
    async with sandbox.serve():
        sandbox.outreach.subscribe(server.url("200"), resource="sequenceState", action="updated")
        sandbox.outreach.fire("sequenceState.created")
        assert isinstance(sandbox.clock, RunningClock)
        await sandbox.clock.advance(120)
        while not server.got:
            await asyncio.sleep(0.01)
    assert server.bodies()[0]["data"]["attributes"]["state"] == "active"
