from __future__ import annotations

from pathlib import Path

import pytest

from outreach_async.sandbox.server import Served


@pytest.mark.usefixtures("token")
def test_an_access_token_tells_only_its_quota(run) -> None:
    told = run("whoami", "--json").told["outreach"]
    assert told["credential"] == "access token"
    assert told["scopes"] is None
    assert told["expires_at"] is None
    assert told["quota"]["limit"] == 10_000
    assert "planmysaas" not in run("whoami").out


@pytest.mark.usefixtures("installation")
def test_an_installation_tells_its_organisation(run, installation: str) -> None:
    told = run("whoami", "--json").told["outreach"]
    assert told["install"] == installation
    assert told["organisation"] == "1"
    assert told["expires_at"]


def test_a_user_tells_scopes_expiry_and_store(
    run, served: Served, application: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = served.sandbox.refresh_token("grace", ["users.read", "prospects.all"])
    monkeypatch.setenv("OUTREACH_REFRESH_TOKEN", refresh)
    told = run("whoami", "--user", "grace", "--json").told["outreach"]
    assert told["user"] == "grace"
    assert told["scopes"] == ["prospects.all", "users.read"]
    assert told["store"] == str(application)
    assert application.stat().st_mode & 0o777 == 0o600
    shown = run("whoami", "--user", "grace")
    assert "prospects.all users.read" in shown.out
    assert refresh not in shown.out + shown.err


@pytest.mark.usefixtures("application")
def test_nobody_signed_in_is_an_error_that_says_what_to_do(run) -> None:
    shown = run("whoami")
    assert shown.code == 1
    assert "outreach-async login" in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.usefixtures("api_key", "token")
def test_both_services_are_told(run) -> None:
    told = run("whoami", "--json").told
    assert told["planmysaas"]["workspace_id"] == "ws_abc"
    assert "leads:write" in told["planmysaas"]["scopes"]
    assert told["outreach"]["credential"] == "access token"


@pytest.mark.usefixtures("application")
def test_a_refused_token_is_an_error(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTREACH_ACCESS_TOKEN", "not-a-token")
    shown = run("whoami")
    assert (shown.code, shown.err.count("\n")) == (1, 1)
    assert "401" in shown.err
