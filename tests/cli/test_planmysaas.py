from __future__ import annotations

import json

import pytest

from outreach_async.sandbox.server import Served

pytestmark = pytest.mark.usefixtures("api_key")

ON = ("--service", "planmysaas")


@pytest.mark.parametrize("name", ["campaigns", "leads", "replies"])
def test_the_lists_are_read(run, name: str) -> None:
    shown = run("get", name, *ON, "--limit", "2", "--json")
    assert shown.code == 0
    assert shown.told["count"] == 2
    assert shown.told["data"][0]["id"]
    assert run("get", name, *ON).out.startswith("id")


def test_leads_are_narrowed(run, served: Served) -> None:
    leads = served.sandbox.planmysaas.api.workspaces["ws_abc"].leads.values()
    wanted = [lead for lead in leads if lead["campaignId"] == "camp_abc" and lead["status"] == "replied"]
    shown = run("get", "leads", *ON, "--filter", "campaignId=camp_abc", "--filter", "status=replied", "--json")
    assert shown.told["count"] == len(wanted) > 0
    rows = run("get", "replies", *ON, "--filter", "needsAction=true", "--format", "jsonl").out.splitlines()
    assert all(json.loads(row)["attributes"]["needsAction"] is True for row in rows)


def test_one_lead_and_the_key_are_read(run) -> None:
    lead = run("get", "leads", *ON, "--limit", "1", "--json").told["data"][0]
    told = run("get", "leads", lead["id"], *ON, "--json").told
    assert told["data"]["email"] == lead["attributes"]["email"]
    assert run("get", "me", *ON, "--json").told["data"]["workspace"]["id"] == "ws_abc"


@pytest.mark.parametrize(
    ("argv", "code", "text"),
    [
        (("lead",), 2, "Did you mean leads"),
        (("zzz",), 2, "It has campaigns"),
        (("campaigns", "camp_abc"), 2, "only leads"),
        (("campaigns", "--filter", "name=x"), 2, "cannot be filtered by name"),
        (("leads", "--sort", "email"), 2, "neither --sort nor --include"),
        (("leads", "lead_nobody"), 1, "404"),
    ],
)
def test_what_it_does_not_have_is_said(run, argv: tuple[str, ...], code: int, text: str) -> None:
    shown = run("get", *argv, *ON)
    assert (shown.code, shown.err.count("\n")) == (code, 1)
    assert text in shown.err


def test_any_call_reaches_it(run) -> None:
    assert run("call", "GET", "/me", *ON, "--json").told["body"]["workspace"]["id"] == "ws_abc"
    lead = json.dumps({"campaignId": "camp_abc", "email": "new@example.com"})
    made = run("call", "POST", "/api/v1/outreach/leads", "--data", lead, *ON, "--json").told
    assert made["status"] in (200, 201)


def test_a_refused_key_is_named_by_its_prefix_only(run, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    key = served.sandbox.credentials.api_keys["revoked"]
    monkeypatch.setenv("PLANMYSAAS_API_KEY", key)
    shown = run("get", "leads", *ON)
    assert shown.code == 1
    assert "revoked" in shown.err
    assert key not in shown.err
