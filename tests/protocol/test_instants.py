from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.instants import (
    Moment,
    first_integer,
    lowest_integer,
    read_moment,
    server_time,
    wait_seconds,
)

NOW = 1_700_000_000.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ('"120"', 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1700000060", 60.0),
        ("1700000060.25", 60.25),
        ("1699999000", 0.0),
        ("1700000060, 1700000900", 60.0),
        ("60, garbage", 60.0),
        ("2023-11-14T22:14:20.000Z", 60.0),
        ("2023-11-14T22:14:20", 60.0),
        ("2023-11-15T00:14:20+02:00", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 -0000", 60.0),
        ("99999999999999999999", HOUR),
        ("1" * 199, HOUR),
        ("9999-12-31T23:59:59Z", HOUR),
        ("0001-01-01T00:00:00+14:00", 0.0),
    ],
)
def test_every_form_seen_is_read_as_seconds_from_now_and_clamped(text: str, wait: float) -> None:
    assert wait_seconds(text, now=NOW, ceiling=HOUR) == pytest.approx(wait)


@pytest.mark.parametrize("text", [None, "", "soon", ",", "NaN", "inf", "1e9", "٣", "1" * 201, "2023-13-45", "0x10"])
def test_what_cannot_be_read_is_none(text: str | None) -> None:
    assert wait_seconds(text, now=NOW, ceiling=HOUR) is None


def test_absolute_times_are_measured_on_the_servers_clock() -> None:
    behind = "Tue, 14 Nov 2023 22:03:20 GMT"  # ten minutes before NOW
    assert wait_seconds("1700000060", now=NOW, date=behind, ceiling=HOUR) == 660.0
    assert wait_seconds("60", now=NOW, date=behind, ceiling=HOUR) == 60.0


@pytest.mark.parametrize("date", [None, "garbage", "17"])
def test_an_unreadable_date_header_leaves_the_local_clock(date: str | None) -> None:
    assert server_time(date, NOW) == NOW


def test_the_boundary_between_a_delta_and_an_epoch() -> None:
    assert read_moment("999999999") == Moment(999_999_999.0, absolute=False)
    assert read_moment("1000000000") == Moment(1_000_000_000.0, absolute=True)


@pytest.mark.parametrize(
    ("text", "first", "lowest"),
    [
        ("9999, 19988", 9999, 9999),
        ("9999,12", 9999, 12),
        ("7", 7, 7),
        ("-1", -1, -1),
        ("3.0", 3, 3),
        ("x, 5", 5, 5),
        ("", None, None),
        (None, None, None),
        ("many", None, None),
        ("9" * 300, None, None),
    ],
)
def test_merged_integers(text: str | None, first: int | None, lowest: int | None) -> None:
    assert first_integer(text) == first
    assert lowest_integer(text) == lowest


_dates = st.datetimes(timezones=st.just(dt.UTC)).map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT"))
_header = st.one_of(
    st.text(max_size=60),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    _dates,
    st.text(alphabet="0123456789:-+,. TZGMTJanFebMon", max_size=40),
)


@settings(max_examples=200)
@given(text=_header, date=st.none() | _header, ceiling=st.floats(0, 1e6))
def test_no_header_text_gives_a_wait_outside_its_bounds(text: str, date: str | None, ceiling: float) -> None:
    wait = wait_seconds(text, now=NOW, date=date, ceiling=ceiling)
    assert wait is None or (0.0 <= wait <= ceiling and not math.isnan(wait))
    assert first_integer(text) is None or isinstance(lowest_integer(text), int)
