from __future__ import annotations

import asyncio

import pytest

from outreach_async.engine.clock import SystemClock
from outreach_async.engine.credentials import ApiKey, BearerToken, Credential, OAuthApp, S2SApp, Signer
from outreach_async.engine.environment import required, setting
from outreach_async.engine.token_stores import MemoryTokens
from outreach_async.protocol.errors import ConfigurationError


def bound(credential: Credential, server) -> Signer:
    return credential.bind(server, SystemClock())


@pytest.fixture
def server(token_server, clock):
    return token_server(clock)


async def test_a_bearer_token_signs_as_it_is_until_it_is_refused(server) -> None:
    signer = bound(BearerToken("at-1"), server)
    assert signer.authorization() == "Bearer at-1"
    assert await signer.authorize(0) == "Bearer at-1"
    assert signer.rejected("Bearer at-1") is False
    assert signer.granted is None
    await signer.close()
    assert server.requests == []


async def test_an_api_key_signs_as_it_is(server) -> None:
    signer = bound(ApiKey("pms_live_abcdefghijkl"), server)
    assert signer.authorization() == "Bearer pms_live_abcdefghijkl"


def test_each_credential_spends_a_quota_of_its_own(server) -> None:
    one, two = bound(BearerToken("at-1"), server), bound(BearerToken("at-2"), server)
    assert one.subjects != two.subjects
    assert bound(BearerToken("at-1"), server).subjects == one.subjects
    assert one.org_subject != two.org_subject
    assert "at-1" not in one.subjects[0]


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("pms_live_abcdefghijkl", "pms_live_ab"),
        ("pms_test_abcdefghijkl", "pms_test_ab"),
        ("pms_live_abc", "pms_live"),
        ("abcdefghijklmnop", "ab"),
        ("abc", ""),
        ("pms_live_ab_cd_ef_gh_ij", "pms_live_ab"),
    ],
)
def test_a_keys_prefix_may_be_shown_and_the_rest_not(key: str, prefix: str) -> None:
    credential = ApiKey(key)
    assert credential.prefix == prefix
    assert key not in repr(credential)


@pytest.mark.parametrize("text", ["", "a b", "a\r\nX-Evil: 1", "é", "a\x00"])
@pytest.mark.parametrize("kind", [BearerToken, ApiKey])
def test_what_cannot_stand_in_a_header_is_refused_unquoted(kind, text) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("kind", [BearerToken, ApiKey])
def test_a_base_url_without_a_scheme_is_refused(kind) -> None:
    with pytest.raises(ConfigurationError, match="scheme"):
        kind("token", base_url="api.example.com")


def test_origins_are_those_of_the_services_or_those_given() -> None:
    assert BearerToken("x").origin == "https://api.outreach.io"
    assert ApiKey("x").origin == "https://www.planmysaas.com"
    assert ApiKey("x", base_url="http://127.0.0.1:8080/").origin == "http://127.0.0.1:8080"


def test_credentials_come_from_the_environment() -> None:
    token = BearerToken.from_env(
        environ={"OUTREACH_ACCESS_TOKEN": " at-1\n", "OUTREACH_BASE_URL": "http://127.0.0.1:1"}
    )
    assert token.origin == "http://127.0.0.1:1"
    key = ApiKey.from_env(environ={"PLANMYSAAS_API_KEY": "pms_live_abcdefghijkl", "PLANMYSAAS_BASE_URL": ""})
    assert (key.origin, key.prefix) == ("https://www.planmysaas.com", "pms_live_ab")


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (BearerToken.from_env, ["OUTREACH_ACCESS_TOKEN"]),
        (ApiKey.from_env, ["PLANMYSAAS_API_KEY"]),
        (S2SApp.from_env, ["OUTREACH_S2S_GUID", "OUTREACH_S2S_PRIVATE_KEY"]),
        (
            lambda **given: OAuthApp.from_env(tokens=MemoryTokens(), **given),
            ["OUTREACH_CLIENT_ID", "OUTREACH_CLIENT_SECRET", "OUTREACH_REDIRECT_URI"],
        ),
    ],
)
def test_every_missing_or_empty_variable_is_named_at_once(make, names) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(environ={names[0]: "  "})
    assert f"{names[0]} (empty)" in str(caught.value)
    assert all(f"{name} (not set)" in str(caught.value) for name in names[1:])
    with pytest.raises(ConfigurationError, match="not set"):
        make()


def test_settings_are_stripped_and_an_empty_one_is_missing() -> None:
    assert required({"A": " x ", "B": "y"}, "A", "B") == ("x", "y")
    assert setting({"A": " "}, "A", "default") == "default"
    assert setting({"A": " x"}, "A", "default") == "x"


def test_no_credential_prints_its_secret() -> None:
    app = OAuthApp("cid", "canary", "https://x/cb", tokens=MemoryTokens(), refresh_token="canary")
    shown = [repr(each) for each in (BearerToken("canary"), ApiKey("pms_live_xxcanary_xx" * 2), app, app.user("ada"))]
    assert not any("canary" in text for text in shown)


def test_one_credential_serves_one_loop_after_another(token_server, clock) -> None:
    server = token_server(clock)
    user = OAuthApp("cid", "secret", "https://x/cb", tokens=MemoryTokens(), refresh_token="rt-0").user("ada")

    async def use() -> str:
        signer = user.bind(server, clock)
        header = await signer.authorize(0)
        await signer.close()
        return header

    assert {asyncio.run(use()) for _ in range(3)} == {"Bearer at-1"}


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (BearerToken.from_env, "OUTREACH_BASE_URL"),
        (lambda environ: OAuthApp.from_env(tokens=MemoryTokens(), environ=environ), "OUTREACH_BASE_URL"),
        (S2SApp.from_env, "OUTREACH_BASE_URL"),
        (ApiKey.from_env, "PLANMYSAAS_BASE_URL"),
    ],
)
def test_a_base_url_that_cannot_be_used_is_told_by_its_variable(read, name: str) -> None:
    others = (
        "OUTREACH_ACCESS_TOKEN",
        "OUTREACH_CLIENT_ID",
        "OUTREACH_CLIENT_SECRET",
        "OUTREACH_S2S_GUID",
        "OUTREACH_S2S_PRIVATE_KEY",
        "PLANMYSAAS_API_KEY",
    )
    environ = dict.fromkeys(others, "x") | {"OUTREACH_REDIRECT_URI": "https://h/callback", name: "api.example.com"}
    with pytest.raises(ConfigurationError, match=f"{name} 'api.example.com' cannot be used"):
        read(environ=environ)
