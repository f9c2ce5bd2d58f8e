"""The sandbox on a loopback port: both services and the control calls, one low-level handler for all.

Bytes in, bytes out: nothing here knows what a call means. There is no router and no middleware, since benchmarks
measure clients against this.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from ..protocol.errors import ConfigurationError
from ..protocol.messages import Headers, Response
from .calls import Call
from .clock import RunningClock
from .control import CONTROL_ROOT, Control
from .faults import Reply

if TYPE_CHECKING:
    from aiohttp import StreamReader
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage
    from aiohttp.web_protocol import RequestHandler

    from .sandbox import Sandbox

HOST = "127.0.0.1"
_SHUTDOWN = 1.0
_TICK = 1.0
# Uploads of a hundred thousand rows have to fit; more is answered 413.
_LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that listens on `port`. The base URLs are origins, without a path."""

    sandbox: Sandbox
    port: int

    @property
    def outreach_base_url(self) -> str:
        """The origin of Outreach: `OUTREACH_BASE_URL` of a client."""
        return f"http://{HOST}:{self.port}"

    @property
    def planmysaas_base_url(self) -> str:
        """The origin of PlanMySaaS: `PLANMYSAAS_BASE_URL` of a client."""
        return self.outreach_base_url

    @property
    def control_url(self) -> str:
        """The origin of the control calls, which lie under `/_sandbox`."""
        return self.outreach_base_url

    def announced(self) -> dict[str, Any]:
        """Give what the command line prints once it is ready: where it listens, and every credential."""
        where = {
            "outreach_base_url": self.outreach_base_url,
            "planmysaas_base_url": self.planmysaas_base_url,
            "control_url": self.control_url,
        }
        return where | self.sandbox.credentials.announced()


@contextlib.asynccontextmanager
async def serving(sandbox: Sandbox, port: int) -> abc.AsyncIterator[Served]:
    """Listen while the block runs. Raises ConfigurationError when the port is taken."""
    handler = _Handler(sandbox)
    ticking = asyncio.create_task(_keep_ticking(sandbox))
    server = web.Server(handler.handle, request_factory=_request, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, backlog=1024)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise ConfigurationError(f"Port {port} cannot be used: {error}", hint="Port 0 takes a free one.") from None
        addresses = runner.addresses
        yield Served(sandbox, addresses[0][1])
    finally:
        ticking.cancel()
        handler.stopping.set()
        await runner.cleanup()


async def _keep_ticking(sandbox: Sandbox) -> None:
    """Let happen what falls due while nobody calls: its webhooks are waited for. A wound clock is advanced by hand."""
    while isinstance(sandbox.clock, RunningClock):
        await sandbox.clock.sleep(_TICK)
        sandbox.outreach.api.tick(sandbox.clock.now())


class _Handler:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._control = Control(sandbox)
        self.stopping = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        call = Call(
            request.method,
            path,
            tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
            Headers(request.headers.items()),
            await request.read() if request.can_read_body else b"",
            self._sandbox.clock.now(),
            # Links have to lead to the name the client knows us by.
            f"http://{request.host}",
        )
        if path.startswith(CONTROL_ROOT):
            return _as_sent(await self._control.answer(call), ())
        reply = self._sandbox.answer(call)
        if reply.delay:
            await self._hold(reply.delay)
        if reply.cut is not None:
            return _cut(request, reply)
        return _as_sent(reply.response, reply.headers)

    async def _hold(self, seconds: float) -> None:
        # A stop does not wait for a slow answer.
        waits = {asyncio.ensure_future(self._sandbox.clock.sleep(seconds)), asyncio.ensure_future(self.stopping.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_BODY)


def _as_sent(response: Response, headers: abc.Iterable[tuple[str, str]]) -> web.Response:
    return web.Response(
        status=response.status, headers=[*response.headers.items(), *headers], body=response.body or None
    )


def _cut(request: web.BaseRequest, reply: Reply) -> web.Response:
    """Send the head and so many bytes of the body by hand, then close; below zero, send nothing."""
    transport, cut, response = request.transport, reply.cut or 0, reply.response
    if transport is not None:
        if cut >= 0 and not reply.refused:
            transport.write(_head(response, reply.headers) + response.body[:cut])
            transport.close()
        else:
            transport.abort()
    return web.Response(status=500)


def _head(response: Response, headers: abc.Iterable[tuple[str, str]]) -> bytes:
    # One byte is promised that never comes, so that a cut behind the last one is a cut too.
    fields = [*response.headers.items(), *headers, ("Content-Length", str(len(response.body) + 1))]
    status = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
    return (status + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n").encode("latin-1")
