from __future__ import annotations

from typing import Any

import pytest

from outreach_async.cli import selection
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.query import any_of, before, between, is_empty, is_set, since


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("prospects", "prospects"),
        ("prospect", "prospects"),
        ("sequenceState", "sequence_states"),
        ("sequenceStates", "sequence_states"),
        ("sequence-states", "sequence_states"),
        ("sequence_states", "sequence_states"),
        ("opportunity", "opportunities"),
        ("customObjects/car", "customObjects/car"),
        ("/customObjects/car/", "customObjects/car"),
    ],
)
def test_a_type_is_known_by_any_of_its_names(asked: str, expected: str) -> None:
    assert selection.collection_name(asked) == expected


def test_a_misspelt_type_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean prospects"):
        selection.collection_name("prospets")
    with pytest.raises(ConfigurationError, match="call GET"):
        selection.collection_name("zzz")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("title=CTO", "title", "CTO"),
        ("firstName=Ada", "first_name", "Ada"),
        ("title=CTO,VP", "title", any_of("CTO", "VP")),
        ("title==CTO, VP..", "title", "CTO, VP.."),
        ("updatedAt=2026-01-01..2026-02-01", "updated_at", between("2026-01-01", "2026-02-01")),
        ("updatedAt=2026-01-01..inf", "updated_at", since("2026-01-01")),
        ("updatedAt=2026-01-01..", "updated_at", since("2026-01-01")),
        ("updatedAt=neginf..2026-01-01", "updated_at", before("2026-01-01")),
        ("owner=__null__", "owner", is_empty()),
        ("owner=__notnull__", "owner", is_set()),
        ("account.name=Acme", "account__name", "Acme"),
        ("from=+1", "from_", "+1"),
        ("name=", "name", ""),
        ("name=a=b", "name", "a=b"),
    ],
)
def test_a_filter_is_read_in_the_short_grammar(text: str, name: str, value: Any) -> None:
    assert selection.filters([text]) == {name: value}


@pytest.mark.parametrize("texts", [["title"], ["=x"], ["a..b=1"], ["title=a", "title=b"]])
def test_what_is_no_filter_is_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        selection.filters(texts)


def test_a_range_without_ends_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one end"):
        selection.filters(["updatedAt=.."])


def test_filters_of_unknown_collections_go_out_as_written() -> None:
    assert selection.raw_filters(["amount=5..inf", "account.id=7", "first_name=A"]) == {
        "filter[amount]": "5..inf",
        "filter[account][id]": "7",
        "filter[firstName]": "A",
    }


def test_sort_keys_keep_their_direction() -> None:
    assert selection.sort_keys(["-updatedAt,first_name", "from"]) == ["-updated_at", "first_name", "from_"]


def test_fields_belong_to_the_listed_type_unless_they_name_another() -> None:
    found = selection.fields(["firstName, lastName", "account:name", "account:domain"], "prospect")
    assert found == {"prospect": ["first_name", "last_name"], "account": ["name", "domain"]}
    assert selection.columns(found, "prospect") == ["id", "firstName", "lastName"]
    assert selection.columns({}, "prospect") == []


@pytest.mark.parametrize("text", ["", ",", "account:", ":name"])
def test_fields_without_a_name_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="names no fields"):
        selection.fields([text], "prospect")
