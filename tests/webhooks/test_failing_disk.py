"""A disk that refuses to write or to sync for a while, by failing system calls: nothing answered may be missing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.webhooks.receiving import outreach, request, wire

pytestmark = [pytest.mark.needs_tool("strace"), pytest.mark.timeout(120)]

FAULTS = {
    "sync": "fdatasync:error=EIO:when=30..50",
    "full": "pwrite64:error=ENOSPC:when=60..85",
    "write": "pwrite64:error=EIO:when=60..85",
}


async def post(port: int, numbers: range) -> tuple[set[int], set[int]]:
    """Post one by one; give what was answered 200 and what had its connection cut. Nothing else may happen."""
    acked, cut = set[int](), set[int]()
    for number in numbers:
        async with wire(port) as sender:
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is None or answer.status == 200
            (acked if answer else cut).add(number)
    return acked, cut


async def recovered(port: int) -> None:
    async with asyncio.timeout(60):
        while not (await post(port, range(1_000, 1_001)))[0]:
            await asyncio.sleep(0.1)


def stored(path: Path) -> set[int]:
    """The numbers of the deliveries on file, once the file was looked through."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute("SELECT resource FROM inbox_events").fetchall()
    return {int(resource.partition("/")[2]) for (resource,) in rows}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_was_answered_is_there_and_what_was_not_is_cut(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={fault.partition(':')[0]}"]
    command += ["-e", f"inject={fault}", sys.executable, "-m", "tests.webhooks.synctrace.victim", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        port = int(told["serving"].rpartition(":")[2])
        acked, cut = asyncio.run(post(port, range(1, 31)))
        asyncio.run(recovered(port))
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(told["pid"])], check=True)
        _, log = process.communicate()
    assert acked
    assert cut
    assert "deliveries are refused until it can" in log
    assert "can be written again" in log
    assert "Traceback" not in log
    assert acked | {1_000} <= stored(path)
