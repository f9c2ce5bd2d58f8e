from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import socket
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from outreach_async.cli import main
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.server import Served


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Host(threading.Thread):
    """Serves a sandbox on a loop of its own, so that commands can have theirs."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(daemon=True)
        self._sandbox = sandbox
        self.up = threading.Event()
        self.served: Served | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with self._sandbox.serve() as self.served:
            self.up.set()
            await self._ended.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


@contextlib.contextmanager
def hosted(sandbox: Sandbox) -> abc.Iterator[Served]:
    host = _Host(sandbox)
    host.start()
    assert host.up.wait(20)
    assert host.served is not None
    yield host.served
    host.end()


@pytest.fixture(scope="session")
def served() -> abc.Iterator[Served]:
    """Give a sandbox with 40 prospects on loopback, whose application comes back to a port that is free."""
    sandbox = Sandbox(prospects=40, mint_throttle=0)
    redirect_uri = f"http://127.0.0.1:{_free_port()}/callback"
    applications = sandbox.outreach.gateway.oauth.applications
    for client_id, application in applications.items():
        applications[client_id] = replace(application, redirect_uris=(redirect_uri,))
    sandbox.credentials = replace(sandbox.credentials, redirect_uri=redirect_uri)
    with hosted(sandbox) as service:
        yield service


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> abc.Iterator[Served]:
    """Give a sandbox that allows one request in three seconds, and set a token for it."""
    with hosted(Sandbox(prospects=5, quota="1/3")) as service:
        monkeypatch.setenv("OUTREACH_BASE_URL", service.outreach_base_url)
        monkeypatch.setenv("OUTREACH_ACCESS_TOKEN", service.sandbox.access_token())
        yield service


@pytest.fixture
def application(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Set the variables of the OAuth application, with a token file of the test's own."""
    known = served.sandbox.credentials
    monkeypatch.setenv("OUTREACH_BASE_URL", served.outreach_base_url)
    monkeypatch.setenv("OUTREACH_CLIENT_ID", known.client_id)
    monkeypatch.setenv("OUTREACH_CLIENT_SECRET", known.client_secret)
    monkeypatch.setenv("OUTREACH_REDIRECT_URI", known.redirect_uri)
    monkeypatch.setenv("OUTREACH_TOKENS", str(tmp_path / "state" / "tokens.json"))
    return tmp_path / "state" / "tokens.json"


@pytest.fixture
def token(served: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set an access token that may do everything."""
    text = served.sandbox.access_token()
    monkeypatch.setenv("OUTREACH_BASE_URL", served.outreach_base_url)
    monkeypatch.setenv("OUTREACH_ACCESS_TOKEN", text)
    return text


@pytest.fixture
def installation(served: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set the variables of the server-to-server app."""
    known = served.sandbox.credentials
    monkeypatch.setenv("OUTREACH_BASE_URL", served.outreach_base_url)
    monkeypatch.setenv("OUTREACH_S2S_GUID", known.s2s_guid)
    monkeypatch.setenv("OUTREACH_S2S_PRIVATE_KEY", known.s2s_private_key)
    monkeypatch.setenv("OUTREACH_INSTALL_ID", known.install_id)
    return known.install_id


@pytest.fixture
def api_key(served: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set the PlanMySaaS key that works."""
    key = served.sandbox.credentials.api_key
    monkeypatch.setenv("PLANMYSAAS_BASE_URL", served.planmysaas_base_url)
    monkeypatch.setenv("PLANMYSAAS_API_KEY", key)
    return key


@dataclass(frozen=True)
class Ran:
    """One command that has run."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """The JSON object on the last line of stdout."""
        return json.loads(self.out.splitlines()[-1])


Run = abc.Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs a command in this process."""

    def command(*argv: str) -> Ran:
        code = main(argv)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return command
