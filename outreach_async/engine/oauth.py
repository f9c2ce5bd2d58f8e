"""OAuth credentials: an application, its users, and the sign-in that makes one."""

from __future__ import annotations

import collections.abc as abc
import math
import os
import random
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..protocol.errors import ConfigurationError
from ..protocol.grants import authorize_url, read_callback
from ..protocol.origins import OUTREACH_ORIGIN, origin_of
from ..protocol.redaction import Secret
from ..protocol.tokens import GRANT_INTERVAL, Token
from .clock import Clock, SystemClock
from .environment import Environment, base_url, required, setting
from .exchanges import borrowed
from .token_manager import TokenManager
from .token_stores import TokenStore
from .transport import Transport
from .user_tokens import AppIdentity, UserTokens


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that was begun: send the user's browser to `url`, and hold the rest until it comes back."""

    url: str
    state: Secret
    verifier: Secret

    def code(self, callback: str, *, issuer: str | None = None) -> str:
        """Give the code out of the URL (or only its query) that the browser was sent back to.

        Raises SignInRequired for a denied, forged or incomplete answer.
        """
        return read_callback(callback, state=self.state.reveal(), issuer=issuer)


class OAuthApp:
    """An Outreach OAuth application: its users' tokens are kept in `tokens` and refreshed when due.

    `redirect_uri` must be one registered for the application. `scopes` are those a sign-in asks for.
    `refresh_token` begins the line of tokens of a user who has not signed in here; the store remembers its digest,
    and a different one replaces the stored tokens. `grant_interval` is the least number of seconds between two
    grants of one user (Outreach, getting started: one per 60 s). Raises ConfigurationError for what is empty or cannot
    be used.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        *,
        tokens: TokenStore,
        base_url: str = OUTREACH_ORIGIN,
        scopes: abc.Iterable[str] = (),
        refresh_token: str | None = None,
        grant_interval: float = GRANT_INTERVAL,
    ) -> None:
        _check(client_id, client_secret, redirect_uri)
        if not 0 <= grant_interval < math.inf:
            raise ConfigurationError(f"grant_interval is a number of seconds, not {grant_interval!r}")
        self.identity = AppIdentity(
            origin_of(base_url), client_id, Secret(client_secret), redirect_uri, grant_interval=grant_interval
        )
        self.tokens = tokens
        self.scopes = tuple(scopes)
        self._seed = _seed(refresh_token)

    @classmethod
    def from_env(
        cls, *, tokens: TokenStore, scopes: abc.Iterable[str] = (), environ: Environment = os.environ
    ) -> OAuthApp:
        """Read OUTREACH_CLIENT_ID, OUTREACH_CLIENT_SECRET and OUTREACH_REDIRECT_URI.

        OUTREACH_BASE_URL and OUTREACH_REFRESH_TOKEN are read too, where set. Raises one
        ConfigurationError that names every variable that is missing or empty.
        """
        names = ("OUTREACH_CLIENT_ID", "OUTREACH_CLIENT_SECRET", "OUTREACH_REDIRECT_URI")
        client_id, client_secret, redirect_uri = required(environ, *names)
        return cls(
            client_id,
            client_secret,
            redirect_uri,
            tokens=tokens,
            base_url=base_url(environ, "OUTREACH_BASE_URL", OUTREACH_ORIGIN),
            scopes=scopes,
            refresh_token=setting(environ, "OUTREACH_REFRESH_TOKEN", "") or None,
        )

    def __repr__(self) -> str:
        return f"<OAuthApp {self.identity.client_id} at {self.identity.origin}>"

    def user(self, name: str, *, org: str = "", refresh_token: str | None = None) -> OAuthUser:
        """Give the credential of one user, under the name that their tokens are kept by.

        `org` tells organisations apart whose quotas must not be shared; without it all users count as one.
        """
        seed = self._seed if refresh_token is None else _seed(refresh_token)
        return OAuthUser(self, name, org=org, seed=seed)

    def authorize_url(self, *, state: str, verifier: str | None = None, scopes: abc.Iterable[str] | None = None) -> str:
        """Give the URL at which a user consents. `state` must be unguessable, and is good for one sign-in."""
        return authorize_url(
            self.identity.origin,
            client_id=self.identity.client_id,
            redirect_uri=self.identity.redirect_uri,
            scopes=self.scopes if scopes is None else scopes,
            state=state,
            verifier=verifier,
        )

    def begin_sign_in(self, *, scopes: abc.Iterable[str] | None = None) -> SignIn:
        """Begin a sign-in with a fresh state and PKCE verifier."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        url = self.authorize_url(state=state, verifier=verifier, scopes=scopes)
        return SignIn(url, Secret(state), Secret(verifier))

    async def exchange(
        self,
        code: str,
        *,
        user: str,
        verifier: str | Secret | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> Token:
        """Trade a sign-in's code for tokens and save them under the user's name.

        Waits first when this user got a grant within the last minute. Raises SignInRequired when the code is refused,
        CredentialError, TransportError.
        """
        plain = verifier.reveal() if isinstance(verifier, Secret) else verifier
        async with borrowed(transport) as line:
            source = UserTokens(self.identity, user, self.tokens, line, clock or SystemClock(), seed=self._seed)
            return await source.redeem(code, plain)


class OAuthUser:
    """The credential of one user of an OAuth application. Raises ConfigurationError for a name that cannot be one."""

    def __init__(self, app: OAuthApp, name: str, *, org: str = "", seed: Secret | None = None) -> None:
        if not name or not name.isprintable():
            raise ConfigurationError("a user's name is empty or not printable")
        self.origin = app.identity.origin
        self.name = name
        self._app = app
        self._org = org
        self._seed = seed

    def __repr__(self) -> str:
        return f"<OAuthUser {self.name} of {self._app!r}>"

    def bind(self, transport: Transport, clock: Clock) -> TokenManager:
        """Give the signer that keeps this user's token live over a transport."""
        app = self._app
        return TokenManager(
            UserTokens(app.identity, self.name, app.tokens, transport, clock, seed=self._seed),
            clock,
            jitter=random.random,
            subjects=(f"outreach:user:{app.identity.client_id}:{self.name}",),
            org_subject=f"outreach:org:{self._org or app.identity.client_id}",
        )


def _check(client_id: str, client_secret: str, redirect_uri: str) -> None:
    given = {"client_id": client_id, "client_secret": client_secret, "redirect_uri": redirect_uri}
    lacking = [name for name, value in given.items() if not value]
    if lacking:
        raise ConfigurationError(f"an OAuth application needs {', '.join(lacking)}")
    parts = urlsplit(redirect_uri)
    if not parts.scheme or not (parts.netloc or parts.path) or parts.fragment or not redirect_uri.isprintable():
        raise ConfigurationError(
            f"the redirect URI {redirect_uri!r} cannot be used",
            hint="Give one registered for the application, whole, such as https://example.com/oauth/callback.",
        )


def _seed(refresh_token: str | None) -> Secret | None:
    return Secret(refresh_token) if refresh_token else None
