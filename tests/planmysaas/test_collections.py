from __future__ import annotations

from typing import Any

import pytest

from outreach_async.planmysaas import Campaign, Lead, PlanMySaaS, Reply, Send
from outreach_async.protocol.errors import ConfigurationError, InvalidResponse
from outreach_async.protocol.messages import JSON

ROOT = "/api/v1/outreach"


async def test_leads_are_filtered_by_what_the_api_documents(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": []})
    await pms.leads.where(campaign="camp_abc", status="replied", email="a+b@c.example")
    request = server.requests[0]
    assert (request.method, request.path, request.route, request.scope) == (
        "GET",
        f"{ROOT}/leads",
        "/leads",
        "leads:read",
    )
    assert server.query == {"campaignId": "camp_abc", "status": "replied", "email": "a+b@c.example"}
    await pms.leads.where(campaign=Campaign(id="camp_7"))
    assert server.query == {"campaignId": "camp_7"}


@pytest.mark.parametrize(
    "filters",
    [{"email": ""}, {"email": None}, {"status": 3}, {"campaign": None}, {"campaign": ""}, {"campaign": Campaign()}],
)
async def test_a_filter_that_would_be_read_as_none_is_refused(
    server: Any, pms: PlanMySaaS, filters: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError):
        pms.leads.where(**filters)
    assert server.requests == []


@pytest.mark.parametrize("wrapped", [True, False])
async def test_one_lead_comes_with_sends_replies_and_step(server: Any, pms: PlanMySaaS, wrapped: bool) -> None:
    row = {
        "id": "lead_1",
        "sends": [{"id": "send_1", "status": "delivered", "subject": "Hi"}],
        "replies": [{"classification": "interested"}],
        "currentStep": 2,
    }
    server.answer({"data": row} if wrapped else row)
    lead = await pms.leads.get("lead_1")
    request = server.requests[0]
    assert (request.path, request.route, request.scope) == (f"{ROOT}/leads/lead_1", "/leads/{id}", "leads:read")
    assert isinstance(lead.sends[0], Send)
    assert isinstance(lead.replies[0], Reply)
    assert (lead.sends[0]["subject"], lead.replies[0].classification, lead.step) == ("Hi", "interested", 2)
    assert Lead(id="lead_2").step is None
    await pms.leads.get(lead)
    assert server.requests[1].path == f"{ROOT}/leads/lead_1"


@pytest.mark.parametrize("lead", ["", "../me", "a/b", "x\r\nHost: evil", None, Lead(), 1.5])
async def test_what_is_no_lead_is_refused_before_any_call(server: Any, pms: PlanMySaaS, lead: Any) -> None:
    with pytest.raises(ConfigurationError):
        await pms.leads.get(lead)
    assert server.requests == []


@pytest.mark.parametrize("wrapped", [True, False])
async def test_creating_sends_only_what_was_given(server: Any, pms: PlanMySaaS, wrapped: bool) -> None:
    row = {"id": "lead_1", "email": "founder@example.com"}
    server.answer({"data": row} if wrapped else row, 201)
    lead = await pms.leads.create(campaign="camp_abc", email="founder@example.com", first_name="Sam", role=None)
    request = server.requests[0]
    assert (request.method, request.path, request.media_type, request.replay) == ("POST", f"{ROOT}/leads", JSON, True)
    assert (request.scope, request.route) == ("leads:write", "/leads")
    assert server.sent == {"campaignId": "camp_abc", "email": "founder@example.com", "firstName": "Sam", "role": None}
    assert lead.id == "lead_1"
    await pms.leads.create(campaign=Campaign(id="c"), email="a@b.example", linkedin_url="https://x", extra={"tier": 1})
    assert server.sent == {"campaignId": "c", "email": "a@b.example", "linkedinUrl": "https://x", "tier": 1}


@pytest.mark.parametrize(
    "wrong", [{"email": ""}, {"email": None}, {"campaign": ""}, {"extra": {"score": float("nan")}}]
)
async def test_a_lead_that_cannot_be_created_is_refused_before_any_call(
    server: Any, pms: PlanMySaaS, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError):
        await pms.leads.create(**{"campaign": "camp_abc", "email": "a@b.example", **wrong})
    assert server.requests == []


async def test_unknown_fields_are_refused(pms: PlanMySaaS) -> None:
    with pytest.raises(TypeError, match="first_nam"):
        await pms.leads.create(campaign="c", email="a@b.example", first_nam="x")  # type: ignore[call-arg]


@pytest.mark.parametrize("body", [{"data": []}, {"data": None}, [], None, "created", {}, {"data": {}}, {"ok": True}])
async def test_an_answer_without_a_lead_is_told(server: Any, pms: PlanMySaaS, body: Any) -> None:
    server.answer(body)
    with pytest.raises(InvalidResponse, match=r"a Lead came as|holds no lead"):
        await pms.leads.get("lead_1")


async def test_a_lead_may_have_a_field_named_data(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"id": "lead_1", "data": {"note": "x"}})
    assert (await pms.leads.get("lead_1"))["data"] == {"note": "x"}


async def test_replies_are_filtered_by_what_the_api_documents(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": [{"id": "r1", "classification": "meeting_request", "needsAction": True}]})
    async for reply in pms.replies.where(campaign="camp_abc", needs_action=True):
        assert (reply.classification, reply.needs_action) == ("meeting_request", True)
    assert server.query == {"campaignId": "camp_abc", "needsAction": "true"}
    assert (server.requests[0].path, server.requests[0].scope) == (f"{ROOT}/replies", "replies:read")
    await pms.replies.where(needs_action=False)
    assert server.query == {"needsAction": "false"}
    await pms.replies.where()
    assert server.query == {}


async def test_campaigns_are_listed_with_their_counts(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": [{"id": "camp_1", "dailyCap": 40, "fromName": "Ada", "_count": {"leads": 9, "steps": 3}}]})
    (campaign,) = await pms.campaigns.where().collect()
    assert campaign.counts is not None
    assert (campaign.daily_cap, campaign.from_name, campaign.counts.leads, campaign.counts.steps) == (40, "Ada", 9, 3)
    assert (server.requests[0].path, server.requests[0].scope) == (f"{ROOT}/campaigns", "campaigns:read")
