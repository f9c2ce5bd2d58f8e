"""One connection of the server, by aiohttp's protocol, and the bytes of its answers.

Keeps each connection's deadline and counts connections by address; what is allowed, and what is done about it, is the
front's to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from .receiver import Reply
from .settings import Settings

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

_LINGERING = 2.0

_log = logging.getLogger("webhooks.front")


class Desk(Protocol):
    """What a connection asks of the front."""

    settings: Settings

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        ...

    def malformed(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer what is not HTTP."""
        ...

    def failed(self, connection: Connection) -> web.StreamResponse:
        """Give up a connection over a fault of ours."""
        ...

    def admit(self, connection: Connection, transport: asyncio.Transport) -> None:
        """Cut a new connection that is beyond the bounds."""
        ...


class Server(web.Server):
    """aiohttp's low-level server, with connections of our own."""

    def __init__(self, front: Desk) -> None:
        super().__init__(front.answer)
        self.front = front
        self.peers: Counter[str] = Counter()
        """Open connections, by address."""

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return Connection(self)


class Connection(RequestHandler):
    """One connection. `deadline` is the loop time by which what it sends now has to be there; 0 while it need not."""

    __slots__ = ("admitted", "behind_proxy", "deadline", "front", "peer", "server")

    def __init__(self, server: Server) -> None:
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
        """Begin, unless the front cuts it at once."""
        peername = transport.get_extra_info("peername")
        self.peer = str(peername[0]) if isinstance(peername, tuple) else ""
        self.server.peers[self.peer] += 1
        self.admitted = True
        self.read_on(self.front.settings.head_deadline)
        super().connection_made(transport)
        self.front.admit(self, cast("asyncio.Transport", transport))

    def connection_lost(self, exc: BaseException | None) -> None:
        """End, and be counted no more."""
        if self.admitted:
            self.admitted = False
            self.server.peers[self.peer] -= 1
            if not self.server.peers[self.peer]:
                del self.server.peers[self.peer]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the first of a request start its deadline."""
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
        """Answer what aiohttp could not parse; cut what failed on our side."""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.front.malformed(request)
        _log.error("a request failed", exc_info=exc)
        return self.front.failed(self)


class Answer(web.StreamResponse):
    """The bytes of an answer, the same for every request: nothing is prepared, and nothing kept."""

    def __init__(self, reply: Reply | None, keep: bool = False, head_only: bool = False) -> None:
        super().__init__(status=reply.status if reply else 503)
        self._keep_alive = keep
        self._bytes = _wire(reply, keep, head_only) if reply else b""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the answer, head and body at once."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        transport.write(self._bytes)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Add nothing: the answer is whole."""


SILENCE = Answer(None)


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
