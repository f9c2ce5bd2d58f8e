"""Outreach's webhooks as rows: who is told of what, and how a webhook stands after a failure."""

from __future__ import annotations

import json

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.messages import Request
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.webhook_rules import Outcome
from tests.sandbox.receiving import URL, receiving, webhook


@pytest.mark.parametrize(("outcome", "seconds"), [("private", 3600), ("dns", 60)])
async def test_a_host_that_cannot_be_called_suspends_the_webhook(outcome: Outcome, seconds: int) -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        receiver.outcomes = [outcome]
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        assert webhook(sandbox)["disabledSince"] == "2026-11-22T00:00:00.000Z"
        assert webhook(sandbox)["disabledReason"]
        sandbox.outreach.fire("account.created")
        await sandbox.advance(seconds)
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        assert [one.state for one in sandbox.outreach.deliveries] == ["failed", "suspended", "delivered"]
        assert "disabledReason" not in webhook(sandbox)


@pytest.mark.parametrize(("reading", "active"), [("disabled", True), ("inactive", False)])
async def test_after_seven_days_of_failures_it_is_over_until_somebody_changes_the_webhook(
    reading: str, active: bool
) -> None:
    async with receiving(webhook_deactivation=reading) as receiver:
        sandbox = receiver.sandbox
        receiver.outcomes = ["reset"] * 8
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        await sandbox.advance(7 * 86_400)
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        told = webhook(sandbox)
        assert (told["active"], "disabledUntil" in told, bool(told["disabledReason"])) == (active, False, True)
        await sandbox.advance(3 * 86_400)
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        assert len(receiver.got) == 8
        hook_id = sandbox.outreach.store.ids("webhook")[-1]
        async with sandbox.client() as api:
            await api.webhooks.update(hook_id, active=True)
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        assert sandbox.outreach.deliveries[-1].state == "delivered"
        assert "disabledReason" not in webhook(sandbox)


async def test_any_change_of_a_webhook_lifts_its_suspension() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        receiver.outcomes = ["private"]
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        hook_id = sandbox.outreach.store.ids("webhook")[-1]
        async with sandbox.client() as api:
            shown = await api.webhooks.get(hook_id)
            assert (shown.disabled_reason, shown.disabled_until) != (None, None)
            assert (await api.webhooks.update(hook_id, active=True)).disabled_reason is None
        sandbox.outreach.fire("account.updated")
        await sandbox.deliveries_settled()
        assert sandbox.outreach.deliveries[-1].state == "delivered"


async def test_a_webhook_that_is_gone_or_off_is_sent_nothing_more() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        hook_id = sandbox.outreach.store.ids("webhook")[-1]
        receiver.outcomes = ["reset"]
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_quiet()
        sandbox.outreach.unsubscribe(hook_id)
        sandbox.outreach.unsubscribe(hook_id)
        await sandbox.deliveries_settled()
        assert sandbox.outreach.deliveries[0].reason == "the webhook was removed"
        sandbox.outreach.fire("account.created")
        assert len(sandbox.outreach.deliveries) == 1


async def test_the_cleanup_token_removes_the_webhook_that_sent_it() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        sandbox.outreach.fire("account.created")
        await sandbox.deliveries_settled()
        token = receiver.got[0].header("outreach-webhook-cleanup-token")
        body = json.dumps({"cleanupToken": token}).encode()
        request = Request("POST", "https://api.outreach.io", "/api/v2/webhooks/cleanup", body=body)
        assert (await sandbox.transport().send(request, None)).status == 204
        assert (await sandbox.transport().send(request, None)).status == 404
        sandbox.outreach.fire("account.created")
        assert len(sandbox.outreach.deliveries) == 1


async def test_a_webhook_without_a_secret_is_not_signed() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        sandbox.outreach.subscribe(f"{URL}/plain", resource="account", action="updated", secret="")
        sandbox.outreach.fire("account.updated")
        await sandbox.deliveries_settled()
        plain = next(message for message in receiver.got if message.url.endswith("/plain"))
        assert plain.header("outreach-webhook-signature") == ""


async def test_a_webhook_that_outreach_refuses_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="HTTPS"):
        Sandbox(prospects=0).outreach.subscribe("http://receiver.example")
    with pytest.raises(ConfigurationError, match="Action"):
        Sandbox(prospects=0).outreach.subscribe(URL, resource="user", action="destroyed")
    assert Sandbox(prospects=0, webhook_https="optional").outreach.subscribe("http://127.0.0.1:1")


async def test_an_authorizer_who_may_not_read_hears_nothing() -> None:
    async with receiving() as receiver:
        receiver.sandbox.outreach.deny_reading(1, "account")
        receiver.sandbox.outreach.fire("account.created")
        receiver.sandbox.outreach.fire("user.created")
        await receiver.sandbox.deliveries_settled()
        assert receiver.events == ["user.created"]


async def test_both_payload_versions_and_other_readings() -> None:
    async with receiving(webhook_media_type="json", webhook_request_id="off", webhook_job_id="off") as receiver:
        sandbox = receiver.sandbox
        sandbox.outreach.subscribe(f"{URL}/two", resource="account", version=2)
        sandbox.outreach.fire("account.updated")
        await sandbox.deliveries_settled()
        one, two = (told for told in receiver.documents if told["meta"]["eventName"] == "account.updated")
        assert ("beforeUpdate" in one, "beforeUpdate" in two) == (False, True)
        assert one["data"] == two["data"]
        message = receiver.got[0]
        assert (message.header("content-type"), message.header("outreach-webhook-id")) == ("application/json", "")
        assert "jobId" not in one["meta"]


@pytest.mark.parametrize(("form", "names"), [("bare", {"event", "data"}), ("flat", {"event", "id", "email"})])
async def test_planmysaas_s_envelope_is_a_switch(form: str, names: set[str]) -> None:
    async with receiving(pms_envelope=form) as receiver:
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        assert names <= set(receiver.documents[0])
        assert ("data" in receiver.documents[0]) is (form == "bare")
