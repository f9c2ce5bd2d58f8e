"""The simulated vendors sending: to a function in this process, on a clock wound by hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.signature import OUTREACH, PLANMYSAAS, sign
from outreach_async.sandbox.clock import WoundClock
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.webhook_ledger import Message
from outreach_async.sandbox.webhook_rules import Outcome
from tests.sandbox.receiving import URL, Receiver, receiving, times, webhook


async def test_a_change_made_by_a_client_is_told() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        async with sandbox.client() as api:
            await api.prospects.update(3, title="Countess")
        await sandbox.deliveries_settled()
        (delivery,) = sandbox.outreach.deliveries
        assert (delivery.event, delivery.resource, delivery.state) == ("prospect.updated", "prospect/3", "delivered")
        assert delivery.accepted
        (message,) = receiver.got
        secret = sandbox.credentials.outreach_webhook_secret
        assert message.header("outreach-webhook-signature") == sign(message.body, secret, OUTREACH)
        assert message.header("outreach-webhook-cleanup-token") == webhook(sandbox)["cleanupToken"]
        assert len(message.header("Outreach-Webhook-ID")) == 36
        assert message.header("content-type") == "application/vnd.api+json"
        assert receiver.documents[0]["meta"]["actor"] == {"id": 1, "type": "User"}


async def test_a_lead_made_by_a_client_is_told() -> None:
    async with receiving() as receiver:
        sandbox = receiver.sandbox
        async with sandbox.planmysaas_client() as pms:
            lead = await pms.leads.create(campaign="camp_abc", email="founder@example.com")
        await sandbox.deliveries_settled()
        (message,) = receiver.got
        secret = sandbox.credentials.planmysaas_webhook_secret
        assert message.header("X-PMS-Signature") == sign(message.body, secret, PLANMYSAAS)
        assert (message.header("X-PMS-Event"), message.header("X-PMS-Attempt")) == ("lead.created", "1")
        told = receiver.documents[0]
        assert (told["event"], told["data"]["id"]) == ("lead.created", lead.id)
        assert told["id"] == message.header("X-PMS-Event-Id")


@pytest.mark.parametrize("status", [200, 302, 429, 500])
async def test_outreach_sends_once_whatever_the_status(status: int) -> None:
    async with receiving() as receiver:
        receiver.outcomes = [status]
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        (delivery,) = receiver.sandbox.outreach.deliveries
        assert (delivery.state, delivery.statuses) == ("delivered", (status,))
        assert delivery.accepted is (status == 200)


async def test_outreach_tries_four_times_a_second_apart_with_one_body() -> None:
    async with receiving() as receiver:
        receiver.outcomes = ["refused", "reset", "refused"]
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        (delivery,) = receiver.sandbox.outreach.deliveries
        assert (times(delivery), delivery.state) == ([0, 1, 2, 3], "delivered")
        assert len({message.body for message in receiver.got}) == 1
        assert len({message.header("Outreach-Webhook-ID") for message in receiver.got}) == 4


async def test_outreach_gives_up_after_the_fourth() -> None:
    async with receiving() as receiver:
        receiver.outcomes = ["reset"] * 4
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        (delivery,) = receiver.sandbox.outreach.deliveries
        assert (delivery.state, delivery.reason) == ("failed", "reset, 4 times")
        assert "disabledReason" not in webhook(receiver.sandbox)


async def test_the_time_of_delivery_can_differ_between_the_tries() -> None:
    async with receiving(webhook_delivered_at="renewed") as receiver:
        receiver.outcomes = ["reset"]
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        documents = receiver.documents
        told = [document["meta"].pop("deliveredAt") for document in documents]
        assert told == ["2026-11-21T16:00:00.000-08:00", "2026-11-21T16:00:01.000-08:00"]
        assert documents[0] == documents[1]


async def test_an_answer_after_five_seconds_is_none() -> None:
    async with receiving() as receiver:
        receiver.slow = 7.0
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        (delivery,) = receiver.sandbox.outreach.deliveries
        assert (delivery.statuses, times(delivery)) == (("timeout",) * 4, [0, 6, 12, 18])
    async with receiving(webhook_timeout="final") as receiver:
        receiver.slow = 7.0
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        assert receiver.sandbox.outreach.deliveries[0].statuses == ("timeout",)


async def test_an_answer_within_five_seconds_is_waited_for() -> None:
    async with receiving() as receiver:
        receiver.slow = 4.9
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        assert receiver.sandbox.outreach.deliveries[0].statuses == (200,)


async def test_planmysaas_tries_for_two_hours_and_thirty_five_minutes_under_one_event_id() -> None:
    async with receiving() as receiver:
        receiver.outcomes = [503, "refused", 500]
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        (delivery,) = receiver.sandbox.planmysaas.deliveries
        assert (times(delivery), delivery.state) == ([0, 300, 2100, 9300], "delivered")
        assert [message.header("X-PMS-Attempt") for message in receiver.got] == ["1", "2", "3", "4"]
        assert len({(message.header("X-PMS-Event-Id"), message.body) for message in receiver.got}) == 1


async def test_planmysaas_takes_a_refusal_as_final() -> None:
    async with receiving() as receiver:
        receiver.outcomes = [401, 503, 503, 503, 503]
        receiver.sandbox.planmysaas.fire("lead.created", times=2)
        await receiver.sandbox.deliveries_settled()
        first, second = receiver.sandbox.planmysaas.deliveries
        assert (first.state, first.reason) == ("failed", "answered 401")
        assert (second.state, second.reason) == ("failed", "503, after 4 tries")


async def test_waits_can_be_compressed() -> None:
    async with receiving(webhook_waits=0.001) as receiver:
        receiver.outcomes = [503] * 3
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        assert times(receiver.sandbox.planmysaas.deliveries[0]) == pytest.approx([0, 0.3, 2.1, 9.3])


async def test_on_a_clock_moved_by_hand_nothing_is_tried_before_its_time() -> None:
    clock = WoundClock()
    sandbox = Sandbox(prospects=10, clock=clock)
    receiver = Receiver(sandbox, [503])
    async with sandbox.sending(receiver):
        sandbox.planmysaas.set_webhook(URL)
        sandbox.planmysaas.fire("lead.created")
        assert await sandbox.deliveries_quiet()
        assert not await sandbox.deliveries_quiet()
        await sandbox.advance(299)
        assert (len(receiver.got), sandbox.deliveries_pending) == (1, 1)
        await sandbox.advance(1)
        assert (len(receiver.got), sandbox.deliveries_pending) == (2, 0)


async def test_what_happens_by_itself_is_told_in_its_own_time() -> None:
    clock = WoundClock()
    sandbox = Sandbox(prospects=40, clock=clock)
    receiver = Receiver(sandbox)
    async with sandbox.sending(receiver):
        sandbox.outreach.subscribe(URL, resource="mailing", action="delivered")
        async with sandbox.client() as api:
            await api.mailings.create(
                mailbox=_ref("Mailbox", 1), prospect=_ref("Prospect", 1), subject="x", scheduled_at=_at(clock, 120)
            )
        await sandbox.advance(600)
        (delivery,) = sandbox.outreach.deliveries
        assert times(delivery) == [120]


def _ref(name: str, id: int) -> Any:
    from outreach_async.outreach import resources

    return getattr(resources, name).ref(id)


def _at(clock: WoundClock, seconds: float) -> Any:
    import datetime as dt

    return dt.datetime.fromtimestamp(clock.now() + seconds, dt.UTC)


async def test_without_anybody_who_sends_deliveries_are_entered_as_unsent() -> None:
    sandbox = Sandbox(prospects=10)
    sandbox.outreach.subscribe(URL)
    sandbox.outreach.fire("account.created")
    await sandbox.deliveries_settled()
    assert [one.state for one in sandbox.outreach.deliveries] == ["unsent"]


async def test_what_is_broken_off_is_tried_after_the_next_start() -> None:
    sandbox = Sandbox(prospects=10, clock=WoundClock())
    stuck, receiver = Receiver(sandbox, slow=3.0), Receiver(sandbox)
    sandbox.planmysaas.set_webhook(URL)
    async with sandbox.sending(stuck):
        sandbox.planmysaas.fire("lead.created")
        while not stuck.got:
            await asyncio.sleep(0)
    assert sandbox.planmysaas.deliveries[0].state == "waiting"
    async with sandbox.sending(receiver):
        await sandbox.deliveries_settled()
    assert [one.state for one in sandbox.planmysaas.deliveries] == ["delivered"]
    assert receiver.got[0].header("X-PMS-Attempt") == "1"


async def test_an_inner_block_takes_the_place_of_an_outer_one() -> None:
    async with receiving() as receiver:
        inner = Receiver(receiver.sandbox)
        async with receiver.sandbox.sending(inner):
            receiver.sandbox.outreach.fire("account.created")
            await receiver.sandbox.deliveries_settled()
        receiver.sandbox.outreach.fire("account.updated")
        await receiver.sandbox.deliveries_settled()
        assert (inner.events, receiver.events) == (["account.created"], ["account.updated"])


async def test_a_new_beginning_forgets_deliveries_and_goes_on_sending() -> None:
    async with receiving() as receiver:
        receiver.outcomes = [503]
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_quiet()
        receiver.sandbox.reset()
        assert receiver.sandbox.planmysaas.deliveries == ()
        receiver.sandbox.planmysaas.fire("lead.created")
        assert receiver.sandbox.planmysaas.deliveries == ()
        receiver.sandbox.planmysaas.set_webhook(URL)
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        assert [one.state for one in receiver.sandbox.planmysaas.deliveries] == ["delivered"]


async def test_a_receiver_that_raises_is_shown_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(prospects=10)

    async def broken(message: Message) -> Outcome:
        raise RuntimeError("a bug")

    async with sandbox.sending(broken):
        sandbox.planmysaas.set_webhook(URL)
        sandbox.planmysaas.fire("lead.created")
        await sandbox.deliveries_settled()
    assert "raised RuntimeError" in sandbox.planmysaas.deliveries[0].reason
    assert "a bug" in caplog.text


async def test_at_most_so_many_are_under_way_at_once() -> None:
    async with receiving(webhook_parallel=3) as receiver:
        running, most = 0, 0

        async def slow(message: Message) -> Outcome:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            return 200

        async with receiver.sandbox.sending(slow):
            receiver.sandbox.outreach.fire("account.created", times=20)
            await receiver.sandbox.deliveries_settled()
        assert most == 3


async def test_a_dropped_delivery_is_never_sent() -> None:
    async with receiving() as receiver:
        receiver.sandbox.outreach.spoil_next("drop", event="account.created")
        receiver.sandbox.outreach.fire("account.created", times=2)
        await receiver.sandbox.deliveries_settled()
        assert [one.state for one in receiver.sandbox.outreach.deliveries] == ["dropped", "delivered"]
        assert len(receiver.got) == 1


async def test_a_duplicate_has_the_same_body() -> None:
    async with receiving() as receiver:
        receiver.sandbox.outreach.spoil_next("duplicate")
        receiver.sandbox.planmysaas.spoil_next("duplicate")
        receiver.sandbox.outreach.fire("account.created")
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        for side in (receiver.sandbox.outreach, receiver.sandbox.planmysaas):
            first, second = (one.tries[0].message for one in side.deliveries)
            assert first.body == second.body
            assert first.header("X-PMS-Event-Id") == second.header("X-PMS-Event-Id")
            assert [one.copy for one in side.deliveries] == ["genuine", "duplicate"]


async def test_deliveries_are_overtaken_and_late() -> None:
    async with receiving() as receiver:
        outreach = receiver.sandbox.outreach
        outreach.spoil_next("reorder", event="account.created")
        outreach.spoil_next("delay", event="call.created", seconds=90)
        for event in ("account.created", "call.created", "user.created"):
            outreach.fire(event)
        await receiver.sandbox.deliveries_settled()
        told = [event for event in receiver.events if not event.startswith(("prospect", "email"))]
        assert told == ["user.created", "account.created", "call.created"]
        assert [times(one)[0] for one in outreach.deliveries if one.spoiled] == [1, 90]


async def test_corrupted_and_forged_deliveries_do_not_verify() -> None:
    async with receiving() as receiver:
        side = receiver.sandbox.planmysaas
        side.spoil_next("corrupt")
        side.spoil_next("forge", skip=1, forgery="garbled")
        receiver.outcomes = [401, 200, 401]
        side.fire("lead.created", times=2)
        await receiver.sandbox.deliveries_settled()
        corrupt, true, forged = side.deliveries
        assert (corrupt.state, corrupt.spoiled) == ("failed", ("corrupt",))
        assert (true.state, true.spoiled, forged.copy, forged.state) == ("delivered", ("forge",), "forged", "answered")
        secret = receiver.sandbox.credentials.planmysaas_webhook_secret
        for one in (corrupt, forged):
            message = one.tries[0].message
            assert message.header("x-pms-signature") != sign(message.body, secret, PLANMYSAAS)


async def test_forgeries_and_replays_are_thrown_at_will() -> None:
    async with receiving() as receiver:
        side = receiver.sandbox.planmysaas
        with pytest.raises(ConfigurationError, match="Nothing was sent"):
            side.forge()
        side.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        side.forge("absent")
        side.replay()
        side.replay(side.deliveries[0])
        await receiver.sandbox.deliveries_settled()
        true, forged, again, once_more = (one.tries[0].message for one in side.deliveries)
        assert forged.header("x-pms-signature") == ""
        assert true.body == again.body == once_more.body
        assert len({one.header("x-pms-event-id") for one in (true, again, once_more)}) == 3
        assert Counter(one.copy for one in side.deliveries) == {"genuine": 1, "forged": 1, "replayed": 2}
        with pytest.raises(ConfigurationError, match="garbled"):
            side.forge("perfect")  # type: ignore[arg-type]


async def test_nobody_tries_a_forgery_again() -> None:
    async with receiving() as receiver:
        side = receiver.sandbox.planmysaas
        side.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        receiver.outcomes = ["refused"]
        side.forge()
        await receiver.sandbox.deliveries_settled()
        assert (side.deliveries[-1].statuses, side.deliveries[-1].state) == (("refused",), "failed")


async def test_faults_of_deliveries_heal_with_the_others() -> None:
    async with receiving() as receiver:
        receiver.sandbox.outreach.spoil_next("drop", times=-1)
        receiver.sandbox.outreach.heal()
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        assert len(receiver.got) == 1


async def test_what_was_sent_is_counted() -> None:
    async with receiving(webhook_duplicate=1) as receiver:
        receiver.outcomes = ["reset"]
        receiver.sandbox.outreach.fire("account.created")
        await receiver.sandbox.deliveries_settled()
        assert receiver.sandbox.outreach.statistics()["webhooks"] == {
            "deliveries": 2, "tries": 3, "delivered": 2, "duplicate": 1, "genuine": 1, "faults_waiting": 0,
        }  # fmt: skip
        entry = receiver.sandbox.outreach.deliveries[0].plain()
        assert json.loads(json.dumps(entry)) == entry
        assert "Signature" not in json.dumps(entry)
