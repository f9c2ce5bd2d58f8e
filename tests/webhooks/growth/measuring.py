"""Takes deliveries at a pace while an inbox removes what is too old, and compares with a time when it does not."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from outreach_async.engine.clock import SystemClock
from tests.webhooks.growth.filling import KEEP, fill, made, old
from webhooks.sqlite_inbox import SqliteInbox

SAMPLE = 1_000
"""Copies of removed and of kept events that are sent at the end."""


@dataclass(frozen=True)
class Waits:
    """How long deliveries waited for their receipts, in seconds from the moment they were to be sent."""

    seconds: list[float]

    def at(self, share: float) -> float:
        """Give the wait in milliseconds that this share of the deliveries did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000

    def __str__(self) -> str:
        told = f"p50 {self.at(0.5):.1f}, p99 {self.at(0.99):.1f}, max {self.at(1.0):.1f} ms"
        return f"{told}, {len(self.seconds)} deliveries"


@dataclass(frozen=True)
class File:
    """What a file weighs, in bytes, its log included; its events, and the keys in its sorted table."""

    size: int
    events: int
    keys: int

    def __str__(self) -> str:
        return f"{self.size / 1e6:.1f} MB, {self.events} events, {self.keys} keys in the table"


@dataclass(frozen=True)
class Outcome:
    """What came of it. `known` and `strange` count copies of removed events that were recognised, and that were not."""

    rows: int
    old: int
    removed: int
    quiet: Waits
    removing: Waits
    seconds: float
    before: File
    after: File
    known: int
    strange: int
    sound: bool

    @property
    def good(self) -> bool:
        return self.sound and self.strange == 0 and self.removed == self.old

    def __str__(self) -> str:
        return (
            f"before {self.before}\nafter {self.after}, file {'sound' if self.sound else 'DAMAGED'}\n"
            f"removed in {self.seconds:.1f} s; copies known {self.known}, taken for new {self.strange}\n"
            f"without removing: {self.quiet}\nwhile removing: {self.removing}\n"
            f"rows {self.rows}, removed {self.removed}, p99 while removing {self.removing.at(0.99):.1f} ms,"
            f" without {self.quiet.at(0.99):.1f} ms"
        )


async def run(path: Path, rows: int, *, rate: float, seconds: float) -> Outcome:
    """Fill, take deliveries in quiet for some seconds, then while what is too old is removed."""
    clock = SystemClock()
    filled = clock.now()
    await asyncio.to_thread(fill, path, rows, filled)
    before = weigh(path)
    inbox = SqliteInbox(path, keep=KEEP)
    await inbox.open(clock)
    try:
        quiet = await _paced(inbox, clock, rows + 1, rate, asyncio.ensure_future(asyncio.sleep(seconds)))
        began = clock.now()
        # As the inbox does it once a minute.
        tidying = asyncio.ensure_future(inbox._tidy(began))
        removing = await _paced(inbox, clock, rows + 1 + len(quiet.seconds), rate, tidying)
        took = clock.now() - began
        counts = await inbox.counts()
        known, strange = await _copies(inbox, clock, rows)
    finally:
        await inbox.close()
    new = len(quiet.seconds) + len(removing.seconds)
    return Outcome(
        rows=rows,
        old=old(rows, began - filled),
        removed=rows + new - sum(counts.values()),
        quiet=quiet,
        removing=removing,
        seconds=took,
        before=before,
        after=weigh(path),
        known=known,
        strange=strange,
        sound=await asyncio.to_thread(_sound, path),
    )


async def _paced(inbox: SqliteInbox, clock: SystemClock, first: int, rate: float, until: asyncio.Future[None]) -> Waits:
    """Send new deliveries at a pace, however long their receipts take, until something is done."""
    sent: list[asyncio.Task[float]] = []
    due = clock.now()
    while not until.done():
        sent.append(asyncio.create_task(_timed(inbox, clock, first + len(sent), due)))
        due += 1 / rate
        await clock.sleep(due - clock.now())
    await until
    return Waits([await each for each in sent])


async def _timed(inbox: SqliteInbox, clock: SystemClock, number: int, due: float) -> float:
    await inbox.put(made(number, clock.now()))
    return clock.now() - due


async def _copies(inbox: SqliteInbox, clock: SystemClock, rows: int) -> tuple[int, int]:
    """Send events again of which half are removed; count those known for copies, and those taken for new."""
    numbers: abc.Iterable[int] = range(1, rows + 1, max(1, rows // SAMPLE))
    receipts = [await inbox.put(made(each, clock.now())) for each in numbers]
    known = sum(receipt.duplicate for receipt in receipts)
    return known, len(receipts) - known


def weigh(path: Path) -> File:
    """Weigh a file, with the log beside it."""
    log = path.with_name(path.name + "-wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (events,) = connection.execute("SELECT COUNT(*) FROM inbox_events").fetchone()
        (keys,) = connection.execute("SELECT COUNT(*) FROM inbox_keys").fetchone()
    return File(size, events, keys)


def _sound(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
