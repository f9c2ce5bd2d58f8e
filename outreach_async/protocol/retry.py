"""What may be sent again, when, and when to give up.

- Connection refused, 401 (once, after a refresh), 429, 503 for maintenance or with `Retry-After`: the call did not
  happen, so anything is repeated.
- Any other transient failure: GET, DELETE, PATCH unless it sets a mailing's `state`, what the caller marked
  `replay=True`, and PlanMySaaS's lead creation, which is idempotent by contract.
- The same on other POSTs and actions: never. The outcome is unknown, neither API de-duplicates writes, and some send
  mail.

Everything is an argument here, the jitter too. Who waits, and who signs anew, is the pipeline's business; how long a
429 lasts is the pacer's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from .errors import (
    NotFound,
    OutcomeUnknown,
    OutreachError,
    ServerFault,
    StatusError,
    TimedOut,
    TooManyRequests,
    TransportError,
    Unauthorized,
)
from .instants import wait_seconds
from .messages import Request

_SAFE_METHODS = frozenset({"GET", "HEAD", "DELETE"})
# PlanMySaaS: creating a lead is idempotent on (campaignId, email).
_IDEMPOTENT_POSTS = frozenset({"/api/v1/outreach/leads"})
_NOT_TRANSIENT = frozenset({501, 505})
_GATEWAY_GAVE_UP = frozenset({502, 504})
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how far apart, a call is sent again.

    `attempts` counts the first one too; `gateway_attempts` bounds them further where a gateway gave up (502, 504),
    for a caller that would rather ask for less. Backoff is full jitter: a random part of `first` seconds, doubled
    each time, at most `ceiling`. `patience` is the longest `Retry-After` of a 503 that is waited for, in seconds.
    """

    attempts: int = 5
    first: float = 0.5
    ceiling: float = 20.0
    patience: float = 3900.0
    gateway_attempts: int | None = None

    def attempts_after(self, failure: OutreachError) -> int:
        """Give how many attempts a call has in all when one of them failed so."""
        gave_up = isinstance(failure, ServerFault) and failure.status in _GATEWAY_GAVE_UP
        return self.attempts if self.gateway_attempts is None or not gave_up else self.gateway_attempts

    def backoff(self, attempt: int, jitter: float) -> float:
        """Give the seconds to wait after this attempt, counted from 1; `jitter` is from 0 to below 1."""
        return jitter * min(self.ceiling, self.first * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS))


OUTREACH_RETRY = RetryPolicy()
PLANMYSAAS_RETRY = RetryPolicy(first=1.0, ceiling=60.0)


@dataclass(frozen=True, slots=True)
class Again:
    """Send it again after so many seconds; 0 after a 429, whose wait the pacer knows."""

    after: float
    reason: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Send it again at once if the credential has, or can get, another token."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Give up with this error."""

    error: OutreachError


def decide(
    request: Request,
    failure: OutreachError,
    *,
    attempt: int,
    refreshed: bool,
    now: float,
    policy: RetryPolicy,
    jitter: float,
) -> Again | Refresh | Stop:
    """Decide what follows a failed attempt, the `attempt`-th, counted from 1.

    `refreshed` says whether a 401 has led to another token before; `now` is Unix seconds; `jitter` is from 0 to
    below 1.
    """
    if isinstance(failure, Unauthorized):
        return Stop(failure) if refreshed else Refresh()
    if not _is_transient(failure):
        return Stop(failure)
    harmless = _did_not_happen(failure)
    if not harmless and not may_repeat(request):
        return Stop(OutcomeUnknown(failure, request=request))
    if attempt >= policy.attempts_after(failure):
        return Stop(failure)
    if isinstance(failure, TooManyRequests):
        return Again(0.0, "the quota refused it")
    asked = _asked(failure, now)
    if asked > policy.patience:
        return Stop(failure)
    # Jitter on top of the time asked for keeps many callers from coming back in one moment.
    return Again(asked + policy.backoff(attempt, jitter), failure.message)


def may_repeat(request: Request) -> bool:
    """Tell whether the call may arrive twice."""
    if request.replay is not None:
        return request.replay
    if request.method == "PATCH":
        return not _sets_mailing_state(request)
    return request.method in _SAFE_METHODS or (request.method == "POST" and request.path in _IDEMPOTENT_POSTS)


def already_gone(request: Request, failure: OutreachError, attempt: int) -> bool:
    """Tell whether a 404 means that an earlier attempt at this DELETE worked, which is success."""
    found_nothing = isinstance(failure, NotFound) and failure.code != "routeNotFound"
    return request.method == "DELETE" and attempt > 1 and found_nothing


def _is_transient(failure: OutreachError) -> bool:
    if isinstance(failure, ServerFault):
        return failure.status not in _NOT_TRANSIENT
    if isinstance(failure, StatusError):
        return isinstance(failure, TooManyRequests) or failure.status == 408
    return isinstance(failure, TransportError)


def _did_not_happen(failure: OutreachError) -> bool:
    """Tell whether the server cannot have done what was asked."""
    if isinstance(failure, TransportError):
        return not failure.reached
    if isinstance(failure, ServerFault) and failure.status == 503:
        return failure.code == "scheduledServerMaintenance" or failure.response.headers.get("Retry-After") is not None
    return isinstance(failure, TooManyRequests)


def _asked(failure: OutreachError, now: float) -> float:
    """Give the seconds that the answer asks to wait, 0 where it asks for none."""
    if not isinstance(failure, StatusError):
        return 0.0
    headers = failure.response.headers
    return wait_seconds(headers.get("Retry-After"), now=now, date=headers.get("Date"), ceiling=math.inf) or 0.0


def _sets_mailing_state(request: Request) -> bool:
    """Tell whether a PATCH sets a mailing's `state`, which sends it; a body that cannot be read counts as one."""
    if "/mailings/" not in request.path:
        return False
    try:
        document = msgspec.json.decode(request.body or b"{}")
        return "state" in document.get("data", {}).get("attributes", {})
    except (msgspec.MsgspecError, UnicodeError, RecursionError, AttributeError, TypeError):
        return True


class RetryBudget:
    """Bounds the retries of all callers together, so that an outage does not multiply traffic.

    A bucket of `capacity` tokens: a retry costs 5, after a timeout 10, and a call that succeeds after a retry puts 1
    back. What the pacer holds back by itself, a 429, costs nothing.
    """

    __slots__ = ("_capacity", "_left")

    def __init__(self, capacity: int = 500) -> None:
        self._capacity = capacity
        self._left = capacity

    @property
    def left(self) -> int:
        """Tokens left."""
        return self._left

    def try_spend(self, failure: OutreachError) -> bool:
        """Pay for one retry after this failure; False when there is not enough left, and the call has to end."""
        cost = 0 if isinstance(failure, TooManyRequests) else 10 if isinstance(failure, TimedOut) else 5
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def refund(self) -> None:
        """Put a token back after a success."""
        self._left = min(self._capacity, self._left + 1)
