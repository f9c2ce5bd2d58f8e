"""How a receiver stands, as one flat mapping of plain values: for the operator's page, the command line and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Webhooks


TIMES = frozenset({"started_at", "failing_since"})
"""Which of them are times, in Unix seconds: people are shown them by the calendar."""


def statistics(hooks: Webhooks, started_at: float) -> dict[str, Any]:
    """Give the state of the inbox and the counts since the start. Times are Unix seconds, None for never."""
    now, stats, health = hooks.clock.now(), hooks.inbox_statistics(), hooks.health()
    counts, tally = hooks.intake.counts, hooks.intake.tally
    told: dict[str, Any] = {
        "ready": health.ready,
        "problems": list(health.problems),
        "started_at": started_at or None,
        "received": sum(tally.received(name) for name in counts.acks),
        "received_per_minute": counts.received_rate.per_minute(now),
        "verified": tally.verified.total(),
        "verified_by": {f"{source}/{secret}": number for (source, secret), number in tally.verified.items()},
        "refused": tally.refused.total(),
        "refused_by": {f"{source}/{reason}": number for (source, reason), number in tally.refused.items()},
        "unreadable": tally.unreadable.total(),
        "stored": counts.stored.total(),
        "duplicates": counts.duplicates.total(),
        "flagged": counts.flagged.total(),
        "unstored": counts.unstored.total(),
        "unclaimed": counts.unclaimed.total(),
        "handled": counts.handled.total(),
        "handled_per_minute": counts.handled_rate.per_minute(now),
        "retried": counts.retried.total(),
        "given_up": counts.dead.total(),
    }
    if stats is not None:
        told |= {
            "depth": stats.depth,
            "running": stats.running,
            "retrying": stats.retrying,
            "dead": stats.dead,
            "oldest_seconds": None if stats.oldest_at is None else max(0.0, now - stats.oldest_at),
            "failing_since": stats.failing_since,
            "failure": stats.failure,
        }
    return told
