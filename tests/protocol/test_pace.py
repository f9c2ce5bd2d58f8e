from __future__ import annotations

import math

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.pace import Pace, QuotaView, spoken


def test_the_two_paces() -> None:
    assert Pace() == Pace.burst() == Pace("burst", 0, 3900.0)
    assert Pace.even(reserve=5, patience=10) == Pace("even", 5, 10)


@pytest.mark.parametrize("arguments", [("fast", 0, 1.0), ("burst", -1, 1.0), ("even", 0, -1.0), ("even", 0, math.nan)])
def test_a_pace_that_makes_no_sense_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ConfigurationError):
        Pace(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limit", "remaining", "resets_at", "text"),
    [
        (10_000, 9112, 1860.0, "9,112 of 10,000 left, resets in 31 min"),
        (None, 12, 60.0, "12 left, resets in 60 s"),
        (3, 2, None, "2 of 3 left"),
        (None, None, None, "quota not known yet"),
    ],
)
def test_a_quota_prints_as_a_sentence(
    limit: int | None, remaining: int | None, resets_at: float | None, text: str
) -> None:
    assert str(QuotaView("user", limit, remaining, resets_at, 0, "burst", 0.0)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (12.4, "12 s"), (99, "99 s"), (100, "2 min"), (5999, "100 min"), (9000, "2.5 h")]
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text
