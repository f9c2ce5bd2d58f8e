"""Outreach's payloads as events: both relationship forms, both payload versions, drift, and generated code."""

from __future__ import annotations

import datetime as dt
import filecmp
import importlib.util
import json
import typing
from pathlib import Path
from typing import Any

import pytest

from outreach_async.outreach.record import Ref
from outreach_async.outreach.resources import Account, Prospect, User
from outreach_async.protocol.event_names import OUTREACH_EVENTS
from webhooks import outreach, outreach_changes
from webhooks.errors import MalformedDelivery, SignatureError, TooLarge
from webhooks.events import Event, UnknownEvent, event_class
from webhooks.outreach import (
    AccountCreated,
    CallCreated,
    ImportFinished,
    InstallCreated,
    InstallDeleted,
    InstallEvent,
    MailingEvent,
    OutreachEvent,
    ProspectUpdated,
    TaskCompleted,
    parse,
    sign,
    unwrap,
    verify,
)

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cret"

# The one delivery that was published whole, by another vendor's documentation of its integration.
SAMPLE = (
    b'{"data":{"type":"account","id":13,"attributes":{"createdAt":"2025-11-04T09:40:36.000Z","named":true,'
    b'"domain":"test.com","externalSource":"outreach-api","name":"Test"},"relationships":{"owner":{"type":"owner",'
    b'"id":2}}},"meta":{"deliveredAt":"2025-11-04T01:40:36.795-08:00","eventName":"account.created","jobId":"5f2c-9"}}'
)


def read(document: Any) -> Event:
    return parse({}, json.dumps(document).encode())


def prospect(attributes: Any = None, relationships: Any = None, **more: Any) -> ProspectUpdated:
    data = {"type": "prospect", "id": 12, "attributes": attributes or {}, "relationships": relationships or {}}
    event = read({"data": data, "meta": {"eventName": "prospect.updated"}, **more})
    assert isinstance(event, ProspectUpdated)
    return event


def test_the_published_sample() -> None:
    event = parse({}, SAMPLE)
    assert isinstance(event, AccountCreated)
    assert event.account == event.ref == Account.ref(13)
    assert event.changed == {
        "created_at": dt.datetime(2025, 11, 4, 9, 40, 36, tzinfo=dt.UTC),
        "named": True,
        "domain": "test.com",
        "external_source": "outreach-api",
        "name": "Test",
        "owner": User.ref(2),
    }
    assert event.before is None
    assert event.actor is None
    assert event.job_id == "5f2c-9"
    assert event.delivered_at is not None
    assert event.delivered_at.isoformat() == "2025-11-04T01:40:36.795000-08:00"
    assert event.delivery.resource == "account/13"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"owner": {"type": "owner", "id": 2}}, {"owner": User.ref(2)}),
        ({"owner": {"data": {"type": "user", "id": 2}}}, {"owner": User.ref(2)}),
        ({"owner": {"data": {"type": "user", "id": "2"}, "links": {}}}, {"owner": User.ref(2)}),
        ({"owner": {"data": None}}, {"owner": None}),
        ({"owner": None}, {"owner": None}),
        ({"owner": {"links": {"related": "x"}}}, {}),
        ({"owner": {}}, {}),
        ({"owner": "ada"}, {}),
        ({"account": {"type": "account", "id": 7}}, {"account": Account.ref(7)}),
        ({"stage": {"type": "stage", "id": 7}}, {"stage": Ref("stage", 7)}),
        ({"assignedUsers": {"data": [{"type": "user", "id": 1}]}}, {"assigned_users": (User.ref(1),)}),
        ({"assignedUsers": [{"type": "assignedUsers", "id": 1}]}, {"assigned_users": (User.ref(1),)}),
        ({"assignedUsers": {"data": []}}, {"assigned_users": ()}),
        ({"newRelation": {"type": "newRelation", "id": 5}}, {"new_relation": Ref("newRelation", 5)}),
    ],
)
def test_relationships_are_read_in_either_form(told: Any, expected: Any) -> None:
    assert prospect(relationships=told).changed == expected


def test_a_relation_of_several_types_keeps_the_type_it_tells() -> None:
    data = {"type": "task", "id": 1, "relationships": {"subject": {"type": "prospect", "id": 9}}}
    event = read({"data": data, "meta": {"eventName": "task.completed"}})
    assert isinstance(event, TaskCompleted)
    assert event.changed == {"subject": Prospect.ref(9)}


def test_absent_is_not_null() -> None:
    changed = prospect({"title": None}).changed
    assert changed == {"title": None}
    assert "company" not in changed
    assert changed.get("company") is None


def test_values_of_a_type_nobody_expects_are_handed_on() -> None:
    changed = prospect({"createdAt": 7, "updatedAt": "soon", "title": ["x"], "brandNew": {"a": 1}}).changed
    assert dict(changed) == {"created_at": 7, "updated_at": "soon", "title": ["x"], "brand_new": {"a": 1}}
    assert prospect({"dateOfBirth": "1815-12-10"}).changed.get("date_of_birth") == dt.date(1815, 12, 10)


def test_a_name_that_python_keeps_for_itself_gets_an_underscore() -> None:
    event = read({"data": {"id": 1, "attributes": {"from": "+49"}}, "meta": {"eventName": "call.created"}})
    assert isinstance(event, CallCreated)
    assert event.changed.get("from_") == "+49"
    imported = read({"data": {"id": 4}, "meta": {"eventName": "import.finished"}})
    assert isinstance(imported, ImportFinished)
    assert imported.import_ == Ref("import", 4)


def test_custom_fields_stand_apart() -> None:
    event = prospect({"custom12": "x", "title": "CTO", "customer": 1})
    assert event.custom == {"custom12": "x"}


@pytest.mark.parametrize("members", [{}, {"attributes": None}, {"attributes": [], "relationships": "x"}])
def test_members_that_are_missing_or_something_else_tell_nothing(members: Any) -> None:
    event = read({"data": {"id": 1, **members}, "meta": {"eventName": "user.created"}})
    assert isinstance(event, OutreachEvent)
    assert event.changed == {}
    assert event.ref == User.ref(1)


def test_payload_version_2_tells_what_was_before() -> None:
    before = {"type": "prospect", "id": 12, "attributes": {"title": "VP"}, "relationships": {"owner": None}}
    event = prospect({"title": "CTO"}, beforeUpdate=before)
    assert event.before == {"title": "VP", "owner": None}
    assert prospect(beforeUpdate=None).before is None


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ({"id": 5, "type": "User"}, User.ref(5)),
        ({"id": 5, "type": "user"}, User.ref(5)),
        (None, None),
        ("ada", None),
        ({"id": None, "type": "User"}, None),
    ],
)
def test_the_actor_is_told_where_the_payload_tells_it(actor: Any, expected: Any) -> None:
    assert prospect(meta={"eventName": "prospect.updated", "actor": actor}).actor == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2019-08-15T19:52:07.697+00:00", "2019-08-15T19:52:07.697000+00:00"),
        ("2025-11-04T01:40:36.795-08:00", "2025-11-04T01:40:36.795000-08:00"),
        ("2025-11-04T01:40:36Z", "2025-11-04T01:40:36+00:00"),
        ("2025-11-04T01:40:36", "2025-11-04T01:40:36+00:00"),
        ("soon", None),
        (1, None),
        (None, None),
    ],
)
def test_the_time_of_delivery_keeps_its_zone(told: Any, expected: str | None) -> None:
    at = prospect(meta={"eventName": "prospect.updated", "deliveredAt": told}).delivered_at
    assert (at and at.isoformat()) == expected


async def test_fetch_reads_the_record_as_it_is_now() -> None:
    asked: list[tuple[str, Ref[Any]]] = []

    class Collection:
        def __init__(self, name: str) -> None:
            self.name = name

        async def get(self, ref: Ref[Any]) -> str:
            asked.append((self.name, ref))
            return f"{self.name} record"

    class Api:
        def __getattr__(self, name: str) -> Collection:
            return Collection(name)

    for name in sorted(OUTREACH_EVENTS):
        resource = name.partition(".")[0]
        event = read({"data": {"type": resource, "id": 3}, "meta": {"eventName": name}})
        assert isinstance(event, OutreachEvent)
        assert await event.fetch(typing.cast("Any", Api())) == f"{event.collection} record"
        assert asked.pop() == (event.collection, Ref(resource, 3))
        assert await OutreachEvent.fetch(event, typing.cast("Any", Api())) == f"{event.collection} record"


@pytest.mark.parametrize("name", sorted(OUTREACH_EVENTS))
def test_each_event_names_its_record_and_its_family(name: str) -> None:
    resource, action = name.split(".")
    event = read({"data": {"type": resource, "id": 3}, "meta": {"eventName": name}})
    assert type(event).__name__ == resource[0].upper() + resource[1:] + action.capitalize()
    family = type(event).__mro__[1]
    assert family.__name__ == resource[0].upper() + resource[1:] + "Event"
    assert getattr(event, {"import": "import_"}.get(resource, _snake(resource))) == Ref(resource, 3)
    assert event_class("outreach", name) is getattr(outreach, type(event).__name__)
    assert isinstance(event, OutreachEvent)
    assert (event.changed, event.before) == ({}, None)


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def test_what_changed_is_typed_by_the_catalogue() -> None:
    hints = outreach_changes.ProspectChanges.__annotations__
    assert hints["title"].__forward_arg__ == "str | None"
    assert hints["owner"].__forward_arg__ == "Ref[User] | None"
    assert hints["assigned_users"].__forward_arg__ == "tuple[Ref[User], ...]"
    assert not outreach_changes.ProspectChanges.__required_keys__
    assert "custom1" not in hints
    assert issubclass(outreach.MailingBounced, MailingEvent)


def test_an_event_of_a_record_nobody_generated_is_untyped_and_whole() -> None:
    class WidgetEvent(OutreachEvent, name="widget.created_in_a_test"):
        resource_type = "widget"

    data = {"id": 5, "attributes": {"sizeInCm": 3}}
    event = read({"data": data, "beforeUpdate": data, "meta": {"eventName": "widget.created_in_a_test"}})
    assert isinstance(event, WidgetEvent)
    assert (event.ref, event.changed, event.before) == (Ref("widget", 5), {"size_in_cm": 3}, {"size_in_cm": 3})


def test_lifecycle_events_carry_the_installation() -> None:
    def install(name: str) -> dict[str, Any]:
        app = {"data": {"type": "app", "id": "guid-1"}}
        data = {"type": "install", "id": "i-42", "relationships": {"app": app}}
        return {"data": data, "meta": {"deliveredAt": "2025-06-01T10:00:00", "eventName": name}}

    created, deleted, other = (read(install(f"install.{action}")) for action in ("created", "deleted", "updated"))
    assert type(created) is InstallCreated
    assert type(deleted) is InstallDeleted
    assert type(other) is InstallEvent
    assert (other.install_id, other.app_id, other.name) == ("i-42", "guid-1", "install.updated")
    assert other.delivered_at == dt.datetime(2025, 6, 1, 10, tzinfo=dt.UTC)
    assert other.delivery.provider == "outreach-lifecycle"
    assert other.request_id == ""
    flat = read({"data": {"id": 42, "relationships": {"app": {"id": "g"}}}, "meta": {"eventName": "install.created"}})
    assert isinstance(flat, InstallEvent)
    assert (flat.install_id, flat.app_id) == ("42", "g")
    with pytest.raises(MalformedDelivery):
        read({"data": {}, "meta": {"eventName": "install.created"}})


def test_the_four_functions_serve_any_framework() -> None:
    headers = sign(SAMPLE, secret=SECRET)
    assert headers["Content-Type"] == "application/vnd.api+json"
    assert verify(headers, SAMPLE, secret={"new": "x", "old": SECRET}) == "old"
    assert isinstance(unwrap(headers, bytearray(SAMPLE), secret=SECRET), AccountCreated)
    assert isinstance(unwrap(list(headers.items()), memoryview(SAMPLE), secret=SECRET), AccountCreated)
    assert isinstance(parse({}, b'{"meta":{"eventName":"user.blinked"}}'), UnknownEvent)
    with pytest.raises(SignatureError) as told:
        unwrap(headers, SAMPLE + b" ", secret=SECRET)
    assert told.value.reason == "wrong"
    assert SECRET not in str(told.value)
    with pytest.raises(TooLarge):
        verify(headers, SAMPLE, secret=SECRET, max_body=10)
    with pytest.raises(Exception, match="no secret"):
        verify(headers, SAMPLE, secret=None)


def test_the_generated_modules_are_what_the_generator_writes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("generate_events", ROOT / "tools" / "generate_events.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    generator.main(tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.py"))
    assert [str(path) for path in written] == [
        "outreach_async/protocol/event_names.py",
        "webhooks/outreach_changes.py",
        "webhooks/outreach_events.py",
    ]
    for path in written:
        assert filecmp.cmp(ROOT / path, tmp_path / path, shallow=False), f"run tools/generate_events.py: {path}"
