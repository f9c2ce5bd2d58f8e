"""PlanMySaaS: put a lead into a campaign, look at it again, and go through the replies that need somebody.

Set PLANMYSAAS_API_KEY for the real service; a lead is created only when LEAD_EMAIL is set too, since its campaign
sends it mail. Without a key the sandbox stands in.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import os
from collections import Counter

from outreach_async import PlanMySaaS
from outreach_async.planmysaas import Campaign
from outreach_async.sandbox import Sandbox


async def add(pms: PlanMySaaS, campaign: Campaign, email: str) -> None:
    """Create a lead. Creating it twice gives the same one, so a lost answer is simply asked for again."""
    (await pms.me()).require("leads:write")
    lead = await pms.leads.create(campaign=campaign, email=email, first_name="Sam")
    again = await pms.leads.create(campaign=campaign, email=email, first_name="Sam")
    whole = await pms.leads.get(lead)
    print(f"lead {whole.id} of {campaign.name}: {whole.status}; the same when created again: {again.id == lead.id}")


async def go_through(pms: PlanMySaaS) -> None:
    """Count leads by status, and replies by what they say; both lists are walked page by page."""
    statuses = Counter([lead.status async for lead in pms.leads.where().page_size(50)])
    print("leads:", ", ".join(f"{count} {status}" for status, count in statuses.most_common()))
    kinds: Counter[str | None] = Counter()
    async for reply in pms.replies.where(needs_action=True):
        kinds[reply.classification] += 1
    print("replies that need somebody:", ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none")


@contextlib.asynccontextmanager
async def client() -> abc.AsyncIterator[tuple[PlanMySaaS, str | None]]:
    """Give a client, and the address of the lead to create: of the environment, or of the sandbox."""
    if "PLANMYSAAS_API_KEY" in os.environ:
        async with PlanMySaaS.from_env() as pms:
            yield pms, os.environ.get("LEAD_EMAIL")
        return
    async with Sandbox(prospects=100).planmysaas_client() as pms:
        yield pms, "founder@example.com"


async def main() -> None:
    """Say whose key this is, then add and look."""
    async with client() as (pms, email):
        me = await pms.me()
        print(f"workspace {me.workspace.name}, key {me.key.prefix}")
        campaign = await pms.campaigns.where().first()
        if campaign is not None and email:
            await add(pms, campaign, email)
        await go_through(pms)


if __name__ == "__main__":
    asyncio.run(main())
