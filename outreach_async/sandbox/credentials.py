"""Everything a client of the sandbox has to know, as the vendors' screens would show it."""

from __future__ import annotations

import collections.abc as abc
import hashlib
from dataclasses import dataclass, field
from typing import Any

from .s2s import key_pair

REDIRECT_URI = "http://127.0.0.1:8766/callback"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of one sandbox; they follow from its seed, but for the RSA key, which every process makes anew.

    `api_keys` has the keys `no_scopes`, `revoked` and `free_plan`; `api_key` is the one that works.
    """

    client_id: str
    redirect_uri: str
    s2s_guid: str
    install_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    api_key: str = field(repr=False)
    api_keys: abc.Mapping[str, str] = field(repr=False)
    outreach_webhook_secret: str = field(repr=False)
    planmysaas_webhook_secret: str = field(repr=False)

    @property
    def s2s_private_key(self) -> str:
        """The app's private key as PEM; its public half is registered."""
        return key_pair().private

    def announced(self) -> dict[str, Any]:
        """Give them under the names that the command line prints."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uri,
            "refresh_token": self.refresh_token,
            "s2s_guid": self.s2s_guid,
            "s2s_private_key": self.s2s_private_key,
            "install_id": self.install_id,
            "api_key": self.api_key,
            "api_keys": dict(self.api_keys),
            "outreach_webhook_secret": self.outreach_webhook_secret,
            "planmysaas_webhook_secret": self.planmysaas_webhook_secret,
        }


def made(seed: int) -> Credentials:
    """Make the credentials of a sandbox; the refresh token is one that its user `ada` was given earlier."""
    guid = _text(seed, "guid", 32)
    keys = {name: f"pms_live_{_text(seed, name, 32)}" for name in ("full", "no_scopes", "revoked", "free_plan")}
    return Credentials(
        client_id=_text(seed, "client", 20),
        client_secret=_text(seed, "client secret", 40),
        redirect_uri=REDIRECT_URI,
        refresh_token=_text(seed, "refresh token", 43),
        s2s_guid=f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}",
        install_id=f"install-{_text(seed, 'install', 12)}",
        api_key=keys.pop("full"),
        api_keys=keys,
        outreach_webhook_secret=_text(seed, "outreach webhook", 32),
        planmysaas_webhook_secret=_text(seed, "planmysaas webhook", 32),
    )


def _text(seed: int, purpose: str, length: int) -> str:
    return hashlib.sha256(f"sandbox {seed} {purpose}".encode()).hexdigest()[:length]
