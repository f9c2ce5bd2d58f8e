from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from outreach_async.protocol.grants import authorize_url
from outreach_async.protocol.messages import FORM, JSON, NO_HEADERS, Headers, Response
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.oauth import Application, OAuth
from outreach_async.sandbox.switches import Switches
from outreach_async.sandbox.tokens import IssuedTokens

NOW = 1_795_305_600.0
REDIRECT = "http://127.0.0.1:8766/callback"
CLIENT = {"client_id": "app-1", "client_secret": "hush"}


class Server:
    """The OAuth server with its tokens, and the calls a client makes."""

    def __init__(self, **switches: Any) -> None:
        self.tokens = IssuedTokens(1)
        self.oauth = OAuth(self.tokens, Application("app-1", "hush", (REDIRECT,)), Switches(**switches))

    def authorize(self, now: float = NOW, **asked: str) -> Response:
        query = {"client_id": "app-1", "redirect_uri": REDIRECT, "response_type": "code", "state": "s1"} | asked
        return self.oauth.authorize(Call("GET", "/oauth/authorize", tuple(query.items()), NO_HEADERS, b"", now, ""))

    def code(self, now: float = NOW, **asked: str) -> str:
        return redirected(self.authorize(now, **asked))["code"]

    def token(self, now: float = NOW, *, how: str = "form", **fields: str) -> Response:
        fields = CLIENT | fields
        body, kind, query = urlencode(fields).encode(), FORM, ()
        if how == "json":
            body, kind = json.dumps(fields).encode(), JSON
        if how == "query":
            body, query = b"", tuple(fields.items())
        return self.oauth.token(Call("POST", "/oauth/token", query, Headers({"content-type": kind}), body, now, ""))

    def refresh(self, refresh_token: str, now: float = NOW, **fields: str) -> Response:
        return self.token(now, grant_type="refresh_token", refresh_token=refresh_token, **fields)

    def use(self, grant: Response, now: float) -> bool:
        return self.tokens.actor_of(json.loads(grant.body)["access_token"], now) is not None


def redirected(response: Response) -> dict[str, str]:
    assert response.status == 302
    assert response.headers["location"].startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


def next_refresh(response: Response) -> str:
    assert response.status == 200, response.body
    text: str = json.loads(response.body)["refresh_token"]
    return text


def refused(response: Response) -> str:
    assert response.status == 400
    error: str = json.loads(response.body)["error"]
    return error


@pytest.mark.parametrize("how", ["form", "json", "query"])
def test_a_code_is_exchanged_for_a_pair(how: str) -> None:
    server = Server()
    code = server.code(scope="prospects.read users.read")
    response = server.token(how=how, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    grant = json.loads(response.body)
    assert response.status == 200
    assert set(grant) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "created_at"}
    assert (grant["expires_in"], grant["created_at"]) == (7200, int(NOW))
    assert grant["scope"] == "prospects.read users.read"
    actor = server.tokens.actor_of(grant["access_token"], NOW + 7199)
    assert actor is not None
    assert actor.scopes == {"prospects.read", "users.read"}
    assert server.tokens.actor_of(grant["access_token"], NOW + 7200) is None


def test_a_code_works_once_shortly_and_only_with_its_redirect_uri() -> None:
    server = Server(mint_throttle=0)
    fields = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    code = server.code()
    assert refused(server.token(code=code, grant_type="authorization_code")) == "invalid_grant"
    assert refused(server.token(code=code, **fields | {"redirect_uri": REDIRECT + "/"})) == "invalid_grant"
    assert server.token(code=code, **fields).status == 200
    assert refused(server.token(code=code, **fields)) == "invalid_grant"
    assert refused(server.token(NOW + 600, code=server.code(), **fields)) == "invalid_grant"


def test_the_authorise_page_echoes_the_state_and_refuses_by_redirect() -> None:
    server = Server()
    assert redirected(server.authorize())["state"] == "s1"
    assert redirected(server.authorize(deny="1")) == {"error": "access_denied", "state": "s1"}
    assert redirected(server.authorize(scope="moon.read"))["error"] == "invalid_scope"
    assert redirected(server.authorize(response_type="token"))["error"] == "unsupported_response_type"


@pytest.mark.parametrize("asked", [{"client_id": "other"}, {"redirect_uri": "http://evil.example/"}])
def test_what_is_not_registered_is_never_redirected_to(asked: dict[str, str]) -> None:
    response = Server().authorize(**asked)
    assert response.status == 400
    assert "location" not in response.headers


def test_the_page_asks_before_it_sends_back() -> None:
    server = Server(authorize="page")
    page = server.authorize(state='"><script>')
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert b"approve=1" in page.body
    assert b"<script>" not in page.body
    assert "code" in redirected(server.authorize(approve="1"))


def test_the_clients_own_url_is_understood() -> None:
    server = Server()
    url = authorize_url(
        "http://x", client_id="app-1", redirect_uri=REDIRECT, scopes=["users.all"], state="s", verifier=None
    )
    call = Call("GET", "/oauth/authorize", tuple(parse_qsl(urlsplit(url).query)), NO_HEADERS, b"", NOW, "")
    assert "code" in redirected(server.oauth.authorize(call))


@pytest.mark.parametrize("fields", [{"client_secret": "wrong"}, {"client_id": "nobody"}, {"client_secret": ""}])
def test_an_unknown_client_is_401(fields: dict[str, str]) -> None:
    response = Server().token(grant_type="refresh_token", refresh_token="x", **fields)
    assert response.status == 401
    assert json.loads(response.body)["error"] == "invalid_client"


def test_bad_requests_have_oauths_own_words() -> None:
    server = Server()
    assert refused(server.token(grant_type="password")) == "unsupported_grant_type"
    assert refused(server.token()) == "invalid_request"
    assert refused(server.refresh("unknown")) == "invalid_grant"
    call = Call("POST", "/oauth/token", (), NO_HEADERS, b"{not json", NOW, "")
    assert refused(server.oauth.token(call)) == "invalid_request"
    strict = Server(token_error="401")
    assert strict.refresh("unknown").status == 401


def test_a_refresh_needs_no_redirect_uri_but_a_wrong_one_is_refused() -> None:
    server = Server(mint_throttle=0)
    first = server.oauth.refresh_token("ada", "app-1", NOW)
    second = next_refresh(server.refresh(first))
    third = next_refresh(server.refresh(second, redirect_uri=REDIRECT))
    assert refused(server.refresh(third, redirect_uri="http://evil.example/")) == "invalid_grant"


def test_refresh_tokens_die_after_fourteen_days() -> None:
    server = Server()
    token = server.oauth.refresh_token("ada", "app-1", NOW)
    assert refused(server.refresh(token, NOW + 14 * 86_400)) == "invalid_grant"
    assert server.refresh(token, NOW + 14 * 86_400 - 1).status == 200


def test_one_grant_a_minute_for_a_user_and_app() -> None:
    server = Server()
    token = next_refresh(server.refresh(server.oauth.refresh_token("ada", "app-1", NOW)))
    early = server.refresh(token, NOW + 59.9)
    assert (early.status, early.body) == (429, b"Retry later\n")
    assert early.headers["content-type"].startswith("text/plain")
    assert server.oauth.throttled == 1
    assert server.refresh(server.oauth.refresh_token("bob", "app-1", NOW), NOW + 1).status == 200
    assert server.refresh(token, NOW + 60).status == 200
    code = server.code(NOW + 61)
    exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    assert server.token(NOW + 61, **exchange).status == 429
    assert server.token(NOW + 120, **exchange).status == 200


def test_rotation_revoke_immediately() -> None:
    server = Server(mint_throttle=0, rotation="revoke_immediately")
    old = server.oauth.refresh_token("ada", "app-1", NOW)
    next_refresh(server.refresh(old))
    assert refused(server.refresh(old)) == "invalid_grant"


def test_rotation_revoke_on_first_use() -> None:
    server = Server(mint_throttle=0, rotation="revoke_on_first_use")
    old = server.oauth.refresh_token("ada", "app-1", NOW)
    assert server.refresh(old).status == 200
    second = server.refresh(old)
    assert second.status == 200
    assert server.use(second, NOW)
    assert refused(server.refresh(old)) == "invalid_grant"
    assert server.refresh(next_refresh(second)).status == 200


def test_rotation_keep() -> None:
    server = Server(mint_throttle=0, rotation="keep")
    old = server.oauth.refresh_token("ada", "app-1", NOW)
    grants = [server.refresh(old) for _ in range(3)]
    assert all(server.use(grant, NOW) for grant in grants)
    assert server.refresh(old).status == 200


@pytest.mark.parametrize("rotation", ["revoke_immediately", "revoke_on_first_use"])
def test_the_old_access_token_lives_on_unless_switched(rotation: Any) -> None:
    for fate, lives in (("lives", True), ("dies", False)):
        server = Server(mint_throttle=0, rotation=rotation, old_access=fate)
        first = server.refresh(server.oauth.refresh_token("ada", "app-1", NOW))
        second = server.refresh(next_refresh(first))
        assert server.use(second, NOW)
        assert server.use(first, NOW) is lives


def test_the_hundred_and_first_refresh_token_evicts_the_oldest() -> None:
    server = Server()
    given = [server.oauth.refresh_token("ada", "app-1", NOW) for _ in range(101)]
    other = server.oauth.refresh_token("bob", "app-1", NOW)
    assert [text for text in given if server.tokens.refresh(text, NOW) is None] == given[:1]
    assert server.tokens.refresh(other, NOW) is not None


def test_pkce_is_ignored_unless_switched_to_checked() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    asked = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    fields = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    lax, strict = Server(), Server(pkce="checked", mint_throttle=0)
    assert lax.token(code=lax.code(**asked), **fields).status == 200
    code = strict.code(**asked)
    assert refused(strict.token(code=code, **fields)) == "invalid_grant"
    assert refused(strict.token(code=code, code_verifier="x" * 43, **fields)) == "invalid_grant"
    assert strict.token(code=code, code_verifier=verifier, **fields).status == 200
    assert strict.token(code=strict.code(), **fields).status == 200


def test_revocation_kills_access_and_on_demand_the_grant() -> None:
    server = Server(mint_throttle=0)
    grant = server.refresh(server.oauth.refresh_token("ada", "app-1", NOW))
    bobs = server.oauth.access_token("bob", "app-1", None, NOW)
    assert server.tokens.revoke("user:ada") == 1
    assert not server.use(grant, NOW)
    assert server.tokens.actor_of(bobs, NOW) is not None
    assert server.refresh(next_refresh(grant)).status == 200
    server.tokens.revoke("user:ada", user="ada", refresh=True)
    assert refused(server.refresh(next_refresh(grant))) == "invalid_grant"


def test_tokens_repeat_with_the_seed_and_look_like_web_tokens() -> None:
    first, second = Server(), Server()
    tokens = [server.oauth.access_token("ada", "app-1", None, NOW) for server in (first, second)]
    assert tokens[0] == tokens[1]
    assert tokens[0].count(".") == 2
    assert first.oauth.access_token("ada", "app-1", None, NOW) != tokens[0]


def test_expired_tokens_are_forgotten() -> None:
    server = Server()
    for number in range(5000):
        server.oauth.access_token("ada", "app-1", None, NOW + number)
    server.oauth.access_token("ada", "app-1", None, NOW + 100_000)
    assert len(server.tokens._access) < 5000
