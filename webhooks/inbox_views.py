"""What the inbox keeps, as plain values for a page, a terminal or a program: masked, escaped, times as ISO 8601.

One form for all who look: the operator's page, the command line and its `--json`. Decides nothing about events.
"""

from __future__ import annotations

import collections.abc as abc
from typing import Any

from . import shown_text
from .inbox import Entry, Gap, Settlement, State, Summary
from .shown_text import instant, line

View = dict[str, Any]


def summary_view(summary: Summary) -> View:
    """Give one event of a listing. `size` is in bytes."""
    return {
        "id": summary.id,
        "state": summary.state,
        "source": line(summary.source),
        "provider": line(summary.provider),
        "event": line(summary.event),
        "resource": line(summary.resource),
        "received_at": instant(summary.received_at),
        "flags": [line(flag) for flag in summary.flags],
        "size": summary.size,
        "reason": line(summary.reason),
    }


def entry_view(entry: Entry) -> View:
    """Give one event whole: its headers and body, what became of each handler, and every failed run."""
    delivery = entry.delivery
    body = shown_text.body(delivery.body)
    return {
        "id": entry.id,
        "state": entry.state,
        "source": line(delivery.source),
        "provider": line(delivery.provider),
        "event": line(delivery.event),
        "resource": line(delivery.resource),
        "received_at": instant(delivery.received_at),
        "flags": [line(flag) for flag in delivery.flags],
        "secret": line(delivery.secret),
        "unreadable": line(delivery.unreadable),
        "reason": line(entry.reason),
        "handlers": [settlement_view(told) for told in entry.work],
        "failures": [settlement_view(told) for told in entry.failures],
        "headers": [[line(name), line(value)] for name, value in delivery.headers],
        "keys": [line(key.text) for key in delivery.keys],
        "size": body.size,
        "body": body.received or body.laid_out,
        "body_laid_out": body.laid_out,
        "body_as_received": body.received,
        "body_masked": body.masked,
        "body_cut": body.cut,
    }


def settlement_view(told: Settlement) -> View:
    """Give what became of one run of one handler. `seconds` is how long it took."""
    return {
        "handler": line(told.handler),
        "outcome": told.outcome,
        "attempt": told.attempt,
        "at": instant(told.at),
        "seconds": round(told.seconds, 6),
        "retry_at": instant(told.retry_at or None),
        "reason": line(told.reason),
        "traceback": shown_text.lines(told.traceback),
    }


def gap_view(gap: Gap) -> View:
    """Give a span in which deliveries may have been lost."""
    return {
        "id": gap.id,
        "start": instant(gap.start),
        "end": instant(gap.end),
        "seconds": round(max(0.0, gap.end - gap.start), 3),
        "cause": gap.cause,
        "detail": line(gap.detail),
        "repaired_at": instant(gap.repaired_at),
    }


def stored_view(counts: abc.Mapping[State, int], gaps: abc.Sequence[Gap]) -> View:
    """Give what can be told of an inbox by reading it: events by state, and the gaps nobody has repaired."""
    open_gaps = [gap_view(gap) for gap in gaps if gap.repaired_at is None]
    return {"events": dict(counts), "open_gaps": len(open_gaps), "gaps": open_gaps[:20]}
