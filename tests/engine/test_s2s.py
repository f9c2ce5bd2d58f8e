from __future__ import annotations

import asyncio
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from outreach_async.engine.s2s import S2SApp, S2SInstall
from outreach_async.protocol.errors import (
    AssertionRefused,
    ConfigurationError,
    ConnectionFailed,
    CredentialError,
    InvalidResponse,
    TimedOut,
)
from outreach_async.protocol.messages import NO_HEADERS, Headers, Request, Response

GUID = "guid-1"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def pem(key) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


class InstallServer:
    """Checks the app token and mints install tokens; `faults` are errors and answers given instead, in order."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self.key = key.public_key()
        self.minted = 0
        self.paths: list[str] = []
        self.faults: list[Exception | Response] = []

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        await asyncio.sleep(0)
        self.paths.append(request.path)
        assert request.body is None
        assert authorization is not None
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            self.key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
        assert claims["iss"] == GUID
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Response):
                return fault
            raise fault
        self.minted += 1
        meta = {"accessToken": f"s2s-{self.minted}"}
        org = {"org": {"data": {"type": "org", "id": 7}}}
        return Response(
            200, NO_HEADERS, json.dumps({"data": {"id": "42", "meta": meta, "relationships": org}}).encode()
        )

    async def close(self) -> None: ...


@pytest.fixture
def server(key) -> InstallServer:
    return InstallServer(key)


@pytest.fixture
def app(pem) -> S2SApp:
    return S2SApp(guid=GUID, private_key=pem)


async def test_an_install_gets_a_token_and_its_org(app, server, clock) -> None:
    signer = app.install("42").bind(server, clock)
    assert signer.org_subject == "outreach:org:install-42"
    assert await signer.authorize(0) == "Bearer s2s-1"
    assert server.paths == ["/api/app/installs/42/actions/accessToken"]
    assert signer.org_subject == "outreach:org:7"
    assert signer.token is not None
    assert signer.token.org_id == "7"
    assert signer.granted is None


async def test_many_tasks_share_one_mint_and_an_hour_later_one_more(app, server, clock) -> None:
    signer = app.install(42).bind(server, clock)
    for number in (1, 2, 3):
        headers = await asyncio.gather(*[signer.authorize(0) for _ in range(50)])
        assert set(headers) == {f"Bearer s2s-{number}"}
        clock.time += 3600
    assert clock.slept == []


async def test_a_rejected_token_is_minted_anew_at_once(app, server, clock) -> None:
    signer = app.install("42").bind(server, clock)
    signer.rejected(await signer.authorize(0))
    assert await signer.authorize(0) == "Bearer s2s-2"
    assert clock.slept == []


@pytest.mark.parametrize(
    "fault",
    [
        TimedOut("slow"),
        ConnectionFailed("reset"),
        ConnectionFailed("no", reached=False),
        Response(502, NO_HEADERS, b""),
    ],
)
async def test_a_failed_exchange_is_repeated_soon(app, server, clock, fault) -> None:
    server.faults = [fault, fault]
    assert await app.install("42").bind(server, clock).authorize(10) == "Bearer s2s-1"
    assert clock.slept == [1.0, 3.0]


async def test_a_busy_server_is_waited_for_as_it_says(app, server, clock) -> None:
    server.faults = [Response(429, Headers({"Retry-After": "20"}), b"")]
    assert await app.install("42").bind(server, clock).authorize(60) == "Bearer s2s-1"
    assert clock.slept == [20.0]


async def test_a_server_that_stays_away_is_said_so_and_the_call_was_not_sent(app, server, clock) -> None:
    server.faults = [TimedOut("slow")] * 4
    with pytest.raises(TimedOut, match="no token") as caught:
        await app.install("42").bind(server, clock).authorize(60)
    assert caught.value.reached is False
    assert len(server.paths) == 4
    server.faults = [Response(503, NO_HEADERS, b"")] * 4
    with pytest.raises(CredentialError, match="503"):
        await app.install("42").bind(server, clock).authorize(60)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(403, NO_HEADERS, b'{"errors": [{"detail": "org locked"}]}'), AssertionRefused),
        (Response(200, NO_HEADERS, b"<html>"), InvalidResponse),
    ],
)
async def test_a_refusal_is_final(app, server, clock, answer, error) -> None:
    server.faults = [answer]
    with pytest.raises(error):
        await app.install("42").bind(server, clock).authorize(60)
    assert len(server.paths) == 1


async def test_a_setup_token_names_its_installation(app, server) -> None:
    assert await app.setup("setup-1", transport=server) == "42"
    assert server.paths == ["/api/app/installs/setup-1/actions/setupToken"]


def test_the_quota_is_counted_as_chosen(pem, server, clock) -> None:
    def subjects(quota_subject, install_id, org_id=""):
        app = S2SApp(guid=GUID, private_key=pem, quota_subject=quota_subject)
        return app.install(install_id, org_id=org_id).bind(server, clock).subjects

    assert subjects("install", 1) != subjects("install", 2)
    assert subjects("app", 1) == subjects("app", 2)
    assert subjects("org", 1) != subjects("org", 2)
    assert subjects("org", 1, "7") == subjects("org", 2, "7")


def test_the_key_may_lie_in_a_file(pem, tmp_path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem)
    for given in (path, str(path), f" {path}\n".strip(), pem, pem.encode()):
        assert "guid-1" in repr(S2SApp(guid=GUID, private_key=given))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("/nowhere/key.pem", "cannot be read"),
        ("", "not a PEM"),
        (" \n", "not a PEM"),
        ("MIICanary\nMIICanary\n", "not a PEM"),
        ("x" * 5000, "not a PEM"),
        ("~/nowhere/key.pem", "cannot be read"),
        ("MIICanary" * 40, "cannot be read"),
        ("MII/Canary" * 5, "cannot be read"),
        ("~nobody-here/canary", "cannot be read"),
        ("nul\x00canary", "cannot be read"),
    ],
)
def test_what_names_no_key_is_refused_without_being_quoted(given, why) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        S2SApp(guid=GUID, private_key=given)
    assert "anary" not in str(caught.value)


def test_a_folder_or_another_file_is_no_key(tmp_path) -> None:
    (tmp_path / "note.txt").write_text("canary")
    for path in (tmp_path, tmp_path / "note.txt"):
        with pytest.raises(ConfigurationError) as caught:
            S2SApp(guid=GUID, private_key=path)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("options", [{"guid": ""}, {"guid": "a\nb"}, {"quota_subject": "user"}, {"base_url": "x"}])
def test_settings_that_cannot_work_are_refused(pem, options) -> None:
    with pytest.raises(ConfigurationError):
        S2SApp(**({"guid": GUID, "private_key": pem} | options))


def test_an_install_id_cannot_climb(app) -> None:
    with pytest.raises(ConfigurationError):
        app.install("../x")


async def test_app_and_install_come_from_the_environment(pem, server, clock) -> None:
    environ = {"OUTREACH_S2S_GUID": GUID, "OUTREACH_S2S_PRIVATE_KEY": pem, "OUTREACH_BASE_URL": "http://127.0.0.1:9"}
    assert S2SApp.from_env(environ=environ).origin == "http://127.0.0.1:9"
    with pytest.raises(ConfigurationError, match="OUTREACH_INSTALL_ID"):
        S2SInstall.from_env(environ=environ)
    install = S2SInstall.from_env(environ=environ | {"OUTREACH_INSTALL_ID": "42"})
    assert install.origin == "http://127.0.0.1:9"
    assert await install.bind(server, clock).authorize(0) == "Bearer s2s-1"


def test_nothing_prints_the_key(app) -> None:
    assert "PRIVATE" not in repr(app) + repr(app.install("42")) + repr(vars(app))
