"""An inbox with something to look at, and the console over it, for the tests beside this file."""

from __future__ import annotations

import collections.abc as abc
import contextlib
import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery, told
from webhooks.console import Console
from webhooks.inbox import Inbox
from webhooks.memory_inbox import MemoryInbox

TOKEN = "canary-console-token-0123456789"
TRACEBACK = """Traceback (most recent call last):
  File "/app/handlers.py", line 41, in push
    await crm.upsert(event.prospect.id)
crm.Unavailable: 503 from the CRM
"""

Client = TestClient[web.Request, web.Application]


async def filled(clock: WoundClock) -> MemoryInbox:
    """An inbox with one event done, one dead, one retrying, one waiting and one that cannot be read: 1 to 5."""
    inbox = MemoryInbox()
    await inbox.open(clock)
    body = json.dumps({"data": {"type": "prospect", "id": 1, "attributes": {"firstName": "Ada", "title": "Countess"}}})
    await inbox.put(delivery(1, body=body.encode(), resource="prospect/1"))
    await inbox.put(delivery(2, resource="mailing/77", event="mailing.bounced", at=START + 1))
    await inbox.put(delivery(3, resource="lead/9", event="reply.received", source="planmysaas", at=START + 2))
    for claim in await inbox.claim(3):
        await inbox.settle(claim, *ENDINGS[claim.id], end="whole")
    await inbox.put(delivery(4, resource="task/5", event="task.completed", at=START + 3, flags=("unsigned",)))
    await inbox.put(delivery(5, resource="", event="", unreadable="the body is not JSON", body=b"\xff<not json>"))
    return inbox


ENDINGS = {
    1: (told("app:welcome"),),
    2: (
        told("app:audit", seconds=0.0123),
        told(
            "app:push", "dead", attempt=6, seconds=1.26, reason="crm.Unavailable: 503 from the CRM", traceback=TRACEBACK
        ),
    ),
    3: (told("app:triage", "retry", reason="TimeoutError: ran longer than 30 s", retry_at=START + 900),),
}


def statistics(inbox: Inbox) -> dict[str, Any]:
    """What the application would say of this inbox."""
    stats = inbox.statistics()
    return {
        "ready": True,
        "problems": [],
        "started_at": 1_796_030_082.5,
        "received": 1204,
        "received_per_minute": 12.5,
        "handled_per_minute": 11.0,
        "verified_by": {"outreach/main": 1100, "planmysaas/2026-11": 104},
        "refused_by": {"outreach/signature-wrong": 3},
        "depth": stats.depth,
        "running": stats.running,
        "retrying": stats.retrying,
        "dead": stats.dead,
        "oldest_seconds": 312.0,
        "failing_since": None,
    }


@contextlib.asynccontextmanager
async def served(inbox: Inbox, clock: WoundClock, **more: Any) -> abc.AsyncIterator[Client]:
    """The console on loopback, and a client that keeps cookies."""
    app = web.Application()
    app.add_routes(Console(inbox, lambda: {**statistics(inbox), **more}, TOKEN, now=clock.now).routes())
    async with TestClient(TestServer(app)) as client:
        yield client
