"""Deliveries to keep, the inboxes to keep them in, and a table of handlers, for the tests beside this file."""

from __future__ import annotations

import asyncio
import collections.abc as abc
from pathlib import Path

from outreach_async.engine.clock import Clock
from outreach_async.sandbox.clock import START
from webhooks.delivery import Delivery, Key, Watch
from webhooks.inbox import Claim, Inbox, Outcome, Settlement
from webhooks.memory_inbox import MemoryInbox
from webhooks.sqlite_inbox import SqliteInbox


def delivery(
    number: int = 1,
    *,
    resource: str = "prospect/1",
    event: str = "prospect.updated",
    source: str = "outreach",
    at: float = START,
    keys: tuple[Key, ...] | None = None,
    watch: tuple[Watch, ...] = (),
    flags: tuple[str, ...] = (),
    unreadable: str = "",
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
) -> Delivery:
    """One delivery; those with different numbers are different."""
    return Delivery(
        source=source,
        provider="outreach",
        event=event,
        resource=resource,
        received_at=at,
        body=body or b'{"data": {"type": "prospect", "id": %d}}' % number,
        headers=headers,
        keys=(Key(f"{source}/digest/{number}"),) if keys is None else keys,
        watch=watch,
        flags=flags,
        secret="main",
        unreadable=unreadable,
    )


def told(
    handler: str = "app:handle",
    outcome: Outcome = "done",
    *,
    at: float = START,
    attempt: int = 1,
    seconds: float = 0.0,
    retry_at: float = 0.0,
    hold_until: float = 0.0,
    reason: str = "",
    traceback: str = "",
) -> Settlement:
    """What became of one run of one handler."""
    return Settlement(
        handler=handler,
        outcome=outcome,
        at=at,
        attempt=attempt,
        seconds=seconds,
        retry_at=retry_at,
        hold_until=hold_until,
        reason=reason,
        traceback=traceback,
    )


class Memory:
    """The inbox in memory."""

    def __init__(self, folder: Path) -> None:
        self._inbox: MemoryInbox | None = None

    async def open(self, clock: Clock, *, depth: int = 1_000) -> Inbox:
        """Open it; the second time with what the first left."""
        self._inbox = self._inbox or MemoryInbox(depth=depth)
        await self._inbox.open(clock)
        return self._inbox


class Sqlite:
    """The inbox on disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "inbox.db"

    async def open(self, clock: Clock, *, depth: int = 1_000) -> Inbox:
        """Open it; the second time with what the first left."""
        inbox = SqliteInbox(self._path, depth=depth, patience=0.0)
        await inbox.open(clock)
        return inbox


Backend = Memory | Sqlite
BACKENDS: tuple[type[Backend], ...] = (Memory, Sqlite)


async def nothing_to_claim(inbox: Inbox, *, ahead: bool = False) -> bool:
    """Whether no event can be claimed as things stand."""
    claiming = asyncio.ensure_future(inbox.claim(1, ahead=ahead))
    await asyncio.wait({claiming}, timeout=0.02)
    if claiming.done():
        inbox.release(claiming.result()[0])
        return False
    claiming.cancel()
    await asyncio.wait({claiming})
    return True


async def finish(inbox: Inbox, claims: abc.Iterable[Claim]) -> None:
    """Settle claims as done by one handler."""
    for claim in claims:
        await inbox.settle(claim, told(), end="whole")


def ids(claims: abc.Iterable[Claim]) -> list[int]:
    """The ids of what was claimed."""
    return [claim.id for claim in claims]
