from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import GRANT_INTERVAL, Token, digest, grant_allowed_at, seeded

TOKEN = Token(Secret("at-1"), Secret("rt-1"), 8200.0, frozenset({"users.read"}), 1000.0, seed="d", generation=3)


def test_a_token_prints_masked() -> None:
    shown = repr(TOKEN) + str(TOKEN)
    assert "at-1" not in shown
    assert "rt-1" not in shown


def test_its_header_is_bearer() -> None:
    assert TOKEN.authorization == "Bearer at-1"


def test_it_serves_until_half_a_minute_before_it_expires() -> None:
    assert TOKEN.live(8169.9)
    assert not TOKEN.live(8170.0)


def test_a_short_life_gives_up_a_tenth() -> None:
    token = replace(TOKEN, granted_at=1000.0, expires_at=1010.0)
    assert token.live(1008.9)
    assert not token.live(1009.0)


def test_a_token_without_a_value_never_serves() -> None:
    assert not replace(TOKEN, access=Secret("")).live(0.0)


def test_renewal_is_due_five_to_ten_minutes_early() -> None:
    assert TOKEN.renew_at(0.0) == 8200.0 - 300.0
    assert TOKEN.renew_at(1.0) == 8200.0 - 600.0


@given(life=st.floats(0, 1e6), jitter=st.floats(0, 1))
def test_renewal_is_due_within_the_life_and_before_its_end(life: float, jitter: float) -> None:
    token = replace(TOKEN, granted_at=1000.0, expires_at=1000.0 + life)
    assert 1000.0 + 0.65 * life <= token.renew_at(jitter) <= token.unusable_at <= token.expires_at


def test_a_grant_is_allowed_a_minute_after_the_last() -> None:
    assert grant_allowed_at(TOKEN, 1010.0) == 1060.0


def test_a_grant_that_was_asked_for_in_vain_counts_too() -> None:
    assert grant_allowed_at(replace(TOKEN, asked_at=5000.0), 5001.0) == 5060.0


def test_the_interval_can_be_another() -> None:
    assert grant_allowed_at(TOKEN, 1010.0, 2.0) == 1002.0


def test_a_time_from_a_wrong_clock_is_not_waited_for() -> None:
    assert grant_allowed_at(replace(TOKEN, granted_at=1e12), 1000.0) == 1000.0
    assert grant_allowed_at(replace(TOKEN, granted_at=1050.0), 1000.0) == 1050.0 + GRANT_INTERVAL


def test_no_seed_leaves_what_is_stored() -> None:
    assert seeded(TOKEN, None) is TOKEN
    assert seeded(None, Secret("")) is None


def test_a_seed_begins_an_empty_store() -> None:
    token = seeded(None, Secret("rt-0"))
    assert token is not None
    assert token.refresh == Secret("rt-0")
    assert token.seed == digest("rt-0")
    assert not token.live(0.0)
    assert grant_allowed_at(token, 1e9) <= 1e9


def test_the_seed_that_began_the_stored_line_changes_nothing() -> None:
    stored = replace(TOKEN, seed=digest("rt-0"))
    assert seeded(stored, Secret("rt-0")) is stored


def test_another_seed_replaces_the_stored_pair_and_keeps_the_time_of_the_last_grant() -> None:
    token = seeded(TOKEN, Secret("rt-9"))
    assert token is not None
    assert (token.refresh, token.access, token.scopes) == (Secret("rt-9"), Secret(""), None)
    assert token.granted_at == TOKEN.granted_at
    assert token.generation == TOKEN.generation + 1


def test_a_digest_reveals_nothing_and_takes_any_text() -> None:
    assert "rt" not in digest("rt-0")
    assert len(digest("\ud800")) == 64
