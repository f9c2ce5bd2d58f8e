"""Processes that are stopped and go on: the one that holds an inbox, and one that waits for it."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from outreach_async.engine.clock import SystemClock
from tests.webhooks.kept import delivery
from tests.webhooks.serving import ROOT
from webhooks.inbox_errors import InboxHeld
from webhooks.sqlite_inbox import SqliteInbox

PROGRAM = """
import asyncio, sys
from outreach_async.engine.clock import SystemClock
from webhooks.delivery import Delivery, Key
from webhooks.inbox_errors import InboxHeld
from webhooks.sqlite_inbox import SqliteInbox

async def hold():
    print("waiting", flush=True)
    inbox = SqliteInbox(sys.argv[1], patience=float(sys.argv[2]))
    try:
        await inbox.open(SystemClock())
    except InboxHeld as held:
        print("refused", held.pid, flush=True)
        return
    print("holds", flush=True)
    while word := await asyncio.to_thread(sys.stdin.readline):
        new = Delivery(source="s", provider="none", event="e", resource="", received_at=0.0, body=word.encode(),
                       keys=(Key(word),))
        print("put", (await inbox.put(new)).id, flush=True)
    await inbox.close()

asyncio.run(hold())
"""
PATIENCE = 20.0


@contextlib.asynccontextmanager
async def process(path: Path, patience: float = 0.0) -> abc.AsyncIterator[asyncio.subprocess.Process]:
    """Run the program, and end it whatever state it is in."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(path),
        str(patience),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert await says(started) == "waiting"
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def says(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readline()).decode().strip()


async def put(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n".encode())
    return await says(process)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.db"


async def test_a_stopped_holder_keeps_its_hold_and_goes_on(path: Path):
    async with process(path) as holder:
        assert await says(holder) == "holds"
        assert await put(holder, "one") == "put 1"
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(InboxHeld, match=f"process {holder.pid} ") as refused:
            await SqliteInbox(path, patience=0.3).open(SystemClock())
        assert refused.value.pid == holder.pid
        async with process(path) as second:
            assert await says(second) == f"refused {holder.pid}"
        holder.send_signal(signal.SIGCONT)
        assert await put(holder, "two") == "put 2"
        # Stopped for good: its death alone lets others in.
        holder.send_signal(signal.SIGSTOP)
        holder.kill()
        await holder.wait()
    inbox = SqliteInbox(path, patience=0.0)
    await inbox.open(SystemClock())
    try:
        assert (await inbox.counts())["pending"] == 2
        assert (await inbox.put(delivery(3))).id == 3
    finally:
        await inbox.close()


async def test_one_that_was_stopped_while_it_waited_takes_no_inbox_that_another_took(path: Path):
    async with process(path) as holder, process(path, patience=1.0) as waiting:
        assert await says(holder) == "holds"
        waiting.send_signal(signal.SIGSTOP)
        holder.kill()
        await holder.wait()
        async with process(path) as third:
            assert await says(third) == "holds"
            waiting.send_signal(signal.SIGCONT)
            assert await says(waiting) == f"refused {third.pid}"
            assert await put(third, "one") == "put 1"
