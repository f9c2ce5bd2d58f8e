"""What an operator does to an inbox: find events, and have them worked on again. For the page and the command line."""

from __future__ import annotations

import asyncio
import collections.abc as abc
from dataclasses import dataclass
from typing import Any, get_args

from outreach_async.protocol.errors import ConfigurationError

from .inbox import LISTED, Inbox, Listing, State
from .replay import read_saved
from .shown_text import line

AT_ONCE = 200
"""Events redelivered in one go, so that deliveries get in between."""

STATES: tuple[State, ...] = get_args(State)
_ID_DIGITS = 18
_TEXT = 200


@dataclass(frozen=True, slots=True)
class Redelivered:
    """What a redelivery did. `left` are events that are not there, or not finished; `before` is where to go on."""

    taken: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    before: int | None = None


async def redeliver(inbox: Inbox, ids: abc.Iterable[int]) -> Redelivered:
    """Have events worked on again. Raises InboxUnavailable; those before it are taken up already."""
    taken: list[int] = []
    left: list[int] = []
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        answers = await asyncio.gather(*(inbox.redeliver(event) for event in some))
        for event, done in zip(some, answers, strict=True):
            (taken if done else left).append(event)
    return Redelivered(tuple(taken), tuple(left))


async def redeliver_dead(inbox: Inbox, before: int | None = None, limit: int = LISTED) -> Redelivered:
    """Have the newest dead letters with an id below `before` worked on again; `before` of the answer is the next.

    Going down by id ends, though what was redelivered may die again meanwhile. Raises InboxUnavailable.
    """
    found = await inbox.events(Listing(state="dead", before=before, limit=limit))
    done = await redeliver(inbox, [summary.id for summary in found])
    more = len(found) == min(limit, LISTED)
    return Redelivered(done.taken, done.left, found[-1].id if more and found else None)


async def redeliver_every(some: abc.Callable[[int | None], abc.Awaitable[Redelivered]]) -> Redelivered:
    """Have every dead letter worked on again; `some` does the newest of those below an id, as `redeliver_dead` does.

    Raises what `some` raises; those before it are taken up already.
    """
    taken: list[int] = []
    left: list[int] = []
    before: int | None = None
    while True:
        done = await some(before)
        taken += done.taken
        left += done.left
        before = done.before
        if before is None:
            return Redelivered(tuple(taken), tuple(left))


def redelivered_view(done: Redelivered) -> dict[str, Any]:
    """Give what a redelivery did as plain values."""
    return {"redelivered": list(done.taken), "left": list(done.left), "before": done.before}


async def replay(inbox: Inbox, document: object, now: float, max_body: int) -> dict[str, Any]:
    """Put a saved delivery of at most `max_body` bytes, received `now` in Unix seconds; give what became of it.

    Raises ConfigurationError for what is no saved delivery, InboxFull, InboxUnavailable.
    """
    delivery = read_saved(document, now, max_body)
    receipt = await inbox.put(delivery)
    return {"id": receipt.id, "duplicate": receipt.duplicate, "event": line(delivery.event)}


def listing_of(asked: abc.Mapping[str, str], limit: int = 50) -> Listing:
    """Give the listing that query parameters ask for; empty ones count as left out. Raises ConfigurationError."""
    state = asked.get("state") or None
    if state is not None and state not in STATES:
        raise ConfigurationError(f"{state!r} is no state of an event", hint=f"One of {', '.join(STATES)}.")
    return Listing(
        state=state,
        source=asked.get("source", "").strip()[:_TEXT],
        event=asked.get("event", "").strip()[:_TEXT],
        resource=asked.get("resource", "").strip()[:_TEXT],
        before=number(asked.get("before"), "before"),
        after=number(asked.get("after"), "after"),
        limit=min(number(asked.get("limit"), "limit") or limit, LISTED),
    )


def number(text: str | None, name: str) -> int | None:
    """Read an id or a count; None where there is none. Raises ConfigurationError."""
    if not text:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > _ID_DIGITS:
        raise ConfigurationError(f"{name} is no number: {text[:40]!r}")
    return int(text)
