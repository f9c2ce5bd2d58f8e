"""PlanMySaaS beside Outreach: its six calls, its errors, its limits, its idempotent create."""

import asyncio

import pytest

from outreach_async import Forbidden, NotFound, PlanRequired, RequestPool, Unauthorized, Unprocessable
from outreach_async.sandbox import Sandbox


@pytest.fixture
def sandbox():
    return Sandbox(prospects=60)


@pytest.fixture
async def pms(sandbox):
    async with sandbox.planmysaas_client() as client:
        yield client


async def test_the_six_calls(pms):
    me = await pms.me()
    me.require("leads:write", "replies:read")
    campaigns = await pms.campaigns.where().collect()
    lead = await pms.leads.create(campaign=campaigns[0].id, email="founder@example.com", first_name="Sam")
    assert (await pms.leads.get(lead.id)).first_name == "Sam"
    assert lead.id in [found.id async for found in pms.leads.where(campaign=campaigns[0].id)]
    async for reply in pms.replies.where(needs_action=True):
        assert reply.classification


async def test_creating_a_lead_twice_gives_the_same_one_so_a_lost_answer_is_repeated(pms, sandbox):
    campaign = (await pms.campaigns.where().first()).id
    sandbox.planmysaas.cut_next(route="POST /leads")
    lead = await pms.leads.create(campaign=campaign, email="founder@example.com")
    again = await pms.leads.create(campaign=campaign, email="founder@example.com")
    assert lead.id == again.id


@pytest.mark.parametrize(
    ("key", "error", "text"),
    [
        ("revoked", Unauthorized, "Key revoked"),
        ("no_scopes", Forbidden, "leads:read"),
        ("free_plan", PlanRequired, "402"),
    ],
)
async def test_what_a_key_may_not_do_is_told_with_what_support_asks_for(sandbox, key, error, text):
    async with sandbox.planmysaas_client(key=key) as pms:
        with pytest.raises(error, match=text) as caught:
            await pms.leads.where().collect()
    assert caught.value.request_id
    assert "key pms_" in str(caught.value)
    assert sandbox.planmysaas.keys[key] not in str(caught.value) + repr(caught.value) + caught.value.as_curl()


async def test_rules_and_absence(pms):
    campaign = (await pms.campaigns.where().first()).id
    with pytest.raises(Unprocessable):
        await pms.leads.create(campaign=campaign, email="not an address")
    with pytest.raises(NotFound):
        await pms.leads.get("lead_nope")


async def test_a_sliding_limit_is_learned_from_its_first_refusal():
    sandbox = Sandbox(prospects=60, pms_minute=30)
    async with sandbox.planmysaas_client() as pms:
        began = sandbox.clock.now()
        for _ in range(100):
            await pms.me()
        assert sandbox.clock.now() - began >= 120
    assert sandbox.planmysaas.rate_limited <= 2


async def test_both_services_share_a_pool(sandbox):
    async with RequestPool(transport=sandbox.transport(), clock=sandbox.clock) as pool:
        api, pms = sandbox.client(pool=pool), sandbox.planmysaas_client(pool=pool)
        prospect, me = await asyncio.gather(api.prospects.get(1), pms.me())
    assert prospect.id == 1
    assert me.workspace.id
