"""What signs a call and whose quotas it spends: the two protocols, and the credentials that never change.

The ones that get new tokens by themselves are beside this page: users of an OAuth application in `oauth`, and
installations of a server-to-server app in `s2s`.
"""

from __future__ import annotations

import os
import re
from typing import Protocol

from ..protocol.errors import ConfigurationError
from ..protocol.origins import OUTREACH_ORIGIN, PLANMYSAAS_ORIGIN, origin_of
from ..protocol.tokens import digest
from .clock import Clock
from .environment import Environment, base_url, required
from .oauth import OAuthApp, OAuthUser, SignIn
from .s2s import S2SApp, S2SInstall
from .transport import Transport

_KEY_HEAD = re.compile(r"[a-z]+_[a-z]+_")

__all__ = [
    "ApiKey",
    "BearerToken",
    "Credential",
    "FixedSigner",
    "OAuthApp",
    "OAuthUser",
    "S2SApp",
    "S2SInstall",
    "SignIn",
    "Signer",
]


class Signer(Protocol):
    """A credential at work on one transport: gives the `Authorization` value, again for every attempt."""

    subjects: tuple[str, ...]
    """The quotas that every call of it spends."""
    org_subject: str
    """What the quotas of its organisation are counted under."""
    granted: frozenset[str] | None
    """The scopes it has; None where that is not known."""

    def authorization(self) -> str | None:
        """Give the header value while it lives, at once; else None."""
        ...

    async def authorize(self, patience: float) -> str:
        """Give the header value, waiting up to `patience` seconds until one may be asked for."""
        ...

    def rejected(self, authorization: str) -> bool:
        """Take note of a 401 for this very value; True when asking again can give another."""
        ...

    async def close(self) -> None:
        """Let what is under way be settled, and begin nothing new."""
        ...


class Credential(Protocol):
    """What a client is given."""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the only server its token is sent to."""
        ...

    def bind(self, transport: Transport, clock: Clock) -> Signer:
        """Give the signer that gets its tokens over this transport."""
        ...


class FixedSigner:
    """Signs with one value for ever; a 401 is final."""

    def __init__(self, authorization: str, subject: str) -> None:
        self.subjects: tuple[str, ...] = (subject,)
        self.org_subject = subject
        self.granted: frozenset[str] | None = None
        self._authorization = authorization

    def authorization(self) -> str | None:
        """Give the header value."""
        return self._authorization

    async def authorize(self, patience: float) -> str:
        """Give the header value at once; `patience`, in seconds, is not needed."""
        return self._authorization

    def rejected(self, authorization: str) -> bool:
        """Give False: there is no other value."""
        return False

    async def close(self) -> None:
        """Do nothing: nothing is under way."""


class BearerToken:
    """An Outreach access token that somebody else looks after. It is used until it is refused."""

    def __init__(self, token: str, *, base_url: str = OUTREACH_ORIGIN) -> None:
        self.origin = origin_of(base_url)
        self._authorization = f"Bearer {_visible(token, 'the access token')}"
        self._subject = f"outreach:token:{digest(token)[:16]}"

    @classmethod
    def from_env(cls, *, environ: Environment = os.environ) -> BearerToken:
        """Read OUTREACH_ACCESS_TOKEN, and OUTREACH_BASE_URL where set. Raises ConfigurationError."""
        (token,) = required(environ, "OUTREACH_ACCESS_TOKEN")
        return cls(token, base_url=base_url(environ, "OUTREACH_BASE_URL", OUTREACH_ORIGIN))

    def __repr__(self) -> str:
        return f"<BearerToken at {self.origin}>"

    def bind(self, transport: Transport, clock: Clock) -> FixedSigner:
        """Give its signer."""
        return FixedSigner(self._authorization, self._subject)


class ApiKey:
    """A PlanMySaaS API key. `prefix` is the part of it that may be shown, and that support asks for."""

    def __init__(self, key: str, *, base_url: str = PLANMYSAAS_ORIGIN) -> None:
        self.origin = origin_of(base_url)
        self._authorization = f"Bearer {_visible(key, 'the API key')}"
        self._subject = f"planmysaas:key:{digest(key)[:16]}"
        self.prefix = _prefix(key)

    @classmethod
    def from_env(cls, *, environ: Environment = os.environ) -> ApiKey:
        """Read PLANMYSAAS_API_KEY, and PLANMYSAAS_BASE_URL where set. Raises ConfigurationError."""
        (key,) = required(environ, "PLANMYSAAS_API_KEY")
        return cls(key, base_url=base_url(environ, "PLANMYSAAS_BASE_URL", PLANMYSAAS_ORIGIN))

    def __repr__(self) -> str:
        return f"<ApiKey {self.prefix} at {self.origin}>"

    def bind(self, transport: Transport, clock: Clock) -> FixedSigner:
        """Give its signer."""
        return FixedSigner(self._authorization, self._subject)


def _visible(secret: str, what: str) -> str:
    """Refuse what could not stand in a header, without quoting it."""
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigurationError(f"{what} is empty or holds a character no token has")
    return secret


def _prefix(key: str) -> str:
    """Give the two words a key begins with and two letters of its secret part; less of one too short to spare them."""
    head = _KEY_HEAD.match(key)
    begins = head.end() if head else 0
    return key[: begins + 2] if len(key) >= begins + 10 else key[:begins].rstrip("_")
