from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import CredentialError, InvalidResponse, OutreachError, SignInRequired
from outreach_async.protocol.grant_answers import read_grant, refusal_text
from outreach_async.protocol.messages import Headers, Request, Response
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import Token

NOW = 1_795_428_000.0
DATE = "Mon, 23 Nov 2026 10:00:00 GMT"
REQUEST = Request("POST", "https://api.outreach.io", "/oauth/token", route="/oauth/token")
PREVIOUS = Token(Secret("old"), Secret("rt-old"), 0.0, frozenset({"users.read"}), 0.0, seed="s", generation=6)
GRANT = {
    "access_token": "at-new",
    "token_type": "bearer",
    "expires_in": 7200,
    "refresh_token": "rt-new",
    "scope": "prospects.read users.read",
    "created_at": 1_795_428_000,
}


def answer(status: int = 200, body: object = None, headers: dict[str, str] | None = None) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, Headers(headers or {}), raw)


def read(response: Response, previous: Token | None = PREVIOUS) -> Token:
    return read_grant(REQUEST, response, now=NOW, previous=previous)


def test_a_grant_is_read_whole() -> None:
    assert read(answer(body=GRANT)) == Token(
        Secret("at-new"),
        Secret("rt-new"),
        NOW + 7200,
        frozenset({"prospects.read", "users.read"}),
        NOW,
        seed="s",
        generation=7,
    )


def test_the_first_grant_has_no_past() -> None:
    token = read(answer(body=GRANT), None)
    assert (token.seed, token.generation) == ("", 1)


def test_what_the_answer_leaves_out_is_kept() -> None:
    token = read(answer(body={"access_token": "at"}))
    assert (token.refresh, token.scopes, token.expires_at) == (PREVIOUS.refresh, PREVIOUS.scopes, NOW + 7200)


def test_what_nobody_said_is_unknown() -> None:
    token = read(answer(body={"access_token": "at", "scope": "", "refresh_token": None}), None)
    assert (token.refresh, token.scopes) == (None, None)


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER"])
def test_the_token_type_is_compared_without_case(kind: str) -> None:
    assert read(answer(body=GRANT | {"token_type": kind})).access == Secret("at-new")


@pytest.mark.parametrize(
    ("told", "life"),
    [(7200, 7200), ("3600", 3600), (59.5, 59.5), (None, 7200), (0, 7200), (-1, 7200), ("soon", 7200), (True, 7200),
     ([], 7200), (10**400, 7200), (1e12, 400 * 86400)],
)  # fmt: skip
def test_the_life_is_read_leniently_and_bounded(told: object, life: float) -> None:
    assert read(answer(body=GRANT | {"expires_in": told})).expires_at == NOW + life


def test_an_old_token_is_known_by_the_servers_own_clock() -> None:
    old = GRANT | {"created_at": 1_795_428_000 - 1000}
    assert read(answer(body=old, headers={"Date": DATE})).expires_at == NOW + 6200
    assert read(answer(body=old)).expires_at == NOW + 7200, "without a Date, our clock may be the one that is wrong"
    assert read(answer(body=GRANT | {"created_at": 0}, headers={"Date": DATE})).expires_at == NOW
    assert read(answer(body=GRANT | {"created_at": 9e9}, headers={"Date": DATE})).expires_at == NOW + 7200
    assert read(answer(body=GRANT | {"created_at": None}, headers={"Date": DATE})).expires_at == NOW + 7200


@pytest.mark.parametrize(
    "body",
    [
        b"<html>welcome</html>",
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        {},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": 5},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "é"},
        {"access_token": "a", "token_type": "mac"},
        {"access_token": "a", "token_type": 1},
    ],
)
def test_a_success_without_a_bearer_token_is_invalid(body: object) -> None:
    with pytest.raises(InvalidResponse):
        read(answer(body=body))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "invalid_grant", "error_description": "revoked"}),
        (401, {"error": "invalid_grant"}),
        (401, b""),
        (400, b"<html>no</html>"),
        (403, {"error": "access_denied"}),
        (400, {"errors": [{"id": "expiredToken", "detail": "gone"}]}),
    ],
)
def test_a_refused_grant_asks_for_a_sign_in(status: int, body: object) -> None:
    with pytest.raises(SignInRequired) as caught:
        read(answer(status, body))
    assert caught.value.retry_at is None


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        (401, {"error": "invalid_client"}, "client id"),
        (400, {"error": "unauthorized_client"}, "developer portal"),
        (400, {"error": "invalid_scope"}, "scopes"),
        (400, {"error": "invalid_request"}, "redirect URI"),
        (400, {"error": "unsupported_grant_type"}, "base URL"),
        (403, b"<html>blocked</html>", "base URL"),
        (404, b"", "base URL"),
        (302, b"", "base URL"),
    ],
)
def test_a_refused_application_is_not_cured_by_signing_in(status: int, body: object, hint: str) -> None:
    with pytest.raises(CredentialError, match=hint) as caught:
        read(answer(status, body))
    assert not isinstance(caught.value, SignInRequired)
    assert caught.value.retry_at is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, 60), ({"Retry-After": "5"}, 60), ({"Retry-After": "90"}, 90), ({"Retry-After": "999999"}, 3600),
     ({"Retry-After": "junk"}, 60)],
)  # fmt: skip
def test_the_throttle_says_when(headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(CredentialError, match="Retry later") as caught:
        read(answer(429, b"Retry later", headers))
    assert caught.value.retry_at == NOW + seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_failed_server_may_have_made_the_grant(status: int) -> None:
    with pytest.raises(CredentialError) as caught:
        read(answer(status, b"<html>Bad gateway</html>"))
    assert caught.value.retry_at == NOW + 60


def test_another_interval_counts_for_waits() -> None:
    for status in (429, 500):
        with pytest.raises(CredentialError) as caught:
            read_grant(REQUEST, answer(status, b""), now=NOW, previous=None, interval=2.0)
        assert caught.value.retry_at == NOW + 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": "x", "error_description": "y"}', ("x", "y")),
        (b'{"error": "x", "description": "y"}', ("x", "y")),
        (b'{"errors": [{"id": "x", "title": "t", "detail": "y"}]}', ("x", "y")),
        (b'{"errors": [{"id": "x", "title": "t"}]}', ("x", "t")),
        (b'{"errors": []}', ("", '{"errors": []}')),
        (b'{"errors": ["x"]}', ("", '{"errors": ["x"]}')),
        (b'{"error": {"a": 1}}', ("", '{"error": {"a": 1}}')),
        (b"Retry later", ("", "Retry later")),
        (b"", ("", "")),
    ],
)
def test_every_spelling_of_an_error_is_read(body: bytes, told: tuple[str, str]) -> None:
    assert refusal_text(body) == told


def test_no_error_quotes_a_token() -> None:
    with pytest.raises(OutreachError) as caught:
        read(answer(400, {"error": "invalid_grant", "error_description": "Bearer eyJcanary.canary.canary refused"}))
    assert "canary" not in str(caught.value)


@settings(max_examples=200)
@given(st.integers(200, 599), st.binary(max_size=100), st.text(max_size=30))
def test_any_answer_gives_a_token_or_a_typed_error(status: int, body: bytes, header: str) -> None:
    with contextlib.suppress(OutreachError):
        read(Response(status, {"date": header, "retry-after": header}, body))
