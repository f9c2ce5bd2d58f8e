"""`whoami`: which credential is in use, what it may do, for how long, and what is left of its quota."""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError, StatusError, Unauthorized
from .output import DONE, Output
from .settings import Who, has_outreach, has_planmysaas, outreach, outreach_credential, planmysaas, tokens_path

if TYPE_CHECKING:
    from ..engine.credentials import Credential
    from ..outreach.client import Outreach
    from .settings import Held

# Scopes listed to people before the rest is a number.
_SCOPES_SHOWN = 12


async def whoami(output: Output, who: Who) -> int:
    """Ask, and write what is known of each API that the environment configures."""
    told: dict[str, Any] = {}
    if has_outreach() or who != Who():
        told["outreach"] = await _outreach(who, output.note)
    if has_planmysaas():
        told["planmysaas"] = await _planmysaas()
    if not told:
        try:
            outreach_credential(who)
        except ConfigurationError as error:
            raise ConfigurationError(
                error.message, hint=f"{error.hint} For PlanMySaaS set PLANMYSAAS_API_KEY."
            ) from None
    for name, facts in told.items():
        _show(output, name, facts)
    output.result(told)
    return DONE


async def _outreach(who: Who, tell: abc.Callable[[str], None]) -> dict[str, Any]:
    async with outreach(who, tell) as (api, held):
        await _spend_one_call(api)
        return _identity(held.credential) | _token(held) | _quota(api)


async def _spend_one_call(api: Outreach) -> None:
    """Make one call, which is what tells the quota. The API's root needs no scope; any answer but 401 will do."""
    try:
        await api.request("GET", "")
    except Unauthorized:
        raise
    except StatusError:
        return


def _identity(credential: Credential) -> dict[str, Any]:
    from ..engine.credentials import OAuthUser, S2SInstall

    if isinstance(credential, OAuthUser):
        told = {"credential": "oauth user", "user": credential.name, "store": str(tokens_path())}
    elif isinstance(credential, S2SInstall):
        told = {"credential": "server-to-server installation", "install": credential.install_id}
    else:
        told = {"credential": "access token"}
    return {**told, "base_url": credential.origin}


def _token(held: Held) -> dict[str, Any]:
    from ..engine.token_manager import TokenManager

    signer = held.signer
    granted = None if signer is None else signer.granted
    told: dict[str, Any] = {"scopes": None if granted is None else sorted(granted), "expires_at": None}
    if isinstance(signer, TokenManager) and signer.token is not None:
        told["expires_at"] = dt.datetime.fromtimestamp(signer.token.expires_at, dt.UTC).isoformat(timespec="seconds")
        told["organisation"] = signer.token.org_id or None
    return told


def _quota(api: Outreach) -> dict[str, Any]:
    view = api.quota
    if view is None:
        return {"quota": None}
    resets = None if view.resets_at is None else round(view.resets_at - view.at, 1)
    return {"quota": {"limit": view.limit, "remaining": view.remaining, "resets_in_seconds": resets, "text": str(view)}}


async def _planmysaas() -> dict[str, Any]:
    async with planmysaas() as pms:
        me = await pms.me()
    return {
        "workspace": me.workspace.name,
        "workspace_id": me.workspace.id,
        "key": me.key.prefix,
        "scopes": sorted(me.scopes),
    }


def _show(output: Output, name: str, facts: dict[str, Any]) -> None:
    if output.json:
        return
    rows = [(key.replace("_", " "), _text(key, value)) for key, value in facts.items() if value is not None]
    output.table([name, ""], rows)


def _text(key: str, value: Any) -> str:
    if key == "quota":
        return str(value["text"])
    if not isinstance(value, list):
        return str(value)
    more = len(value) - _SCOPES_SHOWN
    return " ".join(value[:_SCOPES_SHOWN]) + (f" and {more} more" if more > 0 else "")
