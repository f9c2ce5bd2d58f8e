"""PlanMySaaS's payloads as events, read leniently: nobody has documented their fields."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, cast

import pytest

from outreach_async.protocol.event_names import PLANMYSAAS_EVENTS, PLANMYSAAS_RESERVED
from webhooks import planmysaas
from webhooks.errors import MalformedDelivery, SignatureError
from webhooks.events import Event, UnknownEvent, event_class
from webhooks.planmysaas import (
    ApiChange,
    ChannelTouchEvent,
    ChannelTouchQueued,
    LeadEvent,
    LeadReplied,
    PlanMySaaSEvent,
    ReplyClassified,
    ReplyEvent,
    SendEvent,
    parse,
    sign,
    unwrap,
    verify,
)

SECRET = "s3cret"
FAMILIES = {"lead": LeadEvent, "send": SendEvent, "reply": ReplyEvent, "channel_touch": ChannelTouchEvent}


def read(document: Any, **headers: str) -> Event:
    return parse({k.replace("_", "-"): v for k, v in headers.items()}, json.dumps(document).encode())


@pytest.mark.parametrize("name", [*PLANMYSAAS_EVENTS, *PLANMYSAAS_RESERVED])
def test_each_event_has_its_class_and_family(name: str) -> None:
    event = read({"event": name, "data": {}})
    assert type(event) is event_class("planmysaas", name)
    assert type(event).event_name == name
    assert isinstance(event, FAMILIES.get(name.partition(".")[0], ApiChange))
    assert getattr(planmysaas, type(event).__name__) is type(event)


def test_an_event_nobody_knows_is_unknown() -> None:
    assert type(read({"event": "lead.abducted"})) is UnknownEvent


@pytest.mark.parametrize(
    ("document", "lead", "campaign", "resource"),
    [
        ({"data": {"leadId": "l1", "campaignId": "c1"}}, "l1", "c1", "lead/l1"),
        ({"data": {"lead_id": "l1", "campaign_id": "c1"}}, "l1", "c1", "lead/l1"),
        ({"data": {"lead": {"id": "l1"}, "campaign": {"id": "c1"}}}, "l1", "c1", "lead/l1"),
        ({"data": {"lead": "l1", "campaign": "c1"}}, "l1", "c1", "lead/l1"),
        ({"data": {"id": "l1"}}, "l1", "", "lead/l1"),
        ({"payload": {"id": 7}}, "7", "", "lead/7"),
        ({"leadId": "l1", "id": "e1"}, "l1", "", "lead/l1"),
        ({"id": "l1"}, "l1", "", "lead/l1"),
        ({"id": "e1", "data": {}}, "", "", ""),
        ({"id": True, "data": {"id": False, "leadId": None, "lead": []}}, "", "", ""),
    ],
)
def test_the_lead_is_found_in_every_likely_place(document: Any, lead: str, campaign: str, resource: str) -> None:
    event = read({"event": "lead.replied", **document})
    assert isinstance(event, LeadReplied)
    assert (event.lead_id, event.campaign_id, event.record_id) == (lead, campaign, lead)
    assert event.delivery.resource == resource


def test_events_of_a_lead_are_ordered_by_it_and_others_by_their_own_record() -> None:
    of_lead = read({"event": "reply.classified", "data": {"id": "r1", "leadId": "l1", "classification": "interested"}})
    assert isinstance(of_lead, ReplyClassified)
    assert (of_lead.record_id, of_lead.lead_id, of_lead.classification) == ("r1", "l1", "interested")
    assert of_lead.delivery.resource == "lead/l1"
    alone = read({"event": "reply.received", "data": {"id": "r1"}})
    assert isinstance(alone, ReplyEvent)
    assert (alone.lead_id, alone.classification, alone.delivery.resource) == ("", "", "reply/r1")
    touch = read({"event": "channel_touch.queued", "data": {"channelTouchId": "t1", "channel": "linkedin"}})
    assert isinstance(touch, ChannelTouchQueued)
    assert (touch.record_id, touch.channel, touch.delivery.resource) == ("t1", "linkedin", "channel_touch/t1")
    assert read({"event": "system.api_change", "data": {}}).delivery.resource == ""
    assert read({"data": {"id": "x"}}).delivery.resource == ""
    change = read({"event": "system.api_change", "data": {"id": "x"}})
    assert isinstance(change, PlanMySaaSEvent)
    assert change.record_id == ""


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ({"createdAt": "2026-01-05T12:30:00.5Z", "data": {}}, "2026-01-05T12:30:00.500000+00:00"),
        ({"timestamp": "2026-01-05T12:30:00+01:00"}, "2026-01-05T12:30:00+01:00"),
        ({"occurred_at": "2026-01-05T12:30:00"}, "2026-01-05T12:30:00+00:00"),
        ({"timestamp": 1767616200}, "2026-01-05T12:30:00+00:00"),
        ({"timestamp": 1767616200000}, "2026-01-05T12:30:00+00:00"),
        ({"timestamp": 1767616200.5}, "2026-01-05T12:30:00.500000+00:00"),
        ({"timestamp": "999999999999999"}, None),
        ({"timestamp": 1e300}, None),
        ({"timestamp": "soon"}, None),
        ({"timestamp": True}, None),
        ({"createdAt": "2026-01-05T12:30:00Z"}, None),  # flat: the lead's, perhaps
        ({}, None),
    ],
)
def test_the_time_is_read_in_every_likely_form(document: Any, at: str | None) -> None:
    event = read({"event": "lead.created", **document})
    assert isinstance(event, PlanMySaaSEvent)
    assert (event.occurred_at and event.occurred_at.isoformat()) == at


def test_the_id_is_the_headers_and_else_the_bodys() -> None:
    document = {"event": "lead.created", "id": "evt_body", "data": {"leadId": "l1"}}
    told = read(document, X_PMS_Event_Id="evt_head", X_PMS_Attempt="3")
    assert isinstance(told, LeadEvent)
    assert (told.id, told.delivery_attempt, told.data) == ("evt_head", 3, {"leadId": "l1"})
    silent = read(document, X_PMS_Attempt="many")
    assert isinstance(silent, LeadEvent)
    assert (silent.id, silent.delivery_attempt) == ("evt_body", 1)
    assert told.key != silent.key


async def test_a_lead_is_fetched_where_the_payload_tells_it() -> None:
    class Leads:
        async def get(self, lead: str) -> str:
            return f"lead {lead}"

    class Api:
        leads = Leads()

    event = read({"event": "lead.created", "data": {"id": "l1"}})
    assert isinstance(event, LeadEvent)
    assert cast("Any", await event.fetch(cast("Any", Api()))) == "lead l1"
    empty = read({"event": "lead.created"})
    assert isinstance(empty, LeadEvent)
    with pytest.raises(MalformedDelivery, match="no lead"):
        await empty.fetch(cast("Any", Api()))


def test_the_four_functions_serve_any_framework() -> None:
    body = b'{"event":"lead.replied","data":{"leadId":"l1"}}'
    headers = sign(body, secret=SECRET, event="lead.replied", event_id="evt_1", attempt=2)
    assert set(headers) == {"Content-Type", "X-PMS-Signature", "X-PMS-Event", "X-PMS-Event-Id", "X-PMS-Attempt"}
    assert headers["X-PMS-Signature"].startswith("sha256=")
    assert verify(headers, body, secret=SECRET) == "default"
    event = unwrap(headers, body, secret=SECRET)
    assert isinstance(event, LeadReplied)
    assert event.delivery_attempt == 2
    assert event.occurred_at == cast("dt.datetime | None", None)
    with pytest.raises(SignatureError, match="absent"):
        unwrap({}, body, secret=SECRET)
    with pytest.raises(MalformedDelivery):
        parse(headers, b"[")
