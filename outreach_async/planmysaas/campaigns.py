"""Campaigns: list only. Creating and editing them is a scope the vendor has reserved and not wired."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from .caller import Caller
from .queries import Plan, Query
from .record import Record


class CampaignCounts(Record):
    """How many of each a campaign has."""

    leads: int | None = None
    sends: int | None = None
    steps: int | None = None
    replies: int | None = None


class Campaign(Record):
    """One campaign. `daily_cap` is in sends a day."""

    id: str | None = None
    name: str | None = None
    status: Literal["active"] | str | None = None
    from_name: str | None = None
    pitch_context: str | None = None
    daily_cap: int | None = None
    counts: CampaignCounts | None = Field(default=None, alias="_count")
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None


class Campaigns:
    """`pms.campaigns`: list only. Needs the scope `campaigns:read` (PlanMySaaS, API reference)."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def where(self) -> Query[Campaign]:
        """List the workspace's campaigns; the API documents no filters. Makes no call by itself."""
        return Query(self._caller, Campaign, Plan("/campaigns", "campaigns:read"))
