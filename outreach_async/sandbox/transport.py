"""The sandbox as an engine transport: no socket, no thread, and the time of the sandbox's clock."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import parse_qsl

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError, ConnectionFailed, TimedOut
from ..protocol.messages import Headers, Request, Response
from .calls import Call
from .faults import Reply

_TIMEOUT = 60.0
_FORM = "application/x-www-form-urlencoded"


class Served(Protocol):
    """What answers calls, and whose clock passes meanwhile."""

    @property
    def clock(self) -> Clock:
        """The clock that answers are timed by."""
        ...

    @property
    def origins(self) -> frozenset[str]:
        """The origins under which calls are answered."""
        ...

    def answer(self, call: Call) -> Reply:
        """Answer one call."""
        ...


class InProcessTransport:
    """Hands requests to the simulated services as if they had travelled; other origins are not reached."""

    def __init__(self, sandbox: Served) -> None:
        self._sandbox = sandbox
        self._closed = False

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        """Answer a request. Raises TimedOut when a fault delays it by more than `timeout` seconds.

        Raises ConnectionFailed when a fault cuts it, and for another origin than the sandbox's.
        """
        if self._closed:
            raise ConfigurationError("the transport is closed", hint="Make calls inside the `async with` block.")
        if request.origin not in self._sandbox.origins:
            raise ConnectionFailed(f"the sandbox does not reach {request.origin}", reached=False, request=request)
        clock = self._sandbox.clock
        # A real exchange lets other tasks run; so does this one.
        await clock.sleep(0)
        reply = self._sandbox.answer(_call(request, authorization, clock.now()))
        if reply.refused:
            raise ConnectionFailed("no connection: refused by the sandbox", reached=False, request=request)
        limit = _TIMEOUT if timeout is None else timeout
        if reply.delay:
            await clock.sleep(min(reply.delay, limit))
        if reply.delay > limit:
            raise TimedOut("no whole answer in time", request=request)
        if reply.cut is not None:
            raise ConnectionFailed("the connection broke: cut by the sandbox", request=request)
        response = reply.response
        return Response(response.status, Headers([*response.headers.items(), *reply.headers]), response.body)

    async def close(self) -> None:
        """Take no more requests."""
        self._closed = True


def _call(request: Request, authorization: str | None, now: float) -> Call:
    accept = "application/json" if request.media_type == _FORM else request.media_type
    headers = [("accept", accept), ("content-type", request.media_type)]
    if authorization is not None:
        headers.append(("authorization", authorization))
    query = tuple(parse_qsl(request.query, keep_blank_values=True)) if request.query else ()
    return Call(request.method, request.path, query, Headers(headers), request.body or b"", now, request.origin)
