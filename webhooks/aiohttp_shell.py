"""The receiver as aiohttp routes: for the bundled application, and beside the routes of an existing one.

aiohttp waits for a body without end, so a body has its own deadline here. For headers it has none that a route could
set: `hooks serve` has, and elsewhere a proxy stands in front.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import logging
import re

from aiohttp import StreamReader, web

from outreach_async.protocol.errors import ConfigurationError

from .intake import Intake
from .receiver import Abort, Reply, raw_fields, unstorable
from .sources import Source

BODY_DEADLINE = 10.0
"""How long a body may take to come, in seconds."""

_PREFIX = re.compile(r"(?:/[A-Za-z0-9_.~-]+)*")

_log = logging.getLogger("webhooks.aiohttp")

Handler = abc.Callable[[web.Request], abc.Awaitable[web.StreamResponse]]
Before = abc.Callable[[], abc.Awaitable[bool]]


def check_prefix(prefix: str) -> str:
    """Give a prefix of paths without its last slash. Raises ConfigurationError for what is none."""
    prefix = prefix.rstrip("/")
    if _PREFIX.fullmatch(prefix) is None:
        raise ConfigurationError(f"{prefix!r} cannot stand before a path", hint='Write it as "/hooks".')
    return prefix


def routes(intake: Intake, prefix: str, before: Before, deadline: float = BODY_DEADLINE) -> list[web.RouteDef]:
    """Give the routes of every source. `before` is awaited ahead of each delivery, and says whether it can be taken."""
    prefix = check_prefix(prefix)
    return [
        web.route("*", prefix + source.path, _handler(intake, source, before, deadline))
        for source in intake.sources.values()
    ]


BROKEN = (ConnectionError, web.RequestPayloadError)
"""What reading a body raises when its sender went away, or framed it wrongly."""


async def read_body(content: StreamReader, limit: int) -> bytes:
    """Read a body, and stop once it has more than `limit` bytes. Raises `BROKEN`."""
    body = await content.readany()
    if content.at_eof() or len(body) > limit:
        return body
    chunks, size = [body], len(body)
    while size <= limit and (chunk := await content.readany()):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _handler(intake: Intake, source: Source, before: Before, deadline: float) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        fields = raw_fields(request.raw_headers)
        if refused := intake.refuse(source, request.method, fields):
            return _response(refused, closing=True)
        try:
            async with asyncio.timeout(deadline):
                body = await read_body(request.content, source.max_body)
        except (TimeoutError, *BROKEN):
            # Whoever it was: to the vendors a cut connection is a failure that they try again after.
            return _cut(request)
        try:
            running = await before()
            taken = await intake.take(source, fields, body, owns_socket=True) if running else None
        except Exception:
            # aiohttp would answer 500, which Outreach takes for a receipt.
            _log.exception("a request failed")
            return _cut(request)
        reply = taken or unstorable(source, owns_socket=True)
        if isinstance(reply, Abort):
            return _cut(request)
        return _response(reply, closing=len(body) > source.max_body)

    return handle


def _response(reply: Reply, *, closing: bool) -> web.Response:
    response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    if closing:
        response.force_close()
    return response


def _cut(request: web.Request) -> web.Response:
    """Cut the connection; aiohttp wants a response all the same, and finds that nobody is there for it."""
    if request.transport is not None:
        request.transport.abort()
    response = web.Response(status=503)
    response.force_close()
    return response
