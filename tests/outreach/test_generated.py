"""The generated modules are what the catalogue says, and nobody has edited them by hand."""

import importlib
import json
from pathlib import Path

import pytest

from outreach_async.outreach.resources import TYPES, record_class
from outreach_async.outreach.shapes import shape

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "outreach_async" / "outreach" / "resources"
CATALOGUE = json.loads((ROOT / "tools" / "catalogue.json").read_text())


def test_generating_again_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    generate = importlib.import_module("tools.generate_resources")
    generate.main(tmp_path)
    fresh = {path.name: path.read_text() for path in tmp_path.glob("*.py")}
    assert fresh == {path.name: path.read_text() for path in GENERATED.glob("*.py")}


def test_all_types_are_there():
    assert len(TYPES) == 51
    assert set(TYPES) == {entry["type"] for entry in CATALOGUE["resources"]}


@pytest.mark.parametrize("entry", CATALOGUE["resources"], ids=lambda entry: entry["type"])
def test_a_type_has_exactly_what_the_catalogue_gives_it(entry):
    record = record_class(entry["type"])
    shape(record)
    attributes = {a["name"] for a in entry["attributes"] if not a.get("writeOnly")}
    plain = {name for name in attributes if not (name.startswith("custom") and name[6:].isdigit())}
    assert {field.alias for name, field in record.model_fields.items() if name != "id"} == plain

    module = importlib.import_module(f"outreach_async.outreach.resources.{TYPES[entry['type']][0]}")
    verbs = {"list": "where", "get": "get", "create": "create", "update": "update", "delete": "delete"}
    can = {e["action"] for e in entry["endpoints"] if "kind" not in e}
    for action, method in verbs.items():
        assert hasattr(module.collection, method) == (action in can), (entry["type"], method)
    for relation in entry["relationships"]:
        assert any(getattr(value, "name", None) == relation["name"] for value in vars(record).values())


def test_member_actions_are_methods():
    from outreach_async.protocol.names import snake

    actions = [
        (e["type"], a["action"]) for e in CATALOGUE["resources"] for a in e["endpoints"] if a.get("kind") == "member"
    ]
    assert len(actions) == 24
    for kind, action in actions:
        module = importlib.import_module(f"outreach_async.outreach.resources.{TYPES[kind][0]}")
        assert callable(getattr(module.collection, snake(action)))


def test_a_type_nobody_knows_gets_an_untyped_class():
    assert record_class("spaceship").resource_type == "spaceship"
    assert record_class("spaceship") is record_class("spaceship")
