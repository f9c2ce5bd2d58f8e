"""Every token and code the simulated service gave out, who each speaks for, and when it dies.

Texts are made from a seed and a counter, so that a run repeats exactly. Access tokens look like JSON Web Tokens and
are nevertheless only looked up: clients are told to treat them as opaque.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import msgspec

from .calls import Actor

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
_PRUNE_ABOVE = 4096


@dataclass(slots=True)
class AccessToken:
    """A live access token. `retires` is the refresh token (and `retires_access` the token) its first use revokes."""

    actor: Actor
    expires_at: float
    retires: str = ""
    retires_access: str = ""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A live refresh token; `access` is the access token given out with it."""

    user: str
    client_id: str
    scopes: frozenset[str]
    expires_at: float
    access: str = ""


class IssuedTokens:
    """The registry of live tokens. `minted` counts the access tokens given out since it began."""

    def __init__(self, seed: int) -> None:
        self._secret = hashlib.sha256(f"outreach-async sandbox {seed}".encode()).digest()
        self._count = 0
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self.minted = 0

    def text(self, purpose: str, length: int = 43) -> str:
        """Give a fresh unguessable-looking text, the same one in every run with this seed."""
        self._count += 1
        digest = hmac.digest(self._secret, f"{purpose}:{self._count}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()[:length]

    def mint(self, actor: Actor, now: float, lifetime: float, *, retires: str = "", retires_access: str = "") -> str:
        """Give out an access token."""
        if len(self._access) > _PRUNE_ABOVE:
            self._access = {text: token for text, token in self._access.items() if token.expires_at > now}
        self.minted += 1
        claims = {"sub": actor.subject, "iat": int(now), "exp": int(now + lifetime), "jti": self.text("jti", 16)}
        signed = f"{_HEADER}.{base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b'=').decode()}"
        signature = hmac.digest(self._secret, signed.encode(), "sha256")
        text = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        self._access[text] = AccessToken(actor, now + lifetime, retires, retires_access)
        return text

    def actor_of(self, text: str, now: float) -> Actor | None:
        """Tell who a live access token speaks for. Its first use retires what it replaced."""
        token = self._access.get(text)
        if token is None or token.expires_at <= now:
            return None
        if token.retires:
            self._refresh.pop(token.retires, None)
            self._access.pop(token.retires_access, None)
            token.retires = token.retires_access = ""
        return token.actor

    def keep_refresh(self, token: RefreshToken, *, at_most: int, text: str = "") -> str:
        """Give out a refresh token, evicting the oldest of this user and app above the bound."""
        text = text or self.text("refresh")
        self._refresh[text] = token
        same = [
            old for old, kept in self._refresh.items() if (kept.user, kept.client_id) == (token.user, token.client_id)
        ]
        for old in same[: max(0, len(same) - max(1, at_most))]:
            del self._refresh[old]
        return text

    def refresh(self, text: str, now: float) -> RefreshToken | None:
        """Find a live refresh token."""
        token = self._refresh.get(text)
        return token if token is not None and token.expires_at > now else None

    def drop_refresh(self, text: str) -> None:
        """Revoke one refresh token."""
        self._refresh.pop(text, None)

    def drop_access(self, text: str) -> None:
        """Revoke one access token."""
        self._access.pop(text, None)

    def revoke(self, subject: str | None = None, *, user: str | None = None, refresh: bool = False) -> int:
        """Revoke every access token, or those of one subject; with `refresh` the grants of one user, or all, too."""
        gone = [text for text, token in self._access.items() if subject in (None, token.actor.subject)]
        for text in gone:
            del self._access[text]
        if refresh:
            for text in [text for text, token in self._refresh.items() if user in (None, token.user)]:
                del self._refresh[text]
        return len(gone)

    def shift(self, seconds: float) -> None:
        """Move every expiry, when the sandbox changes its clock."""
        for token in self._access.values():
            token.expires_at += seconds
        self._refresh = {
            text: RefreshToken(old.user, old.client_id, old.scopes, old.expires_at + seconds, old.access)
            for text, old in self._refresh.items()
        }


def decodable(text: str) -> bool:
    """Tell whether a text is a JSON Web Token at all, whoever signed it."""
    parts = text.split(".")
    return len(parts) == 3 and _is_object(parts[0]) and _is_object(parts[1])


def _is_object(part: str) -> bool:
    try:
        value: Any = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, msgspec.DecodeError):
        return False
    return isinstance(value, dict)
