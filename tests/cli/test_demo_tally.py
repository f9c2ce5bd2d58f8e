from __future__ import annotations

import pytest

from outreach_async.cli.demo_tally import Tally
from outreach_async.engine.observers import Attempt
from outreach_async.protocol.errors import ConnectionFailed, OutreachError
from outreach_async.protocol.messages import Request


class Standing:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("an observer never sleeps")


@pytest.fixture
def clock() -> Standing:
    return Standing()


def call() -> Request:
    return Request("GET", "https://api.outreach.io", "/api/v2/prospects")


def test_a_call_that_failed_and_then_succeeded_was_recovered(clock: Standing) -> None:
    told: list[str] = []
    tally, failure = Tally(clock, told.append), ConnectionFailed("broke")
    cured, lost, easy = call(), call(), call()
    for request in (cured, lost):
        tally.on_attempt(request, Attempt(1, None, 0.1, failure))
    tally.on_attempt(cured, Attempt(2, 200, 0.1, None))
    tally.on_end(cured, None, 1.0)
    tally.on_end(lost, OutreachError("gone"), 1.0)
    tally.on_attempt(easy, Attempt(1, 200, 0.1, None))
    tally.on_end(easy, None, 0.1)
    assert tally.recovered == 1
    assert tally.failures == {"ConnectionFailed": 2}
    assert len(told) == 1
    assert "ConnectionFailed" in told[0]


def test_waits_for_one_window_are_one_and_each_second_counts_once(clock: Standing) -> None:
    tally = Tally(clock, lambda text: None)
    assert (tally.waits.times, tally.waits.seconds) == (0, 0.0)
    tally.on_wait(call(), "quota", 3.0)  # 97 to 100
    clock.at = 100.2
    tally.on_wait(call(), "quota", 2.0)  # 98.2 to 100.2: the same window
    clock.at = 101.0
    tally.on_wait(call(), "quota", 2.0)  # 99 to 101: another one, in part the same seconds
    clock.at = 110.0
    tally.on_wait(call(), "quota", 1.0)  # 109 to 110
    tally.on_wait(call(), "quota", 0.01)  # for a slot
    tally.on_wait(call(), "token", 50.0)
    assert (tally.waits.times, tally.waits.seconds) == (3, pytest.approx(5.0))
