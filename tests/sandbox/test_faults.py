from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.messages import Headers
from outreach_async.sandbox.calls import Call, json_answer
from outreach_async.sandbox.faults import FOREVER, Drift, Fault, Faults, Reply
from outreach_async.sandbox.gateways import OutreachGateway, PlanMySaaSGateway
from outreach_async.sandbox.oauth import Application, OAuth
from outreach_async.sandbox.planmysaas import LIVE_SCOPES, Key, PlanMySaaSApi
from outreach_async.sandbox.quota import Quotas
from outreach_async.sandbox.s2s import S2S
from outreach_async.sandbox.switches import Switches
from outreach_async.sandbox.tokens import IssuedTokens

NOW = 1_795_305_600.0
PAGE = {
    "data": [
        {"type": "prospect", "id": 1, "attributes": {"firstName": "Ada", "title": "CTO"}},
        {"type": "prospect", "id": 2, "attributes": {"firstName": "Grace"}},
    ],
    "included": [{"type": "account", "id": 7, "attributes": {"name": "Acme"}}],
}


class Core:
    """A resource core that answers one page and counts the calls that reached it."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.calls: list[Call] = []

    def answer(self, call: Call) -> Any:
        self.calls.append(call)
        return json_answer(200, PAGE)

    def is_public(self, path: str) -> bool:
        return False


class Outreach:
    def __init__(self, **switches: Any) -> None:
        settings, tokens = Switches().with_values(switches), IssuedTokens(1)
        self.core = Core()
        oauth = OAuth(tokens, Application("app", "hush", ("http://127.0.0.1/cb",)), settings)
        self.gateway = OutreachGateway(
            self.core, oauth, S2S(tokens, "guid", settings), tokens, Quotas(settings), settings
        )
        self.token = oauth.access_token("ada", "app", None, NOW)

    def call(
        self, path: str = "/prospects", method: str = "GET", now: float = NOW, token: str = "", **query: str
    ) -> Reply:
        headers = Headers({"authorization": f"Bearer {token or self.token}"})
        full = path if path.startswith(("/api", "/oauth", "/x")) else "/api/v2" + path
        pairs = tuple((name.replace("_", "[") + "]" if "_" in name else name, value) for name, value in query.items())
        return self.gateway.answer(Call(method, full, pairs, headers, b"", now, "http://x"))

    def statuses(self, count: int, path: str = "/prospects") -> list[int]:
        return [self.call(path).response.status for _ in range(count)]


def error(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.response.body)["errors"][0]
    return found


def test_fail_next_counts_skips_and_chooses_by_route() -> None:
    server = Outreach()
    faults = server.gateway.faults
    faults.add(Fault(status=502, times=2, route="GET /prospects/{id}", skip=1))
    assert server.statuses(2) == [200, 200]
    assert server.statuses(4, "/prospects/1") == [200, 502, 502, 200]
    assert server.call("/prospects/1", "DELETE").response.status == 200
    faults.add(Fault(status=500, times=FOREVER, route="/api/v2/accounts"))
    assert server.statuses(3, "/accounts") == [500, 500, 500]
    faults.clear()
    assert server.statuses(1, "/accounts") == [200]
    assert faults.hit == 5


def test_a_fault_without_route_spares_the_sign_in() -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(status=500))
    assert server.call("/oauth/token", "POST").response.status != 500
    assert server.statuses(2) == [500, 200]
    server.gateway.faults.add(Fault(status=429, route="POST /oauth/token"))
    throttled = server.call("/oauth/token", "POST")
    assert throttled.response.body == b"Retry later\n"
    assert server.gateway.journal.rate_limited == {"injected": 1}
    assert server.gateway.journal.over_limit == 0


def test_statuses_have_the_services_own_words() -> None:
    server = Outreach()
    for status in (400, 403, 404, 409, 418, 422):
        server.gateway.faults.add(Fault(status=status))
        reply = server.call()
        assert reply.response.status == status
        assert error(reply)["id"]
    server.gateway.faults.add(Fault(status=401))
    assert b"could not be decoded" in server.call().response.body
    server.gateway.faults.add(Fault(status=503, retry_after=90.0))
    maintenance = server.call()
    assert error(maintenance)["id"] == "scheduledServerMaintenance"
    assert maintenance.response.headers["retry-after"] == "2026-11-22T00:01:30Z"
    server.gateway.faults.add(Fault(status=429, retry_after=5.0))
    limited = server.call()
    assert limited.response.headers["x-ratelimit-reset"] == str(int(NOW) + 5)
    assert not any(name.startswith("X-RateLimit") for name, _ in limited.headers)
    server.gateway.faults.add(Fault(status=502))
    assert server.call().response.headers["content-type"].startswith("text/html")
    server.gateway.faults.add(Fault(status=200, body="not json", html=True, headers=(("X-Odd", "1"),)))
    odd = server.call()
    assert (odd.response.body, odd.response.headers["x-odd"]) == (b"not json", "1")
    server.gateway.faults.add(Fault(status=400, route="/oauth/token"))
    assert json.loads(server.call("/oauth/token", "POST").response.body)["error"] == "invalid_grant"


def test_a_status_reaches_the_core_only_with_effect() -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(status=504))
    server.gateway.faults.add(Fault(status=504, effect=True))
    assert server.statuses(2) == [504, 504]
    assert len(server.core.calls) == 1


def test_a_cut_answer_and_one_that_never_arrived() -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(cut=10, effect=True))
    server.gateway.faults.add(Fault(cut=10))
    server.gateway.faults.add(Fault(refuse=True))
    first, second, third = (server.call() for _ in range(3))
    assert (first.cut, first.response.status) == (10, 200)
    assert second.cut == -1
    assert third.refused
    assert len(server.core.calls) == len(server.gateway.journal.entries) == 1


def test_a_lost_grant_is_a_grant() -> None:
    server = Outreach()
    refresh = server.gateway.oauth.refresh_token("ada", "app", NOW)
    server.gateway.faults.add(Fault(cut=-1, effect=True, route="POST /oauth/token"))
    minted = server.gateway.tokens.minted
    query = {"client*id": "app", "client*secret": "hush", "grant*type": "refresh_token", "refresh*token": refresh}
    pairs = tuple((name.replace("*", "_"), value) for name, value in query.items())
    call = Call("POST", "/oauth/token", pairs, Headers(), b"", NOW, "")
    assert server.gateway.answer(call).cut == -1
    assert server.gateway.tokens.minted == minted + 1
    assert server.gateway.answer(call).response.status == 429
    assert server.gateway.journal.rate_limited == {"token": 1}
    assert not any(refresh in str(entry) for entry in server.gateway.journal.entries)


def test_slow_answers_and_heavy_pages() -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(above_rows=200, times=FOREVER))
    server.gateway.faults.add(Fault(delay=9.0))
    slow = server.call(page_size="200")
    assert (slow.delay, slow.response.status) == (9.0, 200)
    assert server.call(page_size="201").response.status == 502
    assert server.call(page_limit="1000").response.status == 502
    assert server.call().response.status == 200
    server.gateway.faults.add(Fault(above_rows=10))
    assert server.call().response.status == 502


@pytest.mark.parametrize(
    ("drift", "first", "account"),
    [
        (Drift("changed_type", "prospect", "title"), {"firstName": "Ada", "title": {"value": "CTO"}}, {"name": "Acme"}),
        (
            Drift("unknown_enum", "prospect", "title"),
            {"firstName": "Ada", "title": "a_value_nobody_knew"},
            {"name": "Acme"},
        ),
        (Drift("missing_field", "prospect", "title"), {"firstName": "Ada"}, {"name": "Acme"}),
        (Drift("missing_field", "account"), {"firstName": "Ada", "title": "CTO"}, {}),
        (Drift("missing_field"), {"title": "CTO"}, {}),
    ],
)
def test_drift_changes_documents_from_now_on(drift: Drift, first: object, account: object) -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(drift=drift, times=FOREVER))
    server.gateway.faults.add(Fault(status=500))
    assert server.call().response.status == 500
    for _ in range(2):
        document = json.loads(server.call().response.body)
        assert document["data"][0]["attributes"] == first
        assert document["included"][0]["attributes"] == account


def test_drift_may_bring_a_type_nobody_knows_and_spares_what_is_no_document() -> None:
    server = Outreach()
    server.gateway.faults.add(Fault(drift=Drift("extra_type"), times=2))
    assert json.loads(server.call().response.body)["included"][-1]["type"] == "hologram"
    server.gateway.faults.add(Fault(status=502))
    assert server.call().response.body.startswith(b"<html>")
    assert json.loads(server.call().response.body) == PAGE


def test_a_fault_has_to_do_something() -> None:
    for fields in ({}, {"status": 99}, {"status": 600}):
        with pytest.raises(ConfigurationError):
            Fault(**fields)
    assert len(Faults()) == 0


def test_planmysaas_fails_in_its_own_words() -> None:
    key = Key("pms_live_full", "ws_abc", LIVE_SCOPES)
    api = PlanMySaaSApi([key], leads=5, switches=Switches(pms_minute=8), seed=1, now=NOW)
    gateway = PlanMySaaSGateway(api)

    def call(path: str = "/leads") -> Reply:
        headers = Headers({"authorization": "Bearer pms_live_full"})
        return gateway.answer(Call("GET", "/api/v1/outreach" + path, (), headers, b"", NOW, ""))

    gateway.faults.add(Fault(status=429, retry_after=7.0))
    limited = call()
    assert limited.response.headers["retry-after"] == "7"
    assert limited.response.headers["x-ratelimit-window"] == "minute"
    gateway.faults.add(Fault(status=500))
    assert json.loads(call().response.body)["error"] == "Internal Server Error"
    gateway.faults.add(Fault(status=503, html=True))
    page = call()
    assert page.response.body.startswith(b"<html>")
    assert page.response.headers["x-request-id"]
    gateway.faults.add(Fault(status=402, body='{"error":{"message":"no"}}', effect=True))
    assert call("/me").response.body == b'{"error":{"message":"no"}}'
    gateway.faults.add(Fault(drift=Drift("changed_type", attribute="company"), times=FOREVER))
    assert json.loads(call().response.body)["data"][0]["company"]["value"]
    gateway.faults.add(Fault(refuse=True))
    assert call().refused
    for _ in range(9):
        call("/me")
    assert gateway.journal.rate_limited["workspace"] == 3
    assert gateway.journal.statistics()["over_limit"] == 3
    assert gateway.journal.entries[0].subject == "key:pms_live_fu"
