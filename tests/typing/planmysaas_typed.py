"""What a type checker must accept of the PlanMySaaS client, and what it must refuse."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import assert_type

from outreach_async.planmysaas import Campaign, Lead, Me, Page, PlanMySaaS, Reply


async def accepted(pms: PlanMySaaS) -> None:
    assert_type((await pms.me()).require("leads:write"), Me)
    lead = await pms.leads.create(campaign="camp_abc", email="founder@example.com", first_name="Sam", role=None)
    assert_type(lead, Lead)
    assert_type(lead.first_name, str | None)
    assert_type(lead.replies, tuple[Reply, ...])
    assert_type(await pms.leads.get(lead), Lead)
    async for reply in pms.replies.where(needs_action=True):
        assert_type(reply, Reply)
    async for page in pms.campaigns.where().pages():
        assert_type(page, Page[Campaign])
    leads = pms.leads.where(campaign=Campaign(id="camp_abc"), status="replied").page_size(50).limit(10)
    assert_type(await leads, Page[Lead])
    assert_type((await leads)[0], Lead)
    assert_type(await leads.first(), Lead | None)
    assert_type(await leads.collect(), list[Lead])
    async for outcome in pms.map(pms.leads.get, ["lead_1"]):
        assert_type(outcome.item, str)
        assert_type(outcome.value, Lead | None)
    assert_type(pms.with_options(lane="interactive", timeout=5, query={"a": "b"}), PlanMySaaS)


async def refused(pms: PlanMySaaS) -> None:
    await pms.leads.create(email="founder@example.com")  # type: ignore[call-arg]
    await pms.leads.create(campaign="c", email="a@b.example", first_nam="x")  # type: ignore[call-arg]
    await pms.leads.create(campaign=3, email="a@b.example")  # type: ignore[arg-type]
    pms.leads.where(emial="x")  # type: ignore[call-arg]
    pms.leads.where(email=None)  # type: ignore[arg-type]
    pms.replies.where(needs_action="yes")  # type: ignore[arg-type]
    await pms.campaigns.create()  # type: ignore[attr-defined]
    await pms.leads.update("lead_1")  # type: ignore[attr-defined]
    pms.leads.where().count()  # type: ignore[attr-defined]
    await pms.leads.get(Campaign())  # type: ignore[arg-type]
