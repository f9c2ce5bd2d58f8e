from __future__ import annotations

from pathlib import Path

import pytest

from outreach_async.cli.settings import (
    Who,
    has_outreach,
    has_planmysaas,
    oauth_app,
    outreach_credential,
    planmysaas,
    tokens_path,
)
from outreach_async.engine.credentials import BearerToken, OAuthUser, S2SInstall
from outreach_async.protocol.errors import ConfigurationError

TOKEN = {"OUTREACH_ACCESS_TOKEN": "t0ken"}
OAUTH = {
    "OUTREACH_CLIENT_ID": "app",
    "OUTREACH_CLIENT_SECRET": "hush",
    "OUTREACH_REDIRECT_URI": "http://127.0.0.1:8766/callback",
}


@pytest.fixture(scope="session")
def s2s() -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return {"OUTREACH_S2S_GUID": "guid", "OUTREACH_S2S_PRIVATE_KEY": pem, "OUTREACH_INSTALL_ID": "i-1"}


def test_the_first_complete_credential_is_taken(s2s: dict[str, str]) -> None:
    assert isinstance(outreach_credential(Who(), {**TOKEN, **OAUTH, **s2s}), BearerToken)
    assert isinstance(outreach_credential(Who(), {**OAUTH, **s2s}), OAuthUser)
    assert isinstance(outreach_credential(Who(), {"OUTREACH_CLIENT_ID": "app", **s2s}), S2SInstall)


def test_a_name_chooses_the_credential(s2s: dict[str, str]) -> None:
    everything = {**TOKEN, **OAUTH, **s2s}
    user = outreach_credential(Who(user="ada"), everything)
    assert isinstance(user, OAuthUser)
    assert user.name == "ada"
    install = outreach_credential(Who(install="i-2"), everything)
    assert isinstance(install, S2SInstall)
    assert install.install_id == "i-2"


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        outreach_credential(Who(), {"OUTREACH_CLIENT_ID": "  "})
    for name in (*OAUTH, "OUTREACH_ACCESS_TOKEN", "OUTREACH_S2S_GUID", "OUTREACH_INSTALL_ID", "outreach-async login"):
        assert name in str(caught.value)


def test_what_an_incomplete_credential_lacks_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        outreach_credential(Who(), {"OUTREACH_CLIENT_ID": "app", "OUTREACH_CLIENT_SECRET": ""})
    assert "OUTREACH_CLIENT_SECRET (empty)" in str(caught.value)
    assert "OUTREACH_REDIRECT_URI (not set)" in str(caught.value)
    assert "OUTREACH_S2S" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"OUTREACH_TOKENS": "/t/x.json", "XDG_STATE_HOME": "/s"}, Path("/t/x.json")),
        ({"XDG_STATE_HOME": "/s"}, Path("/s/outreach-async/tokens.json")),
        ({}, Path("~/.local/state/outreach-async/tokens.json").expanduser()),
        ({"OUTREACH_TOKENS": " "}, Path("~/.local/state/outreach-async/tokens.json").expanduser()),
    ],
)
def test_tokens_are_kept_below_the_state_folder(environ: dict[str, str], expected: Path) -> None:
    assert tokens_path(environ) == expected


def test_an_application_keeps_its_tokens_in_that_file(tmp_path: Path) -> None:
    app = oauth_app({**OAUTH, "OUTREACH_TOKENS": str(tmp_path / "tokens.json")}, scopes=["users.read"])
    assert str(tmp_path) in repr(app.tokens)
    assert app.scopes == ("users.read",)


def test_it_tells_which_services_are_configured() -> None:
    assert has_outreach({"OUTREACH_REFRESH_TOKEN": "r"})
    assert not has_outreach({"OUTREACH_BASE_URL": "http://127.0.0.1:1"})
    assert has_planmysaas({"PLANMYSAAS_API_KEY": "pms_live_x"})
    assert not has_planmysaas({"PLANMYSAAS_API_KEY": ""})
    with pytest.raises(ConfigurationError, match=r"PLANMYSAAS_API_KEY \(not set\)"):
        planmysaas({})
