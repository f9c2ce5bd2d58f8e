"""`hooks events`, `show`, `dead` and `stats`: what is in an inbox, for people and for programs."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError
from ..protocol.redaction import printable
from .hooks_follow import AT_ONCE, looks
from .hooks_reach import Reading, View, Where, reading
from .output import DONE, FAILED, Output

if TYPE_CHECKING:
    from webhooks.inbox import Listing

# Seconds between two looks for new events.
LOOK_EVERY = 1.0

_COLUMNS = ("id", "state", "event", "resource", "source", "received", "reason")
_WIDTHS = (7, 9, 26, 18, 12, 24, 0)

Pause = abc.Callable[[float], abc.Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events, as the command line has it."""

    state: str = ""
    event: str = ""
    resource: str = ""
    source: str = ""
    limit: int = 20
    before: int | None = None

    def listing(self, **more: object) -> Listing:
        """Give the listing that is meant. Raises ConfigurationError for a state there is not, or half a record."""
        from webhooks.operations import listing_of

        if self.resource and "/" not in self.resource:
            raise ConfigurationError(
                f"--resource {self.resource} names no record", hint="Write TYPE/ID, such as prospect/7."
            )
        told = {"state": self.state, "event": self.event, "resource": self.resource, "source": self.source}
        rest = {"limit": self.limit, "before": self.before, **more}
        return listing_of({**told, **{name: str(value) for name, value in rest.items() if value is not None}})


async def events(
    output: Output, where: Where, asked: Asked, *, follow: bool = False, pause: Pause = asyncio.sleep
) -> int:
    """List events; with `follow` go on with every new one, or every one that comes into the state asked for."""
    async with reading(where) as inbox:
        if follow:
            await _follow(output, inbox, asked, pause)
        found = await inbox.events(asked.listing())
        if not output.json:
            _table(output, found)
            if len(found) == asked.limit and await inbox.events(asked.listing(before=found[-1]["id"], limit=1)):
                shown = "1 event" if len(found) == 1 else f"{len(found):,} events"
                output.note(f"{shown}, and there are more: --limit N, or --before {found[-1]['id']}")
        output.result({"events": found, "count": len(found)})
    return DONE


async def _follow(output: Output, inbox: Reading, asked: Asked, pause: Pause) -> None:
    if not output.json:
        output.line(_spread(_COLUMNS))
    async with contextlib.aclosing(looks(inbox, asked)) as every:
        async for found in every:
            for event in found:
                _one_line(output, event)
            sys.stdout.flush()
            if len(found) < AT_ONCE:
                await pause(LOOK_EVERY)


def _one_line(output: Output, event: View) -> None:
    output.line(json.dumps(event, separators=(",", ":")) if output.json else _spread(_cells(event)))


def _table(output: Output, found: abc.Sequence[View]) -> None:
    if found:
        output.table(_COLUMNS, [_cells(event) for event in found])
    else:
        output.note("there are none")


def _cells(event: View) -> list[str]:
    flags = f" [{', '.join(event['flags'])}]" if event["flags"] else ""
    told = (event["id"], event["state"], event["event"] + flags, event["resource"], event["source"])
    return [*(str(value or "-") for value in told), event["received_at"] or "-", event["reason"] or ""]


def _spread(cells: abc.Sequence[str]) -> str:
    padded = (printable(cell).ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    return "  ".join(padded).rstrip()


async def show(output: Output, where: Where, id: int, *, raw: bool) -> int:
    """Show one event; `raw` gives the delivery alone, as it was received."""
    async with reading(where) as inbox:
        told = await (inbox.saved(id) if raw else inbox.event(id))
    if told is None:
        output.note(f"there is no event {id}: it was removed, or never was")
        output.result({"event": None})
        return FAILED
    if raw:
        # ASCII only, so that nothing in it drives a terminal; unmasked, since a masked body is another body.
        output.line(json.dumps(told))
        return DONE
    if not output.json:
        for text in _description(told):
            output.say(text)
    output.result({"event": told})
    return DONE


def _description(event: View) -> abc.Iterator[str]:
    verified = f"verified by {event['secret']}" if event["secret"] else "no secret"
    yield f"event {event['id']}  {event['event'] or '(no name)'}  {event['state']}"
    yield f"  resource  {event['resource'] or 'none'}"
    yield f"  source    {event['source']}, {verified}"
    yield f"  received  {event['received_at']}"
    for name in ("flags", "unreadable"):
        if event[name]:
            yield f"  {name:<9} {', '.join(event[name]) if isinstance(event[name], list) else event[name]}"
    yield ""
    yield "handlers" if event["handlers"] else event["reason"] or "no handler has ended yet"
    for told in event["handlers"]:
        run = _run(told) + (f", {_took(told['seconds'])}, {told['at']}" if told["attempt"] else "")
        again = f", again at {told['retry_at']}" if told["retry_at"] and told["outcome"] == "retry" else ""
        yield f"  {told['handler'] or '(event)'}  {told['outcome']}, {run}{again}  {told['reason']}".rstrip()
    for told in event["failures"]:
        yield ""
        yield f"failed  {told['handler'] or '(event)'}, {_run(told)}, {told['at']}: {told['reason']}"
        yield from (f"  {text}" for text in told["traceback"].splitlines())
    yield ""
    yield "headers" if event["headers"] else "no headers were kept"
    yield from (f"  {name}: {value}" for name, value in event["headers"])
    yield ""
    masked = ", masked" if event["body_masked"] else ""
    yield f"body, {event['size']} bytes{masked}{', cut' if event['body_cut'] else ''}"
    yield from (f"  {text}" for text in (event["body_laid_out"] or event["body_as_received"]).split("\n"))


def _run(told: View) -> str:
    return f"try {told['attempt']}" if told["attempt"] else "not run"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


async def stats(output: Output, where: Where) -> int:
    """Count what is in the inbox, and what the receiver did."""
    async with reading(where) as inbox:
        told = await inbox.stats()
    if not output.json:
        rows = [(f"events {state}", _number(count)) for state, count in told["events"].items()]
        rows += [(name.replace("_", " "), _counted(name, value)) for name, value in told.get("receiver", {}).items()]
        output.table(("what", "now"), [*rows, ("gaps not repaired", _number(told["open_gaps"]))])
        for gap in told["gaps"]:
            output.say(f"gap {gap['id']}: {gap['start']} to {gap['end']} ({gap['cause']}) {gap['detail']}".rstrip())
    output.result(told)
    return DONE


def _counted(name: str, value: Any) -> str:
    from webhooks.shown_text import instant
    from webhooks.statistics import TIMES

    return (instant(value) if name in TIMES else None) or _number(value)


def _number(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_number(each)}" for name, each in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value in (None, "") else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
