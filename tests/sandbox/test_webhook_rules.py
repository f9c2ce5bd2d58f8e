"""What each vendor does after a try, as tables of values."""

from __future__ import annotations

import pytest

from outreach_async.sandbox.webhook_rules import (
    Again,
    Outcome,
    Settled,
    Standing,
    Verdict,
    outreach_verdict,
    planmysaas_verdict,
)

DAY = 86_400.0


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 413, 429, 500, 503])
def test_outreach_counts_any_status_as_delivered(status: int) -> None:
    assert outreach_verdict(1, status) == Settled("delivered", f"answered {status}")


@pytest.mark.parametrize("outcome", ["refused", "reset", "timeout"])
def test_outreach_tries_again_three_times_a_second_apart(outcome: Outcome) -> None:
    assert [outreach_verdict(attempt, outcome) for attempt in (1, 2, 3)] == [Again(1.0)] * 3
    assert outreach_verdict(4, outcome) == Settled("failed", f"{outcome}, 4 times")


@pytest.mark.parametrize("outcome", ["dns", "private"])
def test_outreach_does_not_try_a_host_again_that_cannot_be_called(outcome: Outcome) -> None:
    assert outreach_verdict(1, outcome) == Settled("failed", str(outcome))


def test_whether_silence_is_a_network_failure_is_a_reading() -> None:
    assert outreach_verdict(1, "timeout", timeouts_retried=False) == Settled("failed", "timeout")
    assert outreach_verdict(1, "reset", timeouts_retried=False) == Again(1.0)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (200, Settled("delivered", "answered 200")), (204, Settled("delivered", "answered 204")),
        (302, Settled("failed", "answered 302")), (401, Settled("failed", "answered 401")),
        (413, Settled("failed", "answered 413")), (429, Settled("failed", "answered 429")),
        (500, Again(300.0)), (503, Again(300.0)), ("refused", Again(300.0)), ("reset", Again(300.0)),
        ("timeout", Again(300.0)), ("dns", Again(300.0)),
    ],
)  # fmt: skip
def test_planmysaas_tries_again_after_network_errors_and_statuses_of_the_500s(
    outcome: Outcome, verdict: Verdict
) -> None:
    assert planmysaas_verdict(1, outcome) == verdict


def test_planmysaas_gives_up_after_two_hours_and_thirty_five_minutes() -> None:
    waits = [planmysaas_verdict(attempt, 503) for attempt in (1, 2, 3)]
    assert waits == [Again(300.0), Again(1800.0), Again(7200.0)]
    assert planmysaas_verdict(4, 503) == Settled("failed", "503, after 4 tries")


def test_waits_can_be_compressed() -> None:
    assert planmysaas_verdict(3, 500, waits=0.001) == Again(7.2)
    assert outreach_verdict(1, "reset", waits=0) == Again(0)


def test_a_private_address_suspends_for_an_hour_and_an_unknown_host_for_a_minute() -> None:
    private = Standing().after("private", 1000.0)
    assert (private.disabled(1000.0), private.disabled(4599.0), private.disabled(4600.0)) == (True, True, False)
    assert "private" in private.reason
    unknown = Standing().after("dns", 1000.0)
    assert (unknown.since, unknown.until, unknown.failing_since) == (1000.0, 1060.0, 1000.0)
    assert Standing().after("dns", 1000.0, waits=0.5).until == 1030.0


def test_a_failed_delivery_suspends_nothing() -> None:
    failing = Standing().after("reset", 1000.0)
    assert failing == Standing(failing_since=1000.0)
    assert not failing.disabled(1000.0)


@pytest.mark.parametrize("outcome", ["reset", "dns", "private", "refused", "timeout"])
def test_seven_days_without_a_delivery_disable_for_good(outcome: Outcome) -> None:
    standing = Standing().after(outcome, 0.0)
    standing = standing.after(outcome, 7 * DAY - 1)
    assert standing.until is not None or not standing.disabled(7 * DAY - 1)
    standing = standing.after(outcome, 7 * DAY)
    assert standing.disabled(1e12)
    assert (standing.since, standing.until) == (7 * DAY, None)
    assert "seven days" in standing.reason


def test_one_delivery_ends_the_week() -> None:
    standing = Standing().after("reset", 0.0).after(500, 6 * DAY)
    assert standing == Standing()
    assert standing.after("reset", 7 * DAY) == Standing(failing_since=7 * DAY)
