from __future__ import annotations

import json
import subprocess
import sys

import pytest

from outreach_async.cli import demo
from outreach_async.cli.demo_acts import ACTS, Stage
from outreach_async.protocol.event_names import INSTALL_EVENTS, OUTREACH_EVENTS, PLANMYSAAS_EVENTS


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PROSPECTS", 60)


@pytest.fixture
def client_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the receiver out: it has processes of its own, and its own test."""

    async def nothing_sent(stage: Stage) -> None:
        counts = ("events", "event_types", "handled", "handled_twice", "duplicates", "refused", "lost")
        stage.summary |= dict.fromkeys(counts, 0)

    monkeypatch.setattr(demo, "receive_everything", nothing_sent)


@pytest.mark.timeout(150)
def test_the_whole_demo_ends_without_a_429_or_a_lost_event() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "outreach_async.cli", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] > 30_000
    assert told["types"] >= 47
    assert told["rate_limited"] == 0
    assert told["refreshes"] >= 2
    assert told["recovered"] >= 2
    assert told["failures"].keys() == {"Unauthorized", "ConnectionFailed"}
    assert told["requests"] > 200
    assert told["seconds"] > told["copy_seconds"] > 0
    assert told["quota_waits"] >= 2
    assert told["lost"] == told["handled_twice"] == told["forgeries_accepted"] == 0
    assert told["events"] == told["handled"] > 100
    assert told["event_types"] == len(OUTREACH_EVENTS) + len(INSTALL_EVENTS) + len(PLANMYSAAS_EVENTS)
    assert told["duplicates"] >= 10
    assert told["refused"] >= 1
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("small", "client_half")
def test_people_see_what_happened_and_a_summary(run) -> None:
    shown = run("demo")
    assert shown.code == 0, shown.err
    assert "signed in as user 'ada'" in shown.out
    assert "access tokens revoked" in shown.out
    assert "recovered from ConnectionFailed" in shown.out
    assert "rate limited (429)  0" in shown.out


@pytest.mark.usefixtures("small", "client_half")
def test_a_refused_request_fails_the_demo(run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def limit(stage: Stage) -> None:
        stage.sandbox.planmysaas.fail_next(429, after=1, route="/me")

    monkeypatch.setattr(demo, "ACTS", (ACTS[0], limit, *ACTS[1:]))
    shown = run("demo", "--json")
    assert shown.code == 1
    assert shown.told["rate_limited"] == 1
    assert shown.told["problems"] == ["1 requests were answered 429"]


@pytest.mark.usefixtures("small", "client_half")
def test_a_copy_that_differs_fails_the_demo(run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hide(stage: Stage) -> None:
        """Keep the rows of one page from being sent, as a server that loses rows would."""
        body = json.dumps({"data": [], "meta": {}})
        stage.sandbox.outreach.fail_next(200, route="GET /users", body=body)

    monkeypatch.setattr(demo, "ACTS", (ACTS[0], hide, *ACTS[1:]))
    shown = run("demo")
    assert shown.code == 1
    assert "wrong: user: 0 copied" in shown.err
