"""Runs the receiver under strace, posts to it one by one, and reads the trace.

One delivery is under way at a time, and none is settled, so every call between its read and its answer is about it:
what counts is that nothing written to the log is left unsynced when the answer goes out.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.webhooks.receiving import outreach, request, wire

CALLS = "trace=read,recvfrom,readv,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync"
_CALL = re.compile(r"(?P<thread>\d+)\s+[\d.]+ (?P<name>\w+)\(\d+<(?P<rest>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+)\s+[\d.]+ <\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_LOG = re.compile(r"[^<>]*-wal>")
_SYNCS = ("fdatasync", "fsync")


def run(folder: Path, count: int, *, normal: bool = False) -> tuple[int, int]:
    """Post `count` deliveries; give how many 200s were sent, and how many of them with the log synced since."""
    trace, inbox = folder / "trace.txt", folder / "inbox.db"
    command = ["strace", "-f", "-ttt", "-yy", "-s", "64", "-e", CALLS, "-o", str(trace)]
    command += [sys.executable, "-m", "tests.webhooks.synctrace.victim", str(inbox), *(["--normal"] * normal)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        asyncio.run(_post(int(told["serving"].rpartition(":")[2]), count))
        # The traced process, since strace itself does not pass the signal on.
        subprocess.run(["kill", f"-{signal.SIGTERM.value}", str(told["pid"])], check=True)
    return read(trace.read_text(errors="replace").splitlines())


async def _post(port: int, count: int) -> None:
    async with wire(port) as sender:
        for number in range(1, count + 1):
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200


def read(lines: list[str]) -> tuple[int, int]:
    """Give how many 200s a trace shows, and before how many the log was synced after their request was read.

    A call that was interrupted by another thread's stands on two lines; it counts where it began for a write, and
    where it ended for a sync.
    """
    answered = synced = 0
    is_synced = False
    syncing: set[str] = set()
    for line in lines:
        call = _CALL.match(line) or _RESUMED.match(line)
        if call is None:
            continue
        thread, name, rest = call["thread"], call["name"], call["rest"]
        if "POST /outreach" in rest:
            is_synced = False
        elif _LOG.match(rest) and name in _SYNCS and rest.endswith("<unfinished ...>"):
            syncing.add(thread)
        elif _LOG.match(rest):
            is_synced = name in _SYNCS
        elif name in _SYNCS and thread in syncing:
            syncing.remove(thread)
            is_synced = True
        elif "HTTP/1.1 200" in rest:
            answered += 1
            synced += is_synced
    return answered, synced
