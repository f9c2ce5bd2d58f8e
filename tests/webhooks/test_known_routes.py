"""What is kept of handlers: it takes what they take, also when their classes are gone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.webhooks.test_routing import EVERYTHING, listening
from webhooks.events import Event, UnknownEvent, _classes
from webhooks.known_routes import KnownRoute, Lost, known_routes
from webhooks.outreach import (
    InstallDeleted,
    InstallEvent,
    MailingBounced,
    OutreachEvent,
    ProspectCreated,
    ProspectEvent,
)
from webhooks.planmysaas import LeadBounced, ReplyEvent

INSTALLS = (
    ("outreach-lifecycle", "outreach-lifecycle", "install.created"),
    ("outreach-lifecycle", "outreach-lifecycle", "install.unheard_of"),
)
PLACES = (*((each.source, each.provider, each.event) for each in EVERYTHING), *INSTALLS, ("a", "outreach", ""))


@pytest.mark.parametrize(
    "wanted",
    [
        (ProspectCreated,),
        (ProspectEvent,),
        (OutreachEvent,),
        (UnknownEvent,),
        (Event,),
        (ReplyEvent,),
        (InstallEvent,),
        (InstallDeleted, UnknownEvent),
        (MailingBounced, LeadBounced),
        ("*",),
        ("prospect.*",),
        ("planmysaas:reply.*",),
        ("pms-eu:lead.*",),
    ],
)
def test_it_takes_what_the_handler_takes(wanted: Any) -> None:
    table = listening(*wanted).table()
    (kept,) = msgspec.json.decode(msgspec.json.encode(known_routes(table.routes)), type=tuple[KnownRoute, ...])
    for source, provider, event in PLACES:
        sent = msgspec.structs.replace(EVERYTHING[0], source=source, provider=provider, event=event)
        assert kept.takes((source, provider, event)) == bool(table.matching(sent)), event


def test_a_class_that_is_gone_is_known_by_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.events._classes", dict(_classes))
    merged = type("ProspectMerged", (ProspectEvent,), {}, name="prospect.merged")
    odd = type("Odd", (OutreachEvent,), {}, name="odd.*")
    (kept,) = known_routes(listening(merged, odd).table().routes)
    monkeypatch.undo()
    assert kept.events == (("outreach", "odd.*"), ("outreach", "prospect.merged"))
    assert [kept.takes(("outreach", "outreach", name)) for name in ("prospect.merged", "odd.one", "even.one")] == [
        True,
        True,
        False,
    ]


def test_what_was_lost_is_what_no_handler_of_that_name_takes() -> None:
    earlier = (
        KnownRoute("gone", "*", until=5),
        KnownRoute("less", "*", until=7),
        KnownRoute("less", "task.*", until=3),
    )
    lost = Lost(earlier, (KnownRoute("less", "task.*"), KnownRoute("new", "*")))
    task, prospect = ("a", "outreach", "task.created"), ("a", "outreach", "prospect.created")
    assert [lost.handlers(one, task) for one in (3, 5, 6)] == [("gone",), ("gone",), ()]
    assert [lost.handlers(one, prospect) for one in (3, 6, 8)] == [("gone", "less"), ("less",), ()]
    assert (lost.until, len(lost), Lost((), ()).until) == (7, 3, 0)
