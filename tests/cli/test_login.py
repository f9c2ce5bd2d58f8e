from __future__ import annotations

import re
import sys
import threading
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

import pytest

from outreach_async.sandbox.server import Served


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


def address_after(url: str) -> str:
    """Give where the authorise page sends the browser."""
    try:
        urllib.request.build_opener(_Stay).open(url, timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.headers["Location"]
    raise AssertionError("the authorise page did not lead on")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch):
    """Take the place of the person's browser: it opens the page and follows it to the end."""
    opened: list[str] = []
    visits: list[threading.Thread] = []

    def visit(url: str) -> None:
        with urllib.request.urlopen(url, timeout=10) as page:
            page.read()

    def open_(url: str) -> bool:
        opened.append(url)
        visits.append(threading.Thread(target=visit, args=(url,)))
        visits[-1].start()
        return True

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", open_)
    yield opened
    for thread in visits:
        thread.join(10)


class Person:
    """Stands in for stdin: reads the address on the screen, visits it, and pastes where the browser ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], change) -> None:
        self._capsys = capsys
        self._change = change

    def readline(self, limit: int = -1) -> str:
        shown = self._capsys.readouterr().err
        found = re.search(r"http://\S+/oauth/authorize\S+", shown)
        assert found is not None
        return self._change(address_after(found[0])) + "\n"


def test_a_browser_sign_in_ends_in_the_token_file(run, application: Path, browser: list[str]) -> None:
    shown = run("login", "--user", "ada", "--scope", "users.read prospects.read", "--json")
    assert shown.code == 0
    assert shown.told["user"] == "ada"
    assert shown.told["scopes"] == ["prospects.read", "users.read"]
    assert shown.told["store"] == str(application)
    assert application.stat().st_mode & 0o777 == 0o600
    assert "code_challenge_method=S256" in browser[0]
    told = run("whoami", "--user", "ada", "--json").told["outreach"]
    assert told["scopes"] == ["prospects.read", "users.read"]
    assert run("get", "users", "--user", "ada", "--json").told["count"] > 0
    refused = run("get", "tasks", "--user", "ada")
    assert refused.code == 1
    assert "tasks.read" in refused.err


@pytest.mark.usefixtures("application", "browser")
def test_it_asks_to_read_unless_told_otherwise(run) -> None:
    shown = run("login", "--json")
    assert shown.told["user"] == "default"
    assert {scope.partition(".")[2] for scope in shown.told["scopes"]} == {"read"}


def test_a_pasted_address_signs_in(
    run, application: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Person(capsys, lambda address: address))
    assert run("login", "--paste", "--scope", "users.read").code == 0
    assert application.exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda address: re.sub(r"state=[^&]+", "state=guess", address), "belongs to another sign-in"),
        (lambda address: re.sub(r"code=[^&]+", "code=guess", address), "refused"),
        (lambda address: re.sub(r"code=[^&]+", "error=access_denied", address), "access_denied"),
        (lambda address: "", "nothing was pasted"),
        (lambda address: "http://127.0.0.1/callback?" + "x" * 9000, ""),
    ],
)
def test_a_wrong_paste_signs_nobody_in(
    run, application: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, change, text: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Person(capsys, change))
    shown = run("login", "--paste")
    assert shown.code == 1
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert text in shown.err
    assert not application.exists()


def test_a_redirect_elsewhere_is_pasted(
    run, application: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_REDIRECT_URI", "https://example.com/callback")

    class Silent:
        def readline(self, limit: int = -1) -> str:
            return ""

    monkeypatch.setattr(sys, "stdin", Silent())
    shown = run("login")
    assert shown.code == 1
    assert "it begins with https://example.com/callback" in shown.err


@pytest.mark.usefixtures("application")
def test_the_wait_for_the_person_ends(run) -> None:
    shown = run("login", "--no-browser", "--timeout", "1")
    assert shown.code == 1
    assert "nobody signed in within 1 s" in shown.err


def test_no_secret_is_shown(run, served: Served, application: Path, browser: list[str]) -> None:
    shown = run("login", "--debug")
    assert shown.code == 0
    assert served.sandbox.credentials.client_secret not in shown.out + shown.err
    stored = application.read_text()
    secrets = re.findall(r'"(?:access|refresh)[a-z_]*": ?"([^"]+)"', stored)
    assert secrets
    assert not any(secret in shown.out + shown.err for secret in secrets)
