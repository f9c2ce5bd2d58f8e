"""What a claimed event is for, and what follows from a failed run: pure.

Knows the terms of each handler and the settlements on file; runs nothing and keeps nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from .attempt import Failure
from .backoff import Backoff
from .inbox import ANY_HANDLER, Claim, End, Settlement
from .routing import Route, RoutingTable


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a claimed event: the handlers to run, what is given up unrun, and how far that covers it."""

    run: tuple[Route, ...]
    lost: tuple[Settlement, ...]
    end: End


def make_plan(claim: Claim, table: RoutingTable, now: float) -> Plan:
    """Decide what to do with a claimed event.

    A handler that is settled, or whose retry is not due, is left alone. A retry of a handler that is registered no
    more, or not for this event, is given up with that reason. What cannot be read is given up as a whole. An event
    that no handler takes, or took before, is unclaimed.
    """
    if claim.delivery.unreadable:
        return Plan((), (unroutable(Failure(claim.delivery.unreadable), now),), "whole")
    routes = table.matching(claim.delivery)
    settled = {work.handler for work in claim.work if work.outcome != "retry"}
    due = tuple(route for route in routes if route.name not in settled | claim.later)
    end: End = "whole" if routes or claim.work else "unclaimed"
    if claim.ahead:
        free = tuple(route for route in due if not route.ordered)
        return Plan(free, (), "part" if any(route.ordered for route in routes) else end)
    names = {route.name for route in routes}
    waiting = (work for work in claim.work if work.outcome == "retry" and work.handler not in names)
    return Plan(due, tuple(_lost(work, table, now) for work in waiting), end)


def after_failure(
    route: Route, ended: Settlement, failure: Failure, backoff: Backoff, jitter: float, hold_until: float
) -> Settlement:
    """Give the settlement of a failed run: another try, or none.

    `ended` tells when and which attempt it was. An ordered handler holds its resource from its first failure on for
    its retry window, and no longer: `hold_until` is what an earlier failure of this event said, zero for none.
    """
    told = msgspec.structs.replace(ended, outcome="dead", reason=failure.reason, traceback=failure.traceback)
    if ended.attempt > route.retries:
        return told
    window = backoff.window(ended.attempt, retries=route.retries, timeout=route.timeout)
    until = hold_until if hold_until > ended.at else ended.at + window
    return msgspec.structs.replace(
        told,
        outcome="retry",
        retry_at=ended.at + backoff.wait(ended.attempt, jitter),
        hold_until=until if route.ordered else 0.0,
    )


def unroutable(failure: Failure, now: float) -> Settlement:
    """Give the settlement of an event that no handler can be given."""
    return Settlement(handler=ANY_HANDLER, outcome="dead", at=now, reason=failure.reason, traceback=failure.traceback)


def _lost(work: Settlement, table: RoutingTable, now: float) -> Settlement:
    why = "no longer takes this event" if table.named(work.handler) else "no longer exists"
    # One that never ran, or was cut short, has no failure to tell.
    before = f"it failed with: {work.reason}" if work.reason else "it had not handled this event"
    reason = f"the handler {work.handler} {why}; {before}"
    return msgspec.structs.replace(
        work, outcome="dead", at=now, seconds=0.0, retry_at=0.0, hold_until=0.0, reason=reason
    )
