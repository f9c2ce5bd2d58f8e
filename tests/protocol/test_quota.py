from __future__ import annotations

import itertools
import math

import pytest

from outreach_async.protocol.quota import SHUT, Pace, Quota

NOW = 1_700_000_000.0
HOUR = 3600.0


def told(left: int, reset: float = NOW + HOUR, limit: int = 10_000, **more: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(int(reset)),
        **more,
    }


def knowing(left: int, *, pace: Pace | None = None, now: float = NOW) -> Quota:
    quota = Quota("user", pace)
    quota.spend(now)
    quota.observe(now, 200, told(left))
    return quota


def spend_all(quota: Quota, now: float, most: int = 1000) -> int:
    count = 0
    while quota.wait(now) == 0.0 and count < most:
        quota.spend(now)
        count += 1
    return count


def test_while_nothing_is_known_one_call_goes_and_the_others_wait_for_its_answer() -> None:
    quota = Quota("user")
    assert quota.wait(NOW) == 0.0
    quota.spend(NOW)
    assert quota.wait(NOW) == math.inf
    assert quota.least_wait(NOW) == 0.0
    quota.observe(NOW, 200, told(7))
    assert spend_all(quota, NOW) == 7


def test_a_probe_that_fails_hands_over_to_the_next() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.settle(NOW)
    assert spend_all(quota, NOW) == 1


def test_a_server_error_without_headers_tells_nothing() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 502, {})
    assert spend_all(quota, NOW) == 1


def test_a_success_without_headers_means_that_this_server_tells_no_quota() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, {})
    assert spend_all(quota, NOW) == 1000
    assert quota.view(NOW).remaining is None
    quota.observe(NOW, 200, told(3))  # and one day it does
    assert quota.view(NOW).remaining == 0


def test_calls_in_flight_are_taken_off_what_is_left() -> None:
    quota = knowing(10)
    assert spend_all(quota, NOW, most=6) == 6
    quota.observe(NOW, 200, told(9))
    assert quota.view(NOW).remaining == 4
    assert spend_all(quota, NOW) == 4


def test_a_late_answer_does_not_raise_what_is_left() -> None:
    quota = knowing(10)
    assert spend_all(quota, NOW) == 10
    quota.observe(NOW, 200, told(3))
    quota.observe(NOW, 200, told(9))
    assert spend_all(quota, NOW) == 0


def test_a_lost_answer_stays_spent_until_the_next_answer_says_otherwise() -> None:
    quota = knowing(10)
    quota.spend(NOW)
    quota.settle(NOW)
    assert quota.view(NOW).remaining == 9


def test_a_lost_call_counts_although_answers_from_before_it_come_later() -> None:
    quota = knowing(3)
    assert spend_all(quota, NOW) == 3
    quota.settle(NOW)  # the third call; the server answered it with 0 left, and the answer was lost
    quota.observe(NOW, 200, told(2))  # the first
    assert quota.view(NOW).remaining == 0


def test_a_lost_call_that_was_never_counted_is_found_again() -> None:
    quota = knowing(10)
    assert spend_all(quota, NOW, most=4) == 4
    quota.settle(NOW)
    for left in (9, 8, 7):
        quota.observe(NOW, 200, told(left))  # may all be from before the loss
        assert quota.view(NOW).remaining == 6
    quota.spend(NOW)
    quota.observe(NOW, 200, told(6))
    assert quota.view(NOW).remaining == 6


def test_a_lost_call_counts_when_an_answer_of_an_older_window_comes() -> None:
    quota, now = knowing(5), NOW + HOUR
    assert spend_all(quota, now - 1, most=3) == 3
    quota.observe(now, 200, told(100, NOW + 2 * HOUR))
    quota.settle(now)
    quota.observe(now, 200, told(3))
    assert quota.view(now).remaining == 99


def test_what_lost_calls_hold_may_come_free_before_the_reset() -> None:
    quota = knowing(4)
    assert spend_all(quota, NOW) == 4
    quota.settle(NOW)
    quota.observe(NOW, 200, told(1))
    assert quota.wait(NOW) > 0
    assert quota.least_wait(NOW) == 0.0


def test_an_outage_does_not_eat_the_quota() -> None:
    quota = knowing(3)
    for _ in range(50):
        assert spend_all(quota, NOW, most=1) == 1
        quota.settle(NOW)
    assert spend_all(quota, NOW) == 1  # what is left is not known any more, so one asks
    quota.observe(NOW, 200, told(2))
    assert spend_all(quota, NOW) == 2


def test_losses_mean_nothing_where_no_quota_is_told() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, {})
    for _ in range(5):
        quota.spend(NOW)
        quota.settle(NOW)
    quota.spend(NOW)
    quota.observe(NOW, 200, told(3))
    assert quota.view(NOW).remaining == 3


def test_a_call_that_never_left_is_given_back() -> None:
    quota = knowing(1)
    quota.spend(NOW)
    quota.refund()
    assert spend_all(quota, NOW) == 1


def test_a_probe_that_never_left_is_given_back() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.refund()
    assert spend_all(quota, NOW) == 1


def test_when_it_is_spent_everybody_waits_for_the_reset_and_then_one_asks() -> None:
    quota = knowing(0)
    wait = quota.wait(NOW)
    assert HOUR + 0.5 <= wait <= HOUR + 1  # a reset may have been rounded down
    assert quota.least_wait(NOW) == wait
    assert spend_all(quota, NOW + wait) == 1
    quota.observe(NOW + wait, 200, told(9999, NOW + 2 * HOUR))
    assert spend_all(quota, NOW + wait) == 1000


def test_what_is_all_in_flight_may_come_free_before_the_reset() -> None:
    quota = knowing(2)
    assert spend_all(quota, NOW) == 2
    assert quota.wait(NOW) > 0
    assert quota.least_wait(NOW) == 0.0


def test_after_the_reset_calls_still_in_flight_do_not_keep_the_probe_from_going() -> None:
    quota = knowing(5)
    assert spend_all(quota, NOW) == 5
    later = NOW + HOUR + 2
    assert spend_all(quota, later) == 1
    quota.observe(later, 200, told(0))  # an answer of the old window tells nothing new
    assert quota.wait(later) == math.inf
    quota.settle(later)
    assert quota.wait(later) == math.inf
    quota.observe(later, 200, told(9999, NOW + 2 * HOUR))
    assert quota.view(later).remaining == 9995  # three in flight, and a lost one that may have been counted since


def test_a_call_that_did_not_leave_before_the_reset_makes_no_room_for_a_second_probe() -> None:
    quota = knowing(5)
    assert spend_all(quota, NOW, most=2) == 2
    later = NOW + HOUR + 2
    assert quota.wait(later) == 0.0
    quota.refund()
    assert spend_all(quota, later) == 1


def test_an_answer_of_an_older_window_is_ignored_in_the_new_one() -> None:
    quota, now = knowing(5), NOW + HOUR
    assert spend_all(quota, now - 1, most=2) == 2
    quota.observe(now, 200, told(100, NOW + 2 * HOUR))
    assert quota.view(now).remaining == 99
    quota.observe(now, 200, told(3))
    assert quota.view(now).remaining == 100
    assert quota.view(now).resets_at == pytest.approx(NOW + 2 * HOUR, abs=2)


def test_a_new_window_is_believed_before_the_old_one_is_over_on_our_clock() -> None:
    quota = knowing(0)
    quota.in_flight += 1
    quota.observe(NOW, 200, told(50, NOW + 2 * HOUR))
    assert quota.view(NOW).remaining == 50


@pytest.mark.parametrize("text", ["9999, 3", "3, 9999"])
def test_of_two_merged_limiters_the_lower_one_counts(text: str) -> None:
    quota = Quota("user")
    quota.spend(NOW)
    headers = told(0) | {"X-RateLimit-Remaining": text, "X-RateLimit-Limit": "10000, 20000"}
    quota.observe(NOW, 200, headers)
    view = quota.view(NOW)
    assert (view.limit, view.remaining) == (10_000, 3)


def test_a_wrong_local_clock_moves_no_reset_when_the_server_tells_its_date() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, told(0, NOW - 600 + 60, Date="Tue, 14 Nov 2023 22:03:20 GMT"))
    assert quota.wait(NOW) == pytest.approx(60, abs=1)


def test_the_reset_is_told_better_by_every_new_date() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.spend(NOW)
    quota.observe(NOW + 0.9, 200, told(10, NOW + 60, Date="Tue, 14 Nov 2023 22:13:20 GMT"))
    first = quota.view(NOW).resets_at
    quota.observe(NOW + 1.0, 200, told(9, NOW + 60, Date="Tue, 14 Nov 2023 22:13:21 GMT"))
    second = quota.view(NOW).resets_at
    assert first is not None
    assert second == pytest.approx(first - 0.9)


def test_a_reset_in_the_past_is_believed_for_a_moment_only() -> None:
    quota = knowing(5, now=NOW + HOUR + 500)
    assert spend_all(quota, NOW + HOUR + 500) == 5
    assert spend_all(quota, NOW + HOUR + 502) == 1


def test_the_present_window_may_outlive_its_reset_by_a_moment() -> None:
    quota = knowing(5)
    later = NOW + HOUR + 2
    assert spend_all(quota, later) == 1
    quota.observe(later, 200, told(4))  # nobody else is under way, so this is the probe's answer
    assert spend_all(quota, later) == 4


def test_an_absurd_reset_is_clamped_to_two_hours() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, told(0, NOW + 1e9))
    assert quota.wait(NOW) == pytest.approx(2 * HOUR, abs=2)


def test_a_count_without_a_time_is_believed_for_a_minute() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.spend(NOW)
    quota.observe(NOW, 200, {"X-RateLimit-Remaining": "0"})
    assert quota.wait(NOW) == pytest.approx(60, abs=1)
    quota.observe(NOW + 40, 200, {"X-RateLimit-Remaining": "2"})
    assert spend_all(quota, NOW + 40) == 2


def test_a_count_without_a_time_lowers_a_dated_window_only() -> None:
    quota = knowing(50)
    quota.spend(NOW)
    quota.spend(NOW)
    quota.observe(NOW, 200, {"X-RateLimit-Remaining": "7"})
    assert quota.view(NOW).remaining == 6
    assert quota.view(NOW).resets_at == pytest.approx(NOW + HOUR, abs=2)
    quota.observe(NOW, 200, {"X-RateLimit-Limit": "10000"})
    assert quota.view(NOW).remaining == 6


def test_a_delta_reset_is_read_as_seconds_from_now() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, told(0) | {"X-RateLimit-Reset": "120"})
    assert quota.wait(NOW) == pytest.approx(120, abs=1)
    quota.in_flight += 1
    quota.observe(NOW + 3, 200, told(0) | {"X-RateLimit-Reset": "116"})
    assert quota.wait(NOW + 3) == pytest.approx(116, abs=1)


def test_a_late_answer_with_a_delta_reset_does_not_raise_what_is_left() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    for left in (10, 3, 9):
        quota.spend(NOW)
        quota.observe(NOW, 200, told(left) | {"X-RateLimit-Reset": "120"})
    assert quota.view(NOW).remaining == 2


def test_an_answer_that_took_its_time_moves_no_reset() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.spend(NOW)
    quota.observe(NOW, 200, told(3) | {"X-RateLimit-Reset": "3600"})
    quota.observe(NOW + 40, 200, told(9) | {"X-RateLimit-Reset": "3600"})  # made 40 s ago
    assert quota.view(NOW + 40).remaining == 3
    assert quota.view(NOW + 40).resets_at == pytest.approx(NOW + HOUR, abs=2)


def test_a_rounded_reset_is_no_new_window_however_little_of_it_is_left() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.spend(NOW)
    quota.observe(NOW, 200, told(3) | {"X-RateLimit-Reset": "1"})
    quota.observe(NOW + 0.5, 200, told(9) | {"X-RateLimit-Reset": "2"})
    assert quota.view(NOW + 0.5).remaining == 3


def test_the_reserve_is_left_to_others() -> None:
    quota = knowing(10, pace=Pace.burst(reserve=4))
    assert spend_all(quota, NOW) == 6
    assert quota.view(NOW).remaining == 4
    assert quota.wait(NOW) > 0


def test_an_even_pace_spreads_what_is_left_over_what_remains() -> None:
    quota = knowing(60, pace=Pace.even())
    now, sent = NOW, []
    while len(sent) < 60:
        now += quota.wait(now)
        quota.spend(now)
        sent.append(now)
        quota.observe(now, 200, told(60 - len(sent)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert min(gaps) > 55
    assert max(gaps) < 65
    assert sent[-1] < NOW + HOUR
    assert quota.until == SHUT


def test_an_even_pace_catches_up_after_a_pause() -> None:
    quota = knowing(60, pace=Pace.even())
    halfway = NOW + HOUR / 2
    assert spend_all(quota, halfway) == 1
    assert quota.wait(halfway) == pytest.approx(30, abs=1)


def test_credit_may_be_taken_without_asking() -> None:
    quota = knowing(10)
    assert quota.until > NOW
    quota.credit -= 1
    quota.in_flight += 1
    quota.observe(NOW, 200, told(9))
    assert quota.view(NOW).remaining == 9
    quota.observe(NOW, 200, told(8) | {"X-RateLimit-Remaining": "many"})
    assert quota.view(NOW).remaining == 9


# Refusals


def test_after_a_429_nobody_goes_before_the_time_it_says_and_then_one_asks() -> None:
    quota = knowing(100)
    assert spend_all(quota, NOW, most=3) == 3
    quota.observe(NOW, 429, {"Retry-After": "30"})
    assert quota.wait(NOW) == pytest.approx(30, abs=1)
    assert quota.view(NOW).remaining == 0
    assert quota.view(NOW).resets_at == pytest.approx(NOW + 30, abs=1)
    quota.observe(NOW, 200, told(80))  # sent before, and no reason to go on
    assert quota.wait(NOW) == pytest.approx(30, abs=1)
    assert spend_all(quota, NOW + 31) == 1


def test_a_late_success_without_headers_does_not_end_the_wait_after_a_429() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, {})
    assert spend_all(quota, NOW, most=2) == 2
    quota.observe(NOW, 429, {"Retry-After": "30"})
    quota.observe(NOW, 200, {})
    assert quota.wait(NOW) == pytest.approx(30, abs=1)


def test_a_429_while_calls_were_believed_left_makes_the_next_window_even() -> None:
    quota = knowing(100)
    quota.spend(NOW)
    quota.observe(NOW, 429, told(0))
    now = NOW + quota.wait(NOW)
    assert spend_all(quota, now) == 1
    quota.observe(now, 200, told(9999, NOW + 2 * HOUR))
    assert quota.view(now).pace == "even"
    assert spend_all(quota, now) == 1
    now = NOW + 2 * HOUR + 5
    assert spend_all(quota, now) == 1
    quota.observe(now, 200, told(9999, NOW + 3 * HOUR))
    assert quota.view(now).pace == "burst"


def test_a_sliding_window_is_spent_evenly_for_its_whole_length_though_it_tells_a_reset_that_is_soon() -> None:
    quota = knowing(100)
    quota.spend(NOW)
    quota.observe(NOW, 429, told(0))
    now = NOW + quota.wait(NOW)
    for _ in range(5):
        assert spend_all(quota, now) == 1
        quota.observe(now, 200, told(50, now + 10))
        assert quota.view(now).pace == "even"
        now += 20


def test_a_probe_that_is_refused_changes_no_pace() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 429, told(0))
    now = NOW + quota.wait(NOW)
    quota.spend(now)
    quota.observe(now, 200, told(9999, NOW + 2 * HOUR))
    assert quota.view(now).pace == "burst"


def test_a_429_that_says_no_time_backs_off_and_doubles_once_for_each_probe() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 200, {})
    assert spend_all(quota, NOW, most=10) == 10
    now = NOW
    for _ in range(9):
        quota.observe(now, 429, {})
    waits = []
    for _ in range(9):
        waits.append(quota.wait(now))
        now += waits[-1]
        quota.spend(now)
        quota.observe(now, 429, {})
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60], rel=0.01)
    now += quota.wait(now)
    assert spend_all(quota, now) == 1
    quota.observe(now, 200, {})
    assert spend_all(quota, now) == 1000


def test_a_retry_after_that_repeats_the_reset_is_the_same_time() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    reset = str(int(NOW + 600))
    quota.observe(NOW, 429, {"X-RateLimit-Reset": reset, "Retry-After": reset})
    assert quota.wait(NOW) == pytest.approx(600, abs=2)


def test_a_429_with_a_year_to_wait_is_clamped() -> None:
    quota = Quota("user")
    quota.spend(NOW)
    quota.observe(NOW, 429, {"Retry-After": str(365 * 86_400)})
    assert quota.least_wait(NOW) == pytest.approx(2 * HOUR, abs=2)


def test_a_429_of_an_older_window_changes_nothing() -> None:
    quota, now = knowing(5), NOW + HOUR
    assert spend_all(quota, now - 1, most=2) == 2
    quota.observe(now, 200, told(100, NOW + 2 * HOUR))
    quota.observe(now, 429, told(0))
    assert quota.view(now).remaining == 100


def test_a_429_of_the_window_that_just_ended_does_not_hold_the_probe_of_the_next() -> None:
    quota = knowing(5)
    assert spend_all(quota, NOW, most=2) == 2
    later = NOW + HOUR + 2
    assert spend_all(quota, later) == 1
    quota.observe(later, 429, told(0))
    quota.observe(later, 200, told(9999, NOW + 2 * HOUR))
    assert quota.view(later).remaining == 9998


def test_a_window_that_is_told_anew_ends_the_wait() -> None:
    quota = knowing(100)
    assert spend_all(quota, NOW, most=2) == 2
    quota.observe(NOW, 429, told(0))
    quota.observe(NOW + 5, 200, told(9000, NOW + 2 * HOUR))
    assert quota.wait(NOW + 5) == 0.0


# Windows named only by refusals (PlanMySaaS)


def minute(**more: str) -> dict[str, str]:
    return {"X-RateLimit-Limit": "3", "X-RateLimit-Window": "minute", "Retry-After": "20", **more}


def test_a_window_is_learned_from_a_refusal_and_kept_from_then_on() -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 200, {})
    assert spend_all(quota, NOW, most=4) == 4
    for _ in range(4):
        quota.observe(NOW, 429, minute())
    now = NOW + quota.wait(NOW)
    assert now == pytest.approx(NOW + 20, abs=1)
    assert spend_all(quota, now) == 1
    quota.observe(now, 200, {})
    assert quota.wait(now) == pytest.approx(20, abs=1)  # one window evenly: what else was spent in it is not known
    now += 100
    assert spend_all(quota, now) == 3
    assert quota.wait(now) == math.inf
    assert quota.least_wait(now) == 0.0
    for _ in range(3):
        quota.observe(now, 200, {})
    assert quota.wait(now) == pytest.approx(60)


def test_a_learned_window_is_replaced_when_its_limit_changes() -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 429, minute())
    now = NOW + quota.wait(NOW)
    quota.spend(now)
    quota.observe(now, 429, minute(**{"X-RateLimit-Limit": "5"}))
    now += 200
    quota.spend(now)
    quota.refund()
    quota.spend(now)
    quota.settle(now)
    quota.spend(now)
    quota.observe(now, 200, {})
    assert spend_all(quota, now) == 3


@pytest.mark.parametrize("window", ["fortnight", ""])
def test_a_window_of_unknown_length_is_not_learned(window: str) -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 429, minute(**{"X-RateLimit-Window": window}))
    now = NOW + quota.wait(NOW)
    quota.spend(now)
    quota.observe(now, 200, {})
    assert spend_all(quota, now) == 1000


@pytest.mark.parametrize("limit", ["0", "-3", "some"])
def test_a_window_without_a_sensible_limit_is_not_learned(limit: str) -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 429, minute(**{"X-RateLimit-Limit": limit}))
    now = NOW + quota.wait(NOW)
    quota.spend(now)
    quota.observe(now, 200, {})
    assert spend_all(quota, now) == 1000


def test_a_named_day_may_ask_for_more_than_two_hours() -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 429, minute(**{"X-RateLimit-Window": "day", "Retry-After": "40000"}))
    assert quota.wait(NOW) == pytest.approx(40_000, abs=2)


def test_a_count_with_a_named_window_is_believed_for_that_long() -> None:
    quota = Quota("workspace")
    quota.spend(NOW)
    quota.observe(NOW, 200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Window": "Hour"})
    assert quota.wait(NOW) == pytest.approx(HOUR, abs=2)


def test_what_is_known_prints_as_a_sentence() -> None:
    quota = knowing(9112, now=NOW)
    assert str(quota.view(NOW + 29 * 60)) == "9,112 of 10,000 left, resets in 31 min"
    assert str(Quota("user").view(NOW)) == "quota not known yet"
