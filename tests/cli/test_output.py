from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from outreach_async.cli.output import Output, perform
from outreach_async.protocol.errors import ConfigurationError, NotFound, OutreachError
from outreach_async.protocol.messages import NO_HEADERS, Request, Response


def failing(error: BaseException):  # type: ignore[no-untyped-def]
    async def work(output: Output) -> int:
        raise error

    return work


def test_a_result_is_the_last_line_of_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(output: Output) -> int:
        output.say("for people")
        output.result({"rows": 3})
        return 0

    assert perform(work, json=True) == 0
    assert capsys.readouterr().out == '{"rows":3}\n'
    assert perform(work) == 0
    assert capsys.readouterr().out == "for people\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no such thing", hint="Do that."), 2),
        (OutreachError("it failed"), 1),
        (RuntimeError("a bug, token=canary"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_is_one_line_and_a_code(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(failing(error)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("outreach-async: ")
    assert "canary" not in shown.err


def test_a_foreign_text_cannot_break_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(failing(ValueError("one\ntwo\x1b[2J"))) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_machine_gets_the_error_as_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    request = Request("GET", "https://api.outreach.io", "/api/v2/prospects/1", route="/prospects/{id}")
    assert perform(failing(NotFound(request, Response(404, NO_HEADERS, b"gone"))), json=True) == 1
    shown = capsys.readouterr()
    told = json.loads(shown.out)["error"]
    assert told["type"] == "NotFound"
    assert told["status"] == 404
    assert "GET /prospects/{id}: 404 gone" in told["message"]
    assert shown.err.count("\n") == 1


def test_debug_shows_where_and_masks_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(failing(RuntimeError("a bug, token=canary")), debug=True) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "canary" not in shown


def test_debug_shows_the_call_as_curl(capsys: pytest.CaptureFixture[str]) -> None:
    request = Request("GET", "https://api.outreach.io", "/api/v2/prospects/1")
    assert perform(failing(OutreachError("it failed", request=request)), debug=True) == 1
    assert "curl -X GET https://api.outreach.io/api/v2/prospects/1" in capsys.readouterr().err


def test_a_table_takes_cells_as_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(output: Output) -> int:
        output.table(["na[b]me", "x"], [("[red]a[/red]\x1b[31m", "y" * 300)])
        return 0

    assert perform(work) == 0
    shown = capsys.readouterr().out
    assert "na[b]me" in shown
    assert "[red]a[/red]" in shown
    assert "\x1b" not in shown
    assert "y" * 300 in shown


def test_a_reader_that_leaves_is_no_error() -> None:
    code = (
        "import sys\n"
        "from outreach_async.cli.output import perform\n"
        "async def work(output):\n"
        "    for n in range(100000): output.line('x' * 80)\n"
        "    return 0\n"
        "sys.exit(perform(work))\n"
    )
    reader, writer = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert os.read(reader, 100)
    os.close(reader)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, b"")
