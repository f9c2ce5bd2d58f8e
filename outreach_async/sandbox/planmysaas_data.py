"""The rows of the simulated PlanMySaaS workspaces: campaigns, leads, sends and replies that hang together.

Field names the vendor's reference does not show (a lead's step, a reply's text) are ours; clients keep them as unknown
fields. Everything follows from the seed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

CLASSIFICATIONS = (
    "interested", "meeting_request", "objection", "not_interested", "unsubscribe_request", "out_of_office",
    "auto_reply", "wrong_person", "referral", "question", "other",
)  # fmt: skip
# The classes a founder has to answer; the reference names the filter, not the rule behind it.
NEEDS_ACTION = frozenset({"interested", "meeting_request", "objection", "question", "referral"})

_FIRST = ("Sam", "Ada", "Grace", "Linus", "Maya", "Noor", "Ivan", "Chidi", "Lena", "Tomas", "Aiko", "Rosa")
_LAST = ("Okafor", "Lindqvist", "Moreau", "Tanaka", "Haddad", "Novak", "Silva", "Brandt", "Iyer", "Walsh", "Kowalski")
_COMPANIES = ("Northbeam", "Tidewater", "Plumb", "Kestrel", "Rivet", "Halcyon", "Quarry", "Ostrich", "Marrow", "Fable")
_ROLES = ("Founder", "CTO", "VP Sales", "Head of Growth", "Engineer", "Product Manager")
_STATUSES = ("queued", "active", "active", "active", "replied", "bounced", "unsubscribed", "completed")
_TEXTS = {"interested": "Tell me more.", "meeting_request": "Could we talk on Thursday?", "other": "Thanks."}


@dataclass(slots=True)
class Workspace:
    """One workspace with its rows, each kind by id in the order of creation."""

    id: str
    name: str
    created_at: float
    campaigns: dict[str, Row] = field(default_factory=dict)
    leads: dict[str, Row] = field(default_factory=dict)
    sends: dict[str, Row] = field(default_factory=dict)
    replies: dict[str, Row] = field(default_factory=dict)
    by_address: dict[tuple[str, str], str] = field(default_factory=dict)

    def add_lead(self, lead: Row) -> None:
        """Keep a lead, and remember its address within its campaign."""
        self.leads[lead["id"]] = lead
        self.by_address[lead["campaignId"], lead["email"].lower()] = lead["id"]

    def campaign_row(self, campaign: Row) -> Row:
        """Give a campaign with its counts, as the list shows it."""
        return {
            **campaign,
            "_count": {
                "leads": _count(self.leads, campaign["id"]),
                "sends": _count(self.sends, campaign["id"]),
                "steps": 3,
                "replies": _count(self.replies, campaign["id"]),
            },
        }

    def lead_row(self, lead: Row) -> Row:
        """Give a lead with its sends, its replies and its step position, as reading one shows it."""
        position = {"step": lead["currentStep"], "steps": 3}
        sends = [row for row in self.sends.values() if row["leadId"] == lead["id"]]
        replies = [row for row in self.replies.values() if row["leadId"] == lead["id"]]
        return {**lead, "stepPosition": position, "sends": sends, "replies": replies}


def iso(at: float) -> str:
    """Write a moment as the samples have it: UTC with milliseconds and `Z`."""
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_id(prefix: str, seed: int, number: int) -> str:
    """Give an id such as `lead_5f2c9a01d3`: the same in every run with this seed."""
    return f"{prefix}_{hashlib.sha256(f'{prefix}:{seed}:{number}'.encode()).hexdigest()[:12]}"


def seeded(id: str, name: str, *, leads: int, seed: int, now: float) -> Workspace:
    """Make a workspace with three campaigns, the last of them archived, and this many leads in the first two."""
    draw = random.Random(f"{seed}:{id}")  # noqa: S311  # test data
    workspace = Workspace(id, name, now - 90 * 86_400)
    for number, (title, status) in enumerate((("Founders", "active"), ("Agencies", "paused"), ("Spring", "archived"))):
        campaign_id = make_id("camp", seed, number) if number else "camp_abc"
        created = iso(workspace.created_at + number * 86_400)
        workspace.campaigns[campaign_id] = {
            "id": campaign_id, "name": title, "status": status, "fromName": "Robin Vale",
            "pitchContext": "Planning software for small SaaS teams", "dailyCap": 40,
            "createdAt": created, "updatedAt": created,
        }  # fmt: skip
    open_campaigns = [row["id"] for row in workspace.campaigns.values() if row["status"] != "archived"]
    for number in range(leads):
        _add_story(workspace, draw, open_campaigns[number % 2], number, seed)
    return workspace


def _add_story(workspace: Workspace, draw: random.Random, campaign_id: str, number: int, seed: int) -> None:
    first, last, company = draw.choice(_FIRST), draw.choice(_LAST), draw.choice(_COMPANIES)
    status = draw.choice(_STATUSES)
    step = 1 if status == "queued" else draw.randint(1, 3)
    at = workspace.created_at + 5 * 86_400 + number * 60
    lead_id = make_id("lead", seed, number)
    lead = {
        "id": lead_id, "campaignId": campaign_id, "email": f"{first}.{last}.{number}@{company}.example".lower(),
        "firstName": first, "lastName": last, "company": company, "role": draw.choice(_ROLES),
        "linkedinUrl": f"https://www.linkedin.com/in/{first}-{last}-{number}".lower(), "status": status,
        "currentStep": step, "createdAt": iso(at), "updatedAt": iso(at + step * 86_400),
    }  # fmt: skip
    workspace.add_lead(lead)
    for sent in range(0 if status == "queued" else step):
        send_id = make_id("send", seed, number * 10 + sent)
        workspace.sends[send_id] = {
            "id": send_id, "leadId": lead_id, "campaignId": campaign_id, "step": sent + 1,
            "status": "bounced" if status == "bounced" else "sent", "sentAt": iso(at + (sent + 1) * 86_400),
        }  # fmt: skip
    if status in ("replied", "unsubscribed"):
        kind = "unsubscribe_request" if status == "unsubscribed" else draw.choice(CLASSIFICATIONS)
        add_reply(workspace, lead, kind, make_id("reply", seed, number), at + (step + 1) * 86_400)


def add_reply(workspace: Workspace, lead: Row, classification: str, reply_id: str, at: float) -> Row:
    """Add a reply of a lead, classified."""
    reply = {
        "id": reply_id, "leadId": lead["id"], "campaignId": lead["campaignId"], "fromEmail": lead["email"],
        "body": _TEXTS.get(classification, "Hello."), "classification": classification,
        "needsAction": classification in NEEDS_ACTION, "receivedAt": iso(at),
    }  # fmt: skip
    workspace.replies[reply_id] = reply
    return reply


def _count(rows: dict[str, Row], campaign_id: str) -> int:
    return sum(1 for row in rows.values() if row["campaignId"] == campaign_id)
