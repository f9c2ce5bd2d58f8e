"""What is old is not removed at once by a clock that jumped, whatever restarts come in between."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from pathlib import Path

import pytest

from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery
from webhooks.sqlite_inbox import DAY, SqliteInbox

DEAD = 450
"""More than are removed in one transaction."""


@contextlib.asynccontextmanager
async def opened(path: Path, at: float) -> abc.AsyncIterator[tuple[SqliteInbox, WoundClock]]:
    inbox, clock = SqliteInbox(path), WoundClock(at)
    await inbox.open(clock)
    try:
        yield inbox, clock
    finally:
        await inbox.close()


async def run_for(clock: WoundClock, seconds: float) -> None:
    """Let some heartbeats come, of which each may remove what is old; the writer's thread needs real time for it."""
    for _ in range(4):
        await clock.advance(seconds / 4)
        await asyncio.sleep(0.05)


async def dead(inbox: SqliteInbox) -> int:
    return (await inbox.counts())["dead"]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """An inbox of dead letters that was closed in good order."""
    path = tmp_path / "inbox.db"
    async with opened(path, START) as (inbox, _):
        await asyncio.gather(*(inbox.put(delivery(n, unreadable="no JSON")) for n in range(DEAD)))
    return path


async def test_the_first_minutes_after_a_jump_remove_nothing(path: Path):
    async with opened(path, START + 40 * DAY) as (inbox, clock):
        await run_for(clock, 300)
        assert await dead(inbox) == DEAD


async def test_a_restart_in_the_day_after_a_jump_removes_nothing(path: Path):
    jumped = START + 40 * DAY
    for hour in (0, 1, 2):
        async with opened(path, jumped + hour * 3_600) as (inbox, clock):
            await run_for(clock, 300)
            assert await dead(inbox) == DEAD


async def test_after_a_day_what_is_old_goes(path: Path):
    jumped = START + 40 * DAY
    async with opened(path, jumped) as (_, clock):
        await run_for(clock, 300)
    async with opened(path, jumped + DAY) as (inbox, clock):
        await run_for(clock, 300)
        assert await dead(inbox) == 0


async def test_a_clock_set_right_again_costs_one_more_day_and_not_forty(path: Path):
    async with opened(path, START + 40 * DAY) as (_, clock):
        await run_for(clock, 300)
    # Right again, and from here on without a pause of a day, until they are old by the right clock as well.
    for hour in range(0, 31 * 24, 23):
        async with opened(path, START + hour * 3_600):
            pass
    async with opened(path, START + 31 * DAY) as (inbox, clock):
        await run_for(clock, 300)
        assert await dead(inbox) == 0
