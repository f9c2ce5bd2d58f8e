"""The shipped catalogue is what the tool makes of the full one, and says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outreach_async.sandbox import catalogue as module
from outreach_async.sandbox.catalogue import catalogue

ROOT = Path(__file__).parents[2]
FULL = ROOT / "tools" / "catalogue.json"


@pytest.fixture(scope="module")
def full() -> dict:
    return json.loads(FULL.read_text())


def test_it_is_up_to_date(full):
    scope: dict = {"__file__": str(ROOT / "tools" / "sandbox_catalogue.py"), "__name__": "tool"}
    exec(compile(Path(scope["__file__"]).read_text(), scope["__file__"], "exec"), scope)
    shipped = Path(module.__file__).with_name("catalogue.json").read_text()
    assert scope["written"](scope["compact"](full)) == shipped


def test_a_scope_that_does_not_follow_from_its_route_is_noticed(full):
    scope: dict = {"__file__": str(ROOT / "tools" / "sandbox_catalogue.py"), "__name__": "tool"}
    exec(compile(Path(scope["__file__"]).read_text(), scope["__file__"], "exec"), scope)
    odd = json.loads(json.dumps(full))
    odd["resources"][0]["endpoints"][0]["scopes"] = ["prospects.read"]
    with pytest.raises(ValueError, match="needs"):
        scope["compact"](odd)


def test_it_says_what_the_full_one_says(full):
    types = catalogue().types
    assert len(full["resources"]) == 51
    for resource in full["resources"]:
        kind = types[resource["type"]]
        assert kind.plural == resource["path"].removeprefix("/")
        assert set(kind.attributes) == {item["name"] for item in resource["attributes"]}
        for item in resource["attributes"]:
            mine = kind.attributes[item["name"]]
            assert mine.kind == item["type"]
            assert mine.writable is not item["readOnly"]
            assert (mine.filterable, mine.sortable) == (item["filterable"], item["sortable"])
        for item in resource["relationships"]:
            mine = kind.relationships[item["name"]]
            assert list(mine.types) == item["types"]
            assert (mine.many, mine.in_payload) == (item["toMany"], item["dataInPayload"])
    assert {name: sorted(actions) for name, actions in catalogue().webhooks.items()} == {
        name: sorted(actions) for name, actions in full["webhookMatrix"].items()
    }
    assert sum(len(kind.actions) for kind in types.values()) == 24
    assert len(types["batch"].collection_actions) == 23
    assert len(types["import"].collection_actions) == 6
