from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from outreach_async.engine.oauth import OAuthApp
from outreach_async.engine.token_stores import MemoryTokens
from outreach_async.protocol.errors import ConfigurationError, SignInRequired
from outreach_async.protocol.grants import challenge

ENVIRON = {
    "OUTREACH_CLIENT_ID": "cid",
    "OUTREACH_CLIENT_SECRET": "secret",
    "OUTREACH_REDIRECT_URI": "https://x.example/cb",
    "OUTREACH_BASE_URL": "http://127.0.0.1:9",
    "OUTREACH_REFRESH_TOKEN": "rt-0",
}


@pytest.fixture
def app() -> OAuthApp:
    return OAuthApp("cid", "secret", "https://x.example/cb", tokens=MemoryTokens(), scopes=["users.read"])


@pytest.fixture
def server(token_server, clock):
    return token_server(clock)


async def test_a_user_signs_in_and_calls(app, server, clock) -> None:
    sign_in = app.begin_sign_in()
    query = parse_qs(urlsplit(sign_in.url).query)
    assert query["scope"] == ["users.read"]
    assert query["code_challenge"] == [challenge(sign_in.verifier.reveal())]
    code = sign_in.code(f"https://x.example/cb?code=code-1&state={query['state'][0]}")
    token = await app.exchange(code, user="ada", verifier=sign_in.verifier, transport=server, clock=clock)
    assert server.requests[0]["code_verifier"] == sign_in.verifier.reveal()
    assert token.scopes == frozenset({"prospects.read", "users.read"})
    signer = app.user("ada").bind(server, clock)
    assert await signer.authorize(0) == "Bearer at-1"
    assert signer.granted == token.scopes


def test_every_sign_in_has_a_state_and_a_verifier_of_its_own(app) -> None:
    one, two = app.begin_sign_in(), app.begin_sign_in()
    assert one.state != two.state
    assert one.verifier != two.verifier
    with pytest.raises(SignInRequired, match="state"):
        one.code(f"code=x&state={two.state.reveal()}")


def test_a_sign_in_prints_neither_state_nor_verifier(app) -> None:
    sign_in = app.begin_sign_in()
    assert sign_in.verifier.reveal() not in repr(sign_in)


def test_scopes_can_be_asked_for_one_sign_in(app) -> None:
    assert parse_qs(urlsplit(app.authorize_url(state="s", scopes=["a.read"])).query)["scope"] == ["a.read"]
    assert parse_qs(urlsplit(app.begin_sign_in(scopes=["b.all"]).url).query)["scope"] == ["b.all"]


async def test_the_environment_gives_app_seed_and_base_url(server, clock) -> None:
    app = OAuthApp.from_env(tokens=MemoryTokens(), environ=ENVIRON, scopes=["users.read"])
    user = app.user("ada")
    assert user.origin == "http://127.0.0.1:9"
    assert await user.bind(server, clock).authorize(0) == "Bearer at-1"
    assert server.requests[0]["refresh_token"] == "rt-0"


async def test_a_user_can_have_a_seed_of_their_own(app, server, clock) -> None:
    server.live = {"rt-bob"}
    await app.user("bob", refresh_token="rt-bob").bind(server, clock).authorize(0)
    with pytest.raises(SignInRequired):
        await app.user("ada").bind(server, clock).authorize(0)


async def test_another_grant_interval_is_kept_to(server, clock) -> None:
    server.interval = 2.0
    app = OAuthApp("cid", "s", "https://x/cb", tokens=MemoryTokens(), refresh_token="rt-0", grant_interval=2.0)
    signer = app.user("ada").bind(server, clock)
    signer.rejected(await signer.authorize(0))
    assert await signer.authorize(10) == "Bearer at-2"
    assert clock.slept == [2.0]


def test_users_have_quotas_of_their_own_and_share_their_organisations(app, server, clock) -> None:
    ada, bob, eve = (
        user.bind(server, clock) for user in (app.user("ada"), app.user("bob"), app.user("eve", org="other"))
    )
    assert ada.subjects == ("outreach:user:cid:ada",)
    assert ada.subjects != bob.subjects
    assert ada.org_subject == bob.org_subject != eve.org_subject


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("", "s", "https://x/cb"), "client_id"),
        (("", "", ""), "client_id, client_secret, redirect_uri"),
        (("c", "s", "x/cb"), "redirect URI"),
        (("c", "s", "https://x/cb#part"), "redirect URI"),
        (("c", "s", "https://"), "redirect URI"),
        (("c", "s", "https://x/cb\r\n"), "redirect URI"),
    ],
)
def test_an_app_that_cannot_work_is_refused(given, why) -> None:
    with pytest.raises(ConfigurationError, match=why):
        OAuthApp(*given, tokens=MemoryTokens())


@pytest.mark.parametrize("interval", [-1.0, float("nan"), float("inf")])
def test_an_interval_is_a_number_of_seconds(interval) -> None:
    with pytest.raises(ConfigurationError, match="grant_interval"):
        OAuthApp("c", "s", "https://x/cb", tokens=MemoryTokens(), grant_interval=interval)


@pytest.mark.parametrize("name", ["", "a\nb"])
def test_a_user_needs_a_name(app, name) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        app.user(name)


async def test_without_a_transport_an_exchange_uses_and_closes_its_own(monkeypatch, server, clock) -> None:
    import outreach_async.engine.aiohttp_transport as module

    closed = []

    class Own:
        def __init__(self, **options: object) -> None:
            self.send = server.send

        async def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(module, "AiohttpTransport", Own)
    app = OAuthApp("cid", "secret", "https://x/cb", tokens=MemoryTokens())
    assert (await app.exchange("code-1", user="ada", verifier="v" * 43)).granted_at == pytest.approx(
        __import__("time").time(), abs=5
    )
    with pytest.raises(SignInRequired):
        await app.exchange("wrong", user="bob")
    assert closed == [True, True]
