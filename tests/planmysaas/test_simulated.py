"""The client against the simulated service: whole answers instead of played ones."""

from __future__ import annotations

import collections.abc as abc
import contextlib
from typing import Any, get_args, get_type_hints
from urllib.parse import parse_qsl

import pytest

from outreach_async.engine.request_pool import RequestPool
from outreach_async.planmysaas import PlanMySaaS
from outreach_async.protocol.errors import (
    Forbidden,
    InvalidResponse,
    NotFound,
    PlanRequired,
    Unauthorized,
    Unprocessable,
)
from outreach_async.protocol.messages import Headers, Request, Response
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.planmysaas import LIVE_SCOPES, Key, PlanMySaaSApi
from outreach_async.sandbox.switches import Switches

PAID, FREE, REVOKED, BARE = (f"pms_live_{word}00000000" for word in ("paid", "free", "gone", "bare"))
CURSORS = get_args(get_type_hints(Switches)["pms_cursor"])


class Service:
    """A Transport over the simulated service."""

    def __init__(self, clock: Any, **switches: object) -> None:
        keys = [
            Key(PAID, "ws_abc", LIVE_SCOPES),
            Key(FREE, "ws_free", LIVE_SCOPES, plan="free"),
            Key(REVOKED, "ws_abc", LIVE_SCOPES, state="revoked"),
            Key(BARE, "ws_abc", frozenset({"campaigns:write"})),
        ]
        self.clock = clock
        self.statuses: list[int] = []
        chosen = Switches().with_values(switches)
        self.api = PlanMySaaSApi(keys, leads=120, switches=chosen, seed=1, now=clock.now())

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        headers = Headers({"Content-Type": request.media_type, "Authorization": authorization or ""})
        query = tuple(parse_qsl(request.query, keep_blank_values=True))
        now = self.clock.now()
        call = Call(request.method, request.path, query, headers, request.body or b"", now, request.origin)
        response = self.api.answer(call)
        self.statuses.append(response.status)
        return response

    async def close(self) -> None:
        """Hold nothing."""


@contextlib.asynccontextmanager
async def client(clock: Any, key: str = PAID, **switches: object) -> abc.AsyncIterator[tuple[PlanMySaaS, Service]]:
    service = Service(clock, **switches)
    async with RequestPool(transport=service, clock=clock) as pool, PlanMySaaS(key, pool=pool) as pms:
        yield pms, service


@pytest.mark.parametrize("cursor", CURSORS)
@pytest.mark.parametrize("last", ["null", "absent"])
async def test_every_lead_is_read_once_wherever_the_cursor_stands(clock: Any, cursor: str, last: str) -> None:
    async with client(clock, pms_cursor=cursor, pms_last_cursor=last) as (pms, service):
        leads = await pms.leads.where().page_size(50).collect()
        assert len({lead.id for lead in leads}) == len(leads) == 120
        assert not any(lead.drifted for lead in leads)
        assert service.statuses == [200] * 3


@pytest.mark.parametrize("wrapper", ["data", "bare"])
async def test_a_lead_is_created_once_and_read_whole(clock: Any, wrapper: str) -> None:
    async with client(clock, pms_wrapper=wrapper) as (pms, service):
        (await pms.me()).require("leads:write", "leads:read")
        lead = await pms.leads.create(campaign="camp_abc", email="founder@example.com", first_name="Sam")
        again = await pms.leads.create(campaign="camp_abc", email="Founder@Example.com")
        assert lead.id == again.id
        assert service.statuses[-2:] == [201, 200]
        whole = await pms.leads.get(lead)
        assert (whole.first_name, whole.sends, whole.replies) == ("Sam", (), ())
        assert whole.step is not None
        found = await pms.leads.where(email="founder@example.com", campaign="camp_abc").first()
        assert found is not None
        assert found.id == lead.id


async def test_the_lists_are_filtered(clock: Any) -> None:
    async with client(clock) as (pms, _):
        campaigns = await pms.campaigns.where().collect()
        assert [campaign.status for campaign in campaigns] == ["active", "paused", "archived"]
        assert all(campaign.counts is not None and not campaign.drifted for campaign in campaigns)
        replied = await pms.leads.where(campaign=campaigns[0], status="replied").collect()
        assert {(lead.campaign_id, lead.status) for lead in replied} == {(campaigns[0].id, "replied")}
        urgent = await pms.replies.where(needs_action=True).collect()
        rest = await pms.replies.where(needs_action=False).collect()
        assert urgent
        assert {reply.needs_action for reply in urgent} == {True}
        assert len(urgent) + len(rest) == len(await pms.replies.where().collect())
        whole = await pms.leads.get(replied[0])
        assert whole.sends[0].status in {"sent", "bounced"}
        assert whole.replies[0].campaign_id == campaigns[0].id


@pytest.mark.parametrize("error", ["text", "object"])
async def test_each_refusal_is_told(clock: Any, error: str) -> None:
    async with client(clock, pms_error=error) as (pms, _):
        with pytest.raises(NotFound, match=r"Lead not found.*key pms_live_"):
            await pms.leads.get("lead_of_somebody_else")
        with pytest.raises(Unprocessable, match="not a valid address"):
            await pms.leads.create(campaign="camp_abc", email="nobody")
        with pytest.raises((InvalidResponse, Unprocessable, NotFound)):
            await pms.leads.create(campaign="camp_none", email="a@b.example")
    async with client(clock, FREE, pms_error=error) as (pms, _):
        with pytest.raises(PlanRequired, match="Upgrade the workspace's plan"):
            await pms.campaigns.where()
    async with client(clock, REVOKED, pms_error=error) as (pms, service):
        with pytest.raises(Unauthorized, match="Key revoked"):
            await pms.me()
        assert service.statuses == [401]
    async with client(clock, BARE, pms_error=error) as (pms, _):
        with pytest.raises(Forbidden, match="leads:read") as caught:
            await pms.leads.where()
        assert caught.value.missing == ("leads:read",)


@pytest.mark.parametrize("headers", ["limited", "every"])
async def test_a_workspaces_limit_is_learned_and_then_kept(clock: Any, headers: str) -> None:
    async with client(clock, pms_minute=30, pms_headers=headers) as (pms, service):
        outcomes = [item async for item in pms.map(pms.leads.get, _ids(service, 90), concurrency=5)]
        assert all(outcome.error is None for outcome in outcomes)
        assert service.statuses.count(200) == 90
        # At most the calls in flight are refused, once: then the window is known.
        assert service.statuses.count(429) <= 5


def _ids(service: Service, count: int) -> list[str]:
    return list(service.api.workspaces["ws_abc"].leads)[:count]
