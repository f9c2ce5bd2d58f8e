"""Each vendor's rules of delivery as values: what follows from the outcome of a try, and how a webhook stands.

Outreach counts any HTTP status as delivered and tries again three times, a second apart, when the network fails. A
host with a private address suspends the webhook for an hour, one that cannot be looked up for a minute, and after
seven days without a single delivery it is disabled for good. PlanMySaaS tries again after network errors and statuses
of the 500s, after 5 minutes, 30 minutes and 2 hours. Facts: "Outreach, webhooks", and "PlanMySaaS, webhooks".

What becomes of events while a webhook is suspended is not documented: here they are lost. Nor is how long PlanMySaaS
waits for an answer. Knows no clock and no socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Failure = Literal["refused", "reset", "timeout", "dns", "private"]
"""Why there is no answer: no connection, a broken one, none in time, no such host, a host that is not called."""

Outcome = int | Failure
"""What a try came to: the status it was answered with, or why it was not."""

OUTREACH_LIMIT = 5.0
"""How long Outreach waits for an answer, in seconds."""

PLANMYSAAS_LIMIT = 15.0
"""How long PlanMySaaS waits for an answer, in seconds: our guess."""

_OUTREACH_TRIES = 4
_OUTREACH_PAUSE = 1.0
_PLANMYSAAS_WAITS = (300.0, 1800.0, 7200.0)
_HOUR = 3600.0
_DAY = 86_400.0
_PATIENCE = 7 * _DAY
_SUSPENSIONS: dict[Outcome, tuple[float, str]] = {
    "private": (_HOUR, "The webhook's host has a private address."),
    "dns": (60.0, "The webhook's host could not be resolved."),
}
_FOR_GOOD = "The webhook could not be delivered for seven days."


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after so many seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class Settled:
    """No more tries: the vendor counts it as delivered, or gives it up."""

    state: Literal["delivered", "failed"]
    reason: str = ""


Verdict = Again | Settled


def outreach_verdict(attempt: int, outcome: Outcome, *, waits: float = 1.0, timeouts_retried: bool = True) -> Verdict:
    """Say what Outreach does after this try, the first being 1. `waits` multiplies its pauses."""
    if isinstance(outcome, int):
        return Settled("delivered", f"answered {outcome}")
    if outcome in _SUSPENSIONS or (outcome == "timeout" and not timeouts_retried):
        return Settled("failed", outcome)
    if attempt >= _OUTREACH_TRIES:
        return Settled("failed", f"{outcome}, {attempt} times")
    return Again(_OUTREACH_PAUSE * waits)


def planmysaas_verdict(attempt: int, outcome: Outcome, *, waits: float = 1.0) -> Verdict:
    """Say what PlanMySaaS does after this try, the first being 1. `waits` multiplies its pauses."""
    if isinstance(outcome, int) and outcome < 500:
        return Settled("delivered" if 200 <= outcome < 300 else "failed", f"answered {outcome}")
    if attempt > len(_PLANMYSAAS_WAITS):
        return Settled("failed", f"{outcome}, after {attempt} tries")
    return Again(_PLANMYSAAS_WAITS[attempt - 1] * waits)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a webhook of Outreach stands. Times are Unix seconds.

    `failing_since` is the first delivery in a row that failed. A `reason` means that it is disabled since `since`,
    until `until`, or for good where that is None.
    """

    failing_since: float | None = None
    reason: str = ""
    since: float | None = None
    until: float | None = None

    def disabled(self, now: float) -> bool:
        """Tell whether nothing is delivered now."""
        return bool(self.reason) and (self.until is None or now < self.until)

    def after(self, outcome: Outcome, now: float, *, waits: float = 1.0) -> Standing:
        """Give how it stands once a delivery has come to this. `waits` multiplies the suspensions."""
        if isinstance(outcome, int):
            return Standing()
        since = now if self.failing_since is None else self.failing_since
        if now - since >= _PATIENCE * waits:
            return Standing(since, _FOR_GOOD, now, None)
        if (suspension := _SUSPENSIONS.get(outcome)) is None:
            return Standing(since)
        seconds, reason = suspension
        return Standing(since, reason, now, now + seconds * waits)
