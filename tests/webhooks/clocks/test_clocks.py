"""The system's clock is set by days, while the receiver runs and between its runs."""

from __future__ import annotations

import collections.abc as abc
from pathlib import Path

import pytest

from tests.webhooks.clocks.stepping import DAY, Run, Stepped, disorder, faults
from tests.webhooks.clocks.victim import CEILING

SLOW = 10.0
"""Seconds that a busy machine may add to a wait: a retry that a clock moved would be off by a day."""


@pytest.fixture
def stepped(tmp_path: Path) -> abc.Iterator[Stepped]:
    receiver = Stepped(tmp_path)
    yield receiver
    receiver.kill()


@pytest.mark.needs_tool("faketime")
async def test_a_clock_set_while_it_runs_moves_no_retry(stepped: Stepped):
    stepped.start()
    for number, ahead in enumerate((DAY, -DAY, 40 * DAY, 0.0)):
        first = 4 * number + 1
        await stepped.send(*range(first, first + 4))
        await stepped.until_runs(3 * (first - 1) + 1)
        stepped.set(ahead)
        # A copy is one, whatever the clock says meanwhile.
        await stepped.send(first)
        runs = await stepped.finished()
        assert not faults(runs, range(1, first + 4)) + disorder(runs)
        assert max(waits(runs)) < CEILING + SLOW
    assert sum(stepped.counts().values()) == 16
    # The process did see the clock move.
    assert max(run.wall for run in runs) - min(run.wall for run in runs) > 40 * DAY


@pytest.mark.needs_tool("faketime")
async def test_a_monotonic_clock_that_leaps_ahead_brings_retries_forward_and_doubles_none(tmp_path: Path):
    stepped = Stepped(tmp_path, monotonic=True)
    try:
        stepped.start()
        await stepped.send(1, 2, 3, 4)
        for ahead in (DAY, 41 * DAY):
            await stepped.until_runs(1 if ahead == DAY else 5)
            stepped.set(ahead)
        runs = await stepped.finished()
        # No word of their order: a retry window that is over by the clock no longer holds a record.
        assert not faults(runs, range(1, 5))
        assert max(run.monotonic for run in runs) - min(run.monotonic for run in runs) > 40 * DAY
    finally:
        stepped.kill()


@pytest.mark.needs_tool("faketime")
@pytest.mark.parametrize("ahead", [DAY, -DAY, 40 * DAY], ids=["a day ahead", "a day back", "forty days ahead"])
async def test_a_clock_set_between_two_runs_loses_doubles_and_delays_nothing(ahead: float, stepped: Stepped):
    stepped.start()
    await stepped.send(*range(1, 7))
    await stepped.until_runs(2)
    stepped.kill()
    stepped.set(ahead)
    stepped.start()
    await stepped.send(7, 8)
    # Known for its horizon of three days by the clock, and new to one that is forty ahead.
    await stepped.send(1)
    runs = await stepped.finished()
    assert sum(stepped.counts().values()) == (9 if ahead > 3 * DAY else 8)
    if ahead > 3 * DAY:
        del runs[max(place for place, run in enumerate(runs) if run.number == 1)]
    assert not faults(runs, range(1, 9)) + disorder(runs)


def waits(runs: list[Run]) -> list[float]:
    """The seconds between the runs of each event."""
    before: dict[int, float] = {}
    told = []
    for run in runs:
        if run.number in before:
            told.append(run.monotonic - before[run.number])
        before[run.number] = run.monotonic
    return told
