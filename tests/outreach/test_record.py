"""Rows become whole records when reached, keep what nobody foresaw, and never change."""

import copy
import datetime as dt
import itertools
import json
import pickle
import random

import msgspec
import pytest
from pydantic import ValidationError

from outreach_async.outreach.record import Record, Ref, Related
from outreach_async.outreach.resources import TYPES, Account, Call, Prospect, SequenceState, Task, User, record_class
from outreach_async.outreach.shapes import shape, untyped
from outreach_async.protocol.errors import ConfigurationError, DriftError, InvalidResponse
from outreach_async.protocol.jsonapi import Row, decode_document


def build(record, attributes, relationships=None, *, id=1, on_drift="keep"):
    document = {"data": {"type": record.resource_type, "id": id, "attributes": attributes, "meta": {"canWrite": True}}}
    document["data"]["relationships"] = relationships or {}
    (found,) = decode_document(json.dumps(document).encode()).rows
    return shape(record).build(found, on_drift)


def test_attributes_have_their_python_names_and_types():
    prospect = build(
        Prospect, {"firstName": "Ada", "updatedAt": "2026-01-02T03:04:05.000Z", "emails": ["a@example.com"]}
    )
    assert (prospect.id, prospect.first_name, prospect.emails) == (1, "Ada", ["a@example.com"])
    assert prospect.updated_at == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert prospect.last_name is None
    assert build(Call, {"from": "+1"}).from_ == "+1"


def test_ids_given_as_texts_become_integers():
    assert build(User, {}, id="12").id == 12


def test_custom_and_unknown_attributes_are_kept():
    prospect = build(Prospect, {"firstName": "Ada", "custom12": "x", "custom200": None, "globalId": 5, "customary": 1})
    assert prospect.custom == {"custom12": "x", "custom200": None}
    assert prospect.extra == {"globalId": 5, "customary": 1}
    assert prospect["custom12"] == "x"
    assert prospect["first_name"] == prospect["firstName"] == "Ada"
    with pytest.raises(KeyError):
        prospect["nope"]


def test_relationships_are_references_or_links():
    state = build(
        SequenceState,
        {},
        {
            "prospect": {"data": {"type": "prospect", "id": "7"}},
            "account": {"data": None},
            "calls": {"data": [{"type": "call", "id": 1}], "meta": {"count": 1}},
            "mailings": {"links": {"related": "https://api.outreach.io/api/v2/mailings?filter%5Bid%5D=1"}},
            "tasks": {},
        },
    )
    assert state.prospect == Prospect.ref(7)
    assert state.account is None
    assert state.sequence is None
    assert list(state.calls) == [Ref("call", 1)]
    assert (state.calls.count, state.calls.link) == (1, None)
    assert state.mailings.refs is None
    assert state.mailings.link is not None
    assert list(state.tasks) == []


def test_a_polymorphic_relationship_tells_its_type():
    task = build(Task, {}, {"subject": {"data": {"type": "account", "id": 3}}})
    assert task.subject == Account.ref(3)


def test_an_unknown_enum_value_is_no_drift():
    assert build(Call, {"outcome": "completed"}).outcome == "completed"
    assert build(Call, {"outcome": "completed"}).drifted == ()


def test_a_changed_type_is_kept_raw_and_told(caplog):
    prospect = build(Prospect, {"firstName": {"given": "Ada"}, "lastName": "L", "emails": "a@example.com"})
    assert prospect.first_name == {"given": "Ada"}
    assert prospect.emails == "a@example.com"
    assert prospect.last_name == "L"
    assert prospect.drifted == ("emails", "first_name")
    build(Prospect, {"firstName": 5})
    assert sum("prospect.firstName" in line for line in caplog.messages) <= 1


def test_a_changed_type_is_refused_where_that_was_asked():
    with pytest.raises(DriftError, match="firstName") as caught:
        build(Prospect, {"firstName": 5}, on_drift="raise")
    assert caught.value.names == ("firstName",)


@pytest.mark.parametrize(
    "raw",
    [b'{"firstName":"\\ud800"}', b'{"firstName":NaN}', b'{"firstName":"a","x":' + b"[" * 5000 + b"]" * 5000 + b"}"],
)
def test_a_slice_that_cannot_be_read_is_an_invalid_answer(raw):

    with pytest.raises(InvalidResponse):
        shape(Prospect).build(Row("prospect", 1, msgspec.Raw(raw)))


VALUES = {
    str: ["text", "", "2026-01-02", "12"],
    int: [0, 7, 10**12, 5.0, "12"],
    float: [1.5, 2, "2.5"],
    bool: [True, False, 1, "true"],
    dt.datetime: ["2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05.123-08:00", 1767225600],
    dt.date: ["2026-01-02", "2026-01-02T00:00:00Z"],
    list: [[], ["a"], [[0, 0]], [{"a": 1}]],
    dict: [{}, {"a": [1]}],
}


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_the_quick_way_gives_what_the_model_gives(kind):
    """Rows are decoded by a struct where they can be: never with another result than the model's own validation."""
    record = record_class(kind)
    attributes = [[None, *itertools.chain.from_iterable(VALUES.values())] for _ in range(12)]
    source = random.Random(kind)
    wire = {name: field.alias for name, field in record.model_fields.items() if name != "id"}
    for _ in range(40):
        sent = {alias: source.choice(source.choice(attributes)) for alias in wire.values() if source.random() < 0.9}
        raw = json.dumps(sent).encode()
        found = shape(record).build(Row(kind, 1, msgspec.Raw(raw)))
        if found.drifted:
            continue
        model = record.__pydantic_validator__.validate_json(raw)
        assert {**found.__dict__, "id": 0} == model.__dict__
        assert found.model_fields_set == model.__pydantic_fields_set__
        assert found.model_dump(exclude_unset=True) == model.model_dump(exclude_unset=True)
    for name, field in record.model_fields.items():
        for value in itertools.chain([None], *VALUES.values()):
            raw = json.dumps({field.alias or name: value}).encode()
            found = shape(record).build(Row(kind, 1, msgspec.Raw(raw)))
            if not found.drifted and name != "id":
                model = record.__pydantic_validator__.validate_json(raw)
                assert getattr(found, name) == getattr(model, name), (name, value)
                assert type(getattr(found, name)) is type(getattr(model, name)), (name, value)


def test_what_was_not_sent_is_told_from_null():
    assert build(User, {"email": None}).model_fields_set == {"email"}
    assert build(User, {"email": None}).model_dump(exclude_unset=True) == {"email": None}


def test_records_do_not_change():
    prospect = build(Prospect, {"firstName": "Ada"})
    with pytest.raises(ValidationError, match="frozen"):
        prospect.first_name = "x"
    assert copy.copy(prospect) is prospect
    assert copy.deepcopy(prospect) is prospect


def test_records_compare_by_what_they_hold():
    one, same = build(Prospect, {"firstName": "Ada"}), build(Prospect, {"firstName": "Ada"})
    assert one == same
    assert hash(one) == hash(same)
    assert one != build(Prospect, {"firstName": "Bob"})
    assert one != build(Prospect, {"firstName": "Ada"}, id=2)
    assert one != "Ada"


def test_records_survive_pickling():
    prospect = build(Prospect, {"firstName": "Ada", "custom1": "x"}, {"owner": {"data": {"type": "user", "id": 2}}})
    back = pickle.loads(pickle.dumps(prospect))
    assert back == prospect
    assert (back.custom, back.owner, back.meta) == (prospect.custom, User.ref(2), {"canWrite": True})


def test_a_record_prints_its_name_and_no_personal_data():
    assert repr(build(Prospect, {"firstName": "Ada"})) == "Prospect(1)"


def test_a_record_dumps_what_its_class_knows():
    dumped = build(Prospect, {"firstName": "Ada"}).model_dump(exclude_none=True)
    assert dumped == {"id": 1, "first_name": "Ada"}


def test_an_untyped_record_gives_attributes_by_name():
    car = build(untyped("car"), {"wheelCount": 4})
    assert (car["wheelCount"], car["wheel_count"], car.resource_type) == (4, 4, "car")
    assert isinstance(car, Record)


@pytest.mark.parametrize("id", [True, None, 1.5, ""])
def test_what_is_no_id_is_refused(id):
    with pytest.raises(ConfigurationError, match="not a record's id"):
        Ref("user", id)


def test_references_are_values():
    assert {User.ref(1), Ref("user", 1), Ref(User, "1")} == {User.ref(1)}
    assert User.ref(1) != Account.ref(1)
    assert User.ref(1) != 1
    assert repr(User.ref(1)) == "Ref('user', 1)"
    assert repr(Related(None, "u", None)) == "Related(refs=None, link='u')"


def test_the_descriptors_can_be_reached_on_the_class():
    assert Prospect.account.name == "account"
    assert Prospect.mailings.name == "mailings"
