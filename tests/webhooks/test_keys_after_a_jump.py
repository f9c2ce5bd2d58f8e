"""Copies stay copies, and what is new stays new, where the clock was set between two runs of the receiver.

Within one run it is not: the receiver's clock goes by the monotonic one.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import sqlite3
from pathlib import Path

import pytest

from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery
from webhooks import key_index
from webhooks.delivery import HORIZON, Delivery, Key
from webhooks.sqlite_inbox import DAY, SqliteInbox

HOUR = 3_600.0
WEEK = 7 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


@pytest.fixture(params=["in memory", "in the table"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the keys of earlier deliveries are: they are moved into the table little by little, or not yet."""
    if request.param == "in the table":
        monkeypatch.setattr(key_index, "RECENT", 0)
        monkeypatch.setattr(key_index, "STEP", 8)
    return str(request.param)


@contextlib.asynccontextmanager
async def opened(path: Path, at: float) -> abc.AsyncIterator[SqliteInbox]:
    inbox = SqliteInbox(path)
    await inbox.open(WoundClock(at))
    try:
        yield inbox
    finally:
        await inbox.close()


def made(number: int, at: float) -> Delivery:
    """A delivery with a key for the usual horizon."""
    return delivery(number, resource="", at=at)


def like(number: int, at: float) -> Delivery:
    """Another delivery that looks the same for ten seconds, as one event tried again with another time would."""
    return delivery(number, resource="", at=at, keys=(Key(f"digest/{number}"), Key("undated", 10.0)))


async def others(inbox: SqliteInbox, at: float, first: int = 1_000, count: int = 100) -> None:
    """Put so much else, one after the other, that keys are moved and the old ones forgotten."""
    for number in range(first, first + count):
        await inbox.put(made(number, at))


async def test_what_is_new_is_no_copy_of_what_came_under_a_clock_that_was_ahead(path: Path, place: str):
    async with opened(path, START + WEEK) as inbox:
        await inbox.put(like(1, START + WEEK))
    for number, at in enumerate((START, START + HOUR), 2):
        async with opened(path, at) as inbox:
            assert not (await inbox.put(like(number, at))).duplicate, at - START
            await others(inbox, at, number * 1_000)


@pytest.mark.parametrize("same_run", [True, False])
async def test_what_is_new_is_none_either_when_the_time_that_was_ahead_truly_comes(
    path: Path, monkeypatch: pytest.MonkeyPatch, same_run: bool
):
    monkeypatch.setattr(key_index, "RECENT", 0)
    async with opened(path, START + WEEK) as inbox:
        await inbox.put(like(1, START + WEEK))
    new = like(2, START + WEEK + 1)
    async with opened(path, START) as inbox:
        await others(inbox, START)
        if same_run:
            assert not (await inbox.put(new)).duplicate
    if not same_run:
        async with opened(path, START + WEEK) as inbox:
            assert not (await inbox.put(new)).duplicate


async def test_what_was_known_before_a_week_ahead_is_known_after_it(
    path: Path, place: str, monkeypatch: pytest.MonkeyPatch
):
    async with opened(path, START) as inbox:
        await others(inbox, START, first=1)
    # Those that are in memory still are moved now.
    monkeypatch.setattr(key_index, "RECENT", 0)
    async with opened(path, START + WEEK) as inbox:
        await others(inbox, START + WEEK)
        # By this clock it is new: handled twice, and not lost.
        assert not (await inbox.put(made(1, START + WEEK))).duplicate
    async with opened(path, START + 2 * HOUR) as inbox:
        copies = [await inbox.put(made(number, START + 2 * HOUR)) for number in range(2, 101)]
        assert [copy.id for copy in copies if copy.duplicate] == list(range(2, 101))


async def test_what_came_under_a_clock_a_week_ahead_is_new_once_and_then_known(path: Path, place: str):
    async with opened(path, START + WEEK) as inbox:
        await inbox.put(made(1, START + WEEK))
        await others(inbox, START + WEEK)
    for minute, known in ((1, False), (2, True), (3, True)):
        at = START + minute * 60
        async with opened(path, at) as inbox:
            assert (await inbox.put(made(1, at))).duplicate == known
            await others(inbox, at, minute * 10_000)


@pytest.mark.parametrize("ahead", [DAY, -DAY])
async def test_a_copy_is_known_across_a_jump_of_less_than_its_horizon(path: Path, place: str, ahead: float):
    async with opened(path, START + ahead) as inbox:
        await inbox.put(made(1, START + ahead))
        await others(inbox, START + ahead)
    async with opened(path, START) as inbox:
        assert (await inbox.put(made(1, START + 60))).duplicate


async def test_what_was_known_before_a_clock_was_behind_is_known_after_it(path: Path, place: str):
    async with opened(path, START) as inbox:
        await inbox.put(made(1, START))
        await others(inbox, START)
    # As after a start without a battery, before the time is had from the network.
    async with opened(path, 60.0) as inbox:
        await others(inbox, 60.0, 10_000)
    async with opened(path, START + HOUR) as inbox:
        assert (await inbox.put(made(1, START + HOUR))).duplicate


async def test_a_clock_that_stays_where_it_jumped_forgets_after_a_day(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(key_index, "RECENT", 0)
    async with opened(path, START) as inbox:
        await others(inbox, START, first=1)
    jumped = START + 2 * HORIZON
    left = []
    for passed in (0.0, DAY):
        async with opened(path, jumped + passed) as inbox:
            await others(inbox, jumped + passed, int(10_000 + passed), 200)
        left.append(await asyncio.to_thread(past, path, START + HORIZON))
    assert left[0] == 100
    # But for those at the end of the table, where nothing was written since.
    assert left[1] < 10


def past(path: Path, until: float) -> int:
    """Count the keys in the table that are past their horizon at a time."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM inbox_keys WHERE expires_at <= ?", (until,)).fetchone()
    return int(count)
