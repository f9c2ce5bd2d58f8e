"""Events on demand: each vendor's whole list, each by a real change."""

from __future__ import annotations

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.event_names import OUTREACH_EVENTS, PLANMYSAAS_EVENTS
from outreach_async.protocol.signature import OUTREACH, sign
from outreach_async.sandbox.sandbox import Sandbox
from tests.sandbox.receiving import URL, receiving


async def test_every_event_of_both_vendors_can_be_made_to_happen() -> None:
    async with receiving() as receiver:
        changes = receiver.sandbox.outreach.fire_every_event()
        receiver.sandbox.planmysaas.fire_every_event()
        await receiver.sandbox.deliveries_settled()
        assert {f"{change.type}.{change.action}" for change in changes} >= OUTREACH_EVENTS
        assert set(receiver.events) == OUTREACH_EVENTS | set(PLANMYSAAS_EVENTS)
        planmysaas = [one.event for one in receiver.sandbox.planmysaas.deliveries]
        assert planmysaas == list(PLANMYSAAS_EVENTS)


@pytest.mark.parametrize("event", sorted(OUTREACH_EVENTS))
async def test_each_event_happens_by_itself_and_again(event: str) -> None:
    sandbox = Sandbox(prospects=5)
    for _ in range(2):
        assert event in {f"{change.type}.{change.action}" for change in sandbox.outreach.fire(event)}


@pytest.mark.parametrize("event", [*PLANMYSAAS_EVENTS, "system.api_change"])
def test_each_event_of_planmysaas_happens_by_itself_and_again(event: str) -> None:
    sandbox = Sandbox(prospects=5)
    for _ in range(2):
        assert sandbox.planmysaas.fire(event)[-1].event == event


def test_an_event_there_is_not_is_refused() -> None:
    sandbox = Sandbox(prospects=0)
    with pytest.raises(ConfigurationError, match=r"template\.created"):
        sandbox.outreach.fire("template.created")
    with pytest.raises(ConfigurationError, match=r"lead\.melted"):
        sandbox.planmysaas.fire("lead.melted")


async def test_the_app_s_lifecycle_is_told_to_its_own_webhook() -> None:
    async with receiving() as receiver:
        side = receiver.sandbox.outreach
        side.fire("install.created")
        assert side.deliveries == ()
        side.set_lifecycle_webhook(f"{URL}/lifecycle")
        side.add_install("in-7")
        side.set_org_state("in-7", "locked")
        side.set_org_state("in-7", "deleted")
        side.fire("install.deleted")
        await receiver.sandbox.deliveries_settled()
        assert receiver.events == ["install.created", "install.deleted", "install.deleted"]
        assert [document["data"]["id"] for document in receiver.documents] == ["in-7", "in-7", "install-fired-1"]
        secret = receiver.sandbox.credentials.outreach_webhook_secret
        message = receiver.got[0]
        assert message.header("outreach-webhook-signature") == sign(message.body, secret, OUTREACH)
        assert message.header("outreach-webhook-id")
        side.fire_every_event()
        await receiver.sandbox.deliveries_settled()
        assert set(receiver.events) >= OUTREACH_EVENTS | {"install.created", "install.deleted"}
