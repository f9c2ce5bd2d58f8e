"""Leads: list, read one, create. An update is named in a scope's text and documented nowhere, so none is offered."""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import Any, Literal

from ..protocol.errors import InvalidResponse
from ..protocol.jsonapi import encode_json
from ..protocol.messages import Request
from ..protocol.names import camel
from ..protocol.omission import LEFT_OUT
from ..protocol.query import path_segment
from .caller import Caller, key_of, member, text
from .campaigns import Campaign
from .queries import Plan, Query
from .record import Record, Rows, build
from .replies import Reply

# The name of the step position is not documented.
_STEP_NAMES = ("step", "stepPosition", "currentStep", "stepNumber", "stepIndex", "stepOrder")


class Send(Record):
    """One mail sent to a lead. Its other fields are not documented: read them from `extra`."""

    id: str | None = None
    status: str | None = None


class Lead(Record):
    """One lead. `sends` and `replies` come with `get` only, and are empty on the rows of a list."""

    id: str | None = None
    campaign_id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    role: str | None = None
    linkedin_url: str | None = None
    status: Literal["replied"] | str | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    sends: Rows[Send] = ()
    replies: Rows[Reply] = ()

    @property
    def step(self) -> Any:
        """Where the lead stands in its sequence, as the API sent it with `get`; None when it did not say."""
        return next((self.extra[name] for name in _STEP_NAMES if name in self.extra), None)


class Leads:
    """`pms.leads`: list and get need the scope `leads:read`, create `leads:write` (PlanMySaaS, API reference)."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def where(
        self, *, campaign: Campaign | str = LEFT_OUT, status: str = LEFT_OUT, email: str = LEFT_OUT
    ) -> Query[Lead]:
        """List the leads that match every filter given; none lists all. Makes no call by itself."""
        filters = []
        if campaign is not LEFT_OUT:
            filters.append(("campaignId", key_of("campaign", campaign)))
        if status is not LEFT_OUT:
            filters.append(("status", text("status", status)))
        if email is not LEFT_OUT:
            filters.append(("email", text("email", email)))
        return Query(self._caller, Lead, Plan("/leads", "leads:read", tuple(filters), sized=True))

    async def get(self, lead: Lead | str, /) -> Lead:
        """Read one lead with its sends, its replies and its step. Raises NotFound, for another workspace's too."""
        path = f"/leads/{path_segment(key_of('lead', lead))}"
        return await self._one(self._caller.request("GET", path, route="/leads/{id}", scope="leads:read"))

    async def create(
        self,
        *,
        campaign: Campaign | str,
        email: str,
        first_name: str | None = LEFT_OUT,
        last_name: str | None = LEFT_OUT,
        company: str | None = LEFT_OUT,
        role: str | None = LEFT_OUT,
        linkedin_url: str | None = LEFT_OUT,
        extra: abc.Mapping[str, Any] = LEFT_OUT,
    ) -> Lead:
        """Create a lead in a campaign, or give the one that is there: one per campaign and e-mail address.

        It is therefore safe to repeat. The first mail leaves at the next tick of the vendor's scheduler, within some
        10 minutes. Left out is not sent, None is sent as null; `extra` holds fields by their wire names. Raises
        Unprocessable for what a rule refuses (PlanMySaaS, API reference).
        """
        given = {
            "first_name": first_name,
            "last_name": last_name,
            "company": company,
            "role": role,
            "linkedin_url": linkedin_url,
        }
        fields: dict[str, Any] = {"campaignId": key_of("campaign", campaign), "email": text("email", email)}
        fields |= {camel(name): value for name, value in given.items() if value is not LEFT_OUT}
        fields |= {} if extra is LEFT_OUT else extra
        body = encode_json(fields)
        return await self._one(
            self._caller.request("POST", "/leads", route="/leads", scope="leads:write", body=body, replay=True)
        )

    async def _one(self, request: Request) -> Lead:
        lead = build(Lead, member(await self._caller.read(request)), request, self._caller.on_drift)
        if lead.id is None:
            raise InvalidResponse("the answer holds no lead", request=request)
        return lead
