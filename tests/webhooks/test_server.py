"""`hooks serve` as people run it: processes, signals, hand-overs, and a line for whatever is wrong."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from outreach_async.cli import main
from outreach_async.engine.clock import SystemClock
from outreach_async.protocol.errors import ConfigurationError
from tests.webhooks.receiving import outreach, request, wire
from tests.webhooks.serving import APPLICATION, ROOT, Load, Served, get, served
from webhooks import OutreachSource, SqliteInbox, Webhooks, listening, server, sqlite_schema
from webhooks.inbox_errors import InboxHeld
from webhooks.settings import Settings
from webhooks.supervisor import ENVIRONMENT, Supervisor

pytestmark = pytest.mark.timeout(180)

PUSHING = """
    @hooks.on("*", retries=20)
    async def push(event: Event) -> None:
        open("tried.txt", "w").close()
        if not os.path.exists("up.txt"):
            raise OSError("the other side is down")
        await note(event)

    if __name__ == "__main__":
        raise SystemExit(hooks.run(port=0, single=True))
"""

RELUCTANT = """
    import anyio, contextlib, time

    async def swallows() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(1)

    async def tidies() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(600)

    async def spawns() -> None:
        await asyncio.shield(asyncio.create_task(swallows()))

    async def blocks() -> None:
        await asyncio.to_thread(time.sleep, 600)

    async def blocks_too() -> None:
        await anyio.to_thread.run_sync(time.sleep, 600)

    def register(number, act) -> None:
        @hooks.on("*", name=f"app:{act.__name__}")
        async def handler(event: Event) -> None:
            if event.document["data"]["id"] == number:
                open(act.__name__, "w").close()
                await act()

    for number, act in enumerate([ACTS], 1):
        register(number, act)

    if __name__ == "__main__":
        raise SystemExit(hooks.run(port=0))
"""


# Loads for as long as it is let: a program that waits for something as it is imported, while it has its parent.
LOADING = """
    import os, time
    with open("loading.part", "w") as file:
        file.write(str(os.getpid()))
    parent = os.getppid()
    os.rename("loading.part", "loading.txt")
    while os.getppid() == parent:
        time.sleep(0.02)
"""


async def post(port: int, *numbers: int) -> None:
    async with wire(port) as sender:
        for number in numbers:
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200


async def exists(path: Path) -> None:
    async with asyncio.timeout(20):
        while not path.exists():
            await asyncio.sleep(0.02)


async def test_it_serves_until_told_to_stop(tmp_path: Path) -> None:
    async with served(tmp_path, "--admin-port", "0") as serving:
        await post(serving.port, 1, 2)
        await serving.until_handled(2)
        assert await get(serving.told["admin"] + "/readyz") == (200, '{"ready": true, "problems": []}')
        status, metrics = await get(serving.told["admin"] + "/metrics")
        assert (status, 'webhooks_stored_total{source="outreach"} 2\n' in metrics) == (200, True)
        assert (await get(f"{serving.told['serving']}/readyz"))[0] == 404
        assert len(serving.told["token"]) > 30
        assert await serving.stop() == 0
    assert "Traceback" not in serving.errors.read_text()


async def test_a_new_generation_takes_over_under_load_and_nobody_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as serving:
        async with Load(serving.port) as load:
            for times in (1, 2, 3):
                serving.process.send_signal(signal.SIGHUP)
                await serving.until_logged("took over", times)
        assert load.failed == []
        assert load.acked > 0
        await serving.until_handled(load.acked)
        assert await serving.stop() == 0
    handled = serving.handled()
    assert len({number for number, _ in handled}) == load.acked
    assert len({process for _, process in handled}) >= 2


async def test_a_reload_leaves_no_gap_and_a_death_does(tmp_path: Path) -> None:
    patient = APPLICATION + "    from webhooks import upkeep\n    upkeep.QUEUED = 600.0\n"
    async with served(tmp_path, application=patient) as serving:
        for times in (1, 2):
            serving.process.send_signal(signal.SIGHUP)
            await serving.until_logged("took over", times)
        await post(serving.port, 1)
        await serving.until_handled(1)
        assert gaps(tmp_path) == []
        os.kill(serving.handled()[0][1], signal.SIGKILL)
        await post(serving.port, 2)
        await serving.until_handled(2)
        assert gaps(tmp_path) == ["stopped"]
        assert await serving.stop() == 0
    async with served(tmp_path, application=patient) as serving:
        assert gaps(tmp_path) == ["stopped", "stopped"]


def gaps(folder: Path) -> list[str]:
    with contextlib.closing(SqliteInbox.reader(folder / "inbox.db")) as reader:
        return [gap.cause for gap in reader.gaps()]


async def test_while_handlers_finish_before_a_reload_deliveries_are_taken(tmp_path: Path) -> None:
    waiting = sleeping(30).replace(
        "await asyncio.sleep(600)", "while not os.path.exists('go.txt'): await asyncio.sleep(0.02)"
    )
    async with served(tmp_path, "--admin-port", "0", application=waiting) as serving:
        await post(serving.port, 1)
        await exists(tmp_path / "begun.txt")
        serving.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(20):
            while "stopping" not in (await get(serving.told["admin"] + "/readyz"))[1]:
                await asyncio.sleep(0.02)
        await post(serving.port, 2)
        assert "took over" not in serving.errors.read_text()
        (tmp_path / "go.txt").touch()
        await serving.until_handled(2)
        await serving.until_logged("took over")
        assert await serving.stop() == 0


async def test_a_generation_that_cannot_be_loaded_does_not_take_over(tmp_path: Path) -> None:
    async with served(tmp_path) as serving:
        (tmp_path / "app.py").write_text("raise RuntimeError('half an edit')\n")
        serving.process.send_signal(signal.SIGHUP)
        await serving.until_logged("the present one goes on")
        await post(serving.port, 1)
        assert await serving.stop() == 0
    assert "outreach-async: app.py line 1: RuntimeError: half an edit\n" in serving.errors.read_text()


async def test_a_generation_whose_inbox_cannot_be_opened_does_not_take_over(tmp_path: Path) -> None:
    async with served(tmp_path) as serving:
        edited(tmp_path, "inbox.db", "absent/inbox.db")
        serving.process.send_signal(signal.SIGHUP)
        await serving.until_logged("could not be loaded, and the present one goes on")
        assert "there is no folder absent" in serving.errors.read_text()
        await post(serving.port, 1)
        await serving.until_handled(1)
        assert await serving.stop() == 0


async def test_a_generation_that_dies_is_started_again_with_what_it_had(tmp_path: Path) -> None:
    async with served(tmp_path, "--admin-port", "0") as serving:
        await post(serving.port, 1)
        os.kill(serving.told["generation"], signal.SIGKILL)
        # It waits in the queue meanwhile, and is not refused.
        await post(serving.port, 2)
        await serving.until_handled(2)
        assert (await get(serving.told["admin"] + "/console", serving.told["token"]))[0] == 200
        assert await serving.stop() == 0
    assert "ended by itself (exit code -9)" in serving.errors.read_text()


async def test_a_generation_whose_parent_is_gone_ends_and_lets_go(tmp_path: Path) -> None:
    async with served(tmp_path, "--admin-port", "0") as first:
        first.process.kill()
        first.process.wait()
        async with served(tmp_path, "--admin-port", "0") as second:
            assert second.told["token"] != first.told["token"]
            await post(second.port, 1)
            assert await second.stop() == 0


async def test_it_can_be_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_ADMIN_TOKEN", "canary-token-of-the-environment")
    async with served(tmp_path, "--single", "--admin-port", "0") as serving:
        assert serving.told["pid"] == serving.told["generation"] == serving.process.pid
        await post(serving.port, 1)
        assert (await get(serving.told["admin"] + "/console"))[0] == 401
        assert (await get(serving.told["admin"] + "/console", "canary-token-of-the-environment"))[0] == 200
        # Who gave it knows it; logs are read by others.
        assert "canary" not in str(serving.told)
        assert "canary" not in serving.errors.read_text()
        assert await serving.stop() == 0


async def test_a_program_of_ones_own_runs_by_itself(tmp_path: Path) -> None:
    program = APPLICATION + '\n    if __name__ == "__main__":\n        raise SystemExit(hooks.run(port=0))\n'
    async with served(tmp_path, application=program, command=[sys.executable, "app.py"]) as serving:
        await post(serving.port, 1)
        serving.process.send_signal(signal.SIGHUP)
        await serving.until_logged("took over")
        await post(serving.port, 2)
        assert await serving.stop() == 0


async def test_what_a_program_left_is_taken_up_when_it_is_served_by_its_name(tmp_path: Path) -> None:
    program = APPLICATION + PUSHING
    async with served(tmp_path, application=program, command=[sys.executable, "app.py"]) as serving:
        await post(serving.port, 1)
        await serving.until_handled(1)
        await exists(tmp_path / "tried.txt")
        assert await serving.stop() == 0
    (tmp_path / "up.txt").touch()
    async with served(tmp_path, "--single", application=program) as serving:
        await serving.until_handled(2)
        assert await serving.stop() == 0
    assert len(serving.handled()) == 2
    with contextlib.closing(SqliteInbox.reader(tmp_path / "inbox.db")) as reader:
        entry = reader.get(1)
    assert entry is not None
    assert [(work.handler, work.outcome) for work in entry.work] == [("app:note", "done"), ("app:push", "done")]


@contextlib.asynccontextmanager
async def under_systemd(folder: Path, *sockets: socket.socket, options: tuple[str, ...] = ()) -> Any:
    """Do what systemd does: the sockets become descriptors 3 and following, and the process's own number is told."""
    # First out of the way of each other.
    script = (
        "import os, sys\n"
        f"high = [os.dup2(one, 100 + number) for number, one in enumerate({[each.fileno() for each in sockets]})]\n"
        "for number, one in enumerate(high): os.dup2(one, 3 + number); os.close(one)\n"
        f"os.environ.update(LISTEN_FDS='{len(sockets)}', LISTEN_PID=str(os.getpid()))\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    systemd = Served(folder, *options)
    systemd._command = [sys.executable, "-c", script, *systemd._command]
    try:
        systemd.launch(pass_fds=[each.fileno() for each in sockets])
        yield systemd
    finally:
        systemd.kill()


async def test_it_takes_the_socket_that_systemd_listens_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with under_systemd(tmp_path, listener, options=("--admin-port", "0")) as systemd:
            await asyncio.to_thread(systemd.announced)
            assert systemd.port == listener.getsockname()[1]
            await post(systemd.port, 1)
            assert (await get(systemd.told["admin"] + "/readyz"))[0] == 200
            assert await systemd.stop() == 0
        # It is systemd's still: what comes now waits for the next start.
        async with wire(listener.getsockname()[1]):
            pass


async def test_of_two_sockets_of_systemds_the_second_is_the_operators(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        async with under_systemd(tmp_path, first, second) as systemd:
            await asyncio.to_thread(systemd.announced)
            assert systemd.told["admin"] == f"http://127.0.0.1:{second.getsockname()[1]}"
            assert (await get(systemd.told["admin"] + "/readyz"))[0] == 200
            assert await systemd.stop() == 0


async def test_a_socket_of_systemds_may_be_a_path_and_has_to_take_connections(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        datagrams.bind(("127.0.0.1", 0))
        async with under_systemd(tmp_path, listener) as systemd:
            await asyncio.to_thread(systemd.announced)
            assert systemd.told["serving"] == f"unix:{tmp_path / 's'}"
            assert await systemd.stop() == 0
        async with under_systemd(tmp_path, datagrams) as systemd:
            assert await asyncio.to_thread(systemd.process.wait, 50) == 2
            assert "takes no connections. Give it by ListenStream=, and Accept=no" in systemd.errors.read_text()


async def outcome(port: int, seconds: float) -> str:
    """What a new sender gets: an answer, a refusal or a cut, or nothing within these seconds."""
    try:
        async with asyncio.timeout(seconds), wire(port) as sender:
            sender.send(request(outreach(9)))
            return "answered" if await sender.answer() else "cut"
    except TimeoutError:
        return "kept waiting"
    except ConnectionError:
        return "refused"


async def test_told_to_stop_in_the_middle_of_a_reload_it_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with served(tmp_path, application=sleeping(8)) as serving, wire(serving.port):
        await post(serving.port, 1)
        await exists(tmp_path / "begun.txt")
        serving.process.send_signal(signal.SIGHUP)
        # The next generation is loaded, and the present one drains for the sake of its handler.
        await asyncio.sleep(4)
        stopping = asyncio.ensure_future(serving.stop())
        seen = []
        while not stopping.done():
            seen.append(await outcome(serving.port, 2.5))
            await asyncio.sleep(0.2)
        assert await stopping == 0
    assert "kept waiting" not in seen
    assert seen[-1] == "refused"


def sleeping(grace: float) -> str:
    """An application whose handler says that it began, and sleeps."""
    return APPLICATION.replace('inbox.db")', f'inbox.db"), grace={grace}').replace(
        "async def note(event: Event) -> None:\n",
        "async def note(event: Event) -> None:\n"
        "        open('begun.txt', 'w').close()\n"
        "        await asyncio.sleep(600)\n",
    )


async def test_told_to_stop_while_the_next_generation_is_loaded_it_does_not_wait_for_that(tmp_path: Path) -> None:
    async with served(tmp_path, application=until("finish.txt")) as serving:
        await post(serving.port, 1)
        await exists(tmp_path / "begun.txt")
        (tmp_path / "app.py").write_text(textwrap.dedent(LOADING))
        serving.process.send_signal(signal.SIGHUP)
        await exists(tmp_path / "loading.txt")
        stopping = asyncio.ensure_future(serving.stop())
        await gone(int((tmp_path / "loading.txt").read_text()))
        while await outcome(serving.port, 20) != "refused":
            await asyncio.sleep(0.02)
        assert not stopping.done()
        (tmp_path / "finish.txt").touch()
        assert await stopping == 0
    assert serving.handled() == [(1, serving.told["generation"])]
    told = serving.errors.read_text()
    for unwanted in ("Traceback", "is killed", "could not be loaded"):
        assert unwanted not in told


@pytest.mark.parametrize("options", [(), ("--single",)])
async def test_told_to_stop_while_it_is_loaded_for_the_first_time_it_ends_at_once(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    serving = Served(tmp_path, *options, application=LOADING)
    try:
        serving.launch()
        await exists(tmp_path / "loading.txt")
        assert await serving.stop() == 0
    finally:
        serving.kill()
    assert serving.errors.read_text() == ""


async def test_what_is_loaded_and_keeps_the_signal_to_itself_is_stopped_once_it_has_been_loaded(
    tmp_path: Path,
) -> None:
    swallowing = textwrap.dedent(LOADING).replace(
        "time.sleep(0.02)", "try:\n        time.sleep(0.02)\n    except:\n        break"
    )
    serving = Served(tmp_path, "--single", application=swallowing + textwrap.dedent(APPLICATION))
    try:
        serving.launch()
        await exists(tmp_path / "loading.txt")
        assert await serving.stop() == 0
        assert serving.process.stdout is not None
        assert serving.process.stdout.read() == ""
    finally:
        serving.kill()


async def gone(process: int) -> None:
    """Wait until a process has ended, and its parent has seen it."""
    async with asyncio.timeout(30):
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                await asyncio.sleep(0.02)


def until(name: str) -> str:
    """An application whose handler says that it began, and waits for a file."""
    return APPLICATION.replace(
        "async def note(event: Event) -> None:\n",
        "async def note(event: Event) -> None:\n"
        "        open('begun.txt', 'w').close()\n"
        f"        while not os.path.exists({name!r}):\n"
        "            await asyncio.sleep(0.02)\n",
    )


async def test_one_connection_is_no_socket_to_listen_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            async with under_systemd(tmp_path, accepted) as systemd:
                assert await asyncio.to_thread(systemd.process.wait, 20) == 2
                assert "Give it by ListenStream=, and Accept=no" in systemd.errors.read_text()


async def test_while_it_stops_connections_are_refused(tmp_path: Path) -> None:
    async with served(tmp_path, application=sleeping(3)) as serving:
        await post(serving.port, 1)
        await exists(tmp_path / "begun.txt")
        stopping = asyncio.ensure_future(serving.stop())
        await asyncio.sleep(2)
        assert not stopping.done()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", serving.port)
        assert await stopping == 0


async def test_handlers_get_their_grace_and_the_rest_stays(tmp_path: Path) -> None:
    async with served(tmp_path, application=sleeping(0.2)) as serving:
        await post(serving.port, 1)
        await exists(tmp_path / "begun.txt")
        assert await serving.stop() == 0
    async with served(tmp_path) as serving:
        await serving.until_handled(1)
        assert await serving.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "acts"),
    [
        ("served", ("swallows", "tidies", "spawns")),
        ("single", ("blocks", "blocks_too")),
        ("program", ("swallows", "tidies", "spawns", "blocks", "blocks_too")),
    ],
)
async def test_handlers_that_do_not_stop_keep_no_process(how: str, acts: tuple[str, ...], tmp_path: Path) -> None:
    application = reluctant(acts)
    command = [sys.executable, "app.py"] if how == "program" else None
    options = ["--single"] if how == "single" else []
    async with served(tmp_path, *options, application=application, command=command) as serving:
        await post(serving.port, *range(1, len(acts) + 1))
        for name in acts:
            await exists(tmp_path / name)
        began = time.monotonic()
        assert await serving.stop() == 0
        # Five seconds each for the handlers, for all else on the loop and for the threads; as much for a busy machine.
        assert time.monotonic() - began < 30.0
    told = serving.errors.read_text()
    for number, name in enumerate(acts, 1):
        assert (f"app:{name} of event {number} did not stop" in told) is (name in ("swallows", "tidies"))
    assert told.count("does not end, and is left") == acts.count("spawns")
    assert told.count("the process ends without it") == sum("blocks" in name for name in acts)
    for unwanted in ("is killed", "Traceback", "destroyed", "ignored"):
        assert unwanted not in told
    async with served(tmp_path, application=application.replace("await act()", "await note(event)")) as serving:
        await serving.until_handled(2 * len(acts))
        assert await serving.stop() == 0


async def test_a_process_that_does_not_end_does_not_keep_the_next_one_waiting(tmp_path: Path) -> None:
    async with served(tmp_path, application=reluctant(["blocks"])) as serving:
        await post(serving.port, 1)
        await exists(tmp_path / "blocks")
        (tmp_path / "app.py").write_text(textwrap.dedent(APPLICATION))
        serving.process.send_signal(signal.SIGHUP)
        await serving.until_logged("the process ends without it")
        assert "took over" in serving.errors.read_text().partition("the process ends without it")[0]
        assert await serving.stop() == 0


def reluctant(acts: abc.Iterable[str]) -> str:
    application = APPLICATION.replace('inbox.db")', 'inbox.db"), grace=0.2')
    return application + RELUCTANT.replace("ACTS", ", ".join(acts))


def edited(folder: Path, old: str, new: str) -> None:
    text = textwrap.dedent(APPLICATION)
    assert old in text
    (folder / "app.py").write_text(text.replace(old, new))


def no_secret(folder: Path) -> str:
    edited(folder, 'OutreachSource("secret-of-a-test")', "OutreachSource()")
    return "the webhook source 'outreach' has no secret, so anybody could send it events"


def secret_not_set(folder: Path) -> str:
    edited(folder, '"secret-of-a-test"), PlanMySaaS', 'os.environ["NO_SUCH_SECRET"]), PlanMySaaS')
    return "app wants 'NO_SUCH_SECRET' of the environment, and it is not set. Set that variable."


def secret_not_in_environment(folder: Path) -> str:
    edited(folder, 'OutreachSource("secret-of-a-test")', "OutreachSource.from_env()")
    return "environment variables are missing: OUTREACH_WEBHOOK_SECRET (not set). Set it to the secret of the webhook"


def absent_folder(folder: Path) -> str:
    edited(folder, "inbox.db", "absent/inbox.db")
    return "there is no folder absent. Make it, or name another file."


def newer_inbox(folder: Path) -> str:
    edited(folder, "inbox.db", "inbox.db")
    sqlite_schema.open_for_writing(folder / "inbox.db").close()
    with contextlib.closing(sqlite3.connect(folder / "inbox.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    known = len(sqlite_schema.MIGRATIONS)
    return f"a newer version (format 999, this one knows {known}). Update outreach-async, or name another file."


def foreign_file(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / "inbox.db")) as connection:
        connection.execute("CREATE TABLE theirs(a)")
    edited(folder, "inbox.db", "inbox.db")
    return "inbox.db is the database of another program."


def unfinished_inbox(folder: Path) -> str:
    edited(folder, 'inbox=SqliteInbox("inbox.db")', 'inbox=type("Own", (SqliteInbox,), {"check": None})("inbox.db")')
    return "the inbox Own has no check(). The protocol webhooks.Inbox says what each of them does.\n"


def narrow_handler(folder: Path) -> str:
    edited(folder, "event: Event", "event: int")
    return "would be given any Event, as a pattern gives, and is annotated for int"


def module_missing(folder: Path) -> str:
    return "there is no module 'app'"


def name_missing(folder: Path) -> str:
    (folder / "app.py").write_text("hook = 1\n")
    return "app has no 'hooks'"


def name_of_another(folder: Path) -> str:
    (folder / "app.py").write_text("hooks = []\n")
    return "app:hooks is of type list, and no Webhooks"


def unknown_annotation(folder: Path) -> str:
    (folder / "app.py").write_text("from webhooks import Event\n\nasync def note(event: Nonsense) -> None: ...\n")
    return "outreach-async: app.py line 3: NameError: name 'Nonsense' is not defined\n"


def missing_import(folder: Path) -> str:
    (folder / "app.py").write_text("import json\nimport no_such_library\n")
    return "outreach-async: app.py line 2: ModuleNotFoundError: No module named 'no_such_library'\n"


def mistake_at_import(folder: Path) -> str:
    (folder / "app.py").write_text("\n1/0\n")
    return "outreach-async: app.py line 2: ZeroDivisionError: division by zero\n"


def mistake_of_a_module_it_imports(folder: Path) -> str:
    # The last line of its own, though a library's raises: json's here.
    (folder / "parts").mkdir()
    (folder / "parts" / "__init__.py").write_text("\n\nimport json\njson.loads('{')\n")
    (folder / "app.py").write_text("import parts\n")
    return "outreach-async: parts/__init__.py line 4: JSONDecodeError: Expecting property name"


def mistake_that_says_nothing(folder: Path) -> str:
    (folder / "app.py").write_text("assert not __name__\n")
    return "outreach-async: app.py line 1: AssertionError\n"


def mistake_with_the_receiver(folder: Path) -> str:
    edited(folder, 'SqliteInbox("inbox.db")', "SqliteInbox()")
    return "outreach-async: app.py line 6: TypeError: SqliteInbox.__init__() missing 1 required"


def key_of_the_programs_own(folder: Path) -> str:
    (folder / "app.py").write_text('hooks = {}["os.environ"]\n')
    return "outreach-async: app.py line 1: KeyError: 'os.environ'\n"


def unreadable_program(folder: Path) -> str:
    (folder / "app.py").write_text("import json\nhooks = (\n")
    return "outreach-async: app.py line 2: SyntaxError: '(' was never closed\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> abc.Iterator[Path]:
    """A folder to serve from in this very process, which is left as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(server.TOKEN, "")
    heeded = signal.getsignal(signal.SIGHUP)
    yield tmp_path
    signal.signal(signal.SIGHUP, heeded)
    sys.modules.pop("app", None)


@pytest.mark.parametrize(
    "spoil",
    [
        no_secret,
        secret_not_set,
        secret_not_in_environment,
        absent_folder,
        newer_inbox,
        foreign_file,
        unfinished_inbox,
        narrow_handler,
        module_missing,
        name_missing,
        name_of_another,
        unknown_annotation,
        missing_import,
        mistake_at_import,
        mistake_of_a_module_it_imports,
        mistake_that_says_nothing,
        mistake_with_the_receiver,
        key_of_the_programs_own,
        unreadable_program,
    ],
)
def test_bad_input_is_told_in_one_line(spoil: Any, here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = spoil(here)
    assert main(["hooks", "serve", "app:hooks", "--port", "0", "--single"]) == 2
    told = capfd.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert wanted in told.err


def test_where_a_program_breaks_is_told_to_whoever_loads_it(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wanted = mistake_at_import(here)
    assert main(["hooks", "events", "--inbox", "app:hooks"]) == 2
    assert capfd.readouterr().err == wanted
    assert main(["hooks", "events", "--inbox", "app:hooks", "--debug"]) == 2
    told = capfd.readouterr().err
    assert 'app.py", line 2, in <module>\n' in told
    assert told.endswith(wanted)


def test_a_program_that_is_installed_is_a_place_too(
    here: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = here / "site-packages"
    installed.mkdir()
    (installed / "app.py").write_text("import json\njson.loads('{')\n")
    monkeypatch.syspath_prepend(installed)
    assert main(["hooks", "serve", "app:hooks", "--port", "0", "--single"]) == 2
    assert "outreach-async: site-packages/app.py line 2: JSONDecodeError: " in capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "code", "lines"),
    [
        (("-m", "outreach_async.cli", "hooks", "serve", "app:hooks", "--port", "0"), 2, 1),
        # Python itself tells of what a program raises as it is loaded: the last line has to say all.
        (("app.py",), 1, None),
    ],
)
def test_a_secret_that_is_not_set_is_told_by_a_whole_server(
    here: Path, command: tuple[str, ...], code: int, lines: int | None
) -> None:
    wanted = secret_not_in_environment(here)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    told = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (code, "")
    assert wanted in told[-1]
    assert lines is None or len(told) == lines, told


async def test_a_generation_that_cannot_start_ends_by_its_own_exit_code() -> None:
    # Its line is closed well before it ends, as an interpreter's ending takes its time.
    child = f"""
import os, time
os.close(int(os.environ["{ENVIRONMENT}"].split(",")[0]))
time.sleep(0.3)
os._exit(2)
"""
    assert await Supervisor([], print, command=[sys.executable, "-c", child]).run() == 2


@pytest.mark.parametrize(("grace", "code"), [("0.1", 1), ("5", 0)])
async def test_a_generation_is_killed_only_after_the_grace_it_told(
    grace: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.supervisor.STOPPING", 0.3)
    monkeypatch.setattr("webhooks.supervisor.MARGIN", 0.3)
    child = f"""
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), os._exit(0)))
line = int(os.environ["{ENVIRONMENT}"].split(",")[0])
os.write(line, b"grace {grace}\\nloaded\\nserving\\n")
time.sleep(60)
"""
    supervisor = Supervisor([], lambda _: supervisor._ended.set(), command=[sys.executable, "-c", child])
    assert await supervisor.run() == code


async def test_a_generation_that_something_else_kills_while_it_stops_is_a_failure() -> None:
    child = f"""
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
os.write(int(os.environ["{ENVIRONMENT}"].split(",")[0]), b"loaded\\nserving\\n")
time.sleep(60)
"""
    supervisor = Supervisor([], lambda _: supervisor._ended.set(), command=[sys.executable, "-c", child])
    assert await supervisor.run() == 1


async def test_a_generation_that_is_loaded_and_does_not_heed_the_signal_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("webhooks.supervisor.QUITTING", 0.3)
    child = f"""
import os, signal, time
def serve():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.write(int(os.environ["{ENVIRONMENT}"].split(",")[0]), b"grace 1\\nloaded\\nserving\\n")
def load():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open("loading.txt", "w").close()
try:
    os.close(os.open("first.txt", os.O_CREAT | os.O_EXCL))
    serve()
except FileExistsError:
    load()
time.sleep(100)
"""
    monkeypatch.chdir(tmp_path)
    supervisor = Supervisor([], lambda _: supervisor._reload.set(), command=[sys.executable, "-c", child])
    running = asyncio.ensure_future(supervisor.run())
    await exists(tmp_path / "loading.txt")
    supervisor._ended.set()
    async with asyncio.timeout(50):
        assert await running == 0


def test_a_program_of_ones_own_tells_what_cannot_work_in_one_line(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hooks = Webhooks(OutreachSource("secret-of-a-test"), inbox=SqliteInbox(here / "absent" / "inbox.db"))
    assert hooks.run(port=0, single=True) == 2
    assert hooks.run(port=70_000) == 2
    told = capfd.readouterr().err
    assert "there is no folder" in told
    assert "70000 is no port. Give one from 0 to 65535.\n" in told
    assert told.count("\n") == 2


@pytest.mark.parametrize("target", ["app", "app:", ":hooks", ".app:hooks", "app:hooks.all"])
def test_a_target_is_a_module_and_a_name(target: str, here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["hooks", "serve", target, "--port", "0", "--single"]) == 2
    assert "names no receiver. Write MODULE:NAME, such as app:hooks." in capfd.readouterr().err


def test_an_inbox_held_by_another_process_is_told_with_its_pid(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    edited(here, 'SqliteInbox("inbox.db")', 'SqliteInbox("inbox.db", patience=0.0)')

    async def held() -> int:
        async with SqliteInbox(here / "inbox.db"):
            return await asyncio.to_thread(main_in_thread)

    def main_in_thread() -> int:
        command = [sys.executable, "-m", "outreach_async.cli", "hooks", "serve", "app:hooks", "--port", "0", "--single"]
        return subprocess.run(command, cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False).returncode

    assert asyncio.run(held()) == 1
    told = capfd.readouterr().err
    assert f"inbox.db is held by process {os.getpid()}" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("alone", [False, True])
async def test_who_finds_the_inbox_held_is_told_which_process_to_stop(tmp_path: Path, alone: bool) -> None:
    server = Served(tmp_path, *(["--single"] if alone else []))
    served = server.start()
    waits = SqliteInbox(tmp_path / "inbox.db", patience=0.0)
    try:
        with pytest.raises(InboxHeld) as refused:
            await waits.open(SystemClock())
        assert refused.value.pid == served["generation"]
        if alone:
            assert "generation" not in str(refused.value)
            assert "Stop that process" in refused.value.hint
        else:
            assert f"process {served['generation']}, a generation of process {served['pid']}" in str(refused.value)
            assert f"Stop process {served['pid']}," in refused.value.hint
        assert await server.stop() == 0
        await waits.open(SystemClock())
        await waits.close()
    finally:
        server.kill()


def test_a_port_that_is_taken_is_told_in_one_line(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    edited(here, "inbox.db", "inbox.db")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["hooks", "serve", "app:hooks", "--port", port]) == 2
        assert main(["hooks", "serve", "app:hooks", "--port", port, "--admin-port", port]) == 2
    told = capfd.readouterr().err
    assert f"port {port} on 127.0.0.1 is taken. Stop what listens there, or give another port.\n" in told
    assert "the operator's port is the receiver's" in told


def test_a_webhooks_module_of_ones_own_is_named(tmp_path: Path) -> None:
    (tmp_path / "webhooks.py").write_text("mine = 1\n")
    script = "import sys; sys.path.insert(0, '.'); from outreach_async.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, "hooks", "serve", "app:hooks"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "webhooks.py, and not this library's" in done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"port": 70_000}, "70000 is no port"),
        ({"port": "8080"}, "'8080' is no port"),
        ({"admin_port": 80.5}, "80.5 is no port"),
        ({"head_deadline": 0.0}, "deadlines are seconds"),
        ({"body_deadline": math.nan}, "deadlines are seconds"),
        ({"idle_deadline": math.inf}, "deadlines are seconds"),
        ({"per_peer": 0}, "have to be 1 or more"),
        ({"trusted_proxies": ("proxy.local",)}, "Give addresses or networks"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Settings(**given)


def test_it_keeps_to_this_machine_and_its_bounds_unless_told() -> None:
    """The values are those of the table in docs/deploying-webhooks.md."""
    unless_told = Settings()
    assert (unless_told.host, unless_told.port) == ("127.0.0.1", 8080)
    assert (unless_told.admin_host, unless_told.admin_port) == ("127.0.0.1", None)
    assert (unless_told.head_deadline, unless_told.body_deadline) == (10.0, 10.0)
    assert (unless_told.connections, unless_told.per_peer, unless_told.trusted_proxies) == (2_000, 500, ())


def test_the_operators_socket_has_an_address_of_its_own() -> None:
    settings = Settings(port=0, admin_port=0, admin_host="127.0.0.2")
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(each).getsockname()[0] for each in server._sockets(settings)]
    assert bound == ["127.0.0.1", "127.0.0.2"]


def test_sockets_that_systemd_passes_to_another_process_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getppid()))
    assert listening.passed_on() == []


@pytest.mark.parametrize("number", ["0", "", "many", "-1"])
def test_what_systemd_told_is_told_to_nobody_else(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LISTEN_FDS", number), ("LISTEN_PID", str(os.getpid())), ("LISTEN_FDNAMES", "hooks")):
        monkeypatch.setenv(name, value)
    assert listening.passed_on() == []
    assert not {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} & set(os.environ)


def test_the_address_behind_proxies_is_the_last_one_that_is_no_proxy() -> None:
    settings = Settings(trusted_proxies=("10.0.0.0/8", "2001:db8::1"))
    assert settings.behind("1.1.1.1, 203.0.113.9, 10.1.2.3") == "203.0.113.9"
    assert settings.behind("10.0.0.1") == ""
    assert settings.behind("") == ""
    assert settings.trusts("2001:db8::1")
    assert settings.trusts("")
    assert not settings.trusts("unknown")
    assert not Settings().trusts("127.0.0.1")


def test_a_socket_is_reached_from_its_own_machine(tmp_path: Path) -> None:
    for host, reached in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")):
        with contextlib.suppress(ConfigurationError), listening.listen(host, 0, 1) as bound:
            assert listening.from_here(bound) == f"http://{reached}:{bound.getsockname()[1]}"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        assert listening.from_here(bound) == ""


def test_what_cannot_be_listened_on_says_so() -> None:
    with pytest.raises(ConfigurationError, match="cannot be listened on"):
        listening.listen("203.0.113.77", 0, 1)
    with pytest.raises(ConfigurationError, match="descriptor 999 is no socket"):
        listening.adopt(999)
