"""The receiver as a process of its own: started, waited for, and stopped in good order."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import signal
import sys
from pathlib import Path

from tests.webhooks.load.receiver import INBOX, Terms
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.sqlite_reader import Reader

STOPPING = 60.0
"""Seconds it may take to stop."""

PATIENCE = 600.0
"""Seconds that it may take to work off what it was sent."""

_PAUSE = 0.1
_WORDS = 2_000


@contextlib.asynccontextmanager
async def serving(folder: Path, terms: Terms) -> abc.AsyncIterator[int]:
    """Serve in this folder while the block runs; give the port. Raises RuntimeError when it ends badly."""
    errors = folder / "errors.txt"
    with errors.open("w") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.webhooks.load.receiver",
            str(folder),
            str(terms),
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the receiver did not start")
        yield int(line.rpartition(b":")[2])
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPPING):
            await process.wait()
        if process.returncode:
            raise RuntimeError(f"the receiver ended with {process.returncode}")
    except Exception as error:
        error.add_note(f"The receiver's last words: {errors.read_text()[-_WORDS:]}")
        raise
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def worked_off(folder: Path) -> None:
    """Wait until every event is finished. After the patience go on: what is missing then, a comparison shows."""
    reader = SqliteInbox.reader(folder / INBOX)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while _unfinished(reader):
                    await asyncio.sleep(_PAUSE)
    finally:
        reader.close()


def _unfinished(reader: Reader) -> int:
    counts = reader.counts()
    return counts["pending"] + counts["retrying"]
