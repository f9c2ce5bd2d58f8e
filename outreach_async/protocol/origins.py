"""Which base URLs a credential may be bound to.

An origin is scheme, host and port, nothing more: the paths below it are this library's business. Plain HTTP would
show the token to the network, so it is allowed only where that network is one's own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from .errors import ConfigurationError
from .redaction import redact_url

OUTREACH_ORIGIN = "https://api.outreach.io"
PLANMYSAAS_ORIGIN = "https://www.planmysaas.com"

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(base_url: str, *, name: str = "base_url") -> str:
    """Give the origin of a base URL, in lower case and without a default port or a final slash.

    `name` is the setting the text came from, for the error. Raises ConfigurationError for a missing scheme or host,
    a user name, a path, a query, and for plain HTTP to a public host.
    """
    if not base_url.isascii() or not base_url.isprintable() or " " in base_url or "\\" in base_url:
        raise _unusable(name, base_url, "it holds a character no URL has")
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unusable(name, base_url, "it is not a URL") from None
    _check(name, base_url, parts)
    assert host
    if parts.scheme == "http" and not _own_network(host):
        raise _unusable(name, base_url, "plain http would show the token to the network")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _check(name: str, base_url: str, parts: SplitResult) -> None:
    if parts.scheme not in _DEFAULT_PORTS or "//" not in base_url:
        raise _unusable(name, base_url, "it has no http or https scheme")
    if not parts.hostname:
        raise _unusable(name, base_url, "it has no host")
    if "@" in parts.netloc:
        raise _unusable(name, base_url, "it holds a user name")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _unusable(name, base_url, "it has more than scheme, host and port")


def _own_network(host: str) -> bool:
    """Tell loopback and private addresses, and names that only a local resolver knows: `localhost`, `sandbox`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host.removesuffix(".localhost")
    return address.is_loopback or address.is_private


def _unusable(name: str, base_url: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} {redact_url(base_url)[:200]!r} cannot be used: {why}",
        hint=f"Give an origin such as {OUTREACH_ORIGIN}.",
    )
