"""Envelopes in every form the API was seen to send, and documents as it takes them."""

import contextlib
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError, InvalidResponse
from outreach_async.protocol.jsonapi import (
    Identifier,
    Relationship,
    decode_document,
    decode_object,
    decode_relationships,
    encode_json,
    encode_resource,
    identifier,
    normal_id,
    relationship,
)


def test_a_collection_gives_rows_and_their_slices():
    document = decode_document(
        b'{"data":[{"type":"user","id":1,"attributes":{"name":"Ada"}},{"type":"user","id":"2"}]}'
    )

    assert [(row.type, row.id) for row in document.rows] == [("user", 1), ("user", "2")]
    assert decode_object(document.rows[0].attributes) == {"name": "Ada"}
    assert decode_object(document.rows[1].attributes) == {}


def test_a_member_is_one_row():
    assert [row.id for row in decode_document(b'{"data":{"type":"user","id":7}}').rows] == [7]


@pytest.mark.parametrize("body", [b"{}", b'{"data":null}', b'{"data":[]}', b'{"meta":{"count":null}}'])
def test_nothing_is_no_rows(body):
    document = decode_document(body)
    assert (document.rows, document.next_url, document.count, document.count_truncated) == ([], None, None, False)


def test_links_and_counts():
    document = decode_document(b'{"data":[],"links":{"next":{"href":"u"}},"meta":{"count":3,"count_truncated":true}}')
    assert (document.next_url, document.count, document.count_truncated) == ("u", 3, True)
    assert decode_document(b'{"links":{"next":"v"}}').next_url == "v"
    assert decode_document(b'{"links":{"next":5}}').next_url is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"[]",
        b'"text"',
        b'{"data":5}',
        b'{"data":[{"id":1}]}',
        b'{"data":[{"type":"user","id":1.5}]}',
        b'{"data":[{"type":"user","id":1,"attributes":{"a":NaN}}]}',
        b'{"data":[{"type":"us\xff","id":1}]}',
        b'{"data":[{"type":"user","id":1}',
        b'{"data":' + b"[" * 100_000,
    ],
)
def test_what_is_no_document_is_refused_by_name(body):
    with pytest.raises(InvalidResponse, match="not a JSON:API document"):
        decode_document(body)


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'{"a":' + b"[" * 100_000, b'{"a":"\xff"}'])
def test_a_slice_that_is_no_object_is_refused(raw):
    with pytest.raises(InvalidResponse):
        decode_object(raw)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"data": {"type": "user", "id": 2}}, Relationship(Identifier("user", 2), told=True)),
        ({"data": None}, Relationship(None, told=True)),
        ({"data": {"type": "user", "id": "2"}}, Relationship(Identifier("user", 2), told=True)),
        ({"type": "owner", "id": 2}, Relationship(Identifier("owner", 2), told=True)),
        ({"data": [], "meta": {"count": 0}}, Relationship((), told=True, count=0)),
        ({"data": [{"type": "a", "id": 1}, 5]}, Relationship((Identifier("a", 1),), told=True)),
        ({"links": {"related": "u"}}, Relationship(link="u")),
        ({"links": "u", "meta": 3}, Relationship()),
        ({}, Relationship()),
        (None, Relationship(told=True)),
        (5, Relationship()),
    ],
)
def test_every_form_of_a_relationship_object(value, expected):
    assert relationship(value) == expected


def test_relationships_are_read_by_name():
    raw = b'{"owner":{"data":{"type":"user","id":1}},"odd":[1]}'
    assert decode_relationships(raw) == {
        "owner": Relationship(Identifier("user", 1), told=True),
        "odd": Relationship(),
    }


@pytest.mark.parametrize("value", [5, {"type": "user"}, {"type": 1, "id": 1}, {"type": "user", "id": True}])
def test_what_identifies_nothing(value):
    assert identifier(value) is None


@pytest.mark.parametrize(("given", "expected"), [("12", 12), (12, 12), ("a1", "a1"), ("٣", "٣"), ("9" * 30, "9" * 30)])
def test_ids_are_integers_where_they_can_be(given, expected):
    assert normal_id(given) == expected


def test_a_create_has_no_id_and_an_update_has():
    owner = Identifier("user", 2)
    made = json.loads(encode_resource("prospect", attributes={"title": None}, relationships={"owner": owner}))
    changed = json.loads(encode_resource("prospect", 5, attributes={}, relationships={"owner": None, "tags": [owner]}))

    assert made == {
        "data": {
            "type": "prospect",
            "attributes": {"title": None},
            "relationships": {"owner": {"data": {"type": "user", "id": 2}}},
        }
    }
    assert changed["data"]["id"] == 5
    assert "attributes" not in changed["data"]
    assert changed["data"]["relationships"] == {
        "owner": {"data": None},
        "tags": {"data": [{"type": "user", "id": 2}]},
    }


def test_meta_stands_at_the_top():
    body = json.loads(encode_resource("user", attributes={"a": 1}, relationships={}, meta={"sendInvite": False}))
    assert body["meta"] == {"sendInvite": False}


def test_times_are_sent_in_utc():
    zone = dt.timezone(dt.timedelta(hours=2))
    value = {"at": dt.datetime(2026, 1, 1, 2, tzinfo=zone), "on": dt.date(2026, 1, 2), "tags": ("a", "b")}
    assert json.loads(encode_json(value)) == {"at": "2026-01-01T00:00:00.000Z", "on": "2026-01-02", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), object(), "\ud800", dt.datetime(2026, 1, 1), {"a": [float("-inf")]}],  # noqa: DTZ001
)
def test_what_json_cannot_carry_is_refused(value):
    with pytest.raises(ConfigurationError):
        encode_json({"a": value})


def test_a_value_that_holds_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ConfigurationError):
        encode_json(loop)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_the_one_error(body):
    with contextlib.suppress(InvalidResponse):
        assert decode_document(body) is not None


@given(
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=5)
)
def test_attributes_survive_the_way_out_and_in(attributes):
    try:
        body = encode_resource("a", 1, attributes=attributes, relationships={})
    except ConfigurationError:
        return
    (row,) = decode_document(body).rows
    assert decode_object(row.attributes) == attributes
