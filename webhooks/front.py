"""The server's hot path: connections with deadlines and bounds, requests without a router, answers built beforehand.

aiohttp parses and keeps connections; it has no deadline for headers or bodies, and no bound on connections, so both
are here. A connection that breaks a bound or a deadline is cut without a word. What a delivery means is the intake's.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from .aiohttp_shell import BROKEN, read_body
from .receiver import Abort, Reply, raw_fields
from .settings import Settings
from .sources import Fields, Source, field

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

    from .app import Webhooks

_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
_ALIVE = Reply(200, b"ok\n", (*_PLAIN, ("Cache-Control", "no-store")))
_UNKNOWN = Reply(404, b"there is nothing here\n")
_MALFORMED = Reply(400, b"this is not HTTP\n")
_LINGERING = 2.0
_STOPPED = 5.0
_LOOK = 0.01

_log = logging.getLogger("webhooks.front")


class Front:
    """Serves one receiver on one listening socket, from `start` to `stop`."""

    def __init__(self, hooks: Webhooks, settings: Settings) -> None:
        self.settings = settings
        self.cut: Counter[str] = Counter()
        """Connections that were cut, by reason: `connections`, `peer`, `deadline`, `broken`, `unstorable`,
        `unread`."""
        self._intake = hooks.intake
        self._sources = {source.path: source for source in hooks.sources}
        self._answers: dict[tuple[Reply, bool, bool], _Answer] = {}
        self._closing = False
        self._behind: Counter[str] = Counter()
        self._server: _Server | None = None
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._server.connections) if self._server else 0

    async def start(self, listening: socket.socket) -> None:
        """Accept connections. The socket is closed by `stop`; another process may hold it too."""
        loop = asyncio.get_running_loop()
        self._server = _Server(self)
        listening.setblocking(False)  # noqa: FBT003
        self._listener = await loop.create_server(self._server, sock=listening, backlog=self.settings.backlog)
        self._sweeper = loop.create_task(self._sweep())

    async def stop(self) -> None:
        """Accept no more, answer what comes on open connections for the last time, and close them."""
        assert self._server
        assert self._listener
        self._closing = True
        self._listener.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + self.settings.linger
        # What was accepted in the last turn of the loop is not yet among the connections.
        await asyncio.sleep(min(0.05, self.settings.linger))
        while self._server.connections and loop.time() < until:  # noqa: ASYNC110  # aiohttp tells nobody of the last
            await asyncio.sleep(_LOOK)
        await self._server.shutdown(_STOPPED)
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Raises nothing, whatever was sent."""
        connection = cast("_Connection", request.protocol)
        path = request.raw_path.partition("?")[0]
        source = self._sources.get(path)
        if source is None:
            connection.rest(request.content, self.settings.body_deadline)
            known = path == "/healthz" and request.method in ("GET", "HEAD")
            return self._reply(request, _ALIVE if known else _UNKNOWN, closing=not request.content.at_eof())
        fields = raw_fields(request.raw_headers)
        if not connection.behind_proxy:
            return await self._deliver(request, connection, source, fields)
        peer = self.settings.behind(field(fields, "x-forwarded-for"))
        if self._behind[peer] >= self.settings.per_peer:
            return self._cut(connection, "peer")
        self._behind[peer] += 1
        try:
            return await self._deliver(request, connection, source, fields)
        finally:
            self._behind[peer] -= 1
            if not self._behind[peer]:
                del self._behind[peer]

    def malformed(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer what is not HTTP."""
        return self._reply(request, _MALFORMED, closing=True)

    def admits(self, connection: _Connection, transport: asyncio.Transport, peers: Counter[str], total: int) -> bool:
        """Say whether a new connection is within the bounds; note whether it is a proxy's."""
        connection.behind_proxy = self.settings.trusts(connection.peer)
        if total > self.settings.connections:
            self.cut["connections"] += 1
        elif not connection.behind_proxy and peers[connection.peer] > self.settings.per_peer:
            self.cut["peer"] += 1
        else:
            return True
        transport.abort()
        return False

    async def _deliver(
        self, request: web.BaseRequest, connection: _Connection, source: Source, fields: Fields
    ) -> web.StreamResponse:
        if refused := self._intake.refuse(source, request.method, fields):
            connection.rest(request.content, self.settings.body_deadline)
            return self._reply(request, refused, closing=not request.content.at_eof())
        if not request.content.is_eof():
            connection.rest(request.content, self.settings.body_deadline)
            if field(fields, "expect").lower() == "100-continue" and connection.transport:
                connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = await read_body(request.content, source.max_body)
        except BROKEN:
            return self._cut(connection, "broken")
        connection.whole()
        reply = await self._intake.take(source, request.method, fields, body, owns_socket=True)
        if isinstance(reply, Abort):
            return self._cut(connection, "unstorable")
        return self._reply(request, reply, closing=not request.content.at_eof())

    def _reply(self, request: web.BaseRequest, reply: Reply, *, closing: bool = False) -> web.StreamResponse:
        connection = cast("_Connection", request.protocol)
        if connection.writing_paused:
            # It sends requests and reads no answers.
            return self._cut(connection, "unread")
        keep = request.keep_alive and not closing and not self._closing
        key = (reply, keep, request.method == "HEAD")
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = _Answer(*key)
        return answer

    def _cut(self, connection: _Connection, reason: str) -> web.StreamResponse:
        self.cut[reason] += 1
        if connection.transport is not None:
            connection.transport.abort()
        return _SILENCE

    async def _sweep(self) -> None:
        """Cut what is past its deadline; let the date of the answers be told anew."""
        assert self._server
        loop = asyncio.get_running_loop()
        pause = min(1.0, self.settings.head_deadline / 5, self.settings.body_deadline / 5)
        while True:
            await asyncio.sleep(pause)
            self._answers.clear()
            now = loop.time()
            for connection in self._server.connections:
                assert isinstance(connection, _Connection)
                if 0 < connection.deadline < now:
                    self._cut(connection, "deadline")


class _Server(web.Server):
    """aiohttp's low-level server, with connections of our own."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.answer)
        self.front = front
        self.peers: Counter[str] = Counter()

    def __call__(self) -> RequestHandler:
        return _Connection(self)


class _Connection(RequestHandler):
    """One connection. `deadline` is the loop time by which what it sends now has to be there; 0 while it need not."""

    __slots__ = ("admitted", "behind_proxy", "deadline", "front", "peer", "server")

    def __init__(self, server: _Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=cast("Any", None),
            keepalive_timeout=server.front.settings.idle_deadline,
            lingering_time=_LINGERING,
            # A bomb is refused by its header; nothing of it is to be unpacked meanwhile.
            auto_decompress=False,
        )
        self.server = server
        self.front = server.front
        self.deadline = 0.0
        self.peer = ""
        self.behind_proxy = False
        self.admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peername = transport.get_extra_info("peername")
        self.peer = str(peername[0]) if isinstance(peername, tuple) else ""
        self.server.peers[self.peer] += 1
        self.admitted = True
        self.read_on(self.front.settings.head_deadline)
        super().connection_made(transport)
        self.front.admits(self, cast("asyncio.Transport", transport), self.server.peers, len(self.server._connections))

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.admitted:
            self.admitted = False
            self.server.peers[self.peer] -= 1
            if not self.server.peers[self.peer]:
                del self.server.peers[self.peer]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.deadline:
            self.read_on(self.front.settings.head_deadline)
        super().data_received(data)

    def read_on(self, seconds: float) -> None:
        """Give what is being sent this long."""
        self.deadline = self._loop.time() + seconds

    def rest(self, content: StreamReader, seconds: float) -> None:
        """Give what is left of a body this long, if anything is."""
        self.deadline = 0.0 if content.is_eof() else self._loop.time() + seconds

    def whole(self) -> None:
        """Note that the request is here: what follows takes our time, not the sender's."""
        self.deadline = 0.0

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.front.malformed(request)
        _log.error("a request failed", exc_info=exc)
        return self.front._cut(self, "failed")


class _Answer(web.StreamResponse):
    """The bytes of an answer, the same for every request: nothing is prepared, and nothing kept."""

    def __init__(self, reply: Reply | None, keep: bool = False, head_only: bool = False) -> None:
        super().__init__(status=reply.status if reply else 503)
        self._keep_alive = keep
        self._bytes = _wire(reply, keep, head_only) if reply else b""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(self._bytes)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Add nothing: the answer is whole."""


_SILENCE = _Answer(None)


def _wire(reply: Reply, keep: bool, head_only: bool) -> bytes:
    fields = [
        *reply.headers,
        ("Content-Length", str(len(reply.body))),
        ("Date", formatdate(usegmt=True)),
        ("Connection", "keep-alive" if keep else "close"),
    ]
    status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
    head = (status + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n").encode("latin-1")
    return head if head_only else head + reply.body
