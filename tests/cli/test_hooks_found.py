"""The commands that write an inbox find the receiver that holds it: real servers, and what is not to be believed."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from outreach_async.cli.hooks_reach import TOKEN as TOKEN_VARIABLE
from tests.webhooks.receiving import outreach, request, wire
from tests.webhooks.serving import APPLICATION, ROOT, Served
from webhooks.sqlite_inbox import SqliteInbox

pytestmark = pytest.mark.timeout(180)

TOKEN = "canary-console-token-0123456789"

# Opens its inbox, and is not ready before it is told so.
SLOW = """
    from pathlib import Path

    class Slow(SqliteInbox):
        async def introduce(self, routes) -> None:
            while not Path("go.txt").exists():
                await asyncio.sleep(0.02)
            await super().introduce(routes)

    hooks.inbox = Slow("inbox.db")
    hooks.intake.inbox = hooks.inbox
"""


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, application: str = APPLICATION) -> abc.Iterator[Served]:
    """Serve, with one event that was handled, and end it whatever happens."""
    server = Served(folder, *arguments, application=application)
    try:
        server.start()
        asyncio.run(_receive(server))
        yield server
    finally:
        server.kill()


async def _receive(server: Served) -> None:
    async with wire(server.port) as sender:
        sender.send(request(outreach(1)))
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == 200
    await server.until_handled(1)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    return TOKEN


@pytest.fixture
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


def until(happened: abc.Callable[[], bool]) -> None:
    end = time.monotonic() + 50
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def note(folder: Path, name: str = "inbox.db") -> list[str]:
    """Give what tells of the holder: its process id, and where its admin port is."""
    return (folder / f"{name}.pid").read_text().splitlines()[:2]


def test_a_receiver_that_runs_is_found_also_after_a_reload(run, tmp_path: Path, token: str) -> None:
    inbox = str(tmp_path / "inbox.db")
    with serving(tmp_path, "--admin-port", "0") as server:
        assert note(tmp_path) == [str(server.told["generation"]), server.told["admin"]]
        done = run("hooks", "redeliver", "1", "--inbox", inbox)
        assert (done.code, done.out, done.err) == (0, "redelivered 1 event\n", "")
        asyncio.run(server.until_handled(2))
        server.process.send_signal(signal.SIGHUP)
        asyncio.run(server.until_logged("took over"))
        pid, url = note(tmp_path)
        assert pid != str(server.told["generation"])
        assert url == server.told["admin"]
        assert run("hooks", "redeliver", "1", "--inbox", inbox).code == 0
        asyncio.run(server.until_handled(3))
        assert {process for _, process in server.handled()} == {server.told["generation"], int(pid)}
        assert run("hooks", "redeliver", "--all", "--inbox", inbox).out == "there are no dead letters\n"
        assert asyncio.run(server.stop()) == 0
    for file in tmp_path.iterdir():
        assert TOKEN.encode() not in file.read_bytes(), file
    # Nobody holds it now, whatever the file still says.
    assert note(tmp_path) == [pid, url]
    done = run("hooks", "redeliver", "1", "--inbox", inbox)
    assert (done.code, done.out) == (0, "redelivered 1 event; their handlers run when a receiver starts\n")
    assert note(tmp_path)[0] == str(os.getpid())


def test_deliveries_are_handed_to_a_receiver_named_by_its_module(
    run, tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with serving(tmp_path, "--admin-port", "0"):
        Path("receiver_found_here.py").write_text(textwrap.dedent(APPLICATION))
        Path("saved.jsonl").write_text(run("hooks", "show", "1", "--raw", "--inbox", "inbox.db").out)
        done = run("hooks", "replay", "saved.jsonl", "--inbox", "receiver_found_here:hooks")
        assert (done.code, done.out) == (0, "stored 0, known before 1\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.2"])
@pytest.mark.parametrize("more", [(), ("--single",)])
def test_it_is_found_wherever_it_listens(run, tmp_path: Path, token: str, host: str, more: tuple[str, ...]) -> None:
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            pytest.skip(f"nothing can listen at {host} here: {error.strerror}")
    with serving(tmp_path, "--admin-port", "0", "--admin-host", host, *more):
        done = run("hooks", "redeliver", "1", "--inbox", str(tmp_path / "inbox.db"))
        assert (done.code, done.out) == (0, "redelivered 1 event\n")


def test_a_receiver_that_only_begins_is_waited_for(tmp_path: Path, token: str) -> None:
    server = Served(tmp_path, "--admin-port", "0", application=APPLICATION + SLOW)
    server.launch()
    command = [sys.executable, "-m", "outreach_async.cli", "hooks", "redeliver", "1", "--inbox", "inbox.db", "--json"]
    try:
        until(lambda: (tmp_path / "inbox.db.pid").exists() and len(note(tmp_path)) == 2 and bool(note(tmp_path)[1]))
        with subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        ) as asking:
            (tmp_path / "go.txt").touch()
            told, _ = asking.communicate(timeout=60)
        # There is no event yet, and that is what the receiver itself says.
        assert (asking.returncode, json.loads(told)) == (1, {"redelivered": [], "left": [1]})
    finally:
        (tmp_path / "go.txt").touch()
        server.kill()


def test_without_a_token_it_is_said_which_is_wanted(run, tmp_path: Path, no_token: None, monkeypatch) -> None:
    inbox = str(tmp_path / "inbox.db")
    with serving(tmp_path, "--admin-port", "0") as server:
        refused = run("hooks", "redeliver", "1", "--inbox", inbox)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert f"process {server.told['generation']}, a generation of process {server.told['pid']}, " in refused.err
        assert (
            f"and its admin port {server.told['admin']} wants the console's token. Set {TOKEN_VARIABLE}" in refused.err
        )
        monkeypatch.setenv(TOKEN_VARIABLE, "another-token-altogether")
        wrong = run("hooks", "redeliver", "1", "--inbox", inbox)
        assert (wrong.code, wrong.err.count("\n")) == (2, 1)
        assert "does not take this token" in wrong.err
        # The one that it made up and printed.
        monkeypatch.setenv(TOKEN_VARIABLE, server.told["token"])
        assert run("hooks", "redeliver", "1", "--inbox", inbox).code == 0
        for text in (refused.err, wrong.err, server.errors.read_text(), *note(tmp_path)):
            assert server.told["token"] not in text
            assert "another-token" not in text


def test_a_receiver_without_an_admin_port_is_not_disturbed(run, tmp_path: Path, token: str) -> None:
    with serving(tmp_path) as server:
        refused = run("hooks", "redeliver", "1", "--inbox", str(tmp_path / "inbox.db"))
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert f"process {server.told['generation']}, a generation of process {server.told['pid']}, " in refused.err
        assert "which tells of no admin port. Start it with --admin-port, or say where it is asked: --admin URL" in (
            refused.err
        )


def test_what_a_dead_receiver_left_is_not_believed(run, tmp_path: Path, token: str) -> None:
    inbox = str(tmp_path / "inbox.db")
    with serving(tmp_path, "--admin-port", "0") as server:
        left = note(tmp_path)
        server.process.kill()
        os.kill(server.told["generation"], signal.SIGKILL)
        until(lambda: run("hooks", "redeliver", "99", "--inbox", inbox).code == 1)
    assert left == [str(server.told["generation"]), server.told["admin"]]
    assert note(tmp_path) == [str(os.getpid()), ""]
    # And one that lives and has no admin port does not inherit it.
    with serving(tmp_path):
        refused = run("hooks", "redeliver", "1", "--inbox", inbox)
        assert (refused.code, "tells of no admin port" in refused.err) == (2, True)


class _Holder(threading.Thread):
    """Holds an inbox, and tells nothing of an admin port."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self.up = threading.Event()

    def run(self) -> None:
        asyncio.run(self._hold())

    async def _hold(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with SqliteInbox(self._path):
            self.up.set()
            await self._ended.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


@pytest.fixture
def held(tmp_path: Path) -> abc.Iterator[Path]:
    """Give the file of an inbox that is held."""
    (tmp_path / "held").mkdir()
    holder = _Holder(tmp_path / "held" / "inbox.db")
    holder.start()
    assert holder.up.wait(20)
    yield tmp_path / "held" / "inbox.db"
    holder.end()


def tell(inbox: Path, url: str) -> None:
    """Have what stands beside an inbox say that its holder is asked elsewhere."""
    inbox.with_name("inbox.db.pid").write_text(f"{os.getpid()}\n{url}\n")


def test_another_receiver_is_not_taken_for_the_holder(run, tmp_path: Path, held: Path, token: str) -> None:
    with serving(tmp_path, "--admin-port", "0") as other:
        tell(held, other.told["admin"])
        refused = run("hooks", "redeliver", "1", "--inbox", str(held))
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "its admin port is not reached: what answers there holds another inbox" in refused.err
        assert run("hooks", "redeliver", "1", "--inbox", str(tmp_path / "inbox.db")).code == 0
        asyncio.run(other.until_handled(2))
        # Had it been asked twice, that would have been a third.
        assert asyncio.run(other.stop()) == 0
        assert len(other.handled()) == 2


def test_a_stranger_is_not_shown_the_token(run, held: Path, token: str) -> None:
    asked: list[str] = []

    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.requestline}\n{self.headers}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"redelivered": [1], "left": [], "before": null}')

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tell(held, f"http://127.0.0.1:{server.server_port}")
        refused = run("hooks", "redeliver", "1", "--inbox", str(held))
        server.shutdown()
    assert (refused.code, refused.out) == (2, "")
    assert len(asked) == 1
    assert "authorization" not in asked[0].lower()
    assert TOKEN not in asked[0]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1", "its admin port is not reached: nobody answers at http://127.0.0.1:1"),
        ("http://hooks.example.com:8081", "plain http would show the token to the network. Give it an --admin-host"),
        ("http://127.0.0.1:1/\x1b[2J", "cannot be used: it holds a character no URL has"),
        ("yes", "cannot be used: it has no http or https scheme"),
        ("\x00" * 5_000, "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_asked_is_told_in_one_line(run, held: Path, token: str, url: str, told: str) -> None:
    tell(held, url)
    refused = run("hooks", "redeliver", "1", "--inbox", str(held))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"is held by process {os.getpid()}, " in refused.err
    assert told in refused.err
    assert "\x1b" not in refused.err
