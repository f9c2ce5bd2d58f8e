from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError, SignInRequired
from outreach_async.protocol.grants import authorize_url, challenge, code_request, read_callback, refresh_request
from outreach_async.protocol.messages import FORM
from outreach_async.protocol.redaction import Secret

ORIGIN = "https://api.outreach.io"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
STATE = "s" * 32


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "é", "a" * 43 + "\n"])
def test_a_verifier_outside_the_rfc_is_refused(verifier: str) -> None:
    with pytest.raises(ConfigurationError):
        challenge(verifier)


def test_the_authorize_url_carries_exactly_the_documented_fields() -> None:
    url = authorize_url(
        ORIGIN,
        client_id="app/1",
        redirect_uri="https://x.example/cb?a=1&b=2",
        scopes=["prospects.read", "users.read"],
        state="a b&c",
    )
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "api.outreach.io", "/oauth/authorize")
    assert parse_qs(parts.query) == {
        "client_id": ["app/1"],
        "redirect_uri": ["https://x.example/cb?a=1&b=2"],
        "response_type": ["code"],
        "scope": ["prospects.read users.read"],
        "state": ["a b&c"],
    }
    assert " " not in url
    assert "+" not in url


def test_pkce_is_s256() -> None:
    url = authorize_url(ORIGIN, client_id="a", redirect_uri="b", scopes=[], state="s", verifier=VERIFIER)
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge"] == [challenge(VERIFIER)]
    assert query["code_challenge_method"] == ["S256"]
    assert VERIFIER not in url


def test_a_sign_in_without_state_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="state"):
        authorize_url(ORIGIN, client_id="a", redirect_uri="b", scopes=[], state="")


APP = {"client_id": "cid", "client_secret": Secret("sec&ret"), "redirect_uri": "https://x.example/cb"}


def fields(body: bytes | None) -> dict[str, list[str]]:
    assert body is not None
    return parse_qs(body.decode("ascii"), strict_parsing=True)


def test_a_code_is_exchanged_as_documented() -> None:
    request = code_request(ORIGIN, **APP, code="c/1+2", verifier=VERIFIER)  # type: ignore[arg-type]
    assert (request.method, request.url, request.media_type) == ("POST", ORIGIN + "/oauth/token", FORM)
    assert request.replay is False
    assert fields(request.body) == {
        "client_id": ["cid"],
        "client_secret": ["sec&ret"],
        "redirect_uri": ["https://x.example/cb"],
        "grant_type": ["authorization_code"],
        "code": ["c/1+2"],
        "code_verifier": [VERIFIER],
    }


def test_without_a_verifier_none_is_sent() -> None:
    request = code_request(ORIGIN, **APP, code="c")  # type: ignore[arg-type]
    assert "code_verifier" not in fields(request.body)


def test_a_refresh_is_asked_for_as_documented() -> None:
    request = refresh_request(ORIGIN, **APP, refresh_token=Secret("rt"))  # type: ignore[arg-type]
    assert fields(request.body) == {
        "client_id": ["cid"],
        "client_secret": ["sec&ret"],
        "redirect_uri": ["https://x.example/cb"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["rt"],
    }


def test_no_request_prints_its_secrets() -> None:
    request = refresh_request(ORIGIN, **APP, refresh_token=Secret("rt-canary"))  # type: ignore[arg-type]
    curl = SignInRequired("x", request=request).as_curl()
    assert "canary" not in repr(request) + curl
    assert "sec" not in curl.replace("client_secret", "")


@pytest.mark.parametrize(
    "callback",
    [
        f"https://x.example/cb?code=c1&state={STATE}",
        f"https://x.example/cb?state={STATE}&code=c1#x",
        f"/cb?code=c1&state={STATE}",
        f"code=c1&state={STATE}",
        f"?code=c1&state={STATE}&scope=a+b",
        f"code=c1&state={STATE}&next=https://x/?y",
    ],
)
def test_the_code_is_read_from_a_url_or_a_query(callback: str) -> None:
    assert read_callback(callback, state=STATE) == "c1"


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        ("", "state"),
        ("code=c1", "state"),
        ("code=c1&state=", "state"),
        ("code=c1&state=other", "state"),
        (f"code=c1&state={STATE}x", "state"),
        (f"code=c1&state={STATE[:-1]}%C3%A9", "state"),
        (f"code=c1&state={STATE}&state={STATE}", "twice"),
        (f"code=c1&code=c2&state={STATE}", "twice"),
        (f"state={STATE}", "no code"),
        (f"code=&state={STATE}", "no code"),
        (f"code=c1&state={STATE}&iss=https://evil.example", "another server"),
        (f"error=access_denied&state={STATE}", "access_denied"),
        (f"error=access_denied&code=c1&state={STATE}", "access_denied"),
        ("error=access_denied&error_description=The+user+said+no", "said no"),
        ("error=access_denied&state=other", "state"),
        ("code=%FF&state=x", "cannot be read"),
        ("http://[?code=x", "cannot be read"),
        ("&".join(f"a{n}=1" for n in range(40)), "cannot be read"),
        ("code=" + "c" * 9000, "too long"),
    ],
)
def test_a_forged_denied_or_broken_answer_is_refused(callback: str, why: str) -> None:
    with pytest.raises(SignInRequired, match=why):
        read_callback(callback, state=STATE, issuer=ORIGIN)


def test_an_issuer_that_is_ours_is_fine() -> None:
    assert read_callback(f"code=c&state={STATE}&iss={ORIGIN}", state=STATE, issuer=ORIGIN) == "c"
    assert read_callback(f"code=c&state={STATE}&iss=x", state=STATE) == "c"


def test_an_empty_expected_state_matches_nothing() -> None:
    with pytest.raises(SignInRequired, match="state"):
        read_callback("code=c&state=", state="")


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_text_is_taken_for_an_answer(text: str) -> None:
    with pytest.raises(SignInRequired):
        read_callback(text, state=STATE)
