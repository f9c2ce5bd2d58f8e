"""The servers that `receiver` compares, each a process of its own: `python -m benchmarks.receiver_server MODE`.

`raw` is the least that aiohttp can do. `answering` is our receiver that stores nothing and works on nothing; `typed`
makes the typed event besides; `storeless` works on every event and stores nothing; `durable` is the real one.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import itertools
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
from webhooks.inbox import Inbox, Receipt
from webhooks.jobs import AnyJob, Put, Settle
from webhooks.memory_inbox import MemoryInbox
from webhooks.outreach import OutreachEvent, OutreachSource
from webhooks.server import Settings, run
from webhooks.sqlite_inbox import SqliteInbox

from .measure import pin

SECRET = "secret-of-a-benchmark"


class Nowhere(MemoryInbox):
    """Stores nothing; with `typed` it does what the worker would do first: it makes the typed event."""

    def __init__(self, *, typed: bool) -> None:
        super().__init__()
        self._typed = typed

    def put(self, delivery: Delivery) -> abc.Awaitable[Receipt]:
        """Say that it is stored."""
        if self._typed:
            event = parse(delivery)
            assert isinstance(event, OutreachEvent)
            _ = event.ref.id
        assert self._loop is not None
        stored: asyncio.Future[Receipt] = self._loop.create_future()
        stored.set_result(Receipt(1))
        return stored


class Unkept(MemoryInbox):
    """Hands deliveries to the worker, and takes its settlements, as every inbox does; stores neither."""

    def __init__(self) -> None:
        super().__init__(depth=10_000_000)
        self._numbers = itertools.count(1)

    def _submit(self, job: AnyJob) -> None:
        if isinstance(job, Put):
            job.result = Receipt(next(self._numbers))
            self._deliver([job], None)
        elif isinstance(job, Settle):
            self._deliver([job], None)
        else:
            super()._submit(job)


async def _raw() -> None:
    """Serve what is least: an aiohttp handler that decodes the body and looks at its name."""

    async def handle(request: web.Request) -> web.Response:
        document = orjson.loads(await request.read())
        _ = document["meta"]["eventName"], document["data"]["id"]
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/outreach", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    await web.SockSite(runner, listening, backlog=1024).start()
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


def _ours(inbox: Inbox) -> None:
    """Serve as `hooks serve` does."""

    def announce(told: dict[str, object]) -> None:
        print(str(told["serving"]).rpartition(":")[2], flush=True)

    run(lambda: Webhooks(OutreachSource(SECRET), inbox=inbox), Settings(port=0, single=True), announce)


def _serve(mode: str, folder: Path) -> None:
    if mode == "raw":
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(_raw())
    elif mode == "durable":
        _ours(SqliteInbox(folder / "inbox.db", depth=10_000_000))
    elif mode == "storeless":
        _ours(Unkept())
    else:
        _ours(Nowhere(typed=mode == "typed"))


if __name__ == "__main__":
    pin(0)
    with tempfile.TemporaryDirectory() as made:
        _serve(sys.argv[1], Path(made))
