"""The servers that `receiver` compares, each a process of its own: `python -m benchmarks.receiver_server MODE`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import tempfile
from pathlib import Path

import orjson
import uvloop
from aiohttp import web

from webhooks.app import Webhooks
from webhooks.delivery import Delivery
from webhooks.events import parse
from webhooks.front import Front
from webhooks.inbox import Inbox, Receipt
from webhooks.memory_inbox import MemoryInbox
from webhooks.outreach import OutreachEvent, OutreachSource
from webhooks.settings import Settings
from webhooks.sqlite_inbox import SqliteInbox

from .measure import pin

SECRET = "secret-of-a-benchmark"
MODES = ("raw", "typed", "storeless", "durable")


class Nowhere(MemoryInbox):
    """Stores nothing; with `typed` it does what the worker would do first: it makes the typed event."""

    def __init__(self, *, typed: bool) -> None:
        super().__init__()
        self._typed = typed

    async def put(self, delivery: Delivery) -> Receipt:
        """Say that it is stored."""
        if self._typed:
            event = parse(delivery)
            assert isinstance(event, OutreachEvent)
            _ = event.ref.id
        return Receipt(1)


async def _raw(listening: socket.socket) -> None:
    """Serve what is least: an aiohttp handler that decodes the body and looks at its name."""

    async def handle(request: web.Request) -> web.Response:
        document = orjson.loads(await request.read())
        _ = document["meta"]["eventName"], document["data"]["id"]
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/outreach", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=1024).start()


async def _ours(listening: socket.socket, inbox: Inbox) -> None:
    hooks = Webhooks(OutreachSource(SECRET), inbox=inbox)
    await hooks.start()
    await Front(hooks, Settings()).start(listening)


async def _serve(mode: str, folder: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    if mode == "raw":
        await _raw(listening)
    elif mode == "durable":
        await _ours(listening, SqliteInbox(folder / "inbox.db", depth=10_000_000))
    else:
        await _ours(listening, Nowhere(typed=mode == "typed"))
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    pin(0)
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory() as made,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop,
    ):
        loop.run(_serve(sys.argv[1], Path(made)))
