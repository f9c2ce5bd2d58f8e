"""The receiver that is killed, with one handler whose effects can be counted and put in order afterwards.

Run with the path of an inbox it serves as `hooks serve` does. With `--inbox` it is the inbox and a worker alone,
behind a line protocol: a number and a line end come in, and go back once that number's delivery is durable. That form
starts in a third of the time, so that more kills fit into an hour.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

from outreach_async.engine.clock import SystemClock
from webhooks.delivery import Delivery, Key
from webhooks.events import Event
from webhooks.inbox_errors import InboxError
from webhooks.routing import Router
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.worker import Worker

RESOURCES = 97
SECRET = "secret-of-the-victim"

_FILLING = b"x" * 700
_router = Router()


def body(number: int) -> bytes:
    """Give the body with this number, the same at every try."""
    return (
        b'{"data": {"type": "prospect", "id": %d, "attributes": {"notes": "%s"}},'
        b' "meta": {"eventName": "prospect.updated", "deliveredAt": "2026-01-05T12:30:00.000Z", "jobId": "%d"}}'
    ) % (number % RESOURCES + 1, _FILLING, number)


@_router.on("*", name="effects")
async def effects(event: Event) -> None:
    number, resource = int(event.document["meta"]["jobId"]), event.delivery.resource

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS effects(number INTEGER, resource TEXT)")
        connection.execute("INSERT INTO effects VALUES (?, ?)", (number, resource))

    await event.transaction(write)


def serve(path: str) -> None:
    """Serve on a free port, whose URL is printed, until killed."""
    import webhooks.server
    from webhooks.app import Webhooks
    from webhooks.outreach import OutreachSource

    def load() -> Webhooks:
        hooks = Webhooks(OutreachSource(secret=SECRET), inbox=SqliteInbox(path))
        hooks.include(_router)
        return hooks

    settings = webhooks.server.Settings(port=0, single=True)
    webhooks.server.run(load, settings, lambda told: print(told["serving"], flush=True))


async def keep(path: str) -> None:
    """Take numbers on a free port, which is printed, until killed."""
    clock = SystemClock()
    inbox = SqliteInbox(path)
    await inbox.open(clock)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                await inbox.put(_delivery(int(line), clock.now()))
            except InboxError:
                break
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await Worker(inbox, _router.table(), clock).run()


def _delivery(number: int, now: float) -> Delivery:
    return Delivery(
        source="outreach",
        # A vendor without typed events: importing those would take longer than most of these processes live.
        provider="none",
        event="prospect.updated",
        resource=f"prospect/{number % RESOURCES + 1}",
        received_at=now,
        body=body(number),
        keys=(Key(f"outreach/digest/{number}"), Key(f"outreach/soft/{number}", 10.0)),
    )


if __name__ == "__main__":
    if sys.argv[2:] == ["--inbox"]:
        asyncio.run(keep(sys.argv[1]))
    else:
        serve(sys.argv[1])
