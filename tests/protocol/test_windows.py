from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.windows import Window, refused_window

NOW = 1_700_000_000.0


def spend_all(window: Window, now: float) -> int:
    count = 0
    while window.wait(now) == 0.0:
        window.spend(now)
        count += 1
    return count


def test_a_call_counts_until_its_length_after_the_answer() -> None:
    window = Window("kaia", 3, 1.0)
    assert spend_all(window, NOW) == 3
    assert window.wait(NOW) == math.inf
    assert window.least_wait(NOW) == 0.0
    window.settle(NOW + 0.2)
    assert window.wait(NOW + 0.2) == pytest.approx(1.0)
    window.observe(NOW + 0.5, 200, {})
    assert window.least_wait(NOW + 0.5) == pytest.approx(0.7)
    assert spend_all(window, NOW + 1.3) == 1


def test_a_call_that_never_left_does_not_count() -> None:
    window = Window("kaia", 1, 1.0)
    window.spend(NOW)
    window.refund()
    assert spend_all(window, NOW) == 1


def test_a_refusal_shuts_it_as_long_as_asked_and_the_next_window_is_even() -> None:
    window = Window("kaia", 4, 8.0)
    window.spend(NOW)
    window.observe(NOW, 429, {"Retry-After": "3"})
    assert window.wait(NOW) == pytest.approx(3.0)
    assert window.view(NOW).pace == "even"
    assert spend_all(window, NOW + 3) == 1
    assert window.wait(NOW + 3) == pytest.approx(2.0)
    window.settle(NOW + 3)
    assert spend_all(window, NOW + 12) == 4
    assert window.view(NOW + 12).pace == "burst"


@pytest.mark.parametrize(("asked", "wait"), [(None, 2.0), ("0", 2.0), ("99999", 16.0), (str(int(NOW + 5)), 5.0)])
def test_the_time_asked_for_is_kept_within_the_window(asked: str | None, wait: float) -> None:
    window = Window("kaia", 4, 8.0)
    window.spend(NOW)
    window.observe(NOW, 429, {"Retry-After": asked} if asked else {})
    assert window.wait(NOW) == pytest.approx(wait)


def test_its_view() -> None:
    window = Window("kaia", 3, 60.0)
    assert str(window.view(NOW)) == "3 of 3 left"
    window.spend(NOW)
    window.settle(NOW)
    window.spend(NOW)
    view = window.view(NOW + 20)
    assert (view.remaining, view.in_flight, view.resets_at) == (1, 1, NOW + 60)


@pytest.mark.parametrize(("limit", "seconds"), [(0, 1.0), (-1, 1.0), (3, 0.0), (3, math.nan)])
def test_a_window_without_calls_or_length_is_refused(limit: int, seconds: float) -> None:
    with pytest.raises(ConfigurationError):
        Window("kaia", limit, seconds)


@settings(max_examples=100, deadline=None)
@given(
    limit=st.integers(1, 5),
    latencies=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=60),
)
def test_no_window_of_the_servers_ever_holds_more(limit: int, latencies: list[tuple[float, float]]) -> None:
    window, now, arrivals, answers = Window("kaia", limit, 10.0), NOW, [], []
    for there, back in latencies:
        while (wait := window.wait(now)) > 0:
            now = min([now + wait, *answers])
            for at in sorted(at for at in answers if at <= now):
                window.settle(at)
                answers.remove(at)
        window.spend(now)
        arrivals.append(now + there)
        answers.append(now + there + back)
    arrivals.sort()
    for first, over in zip(arrivals, arrivals[limit:], strict=False):
        assert over - first > 10.0 - 1e-3


SECOND, DAY = Window("second", 3, 1.0), Window("day", 6000, 86_400.0)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, SECOND),
        ({"Retry-After": "1"}, SECOND),
        ({"Retry-After": "4000"}, DAY),
        ({"Retry-After": "999999"}, DAY),
        ({"X-RateLimit-Remaining": "0", "Retry-After": "1"}, None),
        ({"X-RateLimit-Remaining": "80", "Retry-After": "1"}, SECOND),
        ({"X-RateLimit-Remaining": "80", "Retry-After": "1700003600", "X-RateLimit-Reset": "1700003600"}, SECOND),
    ],
)
def test_which_of_several_limits_refused(headers: dict[str, str], refused: Window | None) -> None:
    assert refused_window([DAY, SECOND], NOW, headers) is refused
    assert refused_window([], NOW, headers) is None
