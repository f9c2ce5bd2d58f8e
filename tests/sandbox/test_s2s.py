from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from outreach_async.protocol.messages import Headers, Response
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.s2s import S2S, Install, key_pair
from outreach_async.sandbox.switches import Switches
from outreach_async.sandbox.tokens import IssuedTokens

NOW = 1_795_305_600.0
GUID = "guid-1"


@pytest.fixture
def s2s() -> S2S:
    app = S2S(IssuedTokens(1), GUID, Switches())
    app.register("first", lambda: key_pair().public)
    app.installs["in-1"] = Install("in-1", 7)
    return app


def app_token(**changes: Any) -> str:
    key = changes.pop("key", key_pair().private)
    claims = {"iss": GUID, "iat": NOW - 30, "exp": NOW + 3570} | changes
    return jwt.encode(claims, key, algorithm="RS256")


def ask(s2s: S2S, path: str, token: str, now: float = NOW) -> Response | None:
    headers = Headers({"authorization": f"Bearer {token}"})
    return s2s.answer(Call("POST", path, (), headers, b"", now, "http://sandbox"))


def access(s2s: S2S, token: str, now: float = NOW, install: str = "in-1") -> Response:
    response = ask(s2s, f"/api/app/installs/{install}/actions/accessToken", token, now)
    assert response is not None
    return response


def test_a_signed_app_token_buys_the_installations_token(s2s: S2S) -> None:
    response = access(s2s, app_token())
    data = json.loads(response.body)["data"]
    assert response.status == 200
    assert data["relationships"]["org"]["data"]["id"] == 7
    actor = s2s._tokens.actor_of(data["meta"]["accessToken"], NOW + 3599)
    assert actor is not None
    assert (actor.kind, actor.user_id, actor.subject) == ("install", None, "install:in-1")
    assert actor.scopes
    assert "prospects.all" in actor.scopes
    assert s2s._tokens.actor_of(data["meta"]["accessToken"], NOW + 3600) is None


def test_the_older_path_works_too(s2s: S2S) -> None:
    response = ask(s2s, "/api/installs/in-1/actions/accessToken", app_token())
    assert response is not None
    assert response.status == 200


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        app_token(iss="somebody else"),
        app_token(exp=NOW),
        app_token(iat=NOW + 3600, exp=NOW + 7000),
        app_token(exp=NOW + 3600),
        app_token(iat="yesterday"),
        jwt.encode({"iss": GUID, "iat": NOW, "exp": NOW + 60}, "k" * 32, algorithm="HS256"),
        jwt.encode({"iss": GUID, "iat": NOW, "exp": NOW + 60}, None, algorithm="none"),
        app_token(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    ],
)
def test_what_the_app_did_not_sign_is_refused_in_the_gateways_words(s2s: S2S, token: str) -> None:
    response = access(s2s, token)
    assert response.status == 401
    assert response.body == b'{"error":"Invalid JWT token.","description":"The JWT token could not be decoded."}'


def test_fractional_times_are_tolerated(s2s: S2S) -> None:
    assert access(s2s, app_token(iat=NOW - 0.5, exp=NOW + 3599.5)).status == 200


def test_a_second_registered_key_signs_as_well(s2s: S2S) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = app_token(key=other)
    assert access(s2s, token).status == 401
    from cryptography.hazmat.primitives import serialization as pem

    public = other.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    s2s.register("second", public.decode())
    assert access(s2s, token).status == 200
    assert access(s2s, app_token()).status == 200


def test_a_setup_token_names_the_installation_once_and_for_fifteen_minutes(s2s: S2S) -> None:
    first, second = s2s.setup_token("in-1", NOW), s2s.setup_token("in-1", NOW)

    def exchange(token: str, now: float) -> Response:
        response = ask(s2s, f"/api/app/installs/{token}/actions/setupToken", app_token(), now)
        assert response is not None
        return response

    assert json.loads(exchange(first, NOW + 899).body)["data"]["id"] == "in-1"
    assert exchange(first, NOW + 899).status == 404
    assert exchange(second, NOW + 900).status == 404
    assert exchange("unknown", NOW).status == 404


@pytest.mark.parametrize("state", ["locked", "deleted"])
def test_a_locked_or_deleted_org_gets_nothing(s2s: S2S, state: Any) -> None:
    s2s.set_org_state("in-1", state)
    assert access(s2s, app_token()).status == 403
    s2s.switches = Switches(locked_org="422")
    assert access(s2s, app_token()).status == 422
    s2s.set_org_state("in-1", "active")
    assert access(s2s, app_token()).status == 200


def test_an_unknown_installation_and_other_paths_are_not_found(s2s: S2S) -> None:
    assert access(s2s, app_token(), install="in-2").status == 404
    assert ask(s2s, "/api/app/installs/in-1/actions/other", app_token()) is None
    assert ask(s2s, "/api/app/installs/in-1", app_token()) is None


def test_the_throttle_is_off_and_can_be_switched_on(s2s: S2S) -> None:
    assert access(s2s, app_token()).status == access(s2s, app_token()).status == 200
    s2s.switches = Switches(s2s_throttle=60.0)
    assert access(s2s, app_token()).body == b"Retry later\n"
    assert s2s.throttled == 1
    later = app_token(iat=NOW, exp=NOW + 3600)
    s2s.shift(-60)
    assert access(s2s, later).status == 200


@pytest.mark.parametrize(("switch", "subject"), [("app", f"app:{GUID}"), ("org", "org:7")])
def test_what_requests_count_against_is_a_switch(s2s: S2S, switch: Any, subject: str) -> None:
    s2s.switches = Switches(s2s_subject=switch)
    assert s2s.actor(s2s.installs["in-1"]).subject == subject
