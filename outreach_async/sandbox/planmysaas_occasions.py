"""Makes the events of the simulated PlanMySaaS happen, each by a real change of a row of its first workspace.

The vendor's API changes little, so this stands for its screens, its scheduler and the mails that come in. Field names
its reference does not show are ours.
"""

from __future__ import annotations

import collections.abc as abc

from ..protocol.errors import ConfigurationError
from ..protocol.event_names import PLANMYSAAS_EVENTS, PLANMYSAAS_RESERVED
from .planmysaas import Change, PlanMySaaSApi
from .planmysaas_data import Row, Workspace, add_reply, iso, make_id

_CAMPAIGN = "camp_abc"
_STATUS = {"lead.bounced": "bounced", "lead.unsubscribed": "unsubscribed", "lead.completed": "completed"}


class PlanMySaaSOccasions:
    """Lets events happen, one at a time, to a lead made for the purpose."""

    def __init__(self, api: PlanMySaaSApi, *, seed: int) -> None:
        self._api = api
        self._workspace: Workspace = next(iter(api.workspaces.values()))
        # Ids of rows made here are none of those the API gives.
        self._seed = -1 - seed
        self._count = 0
        self._lead: Row | None = None
        self._reply: Row | None = None
        self._touch: Row | None = None
        self._seen: list[Change] | None = None
        api.on_change(self._note)

    def fire(self, event: str, now: float) -> tuple[Change, ...]:
        """Let an event such as `lead.bounced` happen, and give every change that came of it, in order.

        Raises ConfigurationError for an event that does not exist.
        """
        if event not in (*PLANMYSAAS_EVENTS, *PLANMYSAAS_RESERVED):
            raise ConfigurationError(f"PlanMySaaS sends no event {event!r}.", hint="See protocol.event_names.")
        seen: list[Change] = []
        self._seen = seen
        try:
            self._act(event, now)
        finally:
            self._seen = None
        return tuple(seen)

    def receive_reply(self, lead_id: str, classification: str, now: float) -> Row:
        """Let a reply of a lead arrive, be classified and be matched. Raises ConfigurationError for an unknown lead."""
        workspace = next((ws for ws in self._api.workspaces.values() if lead_id in ws.leads), None)
        if workspace is None:
            raise ConfigurationError(f"There is no lead {lead_id!r}.")
        lead = workspace.leads[lead_id]
        reply = add_reply(workspace, lead, classification, self._id("reply"), now)
        lead |= {"status": "replied", "updatedAt": iso(now)}
        for event, row in (("reply.received", reply), ("reply.classified", reply), ("lead.replied", lead)):
            self._api.tell(event, row, workspace.id, now)
        return reply

    def _note(self, change: Change) -> None:
        if self._seen is not None:
            self._seen.append(change)

    def _act(self, event: str, now: float) -> None:
        family = event.partition(".")[0]
        acts: dict[str, abc.Callable[[str, float], Row]] = {
            "channel_touch": self._touched,
            "lead": self._changed_lead,
            "reply": self._replied,
            "send": self._sent,
            "system": lambda _, at: {"id": self._id("change"), "summary": "A field was added.", "at": iso(at)},
        }
        self._api.tell(event, acts[family](event, now), self._workspace.id, now)

    def _changed_lead(self, event: str, now: float) -> Row:
        if event == "lead.created":
            return self._new_lead(now)
        lead = self._some_lead(now)
        lead |= {"status": _STATUS.get(event, "replied"), "updatedAt": iso(now)}
        if event == "lead.completed":
            lead["currentStep"] = 3
        return lead

    def _replied(self, event: str, now: float) -> Row:
        if event == "reply.received" or self._reply is None:
            lead = self._some_lead(now)
            self._reply = add_reply(self._workspace, lead, "other", self._id("reply"), now)
        if event == "reply.received":
            return self._reply | {"classification": None}
        self._reply |= {"classification": "interested", "needsAction": True}
        return self._reply

    def _sent(self, event: str, now: float) -> Row:
        lead = self._some_lead(now)
        send: Row = {
            "id": self._id("send"), "leadId": lead["id"], "campaignId": lead["campaignId"],
            "step": lead["currentStep"], "status": event.partition(".")[2], "sentAt": iso(now),
        }  # fmt: skip
        self._workspace.sends[send["id"]] = send
        if event == "send.sent":
            lead |= {"status": "active", "updatedAt": iso(now)}
        return send

    def _touched(self, event: str, now: float) -> Row:
        if event == "channel_touch.queued" or self._touch is None:
            lead = self._some_lead(now)
            self._touch = {
                "id": self._id("touch"), "leadId": lead["id"], "campaignId": lead["campaignId"], "channel": "linkedin",
                "body": "Saw your launch.", "status": "queued", "createdAt": iso(now),
            }  # fmt: skip
        if event == "channel_touch.sent":
            self._touch |= {"status": "sent", "sentAt": iso(now)}
        return self._touch

    def _some_lead(self, now: float) -> Row:
        if self._lead is None:
            self._api.tell("lead.created", self._new_lead(now), self._workspace.id, now)
        assert self._lead is not None
        return self._lead

    def _new_lead(self, now: float) -> Row:
        lead_id = self._id("lead")
        self._lead = {
            "id": lead_id, "campaignId": _CAMPAIGN, "email": f"occasion-{self._count}@founders.example",
            "firstName": "Sam", "lastName": "Okafor", "company": "Northbeam", "role": "Founder", "linkedinUrl": None,
            "status": "queued", "currentStep": 1, "createdAt": iso(now), "updatedAt": iso(now),
        }  # fmt: skip
        self._workspace.add_lead(self._lead)
        return self._lead

    def _id(self, prefix: str) -> str:
        self._count += 1
        return make_id(prefix, self._seed, self._count)
