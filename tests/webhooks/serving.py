"""`hooks serve` as a process of its own, and senders that count what happens to their connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.webhooks.receiving import Wire, outreach, request, wire

ROOT = Path(__file__).resolve().parents[2]

APPLICATION = """
    import asyncio, os
    from webhooks import Event, OutreachSource, PlanMySaaSSource, SqliteInbox, Webhooks

    hooks = Webhooks(
        OutreachSource("secret-of-a-test"), PlanMySaaSSource("secret-of-a-test"), inbox=SqliteInbox("inbox.db")
    )

    @hooks.on("*")
    async def note(event: Event) -> None:
        with open("handled.txt", "a") as file:
            file.write(f"{event.document['data']['id']} {os.getpid()}\\n")
"""


class Served:
    """A parent process, from `start` to `stop`, in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, application: str = APPLICATION, command: Any = None) -> None:
        self.folder = folder
        self._command = command or [
            sys.executable,
            "-m",
            "outreach_async.cli",
            "hooks",
            "serve",
            "app:hooks",
            "--port",
            "0",
            "--json",
            *arguments,
        ]
        (folder / "app.py").write_text(textwrap.dedent(application))
        self.errors = folder / "errors.txt"
        self.told: dict[str, Any] = {}

    def start(self, **more: Any) -> dict[str, Any]:
        """Start it, and give what it announces once it serves."""
        self.launch(**more)
        return self.announced()

    def announced(self) -> dict[str, Any]:
        """Give what it announces."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        self.told = json.loads(line)
        return self.told

    def launch(self, **more: Any) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
                **more,
            )

    @property
    def port(self) -> int:
        return int(self.told["serving"].rpartition(":")[2])

    def handled(self) -> list[tuple[int, int]]:
        """What handlers noted: the id of the record, and the process that handled it."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.folder / "handled.txt").read_text().splitlines()
            return [(int(number), int(process)) for number, process in (line.split() for line in lines)]
        return []

    async def until_logged(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(50):
            while self.errors.read_text().count(text) < times:
                await asyncio.sleep(0.05)

    async def until_handled(self, count: int) -> None:
        async with asyncio.timeout(50):
            while len(self.handled()) < count:
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """Have it stop in good order, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 50)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@contextlib.asynccontextmanager
async def served(folder: Path, *arguments: str, **more: Any) -> Any:
    """Serve, and end it whatever happens."""
    server = Served(folder, *arguments, **more)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.kill()


@dataclass
class Load:
    """Senders that post without pause: half of them keep their connections, half open one for each delivery."""

    port: int
    senders: int = 8
    acked: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _ended: bool = False

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.ensure_future(self._send(number)) for number in range(self.senders)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._tasks)

    async def _send(self, sender: int) -> None:
        number = sender * 1_000_000
        while not self._ended:
            try:
                async with wire(self.port) as connection:
                    for _ in range(1 if sender % 2 else 1_000_000):
                        number += 1
                        if self._ended or not await self._post(connection, number):
                            break
            except OSError as error:
                self.failed.append(repr(error))

    async def _post(self, connection: Wire, number: int) -> bool:
        """Post one; False when the answer was the connection's last."""
        began = time.perf_counter()
        connection.send(request(outreach(number)))
        answer = await connection.answer()
        if answer is None or answer.status != 200:
            self.failed.append(f"{answer}")
            return False
        self.acked += 1
        self.slowest = max(self.slowest, time.perf_counter() - began)
        return answer.headers["connection"] == "keep-alive"


async def get(url: str, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()
