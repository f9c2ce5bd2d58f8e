from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.cli.rows import cell, flat, headline, masked, may_hold_secret, shown

PROSPECT: dict[str, Any] = {
    "type": "prospect",
    "id": 1,
    "attributes": {"firstName": "Ada", "emails": ["ada@example.com"], "custom1": "x", "optedOut": False},
    "relationships": {
        "account": {"data": {"type": "account", "id": 7}},
        "owner": {"data": None},
        "batches": {"links": {"related": "https://api.outreach.io/..."}},
        "favorites": {"data": [{"type": "favorite", "id": 2}, {"type": "favorite", "id": 3}]},
    },
}


def test_a_row_is_flattened_to_values_and_related_ids() -> None:
    assert flat(PROSPECT) == {
        "id": 1,
        "firstName": "Ada",
        "emails": ["ada@example.com"],
        "custom1": "x",
        "optedOut": False,
        "account": 7,
        "owner": None,
        "favorites": [2, 3],
    }


def test_the_headline_is_what_people_look_for_and_what_has_values() -> None:
    rows = [flat(PROSPECT), {"id": 2, "lastName": "Byron", "title": None, "nickname": ""}]
    assert headline(rows) == ["id", "firstName", "lastName", "emails", "optedOut", "account", "favorites"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), ("a,b", "a,b"), (True, "true"), (1.5, "1.5"), ({"a": [1]}, '{"a": [1]}'), ([1, 2], "[1, 2]")],
)
def test_a_cell_is_text_or_json(value: Any, expected: str) -> None:
    assert cell(value) == expected


def test_a_table_shows_short_lists_and_cuts_long_texts() -> None:
    assert shown(["a", "b"]) == "a, b"
    assert shown("x" * 100, limit=5) == "xxxx…"


@pytest.mark.parametrize("name", ["secret", "cleanupToken", "smtpPassword", "sendgridApiKey", "access_token"])
def test_secrets_in_documents_are_masked(name: str) -> None:
    document = {"data": [{"attributes": {name: "canary", "url": "https://example.com"}}]}
    assert may_hold_secret(json.dumps(document).encode())
    assert masked(document) == {"data": [{"attributes": {name: "***", "url": "https://example.com"}}]}


def test_what_is_no_secret_stays() -> None:
    document = {"passwordExpiresAt": "2026-01-01", "emailSignature": "Ada", "secret": None, "secretary": "Sam"}
    assert masked(document) == document
