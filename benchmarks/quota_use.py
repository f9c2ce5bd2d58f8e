"""How much of the server's quota is used, and how far it is passed: over real connections, in real time.

The sandbox serves from a process of its own with a fixed window of 10 s and 1,400 requests in it: 200 tasks ask for
more than that. It is the sandbox that counts.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import subprocess
import sys
import urllib.request
from typing import Any

from outreach_async import BearerToken, Outreach, RequestPool

from .measure import Figure

WINDOW = 10
QUOTA = 1400
TASKS = 200
SLOTS = 20
SECONDS = 33


def figures() -> abc.Iterator[Figure]:
    """Give the figures of one pool alone, and of two that know nothing of each other."""
    with sandbox() as served:
        asyncio.run(_spend(served, [TASKS]))
        windows = _windows(served)
    whole = windows[1:-1]
    used = min(window["used"] for window in whole) / QUOTA
    refused = sum(window["refused"] for window in windows)
    yield Figure("quota used of what the sandbox grants, worst whole window", used, ">= 0.98", used >= 0.98)
    yield Figure("requests over the limit", refused, "0", refused == 0)

    with sandbox() as served:
        asyncio.run(_spend(served, [TASKS // 2, TASKS // 2]))
        windows = _windows(served)
    worst = max(window["refused"] for window in windows)
    together = sum(window["used"] for window in windows[1:-1]) / QUOTA / len(windows[1:-1])
    note = f"two pools of {SLOTS} slots; {together:.1%} of the quota used"
    name = "requests over the limit in a window, with a second pool"
    yield Figure(name, worst, f"<= {2 * SLOTS}", worst <= 2 * SLOTS, note=note)


@contextlib.contextmanager
def sandbox() -> abc.Iterator[dict[str, Any]]:
    """Run the sandbox beside this process; gives what it prints once it is ready."""
    command = [sys.executable, "-m", "outreach_async.cli", "sandbox", "--port", "0", "--prospects", "50"]
    command += ["--set", f"quota={QUOTA}/{WINDOW}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


async def _spend(served: dict[str, Any], tasks: list[int]) -> None:
    """Make calls from so many tasks a pool until the time is over."""
    token = _control(served, "/tokens", {"user": "ada"})["access_token"]
    bearer = BearerToken(token, base_url=served["outreach_base_url"])
    async with asyncio.TaskGroup() as group:
        for count in tasks:
            group.create_task(_pool(bearer, count))


async def _pool(bearer: BearerToken, tasks: int) -> None:
    async with RequestPool(concurrency=SLOTS) as pool:
        api = Outreach(bearer, pool=pool)
        loop = asyncio.get_running_loop()
        ends = loop.time() + SECONDS

        async def work(number: int) -> None:
            while loop.time() < ends:
                await api.prospects.get(number % 50 + 1)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(ends + 1), asyncio.TaskGroup() as group:
                for number in range(tasks):
                    group.create_task(work(number))


def _windows(served: dict[str, Any]) -> list[dict[str, Any]]:
    windows: list[dict[str, Any]] = _control(served, "/statistics")["outreach"]["windows"]["user:ada"]
    return windows


def _control(served: dict[str, Any], path: str, data: object = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    with urllib.request.urlopen(served["control_url"] + "/_sandbox" + path, body) as answer:  # loopback
        return json.load(answer)
