"""Deliveries that are kept in memory until they are claimed: no more of them than there is room for."""

from __future__ import annotations

import pytest

from tests.webhooks.kept import delivery
from webhooks.fresh import Fresh


def test_bodies_beyond_the_room_are_read_back_and_room_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.fresh.MOST_BYTES", 10)
    fresh, five = Fresh(), delivery(body=b"12345")
    for number in (1, 2, 3):
        fresh.add(number, five)
    assert fresh.take([3]) is None
    assert fresh.take([1, 2]) == [five, five]
    for number in (4, 5, 6):
        fresh.add(number, five)
    # One that is not here costs the others their place, too.
    assert fresh.take([4, 6]) is None
    fresh.add(7, five)
    assert fresh.take([5, 7]) == [five, five]
    assert fresh.take([1]) is None
