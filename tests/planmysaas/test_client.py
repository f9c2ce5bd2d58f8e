from __future__ import annotations

import re
from typing import Any

import pytest

from outreach_async.engine.credentials import ApiKey
from outreach_async.engine.request_pool import RequestPool
from outreach_async.planmysaas import PlanMySaaS
from outreach_async.protocol.errors import (
    BadRequest,
    ConfigurationError,
    ConnectionFailed,
    DriftError,
    Forbidden,
    InvalidResponse,
    NotFound,
    PlanRequired,
    ServerFault,
    StatusError,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
)

KEY = "pms_live_abcd1234secret"
ME = {
    "workspace": {"id": "ws_abc", "name": "Acme", "createdAt": "2026-01-02T03:04:05.000Z"},
    "key": {"prefix": "pms_live_abcd", "scopes": ["leads:read", "leads:write", "sends:trigger"]},
}


async def test_every_call_carries_the_key(server: Any, pms: PlanMySaaS) -> None:
    server.answer(ME)
    me = await pms.me()
    assert server.authorizations == [f"Bearer {KEY}"]
    request = server.requests[0]
    assert (request.url, request.scope) == ("https://www.planmysaas.com/api/v1/outreach/me", None)
    assert (me.workspace.id, me.workspace.name, me.key.prefix) == ("ws_abc", "Acme", "pms_live_abcd")
    assert me.scopes == {"leads:read", "leads:write", "sends:trigger"}


async def test_what_the_key_may_do_is_required_before_the_work(server: Any, pms: PlanMySaaS) -> None:
    server.answer(ME)
    me = (await pms.me()).require("leads:write", "leads:read")
    with pytest.raises(Forbidden, match="needs replies:read; the key has leads:read, leads:write") as caught:
        me.require("leads:read", "replies:read")
    assert caught.value.missing == ("replies:read",)
    assert "pms_live_abcd" in str(caught.value) or "key pms_live" in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("scope", "advice"),
    [
        ("campaigns:write", "reserved campaigns:write, and no endpoint uses it yet"),
        ("replies:read", "Make a key that has it"),
        ("lead:write", "Did you mean leads:write?"),
        ("prospects.read", "No scope of that name"),
    ],
)
async def test_a_missing_scope_comes_with_advice(server: Any, pms: PlanMySaaS, scope: str, advice: str) -> None:
    server.answer({"key": {"prefix": "pms_live_abcd", "scopes": []}})
    with pytest.raises(Forbidden, match=re.escape(advice)):
        (await pms.me()).require(scope)


async def test_a_reserved_scope_can_be_had_and_offers_no_call(server: Any, pms: PlanMySaaS) -> None:
    server.answer(ME)
    (await pms.me()).require("sends:trigger")
    assert not hasattr(pms, "sends")
    assert not hasattr(pms.campaigns, "create")


@pytest.mark.parametrize(
    "answer", [{}, {"key": None}, {"key": {"prefix": "x"}}, {"key": {"scopes": "leads:write"}}, {"key": "pms_live_ab"}]
)
async def test_an_answer_that_does_not_tell_scopes_decides_nothing(
    server: Any, pms: PlanMySaaS, answer: dict[str, Any]
) -> None:
    server.answer(answer)
    me = await pms.me()
    with pytest.raises(InvalidResponse, match="which scopes"):
        me.require("leads:write")


@pytest.mark.parametrize("wrapped", [True, False])
async def test_me_is_read_with_and_without_data(server: Any, pms: PlanMySaaS, wrapped: bool) -> None:
    server.answer({"data": ME} if wrapped else ME)
    assert (await pms.me()).workspace.id == "ws_abc"


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (400, BadRequest, "email is required"),
        (401, Unauthorized, "Key revoked"),
        (402, PlanRequired, "plan"),
        (403, Forbidden, "leads:write"),
        (404, NotFound, "no such lead"),
        (422, Unprocessable, "campaign is paused"),
    ],
)
@pytest.mark.parametrize("as_object", [False, True])
async def test_each_refusal_has_its_class_and_names_the_request_and_the_key_prefix(
    server: Any, pms: PlanMySaaS, status: int, kind: type[StatusError], told: str, as_object: bool
) -> None:
    server.answer({"error": {"message": told} if as_object else told}, status)
    with pytest.raises(kind) as caught:
        await pms.leads.create(campaign="camp_abc", email="a@b.example")
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.request_id == "req_1"
    text = str(caught.value)
    assert told in text
    assert "req_1" in text
    assert "pms_live_" in text
    assert "secret" not in text + caught.value.as_curl() + repr(caught.value)
    assert len(server.requests) == 1


async def test_a_lost_answer_to_a_creation_is_asked_for_again(server: Any, pms: PlanMySaaS) -> None:
    server.fail(ConnectionFailed("reset")).answer({"error": "oops"}, 502).answer({"id": "lead_1"})
    lead = await pms.leads.create(campaign="camp_abc", email="a@b.example")
    assert lead.id == "lead_1"
    assert len(server.requests) == 3
    assert len({request.body for request in server.requests}) == 1


async def test_an_outage_ends_within_the_attempts(server: Any, clock: Any, pms: PlanMySaaS) -> None:
    server.answer(b"<html>Bad gateway</html>", 502)
    with pytest.raises(ServerFault):
        await pms.replies.where(needs_action=True)
    assert len(server.requests) == 5
    assert all(0.0 <= seconds <= 60.0 for seconds in clock.slept)


async def test_a_rate_limit_is_waited_for_as_told(server: Any, clock: Any, pms: PlanMySaaS) -> None:
    limited = {"Retry-After": "7", "X-RateLimit-Limit": "30", "X-RateLimit-Window": "minute"}
    server.answer({"error": "slow down"}, 429, {**limited, "X-RateLimit-Remaining": "0"}).answer({"data": []})
    began = clock.now()
    await pms.leads.where()
    assert len(server.requests) == 2
    assert clock.now() - began >= 7.0
    assert pms.quota is not None


async def test_a_rate_limit_beyond_patience_is_told_at_once(server: Any, clock: Any, pms: PlanMySaaS) -> None:
    server.answer({"error": "slow down"}, 429, {"Retry-After": "80000", "X-RateLimit-Window": "day"})
    with pytest.raises(Exception, match=r"429|quota") as caught:
        await pms.with_options(patience=5).leads.where()
    assert type(caught.value).__name__ in {"QuotaExhausted", TooManyRequests.__name__}
    assert sum(clock.slept) < 80_000


async def test_any_call_can_be_made_raw(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": []})
    response = await pms.request("get", "/leads?status=a%26b", query={"email": "x@y.example"})
    assert response.status == 200
    assert server.query == {"status": "a&b", "email": "x@y.example"}
    await pms.request("POST", "/future", data={"a": 1}, query=[("x", "1"), ("x", "2")], route="/future")
    request = server.requests[1]
    assert (request.method, request.path, request.query) == ("POST", "/api/v1/outreach/future", "x=1&x=2")
    assert (server.sent, request.media_type, request.replay) == ({"a": 1}, "application/json", None)


@pytest.mark.parametrize(
    "path", ["leads", "/../../admin", "/%2e%2e/x", "@evil.example/", "/a\r\nHost: evil", "//..//x"]
)
async def test_a_raw_call_stays_below_the_api(server: Any, pms: PlanMySaaS, path: str) -> None:
    with pytest.raises(ConfigurationError, match="not a path below"):
        await pms.request("GET", path)
    assert server.requests == []


async def test_options_change_a_copy(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": []}).answer({"data": []}).answer({"id": "lead_1"})
    await pms.with_options(lane="interactive", timeout=5, query={"debug": "1"}).leads.where(status="new")
    assert server.query == {"status": "new", "debug": "1"}
    await pms.leads.where(status="new")
    assert server.query == {"status": "new"}
    await pms.with_options(replay=False).leads.create(campaign="c", email="a@b.example")
    assert server.requests[-1].replay is False


async def test_drift_can_be_refused_by_an_option(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": [{"dailyCap": "many"}]})
    (campaign,) = await pms.campaigns.where()
    assert campaign.drifted == ("daily_cap",)
    with pytest.raises(DriftError, match="dailyCap"):
        await pms.with_options(on_drift="raise").campaigns.where()


async def test_many_calls_are_mapped(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"id": "lead_1"}).answer({"error": "gone"}, 404)
    outcomes = [outcome async for outcome in pms.map(pms.leads.get, ["a", "b"], concurrency=1)]
    assert [outcome.item for outcome in outcomes] == ["a", "b"]
    assert outcomes[0].value is not None
    assert outcomes[0].value.id == "lead_1"
    assert isinstance(outcomes[1].error, NotFound)


async def test_a_block_can_be_watched(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": []})
    with pms.watching() as calls:
        await pms.leads.where()
        await pms.replies.where()
    await pms.campaigns.where()
    assert [call.request.route for call in calls] == ["/leads", "/replies"]


async def test_the_environment_names_the_key_and_the_service(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANMYSAAS_API_KEY", KEY)
    monkeypatch.setenv("PLANMYSAAS_BASE_URL", "http://127.0.0.1:8080")
    server.answer(ME)
    async with RequestPool(transport=server) as pool, PlanMySaaS.from_env(pool=pool) as pms:
        await pms.me()
    assert server.requests[0].url == "http://127.0.0.1:8080/api/v1/outreach/me"
    assert server.authorizations == [f"Bearer {KEY}"]
    for missing in ("", None):
        monkeypatch.delenv("PLANMYSAAS_API_KEY", raising=False)
        if missing is not None:
            monkeypatch.setenv("PLANMYSAAS_API_KEY", missing)
        with pytest.raises(ConfigurationError, match="PLANMYSAAS_API_KEY"):
            PlanMySaaS.from_env()


async def test_a_key_is_a_text_or_a_credential(server: Any) -> None:
    server.answer(ME)
    async with RequestPool(transport=server) as pool:
        await PlanMySaaS(ApiKey("pms_test_1", base_url="http://127.0.0.1:9"), pool=pool).me()
        await PlanMySaaS("pms_test_2", pool=pool, base_url="http://127.0.0.1:8").me()
        assert [request.origin for request in server.requests] == ["http://127.0.0.1:9", "http://127.0.0.1:8"]
        with pytest.raises(ConfigurationError, match="its own base_url"):
            PlanMySaaS(ApiKey("pms_test_1"), pool=pool, base_url="http://127.0.0.1:8")
        for wrong in ("", "a\r\nb"):
            with pytest.raises(ConfigurationError):
                PlanMySaaS(wrong, pool=pool)


async def test_a_shared_pool_stays_open(server: Any) -> None:
    server.answer(ME)
    async with RequestPool(transport=server) as pool:
        async with PlanMySaaS(KEY, pool=pool):
            pass
        async with PlanMySaaS(KEY, pool=pool) as pms:
            assert (await pms.me()).key.prefix == "pms_live_abcd"


async def test_a_pool_of_its_own_is_closed() -> None:
    async with PlanMySaaS(KEY) as pms:
        assert pms.quota is not None
        assert pms.quota.limit is None
    with pytest.raises(ConfigurationError, match="closed"):
        await pms.me()
