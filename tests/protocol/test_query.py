from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from outreach_async.protocol import query
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.query import (
    AnyOf,
    Empty,
    Range,
    any_of,
    before,
    between,
    encode,
    encode_filters,
    fields_parameters,
    include_value,
    is_empty,
    is_set,
    since,
    sort_value,
    wire_value,
)

NOON = dt.datetime(2017, 1, 1, 12, 0, tzinfo=dt.UTC)
TESTS = ("__null__", "__notnull__")


class Level(enum.Enum):
    HIGH = "high"


class Rank(enum.IntEnum):
    FIRST = 1


class Word(enum.StrEnum):
    CTO = "CTO"


@dataclass
class Linked:
    id: Any


def only(value: object) -> list[tuple[str, str]]:
    return encode_filters([(("x",), value)])


def read_back(pairs: list[tuple[str, str]]) -> tuple[str, Any]:
    """Read one filter as the documented grammars say, without knowing how it was written."""
    pairs = parse_qsl(encode(pairs), keep_blank_values=True, strict_parsing=True)
    if ("newFilterSyntax", "true") not in pairs:
        ((key, text),) = pairs
        assert key == "filter[x]"
        if ".." in text:
            low, high = text.split("..")
            return "range", (None if low == "neginf" else low, None if high == "inf" else high)
        return "any", tuple(text.split(","))
    rest = pairs[:-1]
    if all(key == "filter[x][]" for key, _ in rest):
        return "any", tuple(text for _, text in rest)
    ends = dict(rest)
    assert set(ends) <= {"filter[x][gte]", "filter[x][lte]"}
    return "range", (ends.get("filter[x][gte]"), ends.get("filter[x][lte]"))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", ",", "..", ".", "a,b", "1..2", "inf", "neginf", "__null", "\r\nX: y", "&a=b", "%2C", "é", "[]", "a b+c", "#"]
)


@settings(max_examples=100)
@given(st.lists(texts.filter(lambda text: text not in TESTS), min_size=1, max_size=4))
def test_any_text_survives_a_list(values: list[str]) -> None:
    assert read_back(only(any_of(*values))) == ("any", tuple(values))
    assert read_back(only(values)) == ("any", tuple(values))


@settings(max_examples=100)
@given(texts.filter(lambda text: text not in TESTS))
def test_any_text_survives_alone(value: str) -> None:
    assert read_back(only(value)) == ("any", (value,))


@settings(max_examples=100)
@given(texts, texts)
def test_any_text_survives_as_the_end_of_a_range(low: str, high: str) -> None:
    assert read_back(only(between(low, high))) == ("range", (low, high))
    assert read_back(only(since(low))) == ("range", (low, None))
    assert read_back(only(before(high))) == ("range", (None, high))


@settings(max_examples=100)
@given(st.text(max_size=20), st.text(max_size=20))
def test_an_encoded_query_is_one_line_of_ascii_that_no_layer_changes(name: str, value: str) -> None:
    try:
        written = encode([(name, value)])
    except ConfigurationError:
        assert any("\ud800" <= ch <= "\udfff" for ch in name + value)
        return
    assert written.isascii()
    assert not set(written) & set("\r\n #[]&+")
    assert URL(f"https://api.outreach.io/api/v2/x?{written}", encoded=True).raw_query_string == written
    assert parse_qsl(written, keep_blank_values=True) == [(name, value)]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Sally", "Sally"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (-1, "-1"),
        (1.5, "1.5"),
        (NOON, "2017-01-01T12:00:00.000Z"),
        (dt.datetime(2017, 1, 1, 2, 0, 0, 999_999, dt.timezone(dt.timedelta(hours=5))), "2016-12-31T21:00:00.999Z"),
        (dt.date(2017, 1, 1), "2017-01-01"),
        (Level.HIGH, "high"),
        (Rank.FIRST, "1"),
        (Word.CTO, "CTO"),
        (Linked(42), "42"),
        (Linked("camp_abc"), "camp_abc"),
    ],
)
def test_a_value_is_written_as_the_api_writes_it(value: object, written: str) -> None:
    assert wire_value(value) == written


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (dt.datetime(2017, 1, 1), "no time zone"),  # noqa: DTZ001
        (dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=1))), "no UTC form"),
        (None, "is_empty()"),
        (float("nan"), "nan"),
        (float("inf"), "since()"),
        (b"x", "bytes cannot"),
        (object(), "object cannot"),
        (Linked(None), "Linked cannot"),
        (Linked(id=True), "Linked cannot"),
        (["a"], "do not nest"),
        (since(3), "do not nest"),
        ({"a": 1}, "dict cannot"),
    ],
)
def test_what_cannot_be_sent_says_what_to_use(value: object, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        wire_value(value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("Sally", [("filter[x]", "Sally")]),
        (any_of(1, 2, 3), [("filter[x]", "1,2,3")]),
        ([1, 2], [("filter[x]", "1,2")]),
        ((1, 2), [("filter[x]", "1,2")]),
        ({"b", "a"}, [("filter[x]", "a,b")]),
        (frozenset({2}), [("filter[x]", "2")]),
        (between(5, 10), [("filter[x]", "5..10")]),
        (between(1.5, 2.5), [("filter[x]", "1.5..2.5")]),
        (since(dt.date(2017, 1, 1)), [("filter[x]", "2017-01-01..inf")]),
        (before(dt.date(2017, 1, 1)), [("filter[x]", "neginf..2017-01-01")]),
        (is_empty(), [("filter[x]", "__null__")]),
        (is_set(), [("filter[x]", "__notnull__")]),
        ("Ng, A.", [("filter[x][]", "Ng, A."), ("newFilterSyntax", "true")]),
        (any_of("a", "b..c"), [("filter[x][]", "a"), ("filter[x][]", "b..c"), ("newFilterSyntax", "true")]),
        (between("a.", "b"), [("filter[x][gte]", "a."), ("filter[x][lte]", "b"), ("newFilterSyntax", "true")]),
        (since("a,b"), [("filter[x][gte]", "a,b"), ("newFilterSyntax", "true")]),
        (before("inf"), [("filter[x][lte]", "inf"), ("newFilterSyntax", "true")]),
    ],
)
def test_each_test_in_its_grammar(value: object, pairs: list[tuple[str, str]]) -> None:
    assert only(value) == pairs


def test_one_value_moves_the_whole_request_to_the_other_grammar() -> None:
    filters: list[tuple[tuple[str, ...], object]] = [
        (("firstName",), "Sally"),
        (("account", "id"), Linked(7)),
        (("id",), between(5, 10)),
        (("title",), is_empty()),
        (("lastName",), "Ng, A."),
    ]
    assert encode_filters(filters) == [
        ("filter[firstName][]", "Sally"),
        ("filter[account][id][]", "7"),
        ("filter[id][gte]", "5"),
        ("filter[id][lte]", "10"),
        ("filter[title]", "__null__"),
        ("filter[lastName][]", "Ng, A."),
        ("newFilterSyntax", "true"),
    ]


def test_the_search_is_sent_as_it_stands() -> None:
    assert encode_filters([(("q",), "_NULL_,custom4")]) == [("filter[q]", "_NULL_,custom4")]
    both = encode_filters([(("q",), "ada"), (("title",), "a,b")])
    assert both == [("filter[q]", "ada"), ("filter[title][]", "a,b"), ("newFilterSyntax", "true")]


@pytest.mark.parametrize("value", [any_of("a", "b"), since("a"), is_empty()])
def test_the_search_takes_one_text(value: object) -> None:
    with pytest.raises(ConfigurationError, match="one text"):
        encode_filters([(("q",), value)])


@pytest.mark.parametrize("value", ["__null__", any_of("a", "__notnull__"), any_of("a,b", "__null__")])
def test_the_words_for_null_tests_are_no_values(value: object) -> None:
    with pytest.raises(ConfigurationError, match="takes the text"):
        only(value)


@pytest.mark.parametrize("value", [[], (), set(), None, any_of([1, 2])])
def test_a_filter_that_tests_nothing_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError):
        only(value)


def test_no_filters_are_no_pairs() -> None:
    assert encode_filters([]) == []


def test_tests_are_values() -> None:
    assert since(3) == Range(3, None)
    assert before(3) == Range(None, 3)
    assert any_of("a", "b") == AnyOf(("a", "b"))
    assert is_empty() is is_empty()
    assert is_empty() == Empty(null=True) != is_set()
    assert len({since(1), since(1), any_of(1)}) == 2
    with pytest.raises(ConfigurationError, match="at least one value"):
        any_of()
    with pytest.raises(ConfigurationError, match="at least one end"):
        since(None)


def test_sort_fields_and_include_use_the_names_of_the_wire() -> None:
    assert sort_value(["last_name", "-updated_at"]) == "lastName,-updatedAt"
    assert sort_value("-updated_at") == "-updatedAt"
    assert fields_parameters({"sequence_state": ["state", "created_at"], "call": ["from_"], "user": []}) == [
        ("fields[sequenceState]", "state,createdAt"),
        ("fields[call]", "from"),
        ("fields[user]", ""),
    ]
    assert fields_parameters({"account": "name"}) == [("fields[account]", "name")]
    assert include_value(["account.owner", "sequence_states"]) == "account.owner,sequenceStates"


@pytest.mark.parametrize("name", ["", "-", "a,b", "a b", "account.name", "--a", "a\r\n", "é"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="not the name"):
        sort_value([name])
    with pytest.raises(ConfigurationError, match="not the name"):
        fields_parameters({"account": [name]})


def test_an_include_path_has_no_empty_part() -> None:
    with pytest.raises(ConfigurationError, match="not the name"):
        include_value(["account..owner"])


def test_what_addresses_need_is_offered_beside_the_filters() -> None:
    assert query.path_segment(Linked(7)) == "7"
