from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.scopes import RESERVED_PLANMYSAAS_SCOPES, covers, explain, missing, parse

LEVELS = ("read", "write", "delete", "all")
some_scopes = st.frozensets(st.sampled_from([f"{name}.{level}" for name in ("prospects", "users") for level in LEVELS]))


def test_a_list_of_scopes_is_read() -> None:
    assert parse("prospects.read  accounts.all\n") == {"prospects.read", "accounts.all"}
    assert parse("") == frozenset()


@pytest.mark.parametrize(
    ("granted", "needed", "allowed"),
    [
        ("prospects.read", "prospects.read", True),
        ("prospects.all", "prospects.read", True),
        ("prospects.all", "prospects.delete", True),
        ("prospects.all", "prospects.all", True),
        ("prospects.write", "prospects.read", False),
        ("prospects.read prospects.write prospects.delete", "prospects.all", False),
        ("accounts.all", "prospects.read", False),
        ("scim", "scim", True),
        ("leads:read", "leads:read", True),
        ("leads:all leads:write", "leads:read", False),
        ("", "prospects.read", False),
    ],
)
def test_scopes_do_not_add_up_and_all_covers(granted: str, needed: str, allowed: bool) -> None:
    assert covers(parse(granted), needed) is allowed


@pytest.mark.parametrize(
    ("needed", "would_do"),
    [
        ("prospects.read", ("prospects.read", "prospects.all")),
        ("prospects.all", ("prospects.all",)),
        ("auditLogs.read", ("auditLogs.read",)),
        ("scim", ("scim",)),
        ("leads:read", ("leads:read",)),
    ],
)
def test_what_would_do_is_named(needed: str, would_do: tuple[str, ...]) -> None:
    assert missing(frozenset(), needed) == would_do


@settings(max_examples=100)
@given(some_scopes, st.sampled_from(["prospects.read", "users.all", "users.write"]))
def test_any_one_of_the_missing_scopes_cures(granted: frozenset[str], needed: str) -> None:
    lacking = missing(granted, needed)
    assert bool(lacking) is not covers(granted, needed)
    assert bool(lacking) is bool(explain(granted, needed))
    assert all(covers(granted | {scope}, needed) for scope in lacking)


MANY = frozenset(f"type{number}.read" for number in range(180))


@pytest.mark.parametrize(
    ("granted", "needed", "text"),
    [
        (
            {"prospects.write", "accounts.all"},
            "prospects.read",
            "needs prospects.read or prospects.all; the token has prospects.write",
        ),
        (
            {"users.read", "accounts.all"},
            "prospects.all",
            "needs prospects.all; the token has accounts.all, users.read",
        ),
        (set(), "leads:read", "needs leads:read; the token has no scopes"),
        ({"leads:write"}, "leads:read", "needs leads:read; the token has leads:write"),
        (
            MANY,
            "prospects.read",
            "needs prospects.read or prospects.all; the token has 180 scopes, none for prospects",
        ),
        ({"prospects.all"}, "prospects.read", ""),
    ],
)
def test_the_explanation_names_both_sides(granted: set[str], needed: str, text: str) -> None:
    assert explain(granted, needed) == text


def test_scopes_without_calls_are_known_by_name() -> None:
    assert {"campaigns:write", "sends:read", "sends:trigger"} == RESERVED_PLANMYSAAS_SCOPES
