from __future__ import annotations

import pytest

from outreach_async.protocol.errors import (
    BadRequest,
    ConnectionFailed,
    CredentialError,
    ErrorObject,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    OutreachError,
    ServerFault,
    StatusError,
    TimedOut,
    TooManyRequests,
    Unauthorized,
)
from outreach_async.protocol.messages import Headers, Request, Response
from outreach_async.protocol.retry import (
    OUTREACH_RETRY,
    PLANMYSAAS_RETRY,
    Again,
    Refresh,
    RetryBudget,
    RetryPolicy,
    Stop,
    already_gone,
    decide,
    may_repeat,
)

NOW = 1_700_000_000.0
ORIGIN = "https://api.outreach.io"


def request(method: str = "GET", path: str = "/api/v2/prospects/1", **more: object) -> Request:
    return Request(method, ORIGIN, path, **more)  # type: ignore[arg-type]


def failed(status: int, *, code: str = "", **headers: str) -> StatusError:
    kinds = {400: BadRequest, 401: Unauthorized, 404: NotFound, 429: TooManyRequests}
    kind = ServerFault if status >= 500 else kinds.get(status, StatusError)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    errors = (ErrorObject(code=code),) if code else ()
    return kind(request(), Response(status, Headers(fields), b""), errors=errors)


def after(call: Request, failure: OutreachError, **more: object) -> Again | Refresh | Stop:
    arguments = {"attempt": 1, "refreshed": False, "now": NOW, "policy": OUTREACH_RETRY, "jitter": 0.5} | more
    return decide(call, failure, **arguments)  # type: ignore[arg-type]


MAILING_STATE = b'{"data":{"type":"mailing","id":9,"attributes":{"state":"scheduled"}}}'
MAILING_SUBJECT = b'{"data":{"type":"mailing","id":9,"attributes":{"subject":"x"}}}'

REPEATABLE = [
    request("GET"),
    request("HEAD"),
    request("DELETE"),
    request("PATCH", body=b'{"data":{"attributes":{"state":"x"}}}'),
    request("PATCH", "/api/v2/mailings/9", body=MAILING_SUBJECT),
    request("PATCH", "/api/v2/mailings/9"),
    request("POST", replay=True),
    request("POST", "/api/v1/outreach/leads"),
]
NOT_REPEATABLE = [
    request("POST", "/api/v2/prospects"),
    request("POST", "/api/v2/sequenceStates/3/actions/finish"),
    request("PUT"),
    request("PATCH", "/api/v2/mailings/9", body=MAILING_STATE),
    request("PATCH", "/api/v2/mailings/9", body=b"\xff not json"),
    request("PATCH", "/api/v2/mailings/9", body=b"[]"),
    request("PATCH", "/api/v2/mailings/9", body=b'{"data":null}'),
    request("GET", replay=False),
]
DID_NOT_HAPPEN = [
    ConnectionFailed("refused", reached=False),
    TimedOut("no connection", reached=False),
    failed(429),
    failed(503, Retry_After="3"),
    failed(503, code="scheduledServerMaintenance"),
]
MAY_HAVE_HAPPENED = [
    ConnectionFailed("reset"),
    TimedOut("no answer"),
    failed(500),
    failed(502),
    failed(503),
    failed(504),
    failed(520),
    failed(408),
]
FINAL = [
    failed(400),
    failed(404),
    failed(418),
    failed(501),
    failed(505),
    InvalidResponse("html"),
    CredentialError("gone"),
]


def said(case: object) -> str:
    return repr(case)


@pytest.mark.parametrize("failure", DID_NOT_HAPPEN, ids=said)
@pytest.mark.parametrize("call", REPEATABLE + NOT_REPEATABLE, ids=said)
def test_what_did_not_happen_is_repeated_for_any_call(call: Request, failure: OutreachError) -> None:
    assert isinstance(after(call, failure), Again)


@pytest.mark.parametrize("failure", MAY_HAVE_HAPPENED, ids=said)
@pytest.mark.parametrize("call", REPEATABLE, ids=said)
def test_what_may_have_happened_is_repeated_where_it_does_no_harm(call: Request, failure: OutreachError) -> None:
    assert isinstance(after(call, failure), Again)


@pytest.mark.parametrize("failure", MAY_HAVE_HAPPENED, ids=said)
@pytest.mark.parametrize("call", NOT_REPEATABLE, ids=said)
def test_what_may_have_happened_is_not_repeated_otherwise(call: Request, failure: OutreachError) -> None:
    decision = after(call, failure)
    assert isinstance(decision, Stop)
    assert isinstance(decision.error, OutcomeUnknown)
    assert decision.error.cause is failure
    assert not may_repeat(call)


@pytest.mark.parametrize("failure", FINAL, ids=said)
@pytest.mark.parametrize("call", REPEATABLE + NOT_REPEATABLE, ids=said)
def test_other_failures_are_final(call: Request, failure: OutreachError) -> None:
    assert after(call, failure) == Stop(failure)


def test_a_401_is_cured_once_at_most() -> None:
    failure = failed(401)
    assert after(request("POST"), failure) == Refresh()
    assert after(request("POST"), failure, attempt=9) == Refresh()
    assert after(request("POST"), failure, refreshed=True) == Stop(failure)


@pytest.mark.parametrize("failure", [DID_NOT_HAPPEN[0], failed(429), failed(502)], ids=said)
def test_attempts_are_bounded(failure: OutreachError) -> None:
    assert isinstance(after(request(), failure, attempt=4), Again)
    assert after(request(), failure, attempt=5) == Stop(failure)


def test_fewer_attempts_where_a_gateway_gave_up_when_asked_for() -> None:
    policy = RetryPolicy(gateway_attempts=1)
    assert isinstance(after(request(), failed(502), policy=policy), Stop)
    assert isinstance(after(request(), failed(504), policy=policy), Stop)
    assert isinstance(after(request(), failed(500), policy=policy), Again)
    assert isinstance(after(request(), TimedOut("slow"), policy=policy), Again)


def test_the_wait_after_a_429_is_the_pacers() -> None:
    decision = after(request(), failed(429, Retry_After="600"))
    assert isinstance(decision, Again)
    assert decision.after == 0.0


@pytest.mark.parametrize(("attempt", "most"), [(1, 0.5), (2, 1.0), (4, 4.0), (6, 16.0), (7, 20.0), (10_000, 20.0)])
def test_backoff_is_a_random_part_of_a_time_that_doubles(attempt: int, most: float) -> None:
    assert OUTREACH_RETRY.backoff(attempt, 0.0) == 0.0
    assert OUTREACH_RETRY.backoff(attempt, 0.5) == most / 2
    assert OUTREACH_RETRY.backoff(attempt, 0.999) < most


def test_planmysaas_backs_off_from_one_second_to_sixty() -> None:
    assert PLANMYSAAS_RETRY.backoff(1, 1.0) == 1.0
    assert PLANMYSAAS_RETRY.backoff(99, 1.0) == 60.0


@pytest.mark.parametrize(
    ("text", "wait"),
    [("10", 10.0), ("1700000010", 10.0), ("2023-11-14T22:13:30.000Z", 10.0), ("soon", 0.0), ("-4", 0.0)],
)
def test_a_503_is_waited_out_as_it_asks(text: str, wait: float) -> None:
    decision = after(request("POST"), failed(503, Retry_After=text))
    assert isinstance(decision, Again)
    assert decision.after == wait + 0.25


def test_a_maintenance_longer_than_the_patience_is_not_waited_for() -> None:
    failure = failed(503, Retry_After="7200")
    assert after(request(), failure) == Stop(failure)
    assert isinstance(after(request(), failure, policy=RetryPolicy(patience=8000)), Again)


def test_a_delete_that_finds_nothing_the_second_time_has_worked() -> None:
    gone = failed(404, code="resourceNotFound")
    assert already_gone(request("DELETE"), gone, 2)
    assert not already_gone(request("DELETE"), gone, 1)
    assert not already_gone(request("GET"), gone, 2)
    assert not already_gone(request("DELETE"), failed(404, code="routeNotFound"), 2)
    assert not already_gone(request("DELETE"), failed(502), 2)


def test_an_outage_does_not_multiply_traffic() -> None:
    budget, attempts = RetryBudget(), 0
    for _ in range(2000):
        attempts += 1
        while budget.try_spend(failed(502)):
            attempts += 1
    assert attempts == 2000 + 100
    assert budget.left == 0


def test_what_a_retry_costs_and_a_success_gives_back() -> None:
    budget = RetryBudget(20)
    assert budget.try_spend(TimedOut("slow"))
    assert budget.left == 10
    assert budget.try_spend(ConnectionFailed("reset"))
    assert budget.left == 5
    assert not budget.try_spend(TimedOut("slow"))
    assert budget.try_spend(failed(429))
    assert budget.left == 5
    for _ in range(30):
        budget.refund()
    assert budget.left == 20
