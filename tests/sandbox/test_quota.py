from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.sandbox.quota import Quotas, Spent, refusal
from outreach_async.sandbox.switches import Rate, Switches

NOW = 1_795_305_600.25


def spend(quotas: Quotas, rate: Rate, *times: float) -> list[bool]:
    return [quotas.spend("user:1", rate, at).allowed for at in times]


def test_a_fixed_window_begins_at_the_first_requests_full_second() -> None:
    quotas, rate = Quotas(Switches()), Rate(2, 10.0)
    first = quotas.spend("user:1", rate, NOW)
    assert (first.remaining, first.resets_at) == (1, 1_795_305_610)
    assert spend(quotas, rate, NOW + 1, NOW + 2, NOW + 9.74) == [True, False, False]
    assert quotas.spend("user:1", rate, NOW + 9.75) == Spent(2, 1, 1_795_305_620, allowed=True)
    assert [(use.used, use.refused) for use in quotas.history("user:1")] == [(2, 2), (1, 0)]


def test_an_aligned_window_ends_at_a_multiple_of_its_length() -> None:
    quotas = Quotas(Switches(window_start="aligned"))
    assert quotas.spend("u", Rate(2, 3600.0), NOW + 1800).resets_at == 1_795_305_600 + 3600


def test_a_sliding_window_counts_the_last_seconds() -> None:
    quotas, rate = Quotas(Switches(window="sliding")), Rate(2, 10.0)
    assert spend(quotas, rate, NOW, NOW + 6, NOW + 9, NOW + 10, NOW + 15, NOW + 16) == [
        True, True, False, True, False, True,
    ]  # fmt: skip
    refused = quotas.spend("user:1", rate, NOW + 17)
    assert (refused.allowed, refused.resets_at) == (False, NOW + 20)


def test_subjects_do_not_share_and_zero_is_no_limit() -> None:
    quotas = Quotas(Switches())
    assert quotas.spend("a", Rate(1, 10.0), NOW).allowed
    assert quotas.spend("b", Rate(1, 10.0), NOW).allowed
    assert all(quotas.spend("c", Rate(0, 1.0), NOW).allowed for _ in range(9))
    assert quotas.subjects() == ("a", "b")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("epoch", "1795305611"),
        ("delta", "11"),
        ("iso", "2026-11-22T00:00:11Z"),
        ("http_date", "Sun, 22 Nov 2026 00:00:11 GMT"),
    ],
)
def test_the_reset_is_written_in_every_form_seen(form: Any, text: str) -> None:
    quotas = Quotas(Switches(reset_format=form))
    refused = Spent(10_000, 0, 1_795_305_610.5, allowed=False)
    assert dict(quotas.headers(refused, NOW)) == {
        "X-RateLimit-Limit": "10000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": text,
        "Retry-After": text,
    }


def test_which_answers_tell() -> None:
    passed, refused = Spent(10_000, 9999, NOW, allowed=True), Spent(10_000, 0, NOW, allowed=False)
    told = {how: Quotas(Switches(rate_headers=how)) for how in ("every", "limited", "never")}
    assert len(told["every"].headers(passed, NOW)) == 3
    assert told["limited"].headers(passed, NOW) == told["never"].headers(refused, NOW) == []
    assert len(told["limited"].headers(refused, NOW)) == 4
    merged = Quotas(Switches(merged_headers=True))
    assert ("X-RateLimit-Remaining", "9999, 19988") in merged.headers(passed, NOW)


def test_the_refusal_has_the_services_words() -> None:
    response = refusal(Spent(10_000, 0, 1_483_228_800.0, allowed=False), [("Retry-After", "x")])
    error = json.loads(response.body)["errors"][0]
    assert response.status == 429
    assert response.headers["retry-after"] == "x"
    assert error["id"] == "rateLimitExceeded"
    assert error["detail"] == (
        "You have exceeded your permitted rate limit of 10,000; please try again at 2017-01-01T00:00:00."
    )


def test_switching_begins_anew() -> None:
    quotas = Quotas(Switches())
    assert spend(quotas, Rate(1, 10.0), NOW, NOW) == [True, False]
    quotas.switches = Switches(window="sliding")
    assert spend(quotas, Rate(1, 10.0), NOW, NOW) == [True, False]


@given(st.lists(st.floats(0, 3), max_size=80), st.sampled_from(["fixed", "sliding"]), st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_never_more_than_the_limit_in_a_window(gaps: list[float], window: Any, limit: int) -> None:
    quotas, rate, now = Quotas(Switches(window=window)), Rate(limit, 7.0), NOW
    passed: list[float] = []
    for gap in gaps:
        now += gap
        if quotas.spend("s", rate, now).allowed:
            passed.append(now)
    if window == "sliding":
        assert all(sum(at - 7.0 < other <= at for other in passed) <= limit for at in passed)
    else:
        assert all(use.used <= limit for use in quotas.history("s"))
