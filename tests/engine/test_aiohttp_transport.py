"""Whole answers, bounded in size and time, over real loopback connections."""

import asyncio
import gzip
import importlib.metadata

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from outreach_async.engine import aiohttp_transport
from outreach_async.engine.aiohttp_transport import AiohttpTransport
from outreach_async.protocol.errors import ConfigurationError, ConnectionFailed, InvalidResponse, TimedOut
from outreach_async.protocol.messages import FORM, Request


class Seen:
    """A server whose answer is a function, and what it was sent."""

    def __init__(self, answer):
        self.answer = answer
        self.requests: list[web.BaseRequest] = []

    async def __aenter__(self):
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            await request.read()
            return await self.answer(request)

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        self.server = TestServer(app, host="127.0.0.1")
        await self.server.start_server()
        self.origin = str(self.server.make_url("/")).rstrip("/")
        return self

    async def __aexit__(self, *_):
        await self.server.close()


@pytest.fixture
async def transport():
    made = AiohttpTransport(cap=1_000_000)
    yield made
    await made.close()


async def plain(_):
    return web.json_response({"data": []}, headers={"X-RateLimit-Remaining": "9999"})


async def test_a_request_arrives_as_it_was_encoded(transport):
    async with Seen(plain) as seen:
        query = "page%5Bafter%5D=a%2Bb%3D%3D&filter%5Bname%5D=x%20y"
        answer = await transport.send(Request("GET", seen.origin, "/api/v2/prospects", query), "Bearer t")

    (request,) = seen.requests
    assert request.raw_path == f"/api/v2/prospects?{query}"
    assert request.headers["Authorization"] == "Bearer t"
    assert request.headers["Content-Type"] == request.headers["Accept"] == "application/vnd.api+json"
    assert request.headers["User-Agent"].startswith("outreach-async/")
    assert (answer.status, answer.body, answer.headers["x-ratelimit-remaining"]) == (200, b'{"data": []}', "9999")


async def test_a_body_goes_with_its_media_type_and_no_credential_is_invented(transport):
    async with Seen(plain) as seen:
        await transport.send(Request("POST", seen.origin, "/oauth/token", body=b"a=1", media_type=FORM), None)
    assert seen.requests[0].headers["Content-Type"] == FORM
    assert seen.requests[0].headers["Accept"] == "application/json"
    assert "Authorization" not in seen.requests[0].headers


async def test_a_redirect_is_an_answer_and_not_followed(transport):
    async def away(request):
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})

    async with Seen(away) as seen:
        answer = await transport.send(Request("GET", seen.origin, "/"), "Bearer t")
    assert answer.status == 302
    assert len(seen.requests) == 1


async def test_a_compressed_answer_is_opened(transport):
    async def packed(_):
        return web.Response(body=gzip.compress(b"x" * 500_000), headers={"Content-Encoding": "gzip"})

    async with Seen(packed) as seen:
        answer = await transport.send(Request("GET", seen.origin, "/"), None)
    assert answer.body == b"x" * 500_000


@pytest.mark.parametrize("encoded", [True, False])
async def test_an_answer_beyond_the_cap_is_refused_before_it_is_read_whole(transport, encoded):
    async def bomb(request):
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"} if encoded else {})
        await response.prepare(request)
        chunk = gzip.compress(b"\0" * 10_000_000) if encoded else b"\0" * 100_000
        try:
            for _ in range(1 if encoded else 200):
                await response.write(chunk)
        except ConnectionError:
            pass
        return response

    async with Seen(bomb) as seen:
        with pytest.raises(InvalidResponse, match="larger than 1000000 bytes"):
            await transport.send(Request("GET", seen.origin, "/"), None)


async def test_a_declared_length_beyond_the_cap_is_refused(transport):
    async def large(_):
        return web.Response(body=b"x" * 1_000_001)

    async with Seen(large) as seen:
        with pytest.raises(InvalidResponse):
            await transport.send(Request("GET", seen.origin, "/"), None)


async def test_nobody_listening_is_a_call_that_cannot_have_arrived(transport, unused_tcp_port):
    with pytest.raises(ConnectionFailed) as caught:
        await transport.send(Request("POST", f"http://127.0.0.1:{unused_tcp_port}", "/"), None)
    assert not caught.value.reached


async def test_a_connection_that_breaks_may_have_arrived(transport):
    async def cut(request):
        request.transport.abort()
        return web.Response()

    async with Seen(cut) as seen:
        with pytest.raises(ConnectionFailed) as caught:
            await transport.send(Request("POST", seen.origin, "/", body=b"x"), None)
    assert caught.value.reached


async def test_half_an_answer_is_no_answer(transport):
    async def half(request):
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"x" * 50)
        request.transport.abort()
        return response

    async with Seen(half) as seen:
        with pytest.raises(ConnectionFailed):
            await transport.send(Request("POST", seen.origin, "/", body=b"x"), None)


async def test_an_answer_that_takes_too_long(transport):
    forever = asyncio.Event()

    async def slow(_):
        await forever.wait()
        return web.Response()

    async with Seen(slow) as seen:
        with pytest.raises(TimedOut) as caught:
            await transport.send(Request("GET", seen.origin, "/"), None, 0.05)
        forever.set()
    assert caught.value.reached


async def test_a_closed_transport_says_so(transport):
    await transport.close()
    await transport.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await transport.send(Request("GET", "http://127.0.0.1:9", "/"), None)


async def test_many_tokens_do_not_pile_up(transport):
    async with Seen(plain) as seen:
        for number in range(300):
            await transport.send(Request("GET", seen.origin, "/"), f"Bearer {number}")
    assert len(transport._headers) <= 256
    assert seen.requests[-1].headers["Authorization"] == "Bearer 299"


async def test_a_cancelled_call_leaves_no_connection(transport):
    forever = asyncio.Event()

    async def slow(_):
        await forever.wait()
        return web.Response()

    async with Seen(slow) as seen:
        task = asyncio.create_task(transport.send(Request("GET", seen.origin, "/"), None))
        while not seen.requests:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not transport._reads.connector._acquired
        forever.set()


def test_another_event_loop_is_told_that_the_connections_are_not_its_own():
    async def fail(transport):
        with pytest.raises(ConnectionFailed):
            await transport.send(Request("GET", "http://127.0.0.1:1", "/"), None)

    async def refuse(transport):
        with pytest.raises(ConfigurationError, match="another event loop"):
            await transport.send(Request("GET", "http://127.0.0.1:1", "/"), None)
        await transport.close()

    transport = AiohttpTransport()
    with asyncio.Runner() as first, asyncio.Runner() as second:
        first.run(fail(transport))
        second.run(refuse(transport))


async def test_a_copy_that_is_not_installed_works_too(transport, monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    aiohttp_transport._user_agent.cache_clear()
    async with Seen(plain) as seen:
        await transport.send(Request("GET", seen.origin, "/"), None)
    aiohttp_transport._user_agent.cache_clear()
    assert seen.requests[0].headers["User-Agent"] == "outreach-async"
