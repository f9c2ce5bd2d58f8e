"""The server's hot path: connections with deadlines and bounds, requests without a router, answers built beforehand.

A connection that breaks a bound or a deadline is cut without a word. What a delivery means is the intake's.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from typing import TYPE_CHECKING

from aiohttp import StreamReader
from aiohttp.http import RawRequestMessage

from .aiohttp_shell import BROKEN, read_body
from .connections import Answer, Connection
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

_log = logging.getLogger("webhooks.front")


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
        self._connections: set[Connection] = set()
        self._peers: Counter[str] = Counter()
        self._behind: Counter[str] = Counter()
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._noticed: list[Connection] = []

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def start(self, listening: socket.socket) -> None:
        """Accept connections. The socket is closed by `stop`; another process may hold it too."""
        loop = asyncio.get_running_loop()
        listening.setblocking(False)  # noqa: FBT003
        self._listener = await loop.create_server(
            lambda: Connection(self), sock=listening, backlog=self.settings.backlog
        )
        self._sweeper = loop.create_task(self._sweep())

    async def stop(self) -> None:
        """Accept no more, answer what comes on open connections for the last time, and close them."""
        assert self._listener
        self._closing = True
        self._listener.close()
        # What was accepted in the last turn of the loop is not yet among the connections.
        await asyncio.sleep(min(0.05, self.settings.linger))
        await self._emptied(self.settings.linger)
        for connection in self._connections:
            if connection.idle:
                connection.close()
        await self._emptied(_STOPPED)
        for connection in self._connections:
            connection.abort()
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])

    def admit(self, connection: Connection) -> bool:
        """Take a new connection in, unless it is beyond the bounds; note whether it is a proxy's."""
        connection.behind_proxy = self.settings.trusts(connection.peer)
        if len(self._connections) >= self.settings.connections:
            self.cut["connections"] += 1
        elif not connection.behind_proxy and self._peers[connection.peer] >= self.settings.per_peer:
            self.cut["peer"] += 1
        else:
            self._connections.add(connection)
            self._peers[connection.peer] += 1
            return True
        return False

    def gone(self, connection: Connection) -> None:
        """Forget a connection that was taken in."""
        self._connections.discard(connection)
        _one_less(self._peers, connection.peer)

    def notice(self, connection: Connection) -> None:
        """Serve a connection once this turn of the event loop has read from all others.

        The memory that reading needs and that which answering needs crowd each other out: each is done for many.
        """
        self._noticed.append(connection)
        if len(self._noticed) == 1:
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        noticed, self._noticed = self._noticed, []
        for connection in noticed:
            connection.serve()

    def take(self, connection: Connection, message: RawRequestMessage, content: StreamReader) -> None:
        """Take one request, and see to it that its connection is told the answer, or cut."""
        path = message.path if message.path in self._sources else message.path.partition("?")[0]
        source = self._sources.get(path)
        if source is None:
            known = path == "/healthz" and message.method in ("GET", "HEAD")
            self._refuse(connection, message, content, _ALIVE if known else _UNKNOWN)
            return
        fields = raw_fields(message.raw_headers)
        if connection.behind_proxy and not self._count_behind(connection, fields):
            self._cut(connection, "peer")
        elif refused := self._intake.refuse(source, message.method, fields):
            self._refuse(connection, message, content, refused)
        elif content.is_eof():
            # Most are here by now, and then nothing has to wait.
            self._deliver(connection, message, content, source, fields, content.read_nowait())
        else:
            task = asyncio.get_running_loop().create_task(self._read(connection, message, content, source, fields))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    def malformed(self, connection: Connection) -> None:
        """Answer what is not HTTP."""
        self._reply(connection, None, _MALFORMED, closing=True)

    def failed(self, connection: Connection) -> None:
        """Give up a connection over the fault of ours that was just raised: an answer would count as a receipt."""
        _log.exception("a request failed")
        self._cut(connection, "failed")

    async def _read(
        self,
        connection: Connection,
        message: RawRequestMessage,
        content: StreamReader,
        source: Source,
        fields: Fields,
    ) -> None:
        """Wait for the rest of a body."""
        connection.expect_rest(content, self.settings.body_deadline)
        if field(fields, "expect").lower() == "100-continue" and connection.transport:
            connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            body = await read_body(content, source.max_body)
            self._deliver(connection, message, content, source, fields, body)
        except BROKEN:
            self._cut(connection, "broken")
        except Exception:
            self.failed(connection)

    def _deliver(
        self,
        connection: Connection,
        message: RawRequestMessage,
        content: StreamReader,
        source: Source,
        fields: Fields,
        body: bytes,
    ) -> None:
        connection.whole()

        def answer(reply: Reply | Abort) -> None:
            try:
                if isinstance(reply, Abort):
                    self._cut(connection, "unstorable")
                else:
                    self._reply(connection, message, reply, closing=not content.at_eof())
            except Exception:
                self.failed(connection)

        self._intake.begin(source, fields, body, answer, owns_socket=True)

    def _refuse(self, connection: Connection, message: RawRequestMessage, content: StreamReader, reply: Reply) -> None:
        """Answer a request without its body."""
        connection.expect_rest(content, self.settings.body_deadline)
        self._reply(connection, message, reply, closing=not content.at_eof())

    def _reply(self, connection: Connection, message: RawRequestMessage | None, reply: Reply, *, closing: bool) -> None:
        if connection.writing_paused:
            # It sends requests and reads no answers.
            self._cut(connection, "unread")
            return
        keep = message is not None and not (closing or message.should_close or connection.last or self._closing)
        key = (reply, keep, message is not None and message.method == "HEAD")
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = Answer(*key)
        self._count_out(connection)
        connection.reply(answer)

    def _count_behind(self, connection: Connection, fields: Fields) -> bool:
        """Count a request for the address behind a proxy, unless that has too many."""
        # A proxy may add a line of its own behind the sender's.
        peer = self.settings.behind(",".join(value for name, value in fields if name == "x-forwarded-for"))
        if self._behind[peer] >= self.settings.per_peer:
            return False
        self._behind[peer] += 1
        connection.behind = peer
        return True

    def _count_out(self, connection: Connection) -> None:
        """Count a request no longer, if it was."""
        if connection.behind is not None:
            _one_less(self._behind, connection.behind)
            connection.behind = None

    def _cut(self, connection: Connection, reason: str) -> None:
        """Cut a connection, and count it for the first reason there is."""
        if not connection.aborted:
            self.cut[reason] += 1
        self._count_out(connection)
        connection.abort()

    async def _emptied(self, seconds: float) -> None:
        """Wait until no connection is open, or this long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._connections and loop.time() < until:  # noqa: ASYNC110  # there is one such wait in a process
            await asyncio.sleep(_LOOK)

    async def _sweep(self) -> None:
        """Cut what is past its deadline, close what was idle for too long; let the answers tell a new date."""
        loop = asyncio.get_running_loop()
        deadlines = (self.settings.head_deadline, self.settings.body_deadline, self.settings.idle_deadline)
        pause = min(1.0, *(each / 5 for each in deadlines))
        while True:
            await asyncio.sleep(pause)
            self._answers.clear()
            now = loop.time()
            for connection in [each for each in self._connections if 0 < each.deadline < now]:
                if connection.idle:
                    connection.close()
                else:
                    self._cut(connection, "deadline")


def _one_less(counter: Counter[str], name: str) -> None:
    """Count down, and forget what is at zero: the names come from outside."""
    counter[name] -= 1
    if not counter[name]:
        del counter[name]
