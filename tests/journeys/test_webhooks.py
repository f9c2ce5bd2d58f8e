"""From a change in a simulated service to a typed handler, by each vendor's rules, whatever happens on the way."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.event_names import INSTALL_EVENTS, OUTREACH_EVENTS, PLANMYSAAS_EVENTS
from outreach_async.sandbox import Sandbox
from webhooks import Event, MemoryInbox, OutreachSource, PlanMySaaSSource, Webhooks, lifecycle_source
from webhooks.events import event_class
from webhooks.outreach import (
    AccountCreated,
    InstallCreated,
    MailingBounced,
    OutreachEvent,
    ProspectCreated,
    ProspectUpdated,
    SequenceStateFinished,
)
from webhooks.planmysaas import LeadBounced, LeadCreated, PlanMySaaSEvent, ReplyClassified
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.testing import SECRET, Connection, connect

EVERYTHING = OUTREACH_EVENTS | set(INSTALL_EVENTS) | set(PLANMYSAAS_EVENTS)


class Life:
    """A sandbox, an application of all three sources, the wire between them, and what the handlers saw."""

    def __init__(self, *, inbox: Any = None, **switches: object) -> None:
        self.sandbox = Sandbox(prospects=60, **switches)
        known = self.sandbox.credentials
        self.hooks = Webhooks(
            OutreachSource(secret=known.outreach_webhook_secret),
            lifecycle_source(secret=known.outreach_webhook_secret),
            PlanMySaaSSource(secret=known.planmysaas_webhook_secret),
            inbox=inbox or MemoryInbox(),
        )
        self.seen: list[Event] = []
        self.wire: Connection

        @self.hooks.on("*", name="journey")
        async def note(event: Event) -> None:
            self.seen.append(event)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.seen]

    def effects(self) -> Counter[str]:
        return Counter(event.key for event in self.seen)

    @contextlib.asynccontextmanager
    async def going(self, **options: Any) -> abc.AsyncIterator[Life]:
        async with connect(self.sandbox, self.hooks, **options) as self.wire:
            yield self


async def test_every_event_of_both_vendors_reaches_the_handler_of_its_class() -> None:
    life = Life()
    typed: dict[str, set[str]] = defaultdict(set)
    for name in EVERYTHING:
        provider = "planmysaas" if name in PLANMYSAAS_EVENTS else "outreach"
        kind = event_class("outreach-lifecycle" if name in INSTALL_EVENTS else provider, name)

        @life.hooks.on(kind, name=f"typed {name}")
        async def handle(event: Event, name: str = name, kind: type[Event] = kind) -> None:
            assert type(event) is kind
            typed[name].add(event.key)

    async with life.going(version=2):
        changes = life.sandbox.outreach.fire_every_event()
        life.sandbox.planmysaas.fire_every_event()
        await life.hooks.settled()
        assert not life.hooks.inbox.statistics().dead
    assert set(typed) == EVERYTHING
    heard = [change for change in changes if f"{change.type}.{change.action}" in OUTREACH_EVENTS]
    assert sum(len(keys) for name, keys in typed.items() if name in OUTREACH_EVENTS) == len(heard)
    assert max(life.effects().values()) == 1


async def test_what_a_handler_is_given_is_what_happened() -> None:
    life = Life()
    told: list[tuple[Any, ...]] = []

    @life.hooks.on(ProspectUpdated)
    async def updated(event: ProspectUpdated) -> None:
        told.append((event.prospect.id, event.changed["title"], event.before["title"] if event.before else None))
        told.append((event.changed["owner"], event.actor and event.actor.id, event.delivered_at is not None))

    @life.hooks.on(ReplyClassified)
    async def classified(event: ReplyClassified) -> None:
        told.append((event.classification, bool(event.lead_id), event.delivery_attempt))

    @life.hooks.on(InstallCreated)
    async def installed(event: InstallCreated) -> None:
        told.append((event.install_id,))

    async with life.going(version=2), life.sandbox.client() as api:
        before = await api.prospects.get(7)
        await api.prospects.update(7, title="Countess", owner=None)
        await life.hooks.settled()
        life.sandbox.planmysaas.fire("reply.classified")
        await life.hooks.settled()
        life.sandbox.outreach.add_install("in-7")
        await life.hooks.settled()
    assert told == [(7, "Countess", before.title), (None, 1, True), ("interested", True, 1), ("in-7",)]


async def test_a_handler_reads_the_record_again_and_what_it_changes_is_told_too() -> None:
    life = Life()

    @life.hooks.on(ProspectCreated)
    async def complete(event: ProspectCreated) -> None:
        assert "emails" not in event.changed
        record = await event.fetch(api)
        await api.prospects.update(event.prospect.id, nickname=record["emails"][0])

    async with life.going(), life.sandbox.client() as api:
        ada = await api.prospects.create(first_name="Ada", emails=["ada@elsewhere.example"])
        await life.hooks.settled()
        assert (await api.prospects.get(ada.id)).nickname == "ada@elsewhere.example"
    assert [name for name in life.names if name.startswith("prospect")] == ["prospect.created", "prospect.updated"]


async def test_duplicates_have_one_effect() -> None:
    life = Life(webhook_duplicate=1)
    async with life.going():
        life.sandbox.outreach.fire("account.created", times=20)
        life.sandbox.planmysaas.fire("lead.created", times=20)
        await life.wire.settled()
        assert all(one.accepted for one in life.sandbox.outreach.deliveries + life.sandbox.planmysaas.deliveries)
        assert life.hooks.inbox.statistics().duplicates == 40
    assert len(life.seen) == 40
    assert max(life.effects().values()) == 1


@pytest.mark.parametrize("reading", ["kept", "renewed"])
async def test_a_delivery_whose_answer_was_lost_has_one_effect(reading: str) -> None:
    life = Life(webhook_delivered_at=reading)
    async with life.going():
        life.wire.lost = 3
        life.sandbox.outreach.fire("account.created")
        await life.wire.settled()
        (delivery,) = life.sandbox.outreach.deliveries
        assert delivery.statuses == ("reset", "reset", "reset", 200)
        assert len({one.message.body for one in delivery.tries}) == (4 if reading == "renewed" else 1)
        life.wire.lost = 2
        life.sandbox.planmysaas.fire("lead.created")
        await life.wire.settled()
        assert life.sandbox.planmysaas.deliveries[0].statuses == ("reset", "reset", 200)
    assert life.names == ["account.created", "lead.created"]


@pytest.mark.parametrize("how", ["wrong", "absent", "garbled", "doubled"])
async def test_forgeries_are_refused_and_have_no_effect(how: Any) -> None:
    life = Life()
    async with life.going():
        for side, event in ((life.sandbox.outreach, "account.created"), (life.sandbox.planmysaas, "lead.created")):
            side.spoil_next("forge", times=3, forgery=how)
            side.fire(event, times=3)
        await life.wire.settled()
        forged = [
            one
            for side in (life.sandbox.outreach, life.sandbox.planmysaas)
            for one in side.deliveries
            if one.copy == "forged"
        ]
        assert [one.statuses for one in forged] == [(401,)] * 6
    assert len(life.seen) == 6


async def test_a_corrupted_delivery_is_refused() -> None:
    life = Life(webhook_corrupt=1)
    async with life.going():
        life.sandbox.outreach.fire("account.created")
        life.sandbox.planmysaas.fire("lead.created")
        await life.wire.settled()
        assert life.sandbox.outreach.deliveries[0].statuses == (401,)
        assert life.sandbox.planmysaas.deliveries[0].statuses == (401,)
    assert life.seen == []


async def test_a_replay_has_no_effect_and_a_captured_one_is_known_for_days() -> None:
    life = Life()
    async with life.going():
        life.sandbox.outreach.fire("account.created")
        life.sandbox.planmysaas.fire("lead.created")
        await life.wire.settled()
        for hours in (0, 1, 70):
            await life.sandbox.clock.sleep(hours * 3600)
            life.sandbox.outreach.replay()
            life.sandbox.planmysaas.replay()
            await life.wire.settled()
        assert all(one.accepted for one in life.sandbox.planmysaas.deliveries)
    assert life.names == ["account.created", "lead.created"]


async def test_events_of_one_record_are_handled_in_the_order_they_came() -> None:
    life = Life(webhook_reorder=0.3)
    running: set[str] = set()

    @life.hooks.on(OutreachEvent)
    async def slow(event: OutreachEvent) -> None:
        key = event.delivery.resource
        assert key not in running
        running.add(key)
        await life.sandbox.clock.sleep(int(event.job_id[:4], 16) % 7)
        running.discard(key)
        order[key].append(event.delivery.received_at)

    order: dict[str, list[float]] = defaultdict(list)
    async with life.going(), life.sandbox.client() as api:
        for number in range(60):
            await api.prospects.update(1 + number % 3, title=f"Title {number}")
            await life.sandbox.clock.sleep(0.4)
        await life.wire.settled()
    assert sum(map(len, order.values())) == len(life.seen) >= 60
    assert all(told == sorted(told) for told in order.values())


async def test_a_receiver_that_is_down_for_three_seconds_loses_nothing() -> None:
    life = Life()
    async with life.going():
        life.wire.down = True
        life.sandbox.outreach.fire("account.created", times=5)
        await life.sandbox.clock.sleep(2.9)
        life.wire.down = False
        await life.wire.settled()
        assert all(one.state == "delivered" for one in life.sandbox.outreach.deliveries)
    assert len(life.seen) == 5


async def test_one_that_is_down_for_longer_loses_outreach_s_events_and_not_planmysaas_s() -> None:
    life = Life()
    async with life.going():
        life.wire.down = True
        life.sandbox.outreach.fire("account.created", times=2)
        life.sandbox.planmysaas.fire("lead.created", times=2)
        await life.sandbox.clock.sleep(9000)
        life.wire.down = False
        await life.wire.settled()
        assert [one.state for one in life.sandbox.outreach.deliveries] == ["failed"] * 2
        planmysaas = life.sandbox.planmysaas.deliveries
        began = planmysaas[0].tries[0].at
        assert [round(one.at - began) for one in planmysaas[0].tries] == [0, 300, 2100, 9300]
    assert life.names == ["lead.created"] * 2
    assert [event.delivery_attempt for event in life.seen if isinstance(event, PlanMySaaSEvent)] == [4, 4]


async def test_a_full_inbox_pushes_back_in_the_way_that_each_vendor_tries_again() -> None:
    life = Life(inbox=MemoryInbox(depth=1))

    @life.hooks.on(AccountCreated, LeadCreated)
    async def slow(event: AccountCreated | LeadCreated) -> None:
        await life.sandbox.clock.sleep(9)

    async with life.going():
        life.sandbox.outreach.fire("account.created", times=2)
        await life.wire.settled()
        first, second = life.sandbox.outreach.deliveries
        assert (first.statuses, second.statuses) == ((200,), ("reset", "reset", 200))
        life.sandbox.planmysaas.fire("lead.created", times=2)
        await life.wire.settled()
        assert [one.statuses for one in life.sandbox.planmysaas.deliveries] == [(200,), (503, 200)]
    assert life.names == ["account.created"] * 2 + ["lead.created"] * 2


async def test_a_handler_that_fails_is_tried_again_and_the_vendor_never_hears_of_it() -> None:
    life = Life()
    attempts: list[int] = []

    @life.hooks.on(LeadBounced, retries=3)
    async def flaky(event: LeadBounced) -> None:
        attempts.append(event.attempt)
        if event.attempt < 3:
            raise RuntimeError("not yet")

    async with life.going():
        life.sandbox.planmysaas.fire("lead.bounced")
        await life.wire.settled()
        while len(attempts) < 3:
            await life.sandbox.clock.sleep(60)
        assert all(one.statuses == (200,) for one in life.sandbox.planmysaas.deliveries)
    assert attempts == [1, 2, 3]


async def test_a_storm_loses_nothing_and_doubles_nothing() -> None:
    shares = {"webhook_duplicate": 0.2, "webhook_reorder": 0.2, "webhook_delay": 0.1, "webhook_forge": 0.2}
    life = Life(webhook_delivered_at="renewed", **shares)
    async with life.going():
        made = 0
        for number in range(30):
            life.wire.lost = number % 3
            life.wire.down = number % 5 == 0
            made += len(life.sandbox.outreach.fire("account.created", times=4))
            made += len(life.sandbox.planmysaas.fire("lead.created", times=4))
            await life.sandbox.clock.sleep(2.5)
            life.wire.down = False
            await life.sandbox.clock.sleep(2.5)
        await life.wire.settled()
        deliveries = life.sandbox.outreach.deliveries + life.sandbox.planmysaas.deliveries
        genuine = [one for one in deliveries if one.copy == "genuine"]
        assert len(genuine) == made == 240
        assert sum(one.state == "delivered" for one in genuine) > 200
        assert not any(one.accepted for one in deliveries if one.copy == "forged")
    assert len(life.seen) == made
    assert max(life.effects().values()) == 1


async def test_five_in_a_hundred_dropped_are_missing_and_nothing_else() -> None:
    life = Life(webhook_drop=0.05)
    async with life.going():
        life.sandbox.outreach.fire("account.created", times=200)
        await life.wire.settled()
        states = Counter(one.state for one in life.sandbox.outreach.deliveries)
    assert 0 < states["dropped"] < 30
    assert len(life.seen) == states["delivered"] == 200 - states["dropped"]


async def test_an_inbox_on_disk_keeps_what_was_taken_over_a_restart(tmp_path: Path) -> None:
    life = Life(inbox=SqliteInbox(tmp_path / "inbox.db"))
    async with life.going():
        life.sandbox.outreach.fire_every_event()
        life.sandbox.planmysaas.fire_every_event()
        await life.wire.settled()
        first = len(life.seen)
        sent = life.sandbox.outreach.deliveries
        assert all(one.accepted for one in sent)
    async with life.going():
        for one in sent:
            life.sandbox.outreach.replay(one)
        await life.wire.settled()
        assert life.hooks.inbox.statistics().duplicates == len(sent)
    assert len(life.seen) == first
    assert set(life.names) == EVERYTHING


async def test_over_real_connections_too() -> None:
    life = Life(webhook_https="optional", webhook_waits=0.01)
    runner = web.AppRunner(life.hooks.aiohttp_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    where = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with life.sandbox.serve():
            life.sandbox.outreach.subscribe(f"{where}/outreach")
            life.sandbox.outreach.set_lifecycle_webhook(f"{where}/outreach/lifecycle")
            life.sandbox.planmysaas.set_webhook(f"{where}/planmysaas")
            life.sandbox.outreach.spoil_next("forge", times=5, forgery="garbled")
            life.sandbox.planmysaas.spoil_next("duplicate", times=5)
            life.sandbox.outreach.fire_every_event()
            life.sandbox.planmysaas.fire_every_event()
            await life.sandbox.deliveries_settled()
            await life.hooks.settled()
            forged = [one for one in life.sandbox.outreach.deliveries if one.copy == "forged"]
            assert [one.statuses for one in forged] == [(401,)] * 5
    finally:
        await runner.cleanup()
    assert set(life.names) == EVERYTHING
    assert max(life.effects().values()) == 1


async def test_two_tenants_events_go_to_two_sources_of_one_kind() -> None:
    sandbox = Sandbox(prospects=20)
    secret = sandbox.credentials.outreach_webhook_secret
    hooks = Webhooks(
        OutreachSource(secret={"new": SECRET, "old": "unknown to the sandbox"}),
        OutreachSource(secret=secret, name="second", path="/second"),
        inbox=MemoryInbox(),
    )
    sources: list[tuple[str, str]] = []

    @hooks.on(MailingBounced, SequenceStateFinished)
    async def note(event: MailingBounced | SequenceStateFinished) -> None:
        sources.append((event.source, event.delivery.secret))

    async with connect(sandbox, hooks):
        sandbox.outreach.fire("mailing.bounced")
        await hooks.settled()
    assert sorted(sources) == [("outreach", "new"), ("second", "default")]


async def test_only_what_was_subscribed_to_comes_where_one_subscribes_oneself() -> None:
    life = Life()
    async with life.going(subscribe=False), life.sandbox.client() as api:
        secret = life.sandbox.credentials.outreach_webhook_secret
        url = f"https://{life.wire.host}/outreach"
        await api.webhooks.create(url=url, resource="account", action="created", secret=secret)
        await api.webhooks.create(url="https://elsewhere.example/outreach", secret=secret)
        await api.webhooks.create(url=f"https://{life.wire.host}/nobody", resource="user", secret=secret)
        for event in ("account.created", "account.updated", "user.created"):
            life.sandbox.outreach.fire(event)
        life.sandbox.planmysaas.fire("lead.created")
        await life.wire.settled()
        told = {(one.url.rpartition("/")[2], one.event): one.statuses for one in life.sandbox.outreach.deliveries[:1]}
        assert told == {("outreach", "account.created"): (200,)}
        assert {one.reason for one in life.sandbox.outreach.deliveries} >= {"dns", "answered 404"}
    assert life.names == ["account.created"]


async def test_a_connection_leaves_nothing_behind() -> None:
    life = Life()
    before = life.sandbox.outreach.store.count("webhook")
    async with life.going():
        assert life.sandbox.outreach.store.count("webhook") > before
    assert life.sandbox.outreach.store.count("webhook") == before
    assert not life.hooks.running
    assert life.hooks.feeds == []
    life.sandbox.planmysaas.fire("lead.created")
    assert life.sandbox.planmysaas.deliveries == ()


async def test_what_cannot_be_connected_is_said() -> None:
    sandbox = Sandbox(prospects=0)
    stranger = Webhooks(PlanMySaaSSource(secret="mine alone"), inbox=MemoryInbox())
    with pytest.raises(ConfigurationError, match="planmysaas_webhook_secret"):
        async with connect(sandbox, stranger):
            pass
    assert not stranger.running
    async with stranger:
        with pytest.raises(ConfigurationError, match="clock of its own"):
            async with connect(sandbox, stranger):
                pass
    open_to_all = Webhooks(OutreachSource(unsigned=True), inbox=MemoryInbox())
    async with open_to_all.lifespan():
        pass
    async with connect(sandbox, open_to_all):
        sandbox.outreach.fire("account.created")
        await open_to_all.settled()
        assert sandbox.outreach.deliveries[0].statuses == (200,)
        assert sandbox.outreach.deliveries[0].tries[0].message.header("outreach-webhook-signature") == ""


async def test_an_application_that_was_started_on_the_same_clock_is_left_running() -> None:
    life = Life()
    await life.hooks.start(life.sandbox.clock)
    async with life.going():
        life.sandbox.outreach.fire("account.created")
        await asyncio.wait_for(life.hooks.settled(), 10)
    assert life.hooks.running
    await life.hooks.stop()
    assert life.names == ["account.created"]
