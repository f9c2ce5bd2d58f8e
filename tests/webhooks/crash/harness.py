"""Kill -9, over and over: senders note what was acknowledged, and nothing of that may be missing afterwards.

What was sent and not acknowledged is sent again after the restart, as a vendor's retry would be, so that copies of
what *was* stored arrive too. At the end the process is left alone until it has worked on everything, and the file is
compared with the notes: acknowledged events that are missing, events stored twice, effects per event, and effects of
one resource out of order.

This cannot see what power loss does: the page cache survives a kill.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import hmac
import itertools
import json
import random
import re
import sqlite3
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.webhooks.crash.victim import SECRET, body

SENDERS = 16
SHORTEST, LONGEST = 0.020, 0.300


Send = abc.Callable[[int], abc.Awaitable[bool]]


class Target(Protocol):
    """What is killed: started anew after each kill, and sent numbered deliveries."""

    async def start(self) -> asyncio.subprocess.Process:
        """Start it, and return once it takes deliveries."""
        ...

    def sender(self) -> contextlib.AbstractAsyncContextManager[Send]:
        """Give a function that sends one number and says whether it was acknowledged."""
        ...


class _Victim:
    """A process of `victim`, started with these arguments, that prints its URL once it takes deliveries."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._port = 0

    async def start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.webhooks.crash.victim", *self._arguments, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the process did not start")
        self._port = int(line.rpartition(b":")[2])
        return process

    @contextlib.asynccontextmanager
    async def sender(self) -> abc.AsyncIterator[Send]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield lambda number: self.exchange(number, reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def exchange(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        raise NotImplementedError


class Receiver(_Victim):
    """The whole receiver, as `hooks serve` runs it, sent signed requests on connections that are kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))

    async def exchange(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        sent = body(number)
        signature = hmac.new(SECRET.encode(), sent, "sha256").hexdigest()
        writer.write(
            b"POST /outreach HTTP/1.1\r\nHost: victim\r\nContent-Type: application/json\r\n"
            b"Outreach-Webhook-Signature: %s\r\nContent-Length: %d\r\n\r\n%s" % (signature.encode(), len(sent), sent)
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        return head.startswith(b"HTTP/1.1 200 ")


class Inbox(_Victim):
    """The inbox and a worker behind a line protocol, without a web server."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), "--inbox")

    async def exchange(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"%d\n" % number)
        return await reader.readline() == b"%d\n" % number


@dataclass
class Notes:
    """What the senders know: the numbers acknowledged, and those whose fate is unknown."""

    acked: set[int] = field(default_factory=set)
    unknown: list[int] = field(default_factory=list)
    fresh: abc.Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def next(self) -> int:
        return self.unknown.pop() if self.unknown else next(self.fresh)


@dataclass(frozen=True)
class Verdict:
    """What the file held in the end."""

    cycles: int
    acked: int
    lost: int
    doubled: int
    effects_missing: int
    effects_doubled: int
    disordered: int
    sound: bool

    @property
    def good(self) -> bool:
        bad = self.lost + self.doubled + self.effects_missing + self.effects_doubled + self.disordered
        return self.sound and not bad

    def __str__(self) -> str:
        return (
            f"{self.cycles} kills; events stored twice {self.doubled}; effects missing {self.effects_missing},"
            f" doubled {self.effects_doubled}, out of order {self.disordered};"
            f" file {'sound' if self.sound else 'DAMAGED'}\nacked {self.acked}, lost {self.lost}"
        )


async def run(target: Target, path: Path, cycles: int, *, dice: random.Random, verbose: bool = False) -> Verdict:
    """Kill a target `cycles` times in mid-stream, let it finish, and compare."""
    notes = Notes()
    for cycle in range(cycles):
        process = await target.start()
        await _stream(target, process, notes, dice.uniform(SHORTEST, LONGEST))
        if verbose and (cycle + 1) % 50 == 0:
            print(f"{cycle + 1} kills, acked {len(notes.acked)}", flush=True)
    process = await target.start()
    await _worked_off(path)
    process.kill()
    await process.wait()
    return compare(path, notes.acked, cycles)


async def _stream(target: Target, process: asyncio.subprocess.Process, notes: Notes, seconds: float) -> None:
    senders = [asyncio.ensure_future(_send(target, notes)) for _ in range(SENDERS)]
    await asyncio.sleep(seconds)
    process.kill()
    await process.wait()
    await asyncio.gather(*senders)


async def _send(target: Target, notes: Notes) -> None:
    """Send until the connection breaks."""
    number = 0
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        async with target.sender() as send:
            while True:
                number = notes.next()
                if not await send(number):
                    break
                notes.acked.add(number)
                number = 0
    if number:
        notes.unknown.append(number)


async def _worked_off(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        while connection.execute("SELECT COUNT(*) FROM inbox_events WHERE state IS NULL OR state = 1").fetchone()[0]:
            await asyncio.sleep(0.05)


def compare(path: Path, acked: abc.Set[int], cycles: int) -> Verdict:
    """Compare the file with what the senders were told."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        bodies = connection.execute("SELECT body FROM inbox_bodies")
        stored = Counter(int(json.loads(each)["meta"]["jobId"]) for (each,) in bodies)
        order = {number: place for place, number in enumerate(stored)}
        effects = connection.execute("SELECT number, resource FROM effects ORDER BY rowid").fetchall()
        sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    happened = Counter(number for number, _ in effects)
    last: dict[str, int] = {}
    disordered = 0
    for number, resource in effects:
        disordered += order[number] < last.get(resource, -1)
        last[resource] = order[number]
    return Verdict(
        cycles=cycles,
        acked=len(acked),
        lost=len(acked - stored.keys()),
        doubled=sum(count > 1 for count in stored.values()),
        effects_missing=len(stored.keys() - happened.keys()),
        effects_doubled=sum(count > 1 for count in happened.values()),
        disordered=disordered,
        sound=sound,
    )
