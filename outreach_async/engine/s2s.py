"""Server-to-server credentials: an app's key, its installations, and the tokens these mint."""

from __future__ import annotations

import collections.abc as abc
import os
import random
from pathlib import Path
from typing import Literal

from ..protocol.assertion import (
    AppKey,
    app_token,
    install_token_request,
    read_install_grant,
    read_setup,
    setup_token_request,
)
from ..protocol.errors import ConfigurationError, CredentialError, TransportError
from ..protocol.messages import Request, Response
from ..protocol.origins import OUTREACH_ORIGIN, origin_of
from ..protocol.tokens import Token
from ..protocol.urls import path_segment
from .clock import Clock, SystemClock
from .environment import Environment, base_url, required
from .exchanges import borrowed
from .token_manager import Pause, TokenManager
from .transport import Transport

QuotaSubject = Literal["install", "app", "org"]

# Seconds for one exchange, and after each that failed. No limit on minting is documented.
_EXCHANGE_TIMEOUT = 30.0
_PAUSES = (1.0, 3.0, 6.0)
_LARGEST_KEY = 64 * 1024


class S2SApp:
    """An Outreach application that calls the API as itself, for each organisation that installed it.

    `guid` is its S2S_GUID, `private_key` the PEM text of its RSA key or the path of a file that holds it. What the
    hourly quota of such a token counts is not documented: `quota_subject` says what shares one here. Raises
    ConfigurationError for a key that is none.
    """

    def __init__(
        self,
        *,
        guid: str,
        private_key: str | bytes | os.PathLike[str],
        base_url: str = OUTREACH_ORIGIN,
        quota_subject: QuotaSubject = "install",
    ) -> None:
        if not guid or not guid.isprintable():
            raise ConfigurationError("the S2S GUID is empty or not printable")
        if quota_subject not in ("install", "app", "org"):
            raise ConfigurationError(f"quota_subject is install, app or org, not {quota_subject!r}")
        self.guid = guid
        self.origin = origin_of(base_url)
        self.quota_subject: QuotaSubject = quota_subject
        self._key = read_key(private_key)

    @classmethod
    def from_env(cls, *, environ: Environment = os.environ, quota_subject: QuotaSubject = "install") -> S2SApp:
        """Read OUTREACH_S2S_GUID, OUTREACH_S2S_PRIVATE_KEY (PEM or a path) and OUTREACH_BASE_URL.

        Raises ConfigurationError that names every variable that is missing or empty.
        """
        guid, key = required(environ, "OUTREACH_S2S_GUID", "OUTREACH_S2S_PRIVATE_KEY")
        origin = base_url(environ, "OUTREACH_BASE_URL", OUTREACH_ORIGIN)
        return cls(guid=guid, private_key=key, base_url=origin, quota_subject=quota_subject)

    def __repr__(self) -> str:
        return f"<S2SApp {self.guid} at {self.origin}>"

    def install(self, install_id: str | int, *, org_id: str = "") -> S2SInstall:
        """Give the credential of one installation. `org_id`, where known, lets installations share its quotas."""
        return S2SInstall(self, str(install_id), org_id=org_id)

    async def setup(
        self, install_setup_token: str, *, transport: Transport | None = None, clock: Clock | None = None
    ) -> str:
        """Give the installation's id for the `installSetupToken` that the setup redirect carried.

        The token is valid for 15 minutes (Outreach, app tokens). Raises AssertionRefused, CredentialError,
        TransportError.
        """
        request = setup_token_request(self.origin, install_setup_token)
        clock = clock or SystemClock()
        async with borrowed(transport) as line:
            response = await self.ask(request, line, clock)
        return read_setup(request, response, now=clock.now())

    async def ask(self, request: Request, transport: Transport, clock: Clock) -> Response:
        """Send a request signed with a fresh app token."""
        assertion = app_token(self.guid, self._key, now=clock.now())
        return await transport.send(request, f"Bearer {assertion.reveal()}", _EXCHANGE_TIMEOUT)


class S2SInstall:
    """The credential of one installation of a server-to-server app."""

    def __init__(self, app: S2SApp, install_id: str, *, org_id: str = "") -> None:
        path_segment(install_id)
        self.origin = app.origin
        self.install_id = install_id
        self._app = app
        self._org_id = org_id

    @classmethod
    def from_env(cls, *, environ: Environment = os.environ) -> S2SInstall:
        """Read what S2SApp.from_env reads, and OUTREACH_INSTALL_ID."""
        names = ("OUTREACH_S2S_GUID", "OUTREACH_S2S_PRIVATE_KEY", "OUTREACH_INSTALL_ID")
        return S2SApp.from_env(environ=environ).install(required(environ, *names)[2])

    def __repr__(self) -> str:
        return f"<S2SInstall {self.install_id} of {self._app!r}>"

    def bind(self, transport: Transport, clock: Clock) -> TokenManager:
        """Give the signer that mints this installation's tokens over a transport."""
        app, org = self._app, self._org_id or f"install-{self.install_id}"
        subject = {
            "install": f"outreach:install:{app.guid}:{self.install_id}",
            "app": f"outreach:app:{app.guid}",
            "org": f"outreach:org:{org}",
        }[app.quota_subject]
        return TokenManager(
            _InstallTokens(app, self.install_id, transport, clock),
            clock,
            jitter=random.random,
            subjects=(subject,),
            org_subject=f"outreach:org:{org}",
        )


class _InstallTokens:
    """The TokenSource of one installation: every token is a new one, so nothing is stored and nothing can be lost."""

    asking = False

    def __init__(self, app: S2SApp, install_id: str, transport: Transport, clock: Clock) -> None:
        self._app = app
        self._request = install_token_request(app.origin, install_id)
        self._transport = transport
        self._clock = clock

    async def obtain(self, spent: abc.Callable[[Token], bool], pause: Pause) -> Token:
        """Mint a token; an exchange that failed in transit, with 429 or with 5xx is repeated."""
        for seconds in _PAUSES:
            try:
                return await self._mint()
            except (TransportError, CredentialError) as error:
                retry_at = getattr(error, "retry_at", 0.0)
                if retry_at is None:
                    raise
                await pause(max(retry_at, self._clock.now() + seconds), error)
        return await self._mint()

    async def _mint(self) -> Token:
        try:
            response = await self._app.ask(self._request, self._transport, self._clock)
        except TransportError as error:
            # Whatever happened to this exchange, the call that needs the token was not sent.
            raise type(error)(f"no token could be got: {error.message}", reached=False) from error
        return read_install_grant(self._request, response, now=self._clock.now())


def read_key(private_key: str | bytes | os.PathLike[str]) -> AppKey:
    """Load a private key from PEM text, or from the file a path names. Raises ConfigurationError."""
    if isinstance(private_key, bytes) or (isinstance(private_key, str) and not _may_be_path(private_key)):
        return AppKey(private_key)
    try:
        path = Path(private_key).expanduser()
        with path.open("rb") as file:
            return AppKey(file.read(_LARGEST_KEY))
    except (OSError, ValueError, RuntimeError) as error:
        # What is no path may be a piece of the key itself. That holds no dot, so only a text with one is shown.
        shown = f"file {str(private_key)!r}" if "." in str(private_key) else "file"
        raise ConfigurationError(
            f"the private key's {shown} cannot be read: {getattr(error, 'strerror', None) or 'it is no path'}",
            hint="Give the PEM text itself, or the path of a file that holds it.",
        ) from None


def _may_be_path(text: str) -> bool:
    return "-----BEGIN" not in text and "\n" not in text.strip() and 0 < len(text.strip()) <= 4096
