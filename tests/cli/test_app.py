from __future__ import annotations

import subprocess
import sys

import pytest

from webhooks.worker import GRACE

COMMANDS = ("demo", "sandbox", "login", "whoami", "get", "call")


def test_no_arguments_show_the_commands(run) -> None:
    shown = run()
    assert shown.code == 0
    assert all(f"\n  {name} " in shown.out for name in COMMANDS)


def test_hooks_alone_shows_its_commands_too(run) -> None:
    shown = run("hooks")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == run("hooks", "--help").out
    assert all(f"\n  {name} " in shown.out for name in ("serve", "events", "replay"))
    assert "Receive webhooks, and look after what was received." in shown.out


def test_the_help_of_serve_says_where_it_looks_and_what_its_signals_do(run) -> None:
    told = " ".join(run("hooks", "serve", "--help").out.split())
    assert "The program is looked for in the present folder" in told
    assert "SIGHUP loads it anew" in told
    assert f"SIGTERM gives the handlers that run {GRACE:g} seconds to finish" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_json_and_debug(run, command: str) -> None:
    shown = run(command, "--help")
    assert shown.code == 0
    assert "--json" in shown.out
    assert "--debug" in shown.out


@pytest.mark.parametrize(
    "argv",
    [
        ("nope",),
        ("get",),
        ("get", "prospects", "--bogus"),
        ("get", "prospects", "--format", "xml"),
        ("get", "prospects", "--limit", "-1"),
        ("get", "prospets"),
        ("get", "prospects"),
        ("get", "leads", "--service", "planmysaas"),
        ("call", "GET", "prospects"),
        ("call", "FETCH", "/prospects"),
        ("call", "POST", "/prospects", "--data", "{bad"),
        ("call", "POST", "/prospects", "--data", "@/nowhere/at/all"),
        ("whoami",),
        ("login",),
        ("login", "--timeout", "0"),
        ("sandbox", "--port", "70000"),
        ("sandbox", "--set", "nope=1"),
        ("sandbox", "--set", "quota"),
        ("sandbox", "--set", "prospects=7"),
        ("sandbox", "--set", "quota=many"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(run, argv: tuple[str, ...]) -> None:
    shown = run(*argv)
    assert shown.code == 2
    assert shown.out == ""
    assert shown.err.startswith("outreach-async")
    assert shown.err.count("\n") == 1
    before, try_, _ = shown.err.partition(" Try '")
    assert not try_ or (before[-1] == "." and before[-2] != ".")


def test_what_breaks_before_the_work_is_one_line_too(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "outreach_async.cli.whoami", None)
    shown = run("whoami")
    assert (shown.code, shown.err.count("\n")) == (1, 1)
    assert "Traceback" in run("whoami", "--debug").err


def test_without_the_extra_it_is_named(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer", None)
    shown = run("whoami")
    assert shown.code == 2
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "outreach-async[cli]" in shown.err


def test_the_commands_are_shown_without_importing_the_sdk() -> None:
    code = (
        "import sys; from outreach_async.cli import main; main(['--help'])\n"
        "heavy = {'aiohttp', 'jwt', 'msgspec', 'anyio', 'cryptography', 'outreach_async.protocol'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
