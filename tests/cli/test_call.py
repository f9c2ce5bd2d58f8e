from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from outreach_async.sandbox.server import Served

pytestmark = pytest.mark.usefixtures("token")


def body(**attributes: object) -> str:
    return json.dumps({"data": {"type": "prospect", "attributes": attributes}})


def test_an_answer_is_written_as_json(run) -> None:
    shown = run("call", "get", "/prospects/1?fields[prospect]=firstName")
    assert shown.code == 0
    assert list(json.loads(shown.out)["data"]["attributes"]) == ["firstName"]


def test_the_root_may_be_written_too(run) -> None:
    told = run("call", "GET", "/api/v2/users?page[size]=1", "--json").told
    assert told["status"] == 200
    assert len(told["body"]["data"]) == 1


def test_a_body_comes_from_the_line_a_file_or_stdin(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new.json").write_text(body(firstName="File"))
    monkeypatch.setattr(sys, "stdin", io.StringIO(body(firstName="Stdin")))
    for data in (body(firstName="Line"), f"@{tmp_path / 'new.json'}", "-"):
        told = run("call", "POST", "/prospects", "--data", data, "--json").told
        assert told["status"] == 201
        key = told["body"]["data"]["id"]
        gone = run("call", "DELETE", f"/prospects/{key}")
        assert (gone.code, gone.out, gone.err) == (0, "", "204, no body\n")


def test_a_refusal_is_one_line(run) -> None:
    shown = run("call", "POST", "/prospects", "--data", body(nope=1), "--json")
    assert shown.code == 1
    assert shown.told["error"]["status"] == 400
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("path", ["/../../oauth/token", "/%2e%2e/%2e%2e/x", "/prospects/../../x"])
def test_a_path_cannot_leave_the_api(run, served: Served, path: str) -> None:
    before = served.sandbox.outreach.journal.requests
    shown = run("call", "GET", path)
    assert shown.code in (1, 2)
    assert shown.err.count("\n") == 1
    assert served.sandbox.outreach.journal.requests == before


def test_an_answer_that_is_no_json_is_shown_as_text(run, served: Served) -> None:
    served.sandbox.outreach.fail_next(200, html=True, route="GET /users")
    shown = run("call", "GET", "/users")
    assert shown.code == 0
    assert "html" in shown.out


def test_the_token_is_never_shown(run, token: str) -> None:
    shown = run("call", "GET", "/nowhere", "--debug")
    assert shown.code == 1
    assert "curl" in shown.err
    assert token not in shown.err
