from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.token_records import read_token, read_tokens, write_token, write_tokens
from outreach_async.protocol.tokens import Token

TOKEN = Token(
    Secret("at-canary"),
    Secret("rt-canary"),
    8200.5,
    frozenset({"users.read", "prospects.all"}),
    1000.25,
    seed="ab" * 32,
    org_id="7",
    asked_at=1001.0,
    generation=4,
)
BARE = Token(Secret("x"), None, 1.0, None, 0.0)
WHOLE = write_tokens({"ada": TOKEN, "bob": BARE})


def reverse(data: bytes) -> bytes:
    return data[::-1].hex().encode()


def unreverse(data: bytes) -> bytes:
    return bytes.fromhex(data.decode())[::-1]


def test_tokens_come_back_as_they_were() -> None:
    assert read_tokens(WHOLE) == {"ada": TOKEN, "bob": BARE}
    assert read_token(write_token(TOKEN)) == TOKEN


def test_sealed_tokens_come_back_and_lie_nowhere_in_clear() -> None:
    data = write_tokens({"ada": TOKEN}, reverse)
    assert b"canary" not in data
    assert b"ada" not in data
    assert read_tokens(data, unreverse) == {"ada": TOKEN}


def test_a_plain_document_is_read_with_a_key_too() -> None:
    assert read_tokens(WHOLE, unreverse)["ada"] == TOKEN


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(WHOLE) | fields).encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "damaged"),
        (b"{}", "damaged"),
        (b"null", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b'{"x":' * 100_000, "damaged"),
        (WHOLE[:-40], "damaged"),
        (WHOLE.replace(b'"refresh"', b'"refused"', 1), "damaged"),
        (WHOLE.replace(b"8200.5", b"1e999"), "damaged"),
        (WHOLE.replace(b"8200.5", b"NaN"), "damaged"),
        (WHOLE + WHOLE, "damaged"),
        (changed(tokens=None), "holds no tokens"),
        (changed(more=1), "damaged"),
        (changed(version="1"), "damaged"),
        (changed(version=2), "format 2"),
        (changed(version=2, tokens=[1]), "format 2"),
        (changed(version=0), "format 0"),
        (changed(format="other"), "not a token file"),
        (changed(tokens=None, sealed="00"), "no key was given"),
    ],
)
def test_what_is_not_whole_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        read_tokens(data)
    assert "canary" not in str(caught.value)


def test_another_key_is_told() -> None:
    def refuse(data: bytes) -> bytes:
        raise ValueError(data)

    with pytest.raises(ConfigurationError, match="key is another one"):
        read_tokens(write_tokens({"ada": TOKEN}, reverse), refuse)


def test_what_a_wrong_key_makes_of_it_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="damaged"):
        read_tokens(write_tokens({"ada": TOKEN}, reverse), lambda _: b"\x00\x01")


@settings(max_examples=200)
@given(st.data())
def test_no_damage_gives_another_error_or_another_token(data: st.DataObject) -> None:
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                raw[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del raw[at : at + data.draw(st.integers(1, 50))]
            case _:
                raw[at:at] = data.draw(st.binary(max_size=10))
        if not raw:
            break
    told, tokens = "", {}
    try:
        tokens = read_tokens(bytes(raw))
    except ConfigurationError as error:
        told = str(error)
    assert "canary" not in told
    assert all(isinstance(token, Token) for token in tokens.values())


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_clear_error(raw: bytes) -> None:
    with pytest.raises(ConfigurationError):
        read_tokens(raw)
    with pytest.raises(ConfigurationError):
        read_token(raw)
