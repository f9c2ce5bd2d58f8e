"""PlanMySaaS's words: the client, its three collections and their records."""

from __future__ import annotations

from .campaigns import Campaign, CampaignCounts
from .client import PlanMySaaS
from .leads import Lead, Send
from .queries import Page, Query
from .record import Record
from .replies import Classification, Reply
from .workspace import Key, Me, Workspace

__all__ = [
    "Campaign",
    "CampaignCounts",
    "Classification",
    "Key",
    "Lead",
    "Me",
    "Page",
    "PlanMySaaS",
    "Query",
    "Record",
    "Reply",
    "Send",
    "Workspace",
]
