"""The simulated server-to-server sign-in of Outreach: an app's signed JWT is traded for an installation's token.

The signature is checked against the app's registered RSA keys (RS256 only), and `iat`, `exp` and `iss` are checked by
the simulated clock. What a refusal looks like is unknown and a switch; nothing here knows what a token may do.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from ..protocol.messages import JSON, Response
from .calls import Actor, Call, error_answer, json_answer, text_answer
from .known_scopes import S2S_SCOPES
from .switches import Switches
from .tokens import IssuedTokens

# A caller's clock may be this far ahead; the official sample also sends fractional times.
_SKEW = 60.0
_ACTIONS = frozenset({"setupToken", "accessToken"})


@dataclass(frozen=True, slots=True)
class Install:
    """One installation of the app, in one organisation."""

    install_id: str
    org_id: int
    org_state: Literal["active", "locked", "deleted"] = "active"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An RSA pair as PEM texts."""

    private: str
    public: str


@cache
def key_pair() -> KeyPair:
    """Make the pair that every sandbox of this process registers; making one takes a noticeable part of a second."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())


class S2S:
    """One app with its installations, and its registered keys: named PEM public keys."""

    def __init__(self, tokens: IssuedTokens, guid: str, switches: Switches) -> None:
        self.switches = switches
        self.guid = guid
        self._keys: dict[str, abc.Callable[[], str]] = {}
        self.installs: dict[str, Install] = {}
        self.throttled = 0
        self._tokens = tokens
        self._setups: dict[str, tuple[str, float]] = {}
        self._granted_at: dict[str, float] = {}

    def register(self, name: str, public_key: str | abc.Callable[[], str]) -> None:
        """Register a PEM public key, or what makes it once it is needed."""
        self._keys[name] = (lambda: public_key) if isinstance(public_key, str) else public_key

    def setup_token(self, install_id: str, now: float) -> str:
        """Give the `installSetupToken` that the setup redirect of an installation carries; it works once."""
        token = self._tokens.text("setup", 32)
        self._setups[token] = (install_id, now + self.switches.setup_lifetime)
        return token

    def set_org_state(self, install_id: str, state: Literal["active", "locked", "deleted"]) -> None:
        """Lock or delete an installation's organisation, or bring it back."""
        self.installs[install_id] = replace(self.installs[install_id], org_state=state)

    def shift(self, seconds: float) -> None:
        """Move every time kept here, when the sandbox changes its clock."""
        self._setups = {token: (install, at + seconds) for token, (install, at) in self._setups.items()}
        self._granted_at = {install: at + seconds for install, at in self._granted_at.items()}

    def answer(self, call: Call) -> Response | None:
        """Answer a call under `/api/app/installs`; None for a path that is no route here."""
        parts = call.path.removeprefix("/api/app/installs/").removeprefix("/api/installs/").split("/")
        if call.method != "POST" or len(parts) != 3 or parts[1] != "actions" or parts[2] not in _ACTIONS:
            return None
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._signed_by_app(token, call.now):
            return refused_token()
        if parts[2] == "setupToken":
            return self._setup(parts[0], call.now)
        return self._access(parts[0], call.now)

    def _setup(self, token: str, now: float) -> Response:
        install_id, expires_at = self._setups.get(token, ("", 0.0))
        install = self.installs.get(install_id)
        if install is None or expires_at <= now:
            return _not_found("installSetupToken")
        del self._setups[token]
        return json_answer(200, {"data": _document(install)})

    def _access(self, install_id: str, now: float) -> Response:
        install = self.installs.get(install_id)
        if install is None:
            return _not_found(install_id)
        if install.org_state != "active":
            detail = f"The organization of this install is {install.org_state}."
            return error_answer(int(self.switches.locked_org), "unauthorizedRequest", "Unauthorized Request", detail)
        last = self._granted_at.get(install_id)
        if last is not None and now < last + self.switches.s2s_throttle:
            self.throttled += 1
            return text_answer(429, "Retry later\n")
        self._granted_at[install_id] = now
        access = self._tokens.mint(self.actor(install), now, self.switches.install_lifetime)
        return json_answer(200, {"data": {**_document(install), "meta": {"accessToken": access}}})

    def actor(self, install: Install) -> Actor:
        """Give who a token of this installation speaks for; the subject is what its requests count against."""
        subjects = {"install": install.install_id, "app": self.guid, "org": str(install.org_id)}
        subject = f"{self.switches.s2s_subject}:{subjects[self.switches.s2s_subject]}"
        return Actor("install", subject, None, S2S_SCOPES, self.guid)

    def _signed_by_app(self, token: str, now: float) -> bool:
        claims = self._claims(token)
        if claims is None or claims.get("iss") != self.guid:
            return False
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            return False
        lives = expires - issued
        return issued <= now + _SKEW and now < expires and 0 < lives <= self.switches.assertion_lifetime

    def _claims(self, token: str) -> dict[str, Any] | None:
        import jwt

        # The times are judged by the simulated clock, not by the library's.
        unchecked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        for public in self._keys.values():
            try:
                return dict(jwt.decode(token, public(), algorithms=["RS256"], options=unchecked))  # type: ignore[arg-type]
            except jwt.PyJWTError:
                continue
        return None


def refused_token() -> Response:
    """Give the gateway's 401 for a token it cannot decode, letter for letter; it is not JSON:API."""
    body = b'{"error":"Invalid JWT token.","description":"The JWT token could not be decoded."}'
    return json_answer(401, body, media_type=JSON)


def _document(install: Install) -> dict[str, Any]:
    org = {"data": {"type": "org", "id": install.org_id}}
    return {"type": "install", "id": install.install_id, "relationships": {"org": org}}


def _not_found(what: str) -> Response:
    detail = f"Could not find 'install' with ID '{what}'."
    return error_answer(404, "resourceNotFound", "Resource Not Found", detail)
