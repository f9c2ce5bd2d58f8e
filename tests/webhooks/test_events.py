"""Events as such: the registry, what every event tells, and transactions."""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import sqlite3
import subprocess
import sys
from typing import Any, TypeVar

import pytest

from outreach_async.protocol.errors import ConfigurationError, OutreachError
from outreach_async.protocol.event_names import (
    INSTALL_EVENTS,
    OUTREACH_EVENTS,
    PLANMYSAAS_EVENTS,
    PLANMYSAAS_RESERVED,
)
from webhooks.delivery import Delivery, Key
from webhooks.errors import DeliveryError, MalformedDelivery, SignatureError, TooLarge
from webhooks.events import Event, UnknownEvent, event_class, parse, read_document
from webhooks.outreach import OutreachEvent, ProspectCreated, ProspectEvent

T = TypeVar("T")

BODY = b'{"data":{"type":"prospect","id":12},"meta":{"eventName":"prospect.created"}}'


def stored(event: str = "prospect.created", body: bytes = BODY, **more: Any) -> Delivery:
    given: dict[str, Any] = {"source": "outreach", "provider": "outreach", "resource": "prospect/12", **more}
    return Delivery(event=event, received_at=1_767_616_200.0, body=body, **given)


def test_every_documented_event_has_a_class_of_its_own() -> None:
    names = [("outreach", name) for name in OUTREACH_EVENTS]
    names += [("outreach-lifecycle", name) for name in INSTALL_EVENTS]
    names += [("planmysaas", name) for name in (*PLANMYSAAS_EVENTS, *PLANMYSAAS_RESERVED)]
    classes = [event_class(*name) for name in names]
    assert len(set(classes)) == len(names) == 42 + 2 + 12
    assert [(kind.provider, kind.event_name) for kind in classes] == names


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("outreach", "prospect.merged"),
        ("outreach", ""),
        ("outreach", "lead.created"),
        ("planmysaas", "prospect.created"),
        ("planmysaas", "lead.*"),
        ("somebody", "prospect.created"),
    ],
)
def test_what_no_class_names_is_an_unknown_event(provider: str, name: str) -> None:
    event = parse(stored(name, b'{"any":"thing"}', provider=provider))
    assert type(event) is UnknownEvent
    assert event.document == {"any": "thing"}
    assert event.name == name


def test_a_class_declared_elsewhere_makes_its_event_typed() -> None:
    class ProspectShelved(ProspectEvent, name="prospect.shelved_in_a_test"):
        """An event of a later release."""

    event = parse(stored("prospect.shelved_in_a_test"))
    assert isinstance(event, ProspectShelved)
    assert event.prospect.id == 12


@pytest.mark.parametrize(
    ("provider", "name", "kind"),
    [
        ("outreach", "prospect.created", "ProspectCreated"),
        ("outreach-lifecycle", "install.created", "InstallCreated"),
        ("planmysaas", "lead.bounced", "LeadBounced"),
    ],
)
def test_a_delivery_read_back_first_thing_finds_its_class(provider: str, name: str, kind: str) -> None:
    made = f"source='s', provider={provider!r}, event={name!r}, resource='', received_at=0, body={BODY!r}"
    code = (
        "from webhooks.delivery import Delivery; from webhooks.events import parse;"
        f"print(type(parse(Delivery({made}))).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == kind


def test_what_every_event_tells() -> None:
    event = parse(stored(flags=("unsigned",), keys=(Key("outreach/digest/ab"), Key("outreach/undated/cd"))))
    assert (event.name, event.source, event.flags) == ("prospect.created", "outreach", ("unsigned",))
    assert event.key == "outreach/digest/ab"
    assert event.received_at == dt.datetime(2026, 1, 5, 12, 30, tzinfo=dt.UTC)
    assert repr(event) == "<ProspectCreated prospect.created prospect/12>"
    assert repr(parse(stored("", b"{}", resource=""))) == "<UnknownEvent ? ->"
    assert isinstance(event, ProspectCreated | ProspectEvent | OutreachEvent | Event)


def test_an_event_without_keys_is_named_by_its_body() -> None:
    assert parse(stored()).key == parse(stored()).key
    assert parse(stored()).key != parse(stored(body=BODY + b" ")).key


def test_what_cannot_be_read_is_refused_with_the_reason() -> None:
    with pytest.raises(MalformedDelivery, match="set aside"):
        parse(stored(unreadable="set aside"))
    with pytest.raises(MalformedDelivery, match=r"no data\.id"):
        parse(stored(body=b"{}"))
    with pytest.raises(MalformedDelivery, match="is not JSON"):
        parse(stored(body=b"{"))
    with pytest.raises(MalformedDelivery, match="no object: list"):
        read_document(b"[]")


def test_errors_of_deliveries_are_errors_of_the_project() -> None:
    for error in (SignatureError("wrong"), MalformedDelivery("x"), TooLarge(1_048_576)):
        assert isinstance(error, DeliveryError)
        assert isinstance(error, OutreachError)
    assert SignatureError("doubled").reason == "doubled"
    assert "1,048,576 bytes" in str(TooLarge(1_048_576))


def test_every_public_name_is_loaded_when_it_is_asked_for() -> None:
    import webhooks

    assert set(webhooks.__all__) <= set(dir(webhooks))
    for name in webhooks.__all__:
        assert getattr(webhooks, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Webhoks'"):
        webhooks.Webhoks  # noqa: B018


class Lent:
    """A worker's context, with a database in memory."""

    handler = "app:welcome"
    attempt = 3

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:")

    async def transaction(self, work: abc.Callable[[sqlite3.Connection], T]) -> T:
        return work(self.database)


async def test_a_transaction_needs_a_worker() -> None:
    event = parse(stored())
    assert event.attempt == 1
    with pytest.raises(ConfigurationError, match="not handed out by a worker"):
        await event.transaction(lambda database: database.total_changes)


async def test_a_bound_event_uses_what_it_was_lent_and_leaves_the_other_alone() -> None:
    event, lent = parse(stored()), Lent()
    bound = event.bound(lent)
    assert type(bound) is ProspectCreated
    assert bound.document is event.document
    assert (bound.attempt, event.attempt) == (3, 1)
    assert await bound.transaction(lambda database: database.execute("SELECT 1").fetchone()) == (1,)
    lent.database.close()
