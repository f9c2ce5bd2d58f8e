"""Real processes on one token file, against a loopback server that rotates, detects reuse and throttles."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import signal
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web

pytestmark = pytest.mark.slow

WORKER = Path(__file__).with_name("token_worker.py")
TASKS = 20


class ApiServer:
    """Grants tokens, lets each serve `calls` calls, and then expires it; `epochs` tokens in all."""

    def __init__(self, *, rotation: str, interval: float, calls: int = 0, epochs: int = 0) -> None:
        self.rotation = rotation
        self.interval = interval
        self.calls = calls
        self.epochs = epochs
        self.live = {"rt-0"}
        self.current = ""
        self.served = 0
        self.granted: list[float] = []
        self.throttled = 0
        self.reused = 0
        self.tokens_seen: set[str] = set()
        self.origin = ""

    @contextlib.asynccontextmanager
    async def running(self) -> abc.AsyncIterator[ApiServer]:
        app = web.Application()
        app.router.add_post("/oauth/token", self.token)
        app.router.add_get("/api/v2", self.call)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.origin = f"http://{host}:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def token(self, request: web.Request) -> web.Response:
        fields = await request.post()
        refresh = str(fields["refresh_token"])
        if refresh not in self.live:
            self.reused += 1
            self.live.clear()
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = time.monotonic()
        if self.granted and now < self.granted[-1] + self.interval:
            self.throttled += 1
            return web.Response(status=429, text="Retry later")
        if self.rotation == "revoke":
            self.live.clear()
        self.granted.append(now)
        self.served = 0
        self.current = f"at-{len(self.granted)}"
        self.live.add(f"rt-{len(self.granted)}")
        await asyncio.sleep(0.01)
        grant = {"access_token": self.current, "refresh_token": f"rt-{len(self.granted)}", "expires_in": 7200}
        return web.json_response(grant | {"token_type": "bearer"})

    async def call(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if token != self.current:
            return web.Response(status=401)
        self.tokens_seen.add(token)
        self.served += 1
        if self.served > self.calls:
            if len(self.granted) >= self.epochs:
                return web.Response(status=410)
            self.current = "expired"
            return web.Response(status=401)
        return web.Response()


async def worker(path: Path, server: ApiServer, *, tasks: int = TASKS, die: str = "") -> asyncio.subprocess.Process:
    arguments = [str(path), server.origin, str(tasks), str(server.interval), die]
    return await asyncio.create_subprocess_exec(sys.executable, str(WORKER), *arguments, stdout=asyncio.subprocess.PIPE)


async def ended(process: asyncio.subprocess.Process) -> str:
    output, _ = await asyncio.wait_for(process.communicate(), 50)
    return output.decode().strip()


async def test_processes_that_share_a_file_make_exactly_one_grant_an_expiry(tmp_path) -> None:
    path = tmp_path / "tokens.json"
    async with ApiServer(rotation="revoke", interval=0.3, calls=200, epochs=8).running() as server:
        processes = [await worker(path, server) for _ in range(4)]
        told = await asyncio.gather(*[ended(process) for process in processes])
    assert told == ["done"] * 4
    assert len(server.granted) == 8
    assert len(server.tokens_seen) == 8
    assert (server.throttled, server.reused) == (0, 0)


@pytest.mark.parametrize(
    ("rotation", "die", "outcome"),
    [
        ("keep", "asked", "done"),
        ("keep", "answered", "done"),
        ("revoke", "asked", "done"),
        ("revoke", "answered", "SignInRequired"),
    ],
)
async def test_a_process_killed_in_mid_grant_costs_a_wait_or_says_that_a_sign_in_is_needed(
    tmp_path, rotation, die, outcome
) -> None:
    path = tmp_path / "tokens.json"
    async with ApiServer(rotation=rotation, interval=0.5, calls=1, epochs=2).running() as server:
        await ended(await worker(path, server, tasks=1, die=""))
        server.epochs, server.current = 4, "expired"
        before = len(server.granted)
        killed = await worker(path, server, tasks=1, die=die)
        assert await ended(killed) == ""
        assert killed.returncode == -signal.SIGKILL
        written = json.loads(path.read_bytes())["tokens"]
        assert all(token["asked_at"] > token["granted_at"] for token in written.values()), "the intent is on record"
        told = await asyncio.gather(*[ended(await worker(path, server, tasks=3)) for _ in range(2)])
    assert [text.split(" ")[0] for text in told] == [outcome] * 2
    assert server.throttled == 0
    if outcome == "done":
        assert server.reused == 0
        assert len(server.granted) == 4 > before
    else:
        assert "had used the refresh token up" in told[0] + told[1]
