"""From a change to what is due to each webhook, on the simulated organisation itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.event_names import OUTREACH_ACTIONS
from outreach_async.sandbox.calls import Actor
from outreach_async.sandbox.organisation import Change
from outreach_async.sandbox.store import Record
from outreach_async.sandbox.switches import Switches
from outreach_async.sandbox.webhook_events import (
    Subscription,
    actor_of,
    body_of,
    install_payload,
    may_read,
    payload_of,
    subscription_of,
    wants,
)

NOW = 1_795_305_600.25  # 2026-11-22T00:00:00.250Z
PLAIN = Switches()


def hook(resource: str = "*", action: str = "*", version: int = 1) -> Subscription:
    return Subscription(1, "https://r.example", resource, action, version, 1, "s", "c")


def change(type: str, action: str, before: Record | None = None, after: Record | None = None) -> Change:
    return Change(type, 7, action, before, after, None, NOW)


def prospect(attributes: dict[str, Any], **one: tuple[str, int]) -> Record:
    return Record("prospect", 7, attributes, one, {})


@pytest.mark.parametrize(
    ("resource", "action", "event", "wanted"),
    [
        ("prospect", "created", "prospect.created", True),
        ("prospect", "created", "prospect.updated", False),
        ("prospect", "*", "prospect.updated", True),
        ("prospect", "*", "account.updated", False),
        ("*", "updated", "account.updated", True),
        ("*", "updated", "account.created", False),
        ("*", "*", "mailing.opened", True),
        ("mailing", "*", "mailing.opened", True),
        ("mailing", "opened", "mailing.opened", True),
        ("sequenceState", "finished", "sequenceState.finished", True),
        ("*", "*", "template.created", False),
        ("*", "created", "mailbox.created", False),
        ("*", "*", "user.destroyed", False),
        ("*", "*", "import.updated", False),
        ("*", "*", "kaiaRecording.updated", False),
    ],
)
def test_a_webhook_hears_of_its_own_resource_and_action(resource: str, action: str, event: str, wanted: bool) -> None:
    kind, _, done = event.partition(".")
    assert wants(hook(resource, action), change(kind, done), PLAIN) is wanted


def test_what_a_double_wildcard_delivers_is_a_switch() -> None:
    listed = Switches(webhook_wildcard="listed")
    for kind, actions in OUTREACH_ACTIONS.items():
        for action in actions:
            if kind != "*":
                common = action in OUTREACH_ACTIONS["*"]
                assert wants(hook(), change(kind, action), listed) is common
                assert wants(hook(kind), change(kind, action), listed)


def test_rows_are_read_as_they_stand(service: Any) -> None:
    made = service.post("webhook", {"url": "https://r.example/x", "secret": "s", "resource": "task"})
    row = service.api.store.get("webhook", made.data["id"])
    assert subscription_of(row) == Subscription(
        row.id, "https://r.example/x", "task", "*", 1, 1, "s", row.attributes["cleanupToken"]
    )
    assert "cleanup" not in repr(subscription_of(row))
    assert "'s'" not in repr(subscription_of(row))
    service.patch("webhook", row.id, {"active": False})
    assert subscription_of(service.api.store.get("webhook", row.id)) is None


def test_the_authorizer_has_to_be_able_to_read(service: Any) -> None:
    store = service.api.store
    assert may_read(store, 1, "prospect", set())
    assert not may_read(store, 1, "prospect", {(1, "prospect")})
    assert may_read(store, 1, "account", {(1, "prospect")})
    assert not may_read(store, None, "prospect", set())
    assert not may_read(store, 999, "prospect", set())
    service.patch("user", 2, {"locked": True})
    assert not may_read(store, 2, "prospect", set())


def test_a_created_record_tells_what_was_set(service: Any) -> None:
    service.post("account", {"name": "Engines", "domain": "engines.example"}, owner=("user", 2))
    payload = payload_of(service.changes[-1], 1, PLAIN, "job")
    told = payload["data"]
    assert (told["type"], type(told["id"])) == ("account", int)
    assert told["attributes"] | {"name": "Engines", "domain": "engines.example"} == told["attributes"]
    assert None not in told["attributes"].values()
    assert told["relationships"]["owner"] == {"type": "owner", "id": 2}
    assert payload["meta"] == {"eventName": "account.created", "actor": {"id": 1, "type": "User"}, "jobId": "job"}
    assert "beforeUpdate" not in payload_of(service.changes[-1], 2, PLAIN, "job")


def test_an_update_tells_only_what_changed_and_null_for_what_was_cleared() -> None:
    before = prospect({"title": "CTO", "firstName": "Ada", "city": "x"}, owner=("user", 2), account=("account", 3))
    after = prospect({"title": "Countess", "firstName": "Ada"}, owner=("user", 2), stage=("stage", 4))
    payload = payload_of(change("prospect", "updated", before, after), 2, PLAIN, "job")
    assert payload["data"] == {
        "type": "prospect",
        "id": 7,
        "attributes": {"title": "Countess"},
        "relationships": {"account": None, "stage": {"type": "stage", "id": 4}},
    }
    assert payload["beforeUpdate"] == {
        "type": "prospect",
        "id": 7,
        "attributes": {"title": "CTO"},
        "relationships": {"account": {"type": "account", "id": 3}, "stage": None},
    }
    cleared = payload_of(change("prospect", "updated", after, prospect({})), 1, PLAIN, "job")
    assert cleared["data"]["attributes"] == {"firstName": None, "title": None}
    assert "beforeUpdate" not in cleared


def test_relationships_can_be_written_as_json_api_does() -> None:
    linked = Switches(webhook_relationships="linked")
    after = prospect({}, stage=("stage", 4))
    told = payload_of(change("prospect", "updated", prospect({}, owner=("user", 2)), after), 1, linked, "job")
    assert told["data"]["relationships"] == {"owner": {"data": None}, "stage": {"data": {"type": "stage", "id": 4}}}


def test_a_destroyed_record_tells_its_last_known_values() -> None:
    last = prospect({"title": "CTO", "firstName": "Ada"}, owner=("user", 2))
    told = payload_of(change("prospect", "destroyed", last), 2, PLAIN, "job")
    assert told["data"]["attributes"] == {"firstName": "Ada", "title": "CTO"}
    assert told["data"]["relationships"] == {"owner": {"type": "owner", "id": 2}}
    assert "beforeUpdate" not in told


def test_emails_tags_and_phones_of_a_prospect_are_left_out_unless_switched_on() -> None:
    before, after = prospect({"tags": ["a"]}), prospect({"tags": [], "emails": ["a@b.example"], "workPhones": ["1"]})
    event = change("prospect", "updated", before, after)
    assert payload_of(event, 1, PLAIN, "job")["data"]["attributes"] == {}
    shown = payload_of(event, 1, Switches(webhook_hidden=False), "job")["data"]["attributes"]
    assert shown == {"tags": [], "emails": ["a@b.example"], "workPhones": ["1"]}


def test_what_no_answer_shows_no_payload_shows(service: Any) -> None:
    service.post("webhook", {"url": "https://r.example/x"})
    made = service.changes[-1]
    assert "madeBy" in made.after.attributes
    assert "madeBy" not in payload_of(made, 1, PLAIN, "job")["data"]["attributes"]


def test_the_body_tells_its_time_with_milliseconds_and_offset() -> None:
    payload = payload_of(change("prospect", "created", None, prospect({"title": "x"})), 1, PLAIN, "job")
    document = json.loads(body_of(payload, NOW))
    assert document["meta"]["deliveredAt"] == "2026-11-21T16:00:00.250-08:00"
    assert list(document) == ["data", "meta"]
    assert payload["meta"] == {"eventName": "prospect.created", "actor": None, "jobId": "job"}


def test_a_job_id_can_be_missing() -> None:
    meta = payload_of(change("prospect", "created"), 1, Switches(webhook_job_id=False), "job")["meta"]
    assert meta == {"eventName": "prospect.created", "actor": None}


def test_an_installation_is_nobody() -> None:
    assert actor_of(Actor("install", "install:1", None, None)) is None
    assert actor_of(Actor("user", "user:ada", 4, None)) == {"id": 4, "type": "User"}


def test_lifecycle_events_have_their_own_form() -> None:
    document = json.loads(body_of(install_payload("in-1", "guid", "install.created"), NOW, zone=False))
    assert document["data"]["relationships"]["app"]["data"] == {"type": "app", "id": "guid"}
    assert document["meta"] == {"deliveredAt": "2026-11-22T00:00:00.250", "eventName": "install.created"}
