"""The nginx block of the documents keeps an abort an abort: tried with nginx itself, where this machine has it."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import re
import shutil
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from webhooks import MemoryInbox, OutreachSource, PlanMySaaSSource, Webhooks
from webhooks.inbox_errors import InboxUnavailable
from webhooks.testing import signed

PAGE = Path(__file__).resolve().parent.parent / "docs" / "deploying-webhooks.md"

pytestmark = pytest.mark.needs_tool("nginx")


class Failing(MemoryInbox):
    """Stores nothing."""

    async def put(self, delivery):
        raise InboxUnavailable("the disk is full")


def configuration(folder: Path, port: int, receiver: int) -> str:
    """Give the documented block, on this machine's ports and without TLS."""
    found = re.search(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    block = re.sub(r"^ *ssl_certificate.*\n", "", found[1], flags=re.MULTILINE)
    block = block.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};").replace(":8080;", f":{receiver};")
    kept = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    return f"{head}http {{\naccess_log off;\n{kept}{block}}}\n"


@contextlib.asynccontextmanager
async def receiving(hooks: Webhooks) -> abc.AsyncIterator[int]:
    runner = web.AppRunner(hooks.aiohttp_app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def nginx(folder: Path, port: int, receiver: int) -> abc.AsyncIterator[str]:
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, port, receiver))
    program = shutil.which("nginx")
    assert program
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(file), "-p", str(folder), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def posted(origin: str, event: str) -> int:
    """Post a delivery; give the status, 0 when there was no answer."""
    message = signed(event)
    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(origin + message.path, data=message.body, headers=message.headers) as answer:
                return answer.status
        except aiohttp.ServerDisconnectedError:
            return 0


def made(inbox: MemoryInbox) -> Webhooks:
    outreach = OutreachSource(secret="secret-of-a-test")
    outreach.patience = 0.3
    return Webhooks(outreach, PlanMySaaSSource(secret="secret-of-a-test"), inbox=inbox)


async def test_what_is_stored_is_answered_and_what_is_not_is_cut(tmp_path: Path, unused_tcp_port: int) -> None:
    async with receiving(made(MemoryInbox())) as port, nginx(tmp_path, unused_tcp_port, port) as origin:
        assert await posted(origin, "prospect.created") == 200
        assert await posted(origin, "lead.created") == 200
    async with receiving(made(Failing())) as port, nginx(tmp_path, unused_tcp_port, port) as origin:
        assert await posted(origin, "prospect.created") == 0
        assert await posted(origin, "lead.created") == 503


async def test_a_receiver_that_is_gone_is_silence(tmp_path: Path, unused_tcp_port: int) -> None:
    async with receiving(made(MemoryInbox())) as port:
        pass
    async with nginx(tmp_path, unused_tcp_port, port) as origin:
        assert await posted(origin, "prospect.created") == 0
