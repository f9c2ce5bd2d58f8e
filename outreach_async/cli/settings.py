"""From the environment to a credential and a client.

Which variables make which credential is decided here; what they mean is the credentials' own business. The command
line never uses a refresh token without a store: every refresh may replace it.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..engine.environment import Environment, required, setting
from ..protocol.errors import ConfigurationError

if TYPE_CHECKING:
    from ..engine.clock import Clock
    from ..engine.credentials import Credential, OAuthApp, Signer
    from ..engine.file_tokens import FileTokens
    from ..engine.transport import Transport
    from ..outreach.client import Outreach
    from ..planmysaas import PlanMySaaS

DEFAULT_USER = "default"

_TOKEN = ("OUTREACH_ACCESS_TOKEN",)
_OAUTH = ("OUTREACH_CLIENT_ID", "OUTREACH_CLIENT_SECRET", "OUTREACH_REDIRECT_URI")
_S2S = ("OUTREACH_S2S_GUID", "OUTREACH_S2S_PRIVATE_KEY", "OUTREACH_INSTALL_ID")


@dataclass(frozen=True, slots=True)
class Who:
    """Whose credential a command was told to use; with neither, the environment decides."""

    user: str | None = None
    install: str | None = None


@dataclass(slots=True)
class Held:
    """A credential that keeps hold of its signer, so that `whoami` can look at the token in use."""

    credential: Credential
    signer: Signer | None = None

    @property
    def origin(self) -> str:
        """The credential's own."""
        return self.credential.origin

    def bind(self, transport: Transport, clock: Clock) -> Signer:
        """Give the credential's signer, and keep it."""
        self.signer = self.credential.bind(transport, clock)
        return self.signer


def tokens_path(environ: Environment = os.environ) -> Path:
    """Give the token file: OUTREACH_TOKENS, or a file below the user's state folder."""
    state = setting(environ, "XDG_STATE_HOME", "") or "~/.local/state"
    return Path(setting(environ, "OUTREACH_TOKENS", f"{state}/outreach-async/tokens.json")).expanduser()


def token_store(environ: Environment = os.environ) -> FileTokens:
    """Give the store of users' tokens."""
    from ..engine.file_tokens import FileTokens

    return FileTokens(tokens_path(environ))


def oauth_app(environ: Environment = os.environ, *, scopes: abc.Iterable[str] = ()) -> OAuthApp:
    """Give the OAuth application of the environment. Raises ConfigurationError naming all that is missing."""
    from ..engine.credentials import OAuthApp

    return OAuthApp.from_env(tokens=token_store(environ), scopes=scopes, environ=environ)


def outreach_credential(who: Who, environ: Environment = os.environ) -> Credential:
    """Give the Outreach credential of the environment.

    The first that is complete: an access token, an OAuth application, a server-to-server installation. `who` names
    one of the latter two. Raises ConfigurationError naming every variable that is missing.
    """
    from ..engine.credentials import BearerToken, S2SApp, S2SInstall

    match _chosen(who, environ):
        case "token":
            return BearerToken.from_env(environ=environ)
        case "user":
            return oauth_app(environ).user(who.user or DEFAULT_USER)
        case _ if who.install is not None:
            return S2SApp.from_env(environ=environ).install(who.install)
        case _:
            return S2SInstall.from_env(environ=environ)


def has_outreach(environ: Environment = os.environ) -> bool:
    """Tell whether anything of Outreach's is configured."""
    return any(_is_set(environ, name) for name in (*_TOKEN, *_OAUTH, *_S2S, "OUTREACH_REFRESH_TOKEN"))


def has_planmysaas(environ: Environment = os.environ) -> bool:
    """Tell whether a PlanMySaaS key is configured."""
    return _is_set(environ, "PLANMYSAAS_API_KEY")


@contextlib.asynccontextmanager
async def outreach(
    who: Who, tell: abc.Callable[[str], None], environ: Environment = os.environ
) -> abc.AsyncIterator[tuple[Outreach, Held]]:
    """Open a client for the environment's credential. `tell` hears when calls stand still for their quota."""
    held = Held(outreach_credential(who, environ))
    from ..engine.request_pool import RequestPool
    from ..outreach.client import Outreach
    from .waiting import telling

    async with RequestPool() as pool, Outreach(held, pool=pool) as api, telling(tell, pool, api):
        yield api, held


def planmysaas(environ: Environment = os.environ) -> PlanMySaaS:
    """Give a client for the key in PLANMYSAAS_API_KEY. Raises ConfigurationError."""
    from ..engine.credentials import ApiKey
    from ..planmysaas import PlanMySaaS

    return PlanMySaaS(ApiKey.from_env(environ=environ))


def _chosen(who: Who, environ: Environment) -> str:
    if who.user is not None or who.install is not None:
        return "user" if who.install is None else "install"
    families = {"token": _TOKEN, "user": _OAUTH, "install": _S2S}
    for name, variables in families.items():
        if all(_is_set(environ, variable) for variable in variables):
            return name
    for name, variables in families.items():
        if any(_is_set(environ, variable) for variable in variables):
            return name
    raise _nothing_set(environ)


def _nothing_set(environ: Environment) -> ConfigurationError:
    try:
        required(environ, *_OAUTH)
    except ConfigurationError as error:
        return ConfigurationError(
            error.message,
            hint=f"Set those and run `outreach-async login`; or set {_TOKEN[0]}; or {', '.join(_S2S)}.",
        )
    raise AssertionError("an OAuth application is complete and was not chosen")


def _is_set(environ: Environment, name: str) -> bool:
    return bool(environ.get(name, "").strip())
