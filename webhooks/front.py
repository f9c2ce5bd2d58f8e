"""The server's hot path: connections with deadlines and bounds, requests without a router, answers built beforehand.

aiohttp parses and keeps connections; it has no deadline for headers or bodies, and no bound on connections, so both
are here. A connection that breaks a bound or a deadline is cut without a word. What a delivery means is the intake's.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import TYPE_CHECKING, cast

from aiohttp import web

from .aiohttp_shell import BROKEN, read_body
from .connections import SILENCE, Answer, Connection, Server
from .receiver import Abort, Reply, raw_fields
from .settings import Settings
from .sources import Fields, Source, field

if TYPE_CHECKING:
    from .app import Webhooks

_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
_ALIVE = Reply(200, b"ok\n", (*_PLAIN, ("Cache-Control", "no-store")))
_UNKNOWN = Reply(404, b"there is nothing here\n")
_MALFORMED = Reply(400, b"this is not HTTP\n")
_STOPPED = 5.0
_LOOK = 0.01


class Front:
    """Serves one receiver on one listening socket, from `start` to `stop`."""

    def __init__(self, hooks: Webhooks, settings: Settings) -> None:
        self.settings = settings
        self.cut = hooks.intake.counts.cut
        """Connections that were cut, by reason: `connections`, `peer`, `deadline`, `broken`, `unstorable`,
        `unread`, `failed`."""
        self._intake = hooks.intake
        self._sources = {source.path: source for source in hooks.sources}
        self._answers: dict[tuple[Reply, bool, bool], Answer] = {}
        self._closing = False
        self._behind: Counter[str] = Counter()
        self._server: Server | None = None
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return self._server.open_connections if self._server else 0

    async def start(self, listening: socket.socket) -> None:
        """Accept connections. The socket is closed by `stop`; another process may hold it too."""
        loop = asyncio.get_running_loop()
        self._server = Server(self)
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
        connection = cast("Connection", request.protocol)
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

    def failed(self, connection: Connection) -> web.StreamResponse:
        """Give up a connection over a fault of ours: an answer would count as a receipt."""
        return self._cut(connection, "failed")

    def admit(self, connection: Connection, transport: asyncio.Transport) -> None:
        """Cut a new connection that is beyond the bounds; note whether it is a proxy's."""
        assert self._server
        connection.behind_proxy = self.settings.trusts(connection.peer)
        if self.open_connections > self.settings.connections:
            self.cut["connections"] += 1
        elif not connection.behind_proxy and self._server.peers[connection.peer] > self.settings.per_peer:
            self.cut["peer"] += 1
        else:
            return
        transport.abort()

    async def _deliver(
        self, request: web.BaseRequest, connection: Connection, source: Source, fields: Fields
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
        connection = cast("Connection", request.protocol)
        if connection.writing_paused:
            # It sends requests and reads no answers.
            return self._cut(connection, "unread")
        keep = request.keep_alive and not closing and not self._closing
        key = (reply, keep, request.method == "HEAD")
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = Answer(*key)
        return answer

    def _cut(self, connection: Connection, reason: str) -> web.StreamResponse:
        self.cut[reason] += 1
        if connection.transport is not None:
            connection.transport.abort()
        return SILENCE

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
                assert isinstance(connection, Connection)
                if 0 < connection.deadline < now:
                    self._cut(connection, "deadline")
