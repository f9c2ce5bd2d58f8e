"""A disk that refuses to sync or to write, seen from both vendors, in the system calls, and after the next start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.webhooks.receiving import outreach, planmysaas, request, wire
from tests.webhooks.serving import Served, served
from webhooks.sqlite_inbox import SqliteInbox

pytestmark = [pytest.mark.needs_tool("strace"), pytest.mark.timeout(120)]

APPLICATION = """
    from webhooks import Event, OutreachSource, PlanMySaaSSource, SqliteInbox, Webhooks

    hooks = Webhooks(
        OutreachSource("secret-of-a-test"), PlanMySaaSSource("secret-of-a-test"), inbox=SqliteInbox("inbox.db")
    )

    @hooks.on("*")
    async def effect(event: Event) -> None:
        def work(database):
            database.execute("CREATE TABLE IF NOT EXISTS effects(body BLOB)")
            database.execute("INSERT INTO effects VALUES (?)", (event.delivery.body,))

        await event.transaction(work)
"""

SERVE = [sys.executable, "-m", "outreach_async.cli", "hooks", "serve", "app:hooks", "--port", "0", "--json", "--single"]
CALLS = "trace=read,recvfrom,readv,write,writev,sendto,sendmsg,pwrite64,fdatasync"
_SYNC = re.compile(r"(?P<thread>\d+) +(?:fdatasync\(\d+<[^<>]*-wal>|<\.\.\. fdatasync resumed>)(?P<rest>.*)")
_WRITE = re.compile(r"\d+ +pwrite64\(\d+<[^<>]*-wal>")

LASTING = {
    "sync": "fdatasync:error=EIO:when=30..60",
    "full": "pwrite64:error=ENOSPC:when=60..100",
    "write": "pwrite64:error=EIO:when=60..100",
}

CHECKPOINTS = {
    "sync": "fdatasync:error=EIO:when=1..3",
    "full": "pwrite64:error=ENOSPC:when=1..3",
}
"""What the file itself refuses, and not its log."""

OFTEN = """
    from webhooks import checkpoints

    checkpoints.AGAIN = 0.1
"""


def unsynced(lines: list[str]) -> tuple[int, int]:
    """Give how many 200s a trace shows, and how many without a sync that succeeded after a write to the log.

    One delivery is under way at a time. A sync that another thread's call interrupts stands on two lines.
    """
    answered = bare = 0
    written = synced = False
    syncing: set[str] = set()
    for line in lines:
        sync = _SYNC.match(line)
        if '"POST /' in line:
            written = synced = False
        elif _WRITE.match(line):
            written = True
        elif sync and sync["rest"].endswith("<unfinished ...>"):
            syncing.add(sync["thread"])
        elif sync and ("resumed" not in sync[0] or sync["thread"] in syncing):
            syncing.discard(sync["thread"])
            synced = synced or (written and re.search(r"= 0$", sync["rest"]) is not None)
        elif "HTTP/1.1 200" in line:
            answered += 1
            bare += not synced
    return answered, bare


@dataclass
class Sent:
    """What one vendor sent: the bodies acknowledged, how many were refused, and how many taken since then."""

    acked: list[bytes] = field(default_factory=list)
    refused: int = 0
    since: int = 0

    def note(self, body: bytes, acked: bool) -> None:
        self.since = (self.since + 1) if acked else 0
        self.refused += not acked
        if acked:
            self.acked.append(body)

    @property
    def recovered(self) -> bool:
        return self.refused > 0 and self.since >= 3


async def send(port: int, number: int, cut: Sent, told: Sent) -> None:
    """Post one delivery of each vendor. Outreach's may only be taken or cut, PlanMySaaS' taken or answered 503."""
    for vendor, message, refusal in ((cut, outreach(number), None), (told, planmysaas(number), 503)):
        async with wire(port) as sender:
            sender.send(request(message))
            answer = await sender.answer()
        status = answer and answer.status
        assert status in (200, refusal)
        vendor.note(message.body, status == 200)


@contextlib.asynccontextmanager
async def failing(folder: Path, fault: str, *which: str, application: str = APPLICATION):
    """Serve under strace, with calls made to fail, and kill it at the end as `kill -9` does."""
    trace = ["strace", "-f", "-yy", "-s", "64", "-o", "trace.txt", *which, "-e", CALLS]
    command = [*trace, "-e", f"inject={fault}", *SERVE]
    async with served(folder, application=application, command=command) as server:
        try:
            yield server
        finally:
            os.kill(server.told["pid"], signal.SIGKILL)
            await asyncio.to_thread(server.process.wait, 20)


async def worked_off(path: Path, acked: set[bytes]) -> list[bytes]:
    """Give the effects once those of all that was acknowledged are there."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        async with asyncio.timeout(30):
            while True:
                # After the fault the table itself may not be there yet.
                with contextlib.suppress(sqlite3.OperationalError):
                    effects = [body for (body,) in connection.execute("SELECT body FROM effects")]
                    if acked <= set(effects):
                        return effects
                await asyncio.sleep(0.05)


async def check_next_start(folder: Path, *vendors: Sent) -> None:
    """Start again on a disk that works: all that was acknowledged is there, handled once, in a sound file."""
    acked = {body for vendor in vendors for body in vendor.acked}
    path = folder / "inbox.db"
    async with served(folder, application=APPLICATION, command=SERVE) as server:
        effects = await worked_off(path, acked)
        assert await server.stop() == 0
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = {body for (body,) in connection.execute("SELECT body FROM inbox_bodies")}
    assert acked <= kept
    assert len(effects) == len(set(effects))


def check_calls(server: Served, *vendors: Sent) -> None:
    """Hold what the senders saw against the system calls."""
    lines = (server.folder / "trace.txt").read_text(errors="replace").splitlines()
    assert any("(INJECTED)" in line for line in lines)
    assert unsynced(lines) == (sum(len(vendor.acked) for vendor in vendors), 0)


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
async def test_a_disk_that_fails_for_a_while_has_both_vendors_try_again(fault: str, tmp_path: Path) -> None:
    cut, told = Sent(), Sent()
    async with failing(tmp_path, fault) as server:
        async with asyncio.timeout(80):
            number = 0
            while not (cut.recovered and told.recovered):
                number += 1
                await send(server.port, number, cut, told)
        log = server.errors.read_text()
    assert "deliveries are refused until it can" in log
    assert "can be written again" in log
    assert "Traceback" not in log
    check_calls(server, cut, told)
    await check_next_start(tmp_path, cut, told)


async def test_syncs_that_fail_now_and_then_lose_nothing(tmp_path: Path) -> None:
    cut, told = Sent(), Sent()
    async with failing(tmp_path, "fdatasync:error=EIO:when=24+3") as server:
        for number in range(1, 21):
            await send(server.port, number, cut, told)
    assert cut.acked
    assert told.acked
    check_calls(server, cut, told)
    await check_next_start(tmp_path, cut, told)


@pytest.mark.parametrize("fault", CHECKPOINTS.values(), ids=CHECKPOINTS)
async def test_a_file_that_takes_nothing_from_its_log_is_told_and_stops_no_delivery(fault: str, tmp_path: Path) -> None:
    async with SqliteInbox(tmp_path / "inbox.db"):
        pass
    cut, told = Sent(), Sent()
    only = ["-P", str(tmp_path / "inbox.db")]
    async with failing(tmp_path, fault, *only, application=OFTEN + APPLICATION) as server:
        async with asyncio.timeout(80):
            number = 0
            while "moved into it again" not in server.errors.read_text():
                number += 1
                await send(server.port, number, cut, told)
        log = server.errors.read_text()
    assert cut.refused + told.refused == 0
    assert log.count("cannot be moved into it: the disk") == 1
    assert "cannot be written" not in log
    assert "(INJECTED)" in (tmp_path / "trace.txt").read_text(errors="replace")
    await check_next_start(tmp_path, cut, told)


def test_the_reading_of_a_trace_tells_the_cases_apart() -> None:
    post, write = '1 recvfrom(7<TCP:[1]>, "POST /outreach HTTP", 9) = 9', '2 pwrite64(9</i.db-wal>, "", 8, 0) = 8'
    good, bad = "2 fdatasync(9</i.db-wal>) = 0", "2 fdatasync(9</i.db-wal>) = -1 EIO (Input/output error) (INJECTED)"
    begun, ended = "2 fdatasync(9</i.db-wal> <unfinished ...>", "2 <... fdatasync resumed>)        = 0"
    other, answer = "2 fdatasync(8</i.db>) = 0", '1 write(7<TCP:[1]>, "HTTP/1.1 200 OK", 9) = 9'
    assert unsynced([post, write, good, answer]) == (1, 0)
    assert unsynced([post, write, begun, ended, answer]) == (1, 0)
    assert unsynced([post, write, bad, write, good, answer]) == (1, 0)
    for wrong in ([bad], [], [begun], [other], [begun, "3" + ended[1:]]):
        assert unsynced([post, write, *wrong, answer]) == (1, 1), wrong
    assert unsynced([post, good, write, answer]) == (1, 1)
