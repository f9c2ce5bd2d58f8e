"""One connection of the server: requests in the order they came, one answer after the other, deadlines of the sender.

aiohttp's parser reads HTTP, and its base protocol holds back who sends faster than is read. aiohttp's own handler of
connections is not used: it makes a request, a writer and a task for each delivery, at a third of what a delivery
costs. What is allowed, and what a request means, is the front's to say.
"""

from __future__ import annotations

import asyncio
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpRequestParser, RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD

from .receiver import Reply
from .settings import Settings

PIPELINED = 16
"""Requests of one connection that are read before the first of them is answered."""

LINGERING = 2.0
"""Seconds in which who was refused may end its connection: cut at once, it might not see the answer. So many again are
given for an answer to be taken off our hands when a connection is closed."""

_BUFFER = 1 << 16


class Answer:
    """The bytes of an answer, and whether the connection is kept for another request."""

    __slots__ = ("keep", "wire")

    def __init__(self, reply: Reply, keep: bool, head_only: bool) -> None:
        self.keep = keep
        self.wire = _wire(reply, keep, head_only)


class Desk(Protocol):
    """What a connection asks of the front."""

    settings: Settings

    def admit(self, connection: Connection) -> bool:
        """Take a new connection in, unless it is beyond the bounds."""
        ...

    def gone(self, connection: Connection) -> None:
        """Forget a connection that was taken in."""
        ...

    def notice(self, connection: Connection) -> None:
        """Call `connection.serve` soon: it has requests."""
        ...

    def take(self, connection: Connection, message: RawRequestMessage, content: StreamReader) -> None:
        """Take one request; `connection.reply` is called for it, at once or later, unless the connection is cut."""
        ...

    def malformed(self, connection: Connection) -> None:
        """Answer what is not HTTP."""
        ...

    def failed(self, connection: Connection) -> None:
        """Give up a connection over the fault of ours that was just raised."""
        ...


class Connection(BaseProtocol):
    """One connection.

    `deadline` is the loop time by which what it sends now has to be there; 0 while it need not. An `idle` one sends
    nothing, and may be closed without a loss. `behind` is the address behind a proxy that its request counts for.
    """

    __slots__ = (
        "_admitted",
        "_busy",
        "_content",
        "_crowded",
        "_ended",
        "_requests",
        "_serving",
        "aborted",
        "behind",
        "behind_proxy",
        "deadline",
        "desk",
        "idle",
        "peer",
    )

    def __init__(self, desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        parser = HttpRequestParser(
            self,
            loop,
            _BUFFER,
            payload_exception=web.RequestPayloadError,
            # A bomb is refused by its header; nothing of it is to be unpacked meanwhile.
            auto_decompress=False,
            max_msg_queue_size=PIPELINED,
        )
        super().__init__(loop, parser)
        self.desk = desk
        self.deadline = 0.0
        self.idle = False
        self.aborted = False
        self.peer = ""
        self.behind: str | None = None
        self.behind_proxy = False
        self._admitted = False
        self._busy = False
        self._crowded = False
        self._ended = False
        self._requests: deque[tuple[RawRequestMessage | None, StreamReader]] = deque()
        self._content: StreamReader = EMPTY_PAYLOAD
        self._serving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless the front does not take it in."""
        super().connection_made(transport)
        peername = transport.get_extra_info("peername")
        self.peer = str(peername[0]) if isinstance(peername, tuple) else ""
        self._admitted = self.desk.admit(self)
        if self._admitted:
            self.expect(self.desk.settings.head_deadline)
        else:
            self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End: what is half read is never whole."""
        self._end()
        if not self._content.is_eof():
            self._content.set_exception(ConnectionResetError("the sender ended the connection"))
        if self._admitted:
            self.desk.gone(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and begin to answer the requests that are there by them."""
        if self._ended:
            return
        if self.idle:
            self.idle = False
            self.expect(self.desk.settings.head_deadline)
        assert self._parser is not None
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError:
            self._ended = True
            self._break_body()
            self._requests.append((None, EMPTY_PAYLOAD))
        else:
            # No other protocol is spoken here, so nothing can follow a request for one.
            self._ended = upgraded
            self._requests.extend(messages)
        if len(self._requests) >= PIPELINED - 1 and not self._crowded:
            self._crowded = True
            self._pause_transport()
        if self._requests and not self._busy:
            self.desk.notice(self)

    @property
    def last(self) -> bool:
        """Whether no request can follow the one that is being answered."""
        return self._ended and not self._requests

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Go on reading where that was held back; aiohttp's streams say so at every read, held back or not.

        The end of a body may be held back, though nothing says so, by what there was too much of in the one before.
        """
        if self._reading_paused or not self._content.is_eof():
            super().resume_reading(resume_parser)

    def expect(self, seconds: float) -> None:
        """Give what is being sent this long."""
        self.deadline = self._loop.time() + seconds

    def expect_rest(self, content: StreamReader, seconds: float) -> None:
        """Give what is left of a body this long, if anything is."""
        self.deadline = 0.0 if content.is_eof() else self._loop.time() + seconds

    def whole(self) -> None:
        """Note that the request is here: what follows takes our time, not the sender's."""
        self.deadline = 0.0

    def abort(self) -> None:
        """Cut it: nothing more is sent, and the sender is told that much."""
        self.aborted = True
        self._end()
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        """End it once what was written is sent; who does not read that is cut in the end."""
        self._end()
        self.idle = False
        self.expect(LINGERING)
        if self.transport is not None:
            self.transport.close()

    def reply(self, answer: Answer) -> None:
        """Answer the request at hand, and go on to the next."""
        self._busy = False
        if self.transport is not None:
            self.transport.write(answer.wire)
            if answer.keep:
                self._make_room()
            else:
                self._say_goodbye()
        self.serve()

    def serve(self) -> None:
        """Have what waits answered, one request after the other, until an answer takes its time."""
        if self._serving:
            return
        self._serving = True
        while self._requests and not self._busy:
            self._busy = True
            message, self._content = self._requests.popleft()
            try:
                if message is None:
                    self.desk.malformed(self)
                else:
                    self.desk.take(self, message, self._content)
            except Exception:
                self.desk.failed(self)
        self._serving = False
        if not self._busy and not self._ended:
            self.idle = True
            self.expect(self.desk.settings.idle_deadline)

    def _make_room(self) -> None:
        """Have the parser go on, where it stopped because too many requests waited."""
        assert self._parser is not None
        # Told when a request is over: it counts those that are whole, and this one may not have been when it began.
        self._parser.message_consumed()
        if self._crowded and len(self._requests) <= PIPELINED // 2:
            self._crowded = False
            self.data_received(b"")
            if not self._crowded:
                self._resume_transport()

    def _say_goodbye(self) -> None:
        """End it; who is still sending gets time to read the answer."""
        if self._content.is_eof() or self.transport is None:
            self.close()
            return
        self._end()
        self.idle = True
        self.expect(LINGERING)
        self.transport.write_eof()
        self._reading_paused = False
        self._resume_transport()

    def _end(self) -> None:
        """Take no more requests, those that wait included."""
        self._ended = True
        self._requests.clear()

    def _break_body(self) -> None:
        """Tell who waits for the rest of a body that none comes; the parser does not."""
        content = self._requests[-1][1] if self._requests else self._content
        if not content.is_eof():
            content.set_exception(web.RequestPayloadError("the sender framed the body wrongly"))

    def _pause_transport(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def _resume_transport(self) -> None:
        # A body that is read more slowly than it comes may hold it too.
        if self.transport is not None and not self.transport.is_closing() and not self._reading_paused:
            self.transport.resume_reading()


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
