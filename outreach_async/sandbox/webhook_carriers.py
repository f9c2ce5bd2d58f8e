"""How a webhook's request travels: over a real connection, or by a function in this process.

A carrier tells what the network did and follows no redirect; what that means for the delivery it does not know.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..engine.clock import Clock
from .clock import WoundClock
from .webhook_ledger import Message
from .webhook_rules import Outcome

if TYPE_CHECKING:
    from aiohttp import ClientSession

Deliver = abc.Callable[[Message], abc.Awaitable[Outcome]]
"""A receiver in this process: it gives the status it answers with, or the failure that a network would show."""

_MOMENT = 0.2
_USER_AGENT = "outreach-async sandbox"


class InProcessCarrier:
    """Hands requests to a function, and waits for it on the sandbox's clock."""

    def __init__(self, deliver: Deliver, clock: abc.Callable[[], Clock]) -> None:
        self._deliver = deliver
        self._clock = clock
        self._late: set[asyncio.Future[Any]] = set()

    async def carry(self, message: Message, limit: float) -> Outcome:
        """Give the answer, or `timeout` when there is none in time: the receiver works on, unheard."""
        clock = self._clock()
        until = clock.now() + limit
        answer: asyncio.Future[Outcome] = asyncio.ensure_future(self._deliver(message))
        try:
            # A receiver may store in a thread, which a wound clock cannot see: it waits a moment of real time.
            with _held(clock):
                await asyncio.wait({answer}, timeout=_MOMENT)
            if not answer.done():
                await self._until(answer, until - clock.now())
        except asyncio.CancelledError:
            answer.cancel()
            raise
        if answer.done():
            return answer.result()
        self._late.add(answer)
        answer.add_done_callback(self._late.discard)
        return "timeout"

    async def _until(self, answer: asyncio.Future[Outcome], seconds: float) -> None:
        limited = asyncio.ensure_future(self._clock().sleep(seconds))
        either: set[asyncio.Future[Any]] = {answer, limited}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limited.cancel()

    async def close(self) -> None:
        """Break off what was answered too late, or not yet."""
        late = tuple(self._late)
        for answer in late:
            answer.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class HttpCarrier:
    """Posts requests, each over a connection of its own, as a sender does that knows nothing of the last one."""

    def __init__(self, clock: abc.Callable[[], Clock], refuses_private: abc.Callable[[], bool]) -> None:
        self._clock = clock
        self._refuses_private = refuses_private
        self._session: ClientSession | None = None

    async def carry(self, message: Message, limit: float) -> Outcome:
        """Give the status, or what the network did instead. The limit is real time, whatever the clock."""
        with _held(self._clock()):
            try:
                async with asyncio.timeout(limit):
                    return await self._post(message)
            except TimeoutError:
                return "timeout"

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, message: Message) -> Outcome:
        from aiohttp import ClientConnectorDNSError, ClientConnectorError, ClientError

        if self._refuses_private() and (failure := await _looked_up(message.url)) is not None:
            return failure
        try:
            request = self._opened().post(
                message.url, data=message.body, headers=list(message.headers), allow_redirects=False
            )
            async with request as answer:
                return answer.status
        except ClientConnectorDNSError:
            return "dns"
        except ClientConnectorError:
            return "refused"
        except (ClientError, OSError):
            return "reset"

    def _opened(self) -> ClientSession:
        from aiohttp import ClientSession, TCPConnector, ThreadedResolver

        if self._session is None:
            connector = TCPConnector(limit=0, force_close=True, resolver=ThreadedResolver())
            self._session = ClientSession(connector=connector, headers={"User-Agent": _USER_AGENT})
        return self._session


def _held(clock: Clock) -> contextlib.AbstractContextManager[None]:
    """Keep a clock from winding itself while something is under way that it does not see."""
    return clock.hold() if isinstance(clock, WoundClock) else contextlib.nullcontext()


async def _looked_up(url: str) -> Outcome | None:
    """Say that a host is not known, or that it is private; None for one that may be called."""
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return "dns"
    addresses = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    return "private" if any(not address.is_global for address in addresses) else None
