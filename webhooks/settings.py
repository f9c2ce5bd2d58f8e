"""What a server is told: where it listens, its deadlines and its bounds. Checked when it is made."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from functools import cached_property

from outreach_async.protocol.errors import ConfigurationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Settings:
    """How `hooks serve` and `hooks.run()` serve.

    `port` 0 takes a free one; without `admin_port` there is no operator's application. `head_deadline` and
    `body_deadline` are in seconds, from the first byte of a request to the end of its headers, and from there to the
    end of its body; `idle_deadline` is how long a connection is kept for another request. `connections` bounds them
    in all, `per_peer` those of one address. Of the `trusted_proxies` (addresses or networks) `X-Forwarded-For` is
    believed, and instead of their connections the requests under way of each address behind them are bounded.
    `linger` is how many seconds open connections get for one last request when the server lets go. With `single`
    there is one process: no parent, no hand-over. Raises ConfigurationError.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    admin_port: int | None = None
    admin_host: str = "127.0.0.1"
    admin_token: str = ""
    head_deadline: float = 10.0
    body_deadline: float = 10.0
    idle_deadline: float = 75.0
    connections: int = 2_000
    per_peer: int = 500
    trusted_proxies: tuple[str, ...] = ()
    linger: float = 1.0
    backlog: int = 2_048
    single: bool = False

    def __post_init__(self) -> None:
        for port in (self.port, self.admin_port or 0):
            if not _is_port(port):
                raise ConfigurationError(f"{port!r} is no port", hint="Give one from 0 to 65535.")
        deadlines = (self.head_deadline, self.body_deadline, self.idle_deadline)
        # Not a number passes every comparison the other way round, and would be a deadline that never comes.
        if not all(0 < each < math.inf for each in deadlines) or not 0 <= self.linger < math.inf:
            raise ConfigurationError("deadlines are seconds, above 0 and not endless")
        if min(self.connections, self.per_peer, self.backlog) < 1:
            raise ConfigurationError("connections, per_peer and backlog have to be 1 or more")
        _ = self.proxies

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """The networks whose `X-Forwarded-For` is believed."""
        try:
            return tuple(ipaddress.ip_network(text) for text in self.trusted_proxies)
        except ValueError as error:
            raise ConfigurationError(
                f"trusted proxies: {error}", hint='Give addresses or networks, such as "10.0.0.0/8".'
            ) from None

    def trusts(self, address: str) -> bool:
        """Say whether this address is a trusted proxy's. An empty one is a local socket's, and is trusted."""
        if not address:
            return True
        if not self.proxies:
            return False
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(found in network for network in self.proxies)

    def behind(self, forwarded: str) -> str:
        """Give the address that an `X-Forwarded-For` tells: the last one in it that is no trusted proxy's."""
        addresses = [part.strip() for part in forwarded.split(",")]
        return next((each for each in reversed(addresses) if each and not self.trusts(each)), "")


def _is_port(port: object) -> bool:
    # `object`, since a program may hand in a text of its environment whatever the annotation says.
    return isinstance(port, int) and 0 <= port <= 65_535
