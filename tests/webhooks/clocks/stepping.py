"""A receiver under libfaketime, whose clock is set from outside while it runs and between its runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.webhooks.clocks.victim import FAILURES, NOTES
from tests.webhooks.receiving import request, wire
from tests.webhooks.serving import Served
from webhooks.inbox import State
from webhooks.outreach import ProspectUpdated
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.testing import Signed, signed

DAY = 86_400.0
PATIENCE = 20.0
RECORDS = 2


@dataclass(frozen=True)
class Run:
    """One run of the handler: the event's number, and what the clocks said."""

    number: int
    wall: float
    monotonic: float


@dataclass
class Stepped:
    """A receiver and its clock; `monotonic` says that the monotonic clock is set too, which no system does."""

    folder: Path
    monotonic: bool = False
    _ahead: float = 0.0
    _server: Served = field(init=False)

    def __post_init__(self) -> None:
        self._server = Served(
            self.folder, command=[sys.executable, "-m", "tests.webhooks.clocks.victim", str(self.folder)]
        )

    def start(self) -> None:
        """Start it, or start it again."""
        self.set(self._ahead)
        environment = {**_library(), "FAKETIME_TIMESTAMP_FILE": str(self._offset), "FAKETIME_NO_CACHE": "1"}
        # Older and newer releases read different names.
        names = ("FAKETIME_DONT_FAKE_MONOTONIC", "DONT_FAKE_MONOTONIC")
        environment |= dict.fromkeys(names, "0" if self.monotonic else "1")
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            self._server.start()
        finally:
            for name in environment:
                del os.environ[name]
            os.environ.update(before)

    def set(self, ahead: float) -> None:
        """Set the clock so many seconds ahead of the true time."""
        self._ahead = ahead
        fresh = self.folder / "offset.new"
        fresh.write_text(f"{ahead:+.0f}\n")
        # Renamed, so that it is never read half written.
        fresh.replace(self._offset)

    def kill(self) -> None:
        self._server.kill()

    async def send(self, *numbers: int) -> None:
        """Send deliveries, which have to be acknowledged; the record is told by the number."""
        async with wire(self._server.port) as connection:
            for number in numbers:
                connection.send(request(_message(number)))
                answer = await connection.answer()
                assert answer is not None
                assert answer.status == 200

    async def until_runs(self, count: int) -> None:
        """Wait until the handler ran so often, in true time."""
        async with asyncio.timeout(PATIENCE):
            while len(self.runs()) < count:
                await asyncio.sleep(0.02)

    async def finished(self) -> list[Run]:
        """Wait until every event is finished, and give every run of the handler."""
        async with asyncio.timeout(PATIENCE):
            while (counts := self.counts())["pending"] + counts["retrying"]:
                await asyncio.sleep(0.05)
        return self.runs()

    def counts(self) -> dict[State, int]:
        reader = SqliteInbox.reader(self.folder / "inbox.db")
        try:
            return reader.counts()
        finally:
            reader.close()

    def runs(self) -> list[Run]:
        path = self.folder / NOTES
        lines = path.read_text().splitlines() if path.exists() else []
        return [Run(int(number), float(wall), float(mono)) for number, wall, mono in map(str.split, lines)]

    @property
    def _offset(self) -> Path:
        return self.folder / "offset.txt"


def faults(runs: list[Run], numbers: range) -> list[str]:
    """Say what was lost or doubled."""
    counted = Counter(run.number for run in runs)
    return [f"{each} ran {counted[each]} times" for each in numbers if counted[each] != FAILURES + 1]


def disorder(runs: list[Run]) -> list[str]:
    """Say what was out of order."""
    told = []
    for record in range(RECORDS):
        of_record = [run.number for run in runs if run.number % RECORDS == record]
        told += [f"out of order: {of_record}"] * (of_record != sorted(of_record))
    return told


def _message(number: int) -> Signed:
    return signed(ProspectUpdated, {"title": str(number)}, id=number % RECORDS + 1)


def _library() -> dict[str, str]:
    """Ask faketime itself where its library is, for programs with threads."""
    told = subprocess.run(["faketime", "-m", "-f", "+0", "env"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in told.splitlines() if line.startswith("LD_PRELOAD="))
