"""Every example runs as a program: without settings against its own sandbox, with settings against what they name."""

from __future__ import annotations

import collections.abc as abc
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))

# What each prints when it did its work.
PROOF = {
    "find_prospects.py": "account 999999: GET /accounts/{id}: 404",
    "login.py": "granted: prospects.read users.read",
    "planmysaas_leads.py": "the same when created again: True",
    "server_to_server.py": "install-unknown: failed:",
    "webhook_app.py": "started again: 20 handled, 0 lost; exit code 0",
}


def started(name: str, folder: Path, settings: dict[str, str]) -> subprocess.Popen[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OUTREACH_", "PLANMYSAAS_", "LEAD_"))}
    return subprocess.Popen(
        [sys.executable, "-u", "-W", "error", str(ROOT / "examples" / name)],
        env=environ | settings,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(name: str, folder: Path, **settings: str) -> str:
    with started(name, folder, settings) as process:
        out, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, "")
    return out


@pytest.fixture(scope="module")
def service() -> abc.Iterator[dict[str, Any]]:
    """Give what a sandbox on loopback announced: to an example it is the real service."""
    command = [sys.executable, "-m", "outreach_async.cli", "sandbox", "--prospects", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def control(service: dict[str, Any], path: str, **given: Any) -> Any:
    body = json.dumps(given).encode()
    request = urllib.request.Request(service["control_url"] + "/_sandbox" + path, body, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def sent_back_to(url: str) -> str:
    try:
        urllib.request.build_opener(Stay).open(url, timeout=10)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.headers["Location"]
    raise AssertionError("the authorise page did not lead on")


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_offline_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    assert PROOF.get(name, "") in ran(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_each_proves_something() -> None:
    assert PROOF.keys() <= set(EXAMPLES)


def test_prospects_are_found_at_the_service_the_environment_names(service: dict[str, Any], tmp_path: Path) -> None:
    token = control(service, "/tokens")["access_token"]
    out = ran(
        "find_prospects.py", tmp_path, OUTREACH_BASE_URL=service["outreach_base_url"], OUTREACH_ACCESS_TOKEN=token
    )
    assert PROOF["find_prospects.py"] in out
    assert token not in out


def test_installations_are_those_the_environment_names(service: dict[str, Any], tmp_path: Path) -> None:
    out = ran(
        "server_to_server.py",
        tmp_path,
        OUTREACH_BASE_URL=service["outreach_base_url"],
        OUTREACH_S2S_GUID=service["s2s_guid"],
        OUTREACH_S2S_PRIVATE_KEY=service["s2s_private_key"],
        OUTREACH_INSTALL_ID=service["install_id"],
    )
    assert out.startswith(f"{service['install_id']}: 60 prospects")


def test_a_lead_is_created_only_when_asked_for(service: dict[str, Any], tmp_path: Path) -> None:
    settings = {"PLANMYSAAS_BASE_URL": service["planmysaas_base_url"], "PLANMYSAAS_API_KEY": service["api_key"]}
    assert "lead " not in ran("planmysaas_leads.py", tmp_path, **settings)
    assert PROOF["planmysaas_leads.py"] in ran("planmysaas_leads.py", tmp_path, **settings, LEAD_EMAIL="a@example.com")


def test_a_port_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    with started("webhook_app.py", tmp_path, {"OUTREACH_WEBHOOK_SECRET": "s3cret", "PORT": "abc"}) as process:
        out, err = process.communicate(timeout=50)
    assert (process.returncode, out) == (2, "")
    assert err == "PORT is no number: 'abc'\n"


def test_a_person_signs_in_and_stays_signed_in(service: dict[str, Any], tmp_path: Path) -> None:
    settings = {
        "OUTREACH_BASE_URL": service["outreach_base_url"],
        "OUTREACH_CLIENT_ID": service["client_id"],
        "OUTREACH_CLIENT_SECRET": service["client_secret"],
        "OUTREACH_REDIRECT_URI": service["redirect_uri"],
    }
    with started("login.py", tmp_path, settings) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("Open ").strip()
        out, err = process.communicate(sent_back_to(url) + "\n", timeout=50)
    assert (process.returncode, err) == (0, "")
    assert PROOF["login.py"] in out
    assert (tmp_path / "tokens.json").exists()
