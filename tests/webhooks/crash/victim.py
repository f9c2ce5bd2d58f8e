"""The process that is killed: an inbox, a worker, and a line protocol in front of them.

A sender writes a number and a line end; the same line comes back once that number's delivery is durable. The one
handler writes its effect through `event.transaction`, so that effects can be counted and put in order afterwards.
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
FILLING = b"x" * 800


def delivery(number: int, now: float) -> Delivery:
    """Give the delivery with this number, the same at every try but for its time of receipt."""
    return Delivery(
        source="outreach",
        # A vendor without typed events: importing those would take longer than most of these processes live.
        provider="none",
        event="prospect.updated",
        resource=f"prospect/{number % RESOURCES}",
        received_at=now,
        body=b'{"data": {"type": "prospect", "id": %d, "attributes": {"name": "%s"}}}' % (number, FILLING),
        keys=(Key(f"outreach/digest/{number}"), Key(f"outreach/soft/{number}", 10.0)),
    )


router = Router()


@router.on("*", name="effects")
async def effects(event: Event) -> None:
    number, resource = event.document["data"]["id"], event.delivery.resource

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS effects(number INTEGER, resource TEXT)")
        connection.execute("INSERT INTO effects VALUES (?, ?)", (number, resource))

    await event.transaction(write)


async def main(path: str) -> None:
    """Receive until killed."""
    clock = SystemClock()
    inbox = SqliteInbox(path)
    await inbox.open(clock)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                await inbox.put(delivery(int(line), clock.now()))
            except InboxError:
                break
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await Worker(inbox, router.table(), clock).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
