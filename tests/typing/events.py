"""The typing of events and of `on`: what a checker must accept, and what it must refuse.

Refused lines carry an ignore with its code, so that both checkers also fail when such a line becomes acceptable.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import sqlite3
from typing import Any, assert_type

from outreach_async.outreach.client import Outreach
from outreach_async.outreach.record import Record, Ref
from outreach_async.outreach.resources import Account, Import, Prospect, User
from outreach_async.planmysaas.client import PlanMySaaS
from outreach_async.planmysaas.leads import Lead
from webhooks import Event, OutreachSource, PlanMySaaSSource, Router, UnknownEvent, lifecycle_source
from webhooks.middleware import Proceed
from webhooks.outreach import (
    AccountCreated,
    ImportFinished,
    InstallCreated,
    MailingBounced,
    OutreachEvent,
    ProspectCreated,
    ProspectEvent,
    ProspectUpdated,
    TaskCompleted,
    UserCreated,
)
from webhooks.outreach_changes import ProspectChanges
from webhooks.planmysaas import LeadBounced, LeadEvent, LeadReplied, ReplyClassified, ReplyEvent

hooks = Router()


@hooks.on(ProspectCreated)
async def exact(event: ProspectCreated) -> None:
    assert_type(event.prospect, Ref[Prospect])
    assert_type(event.changed, ProspectChanges)
    assert_type(event.changed.get("title"), str | None)
    assert_type(event.changed.get("created_at"), dt.datetime | None)
    assert_type(event.changed.get("owner"), Ref[User] | None)
    assert_type(event.changed.get("account"), Ref[Account] | None)
    assert_type(event.actor, Ref[Record] | None)
    assert_type(event.delivered_at, dt.datetime | None)
    if event.before is not None:
        assert_type(event.before.get("emails"), list[str] | None)


@hooks.on(ProspectCreated)
async def wider_is_fine(event: ProspectEvent) -> None:
    assert_type(event.prospect, Ref[Prospect])


@hooks.on(ProspectCreated)
async def widest_is_fine(event: Event) -> None:
    assert_type(event.key, str)


@hooks.on(MailingBounced, LeadBounced)
async def both(event: MailingBounced | LeadBounced) -> None: ...


@hooks.on(ProspectCreated, ProspectUpdated)
async def both_by_their_family(event: ProspectEvent) -> None: ...


@hooks.on(ProspectCreated, AccountCreated, UserCreated, TaskCompleted, LeadReplied, ReplyClassified)
async def six(
    event: ProspectCreated | AccountCreated | UserCreated | TaskCompleted | LeadReplied | ReplyClassified,
) -> None: ...


@hooks.on(ReplyEvent, retries=5, timeout=30)
async def a_family(event: ReplyEvent) -> None:
    assert_type(event.classification, str)


@hooks.on(OutreachEvent, name="all", ordered=False)
async def every_family(event: OutreachEvent) -> None:
    assert_type(event.ref, Ref[Record])
    assert_type(event.changed, abc.Mapping[str, Any])


@hooks.on("prospect.*")
async def by_pattern(event: Event) -> None: ...


@hooks.on(UnknownEvent)
async def unknown(event: UnknownEvent) -> None:
    assert_type(event.document, abc.Mapping[str, Any])


@hooks.on(InstallCreated)
async def installed(event: InstallCreated) -> None:
    assert_type(event.install_id, str)


@hooks.around
async def timed(event: Event, proceed: Proceed) -> None:
    await proceed(event)


async def accepted(
    api: Outreach, pms: PlanMySaaS, event: ProspectUpdated, imported: ImportFinished, lead: LeadEvent
) -> None:
    assert_type(await event.fetch(api), Prospect)
    assert_type(await imported.fetch(api), Import)
    assert_type(imported.import_, Ref[Import])
    assert_type(await lead.fetch(pms), Lead)

    def work(database: sqlite3.Connection) -> int:
        return database.total_changes

    assert_type(await event.transaction(work), int)
    OutreachSource("one")
    PlanMySaaSSource({"2026-11": "new", "2026-05": b"old"}, name="second", path="/second")
    lifecycle_source(unsigned=True)


@hooks.on(ProspectCreated)  # type: ignore[arg-type]
async def another_event(event: LeadBounced) -> None: ...


@hooks.on(ProspectEvent)  # type: ignore[arg-type]
async def narrower_than_the_family(event: ProspectCreated) -> None: ...


@hooks.on("prospect.*")  # type: ignore[arg-type]
async def narrower_than_the_pattern(event: ProspectEvent) -> None: ...


@hooks.on(MailingBounced, LeadBounced)  # type: ignore[arg-type]
async def one_of_two(event: MailingBounced) -> None: ...


@hooks.on(ProspectCreated)  # type: ignore[arg-type]
def not_asynchronous(event: ProspectCreated) -> None: ...


@hooks.around  # type: ignore[arg-type]
async def no_middleware(event: Event) -> None: ...


async def refused(api: Outreach, pms: PlanMySaaS, event: ProspectUpdated, unknown: UnknownEvent) -> None:
    hooks.on(ProspectCreated, attempts=3)  # type: ignore[call-overload]
    hooks.on(ProspectCreated, "prospect.*")  # type: ignore[call-overload]
    hooks.on()  # type: ignore[call-overload]
    hooks.on(str)  # type: ignore[type-var]
    event.changed["titel"]  # type: ignore[typeddict-item]
    _ = event.account  # type: ignore[attr-defined]
    event.changed = {}  # type: ignore[misc]
    _ = unknown.changed  # type: ignore[attr-defined]
    await event.fetch(pms)  # type: ignore[arg-type]
    _ = await event.transaction(api.close)  # type: ignore[arg-type]
    OutreachSource(secert="x")  # type: ignore[call-arg]
