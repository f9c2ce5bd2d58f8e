"""The transport under aioresponses, which needs a shim with this aiohttp; a strict xfail tells when it no longer does.

Everything else here runs against real loopback servers. This module exists because many users' own tests mock with
aioresponses: it shows that the transport can be mocked so, and how.
"""

import inspect
from types import SimpleNamespace

import aiohttp
import pytest
from aioresponses import aioresponses
from aioresponses import core as mocking

from outreach_async.engine.aiohttp_transport import AiohttpTransport
from outreach_async.protocol.errors import ConnectionFailed
from outreach_async.protocol.messages import Request

URL = "https://api.outreach.io/api/v2/prospects/1"
REQUEST = Request("GET", "https://api.outreach.io", "/api/v2/prospects/1")


class _Parser:
    """Stands where a connection's parser would: mocked bodies are whole, so there is nothing to pause."""

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""


@pytest.fixture
def shim(monkeypatch):
    """Give mocked responses the stream writer, and their readers the parser, that aiohttp 3.14 asks for."""

    class Response(aiohttp.ClientResponse):
        def __init__(self, *args, **kwargs):
            kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
            super().__init__(*args, **kwargs)

    def reader_with_parser(protocol, limit, **kwargs):
        protocol._parser = _Parser()
        return aiohttp.StreamReader(protocol, limit, **kwargs)

    monkeypatch.setattr(mocking, "ClientResponse", Response)
    monkeypatch.setattr(mocking, "stream_reader_factory", _factory(reader_with_parser))


def _factory(make):
    import asyncio

    from aiohttp.client_proto import ResponseHandler

    def build(loop=None):
        loop = loop or asyncio.get_running_loop()
        return make(ResponseHandler(loop=loop), 2**16, loop=loop)

    return build


async def _get(**answer):
    transport = AiohttpTransport()
    try:
        with aioresponses() as mocked:
            mocked.get(URL, **answer)
            return await transport.send(REQUEST, "Bearer t")
    finally:
        await transport.close()


@pytest.mark.usefixtures("shim")
@pytest.mark.parametrize("size", [10, 131_073, 400_000])
async def test_a_mocked_answer_is_read_whole(size):
    answer = await _get(status=200, body=b"x" * size, headers={"X-RateLimit-Remaining": "7"})
    assert (answer.status, len(answer.body), answer.headers["X-RateLimit-Remaining"]) == (200, size, "7")


@pytest.mark.usefixtures("shim")
async def test_a_mocked_failure_is_ours():
    with pytest.raises(ConnectionFailed):
        await _get(exception=aiohttp.ServerDisconnectedError())


@pytest.mark.xfail(raises=(TypeError, AssertionError), reason="aioresponses does not know aiohttp 3.14", strict=True)
async def test_the_shim_is_still_needed():
    """When this passes, aioresponses has caught up and the shim can go."""
    assert "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters
    assert (await _get(status=200, body=b"x" * 131_073)).status == 200
