from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.messages import Headers
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.faults import Reply
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.switches import Rate

NOW = 1_795_305_600.0


class Outreach:
    """The front of a sandbox, called with a token of the user ada."""

    def __init__(self, **switches: Any) -> None:
        self.sandbox = Sandbox(prospects=2, **switches)
        self.gateway = self.sandbox.outreach.gateway
        self.token = self.sandbox.access_token()

    def call(self, path: str = "/prospects", now: float = NOW, token: str = "") -> Reply:
        headers = Headers({"authorization": f"Bearer {token or self.token}"})
        full = path if path.startswith(("/api", "/oauth", "/x")) else "/api/v2" + path
        return self.gateway.answer(Call("GET", full, (), headers, b"", now, "http://x"))

    def statuses(self, count: int, path: str = "/prospects") -> list[int]:
        return [self.call(path).response.status for _ in range(count)]


def error(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.response.body)["errors"][0]
    return found


def test_a_call_with_a_live_token_reaches_the_core_as_its_user() -> None:
    server = Outreach()
    reply = server.call()
    assert reply.response.status == 200
    assert server.gateway.journal.entries[0].subject == "user:ada"
    headers = dict(reply.headers)
    assert headers["X-RateLimit-Limit"] == "10000"
    assert headers["X-RateLimit-Remaining"] == "9999"
    assert headers["Date"] == "Sun, 22 Nov 2026 00:00:00 GMT"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "expired"])
def test_a_token_that_is_not_live_is_401_in_the_gateways_words(token: str) -> None:
    server = Outreach()
    now = NOW + 7200 if token == "expired" else NOW
    reply = server.call(token=server.token if token == "expired" else token, now=now)
    assert reply.response.status == 401
    assert reply.response.body == b'{"error":"Invalid JWT token.","description":"The JWT token could not be decoded."}'
    assert server.gateway.journal.entries[0].subject == ""
    assert not any(name.startswith("X-RateLimit") for name, _ in reply.headers)


def test_the_public_schema_needs_no_token() -> None:
    server = Outreach()
    assert server.call("/schema.json", token="junk").response.status == 200


def test_an_expired_token_may_be_refused_as_json_api_but_junk_is_not() -> None:
    server = Outreach(expired_token="json_api")
    assert error(server.call(now=NOW + 7200))["id"] == "unauthorized"
    for junk in ("junk", "a.b.c", "e30.!!!.x", "e30.W10.x", "ZQ.ZQ.ZQ"):
        assert b"could not be decoded" in server.call(token=junk).response.body


def test_the_quota_is_the_users_over_all_tokens() -> None:
    server = Outreach(quota="3/60")
    assert server.statuses(2) == [200, 200]
    server.token = server.sandbox.access_token("ada")
    assert server.statuses(2) == [200, 429]
    refused = server.call()
    assert error(refused)["id"] == "rateLimitExceeded"
    assert refused.response.headers["retry-after"] == refused.response.headers["x-ratelimit-reset"] == "1795305660"
    server.token = server.sandbox.access_token("bob")
    assert server.statuses(1) == [200]
    assert server.gateway.journal.rate_limited == {"user": 2}
    assert server.gateway.journal.over_limit == 2


def test_kaia_recordings_have_the_organisations_quotas_besides() -> None:
    server = Outreach(kaia_rate="3/1", kaia_daily="5/86400")
    assert server.statuses(4, "/kaiaRecordings") == [200, 200, 200, 429]
    assert [server.call("/kaiaRecordings/1", now=NOW + 1).response.status for _ in range(3)] == [200, 200, 429]
    assert server.statuses(1) == [200]
    assert server.gateway.journal.rate_limited == {"kaia_second": 1, "kaia_day": 1}
    assert server.gateway.quotas.spend("user:ada", Rate(10_000, 3600.0), NOW).remaining == 10_000 - 9


def test_other_paths_are_the_gateways_404() -> None:
    server = Outreach()
    for path in ("/x", "/oauth/other", "/api/app/installs/1", "/oauth/token"):
        reply = server.call(path)
        assert (reply.response.status, reply.response.body) == (
            404,
            b'{"error":"404","error_description":"route not found"}',
        )
