"""Receivers to post to, signed requests as bytes, and an inbox that refuses on demand, for the tests beside this."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import socket
from dataclasses import dataclass

from webhooks.app import Webhooks
from webhooks.delivery import Delivery
from webhooks.events import Event
from webhooks.front import Front
from webhooks.inbox import Inbox, Receipt
from webhooks.memory_inbox import MemoryInbox
from webhooks.outreach import OutreachSource, ProspectUpdated
from webhooks.planmysaas import LeadBounced, PlanMySaaSSource
from webhooks.settings import Settings
from webhooks.sources import Fields, Identity
from webhooks.testing import SECRET, Signed, signed


class Refusing(MemoryInbox):
    """Refuses with `refusal` while there is one, and hangs while it `hangs`."""

    refusal: Exception | None = None
    hangs = False
    asked = 0

    async def put(self, delivery: Delivery) -> Receipt:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.refusal:
            raise self.refusal
        return await super().put(delivery)


class Faulty(OutreachSource):
    """Fails at every body, which no source should."""

    def identify(self, fields: Fields, body: bytes) -> Identity:
        raise RuntimeError("a fault of ours")


@dataclass
class Receiver:
    hooks: Webhooks
    handled: list[str]


def receiver(inbox: Inbox | None = None) -> Receiver:
    """A receiver of both vendors; what its one handler saw is in `handled`."""
    hooks = Webhooks(OutreachSource(SECRET), PlanMySaaSSource(SECRET), inbox=inbox or MemoryInbox(), grace=0.5)
    handled: list[str] = []

    @hooks.on("*", name="seen")
    async def seen(event: Event) -> None:
        handled.append(event.delivery.event)

    return Receiver(hooks, handled)


def outreach(number: int = 1) -> Signed:
    return signed(ProspectUpdated, {"title": "CTO"}, id=number)


def planmysaas(number: int = 1) -> Signed:
    return signed(LeadBounced, {"leadId": "l1"}, id=f"evt_{number}")


def head(message: Signed, *more: str, path: str = "", method: str = "POST") -> bytes:
    lines = [f"{method} {path or message.path} HTTP/1.1", "Host: receiver", f"Content-Length: {len(message.body)}"]
    lines += [f"{name}: {value}" for name, value in message.headers.items()]
    return "\r\n".join([*lines, *more, "", ""]).encode("latin-1")


def request(message: Signed, *more: str, path: str = "", method: str = "POST") -> bytes:
    return head(message, *more, path=path, method=method) + message.body


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A connection that sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self, *, body: bool = True) -> Answer | None:
        """The next answer; None when the connection ends without one."""
        try:
            async with asyncio.timeout(20):
                raw = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        first, *lines = raw.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        length = int(headers.get("content-length", "0")) if body else 0
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def ended(self) -> bool:
        """Whether the other side ends the connection, without a word."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@contextlib.asynccontextmanager
async def wire(port: int, source: str = "127.0.0.1") -> abc.AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def fronted(hooks: Webhooks, **settings: object) -> abc.AsyncIterator[tuple[Front, int]]:
    """Serve a receiver as `hooks serve` does, in this process."""
    front = Front(hooks, Settings(**{"linger": 0.2, **settings}))  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        port = int(listening.getsockname()[1])
        async with hooks:
            await front.start(listening)
            try:
                yield front, port
            finally:
                await front.stop()
