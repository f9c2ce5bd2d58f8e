"""The receiver under any ASGI framework: `fastapi_app.mount("/hooks", hooks.asgi())`.

The socket is the server's, so a delivery that cannot be stored is answered 503 here, and Outreach takes any answer
for a receipt: what was lost so is in the inbox's gaps. Bodies have a deadline, headers have the server's, if any.
Mounted applications are not told when the program begins and ends: give `hooks.lifespan` to the outer one.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from .aiohttp_shell import BODY_DEADLINE
from .receiver import RETRY_AFTER, Abort, Reply, raw_fields, unstorable
from .sources import Source

if TYPE_CHECKING:
    from .app import Webhooks

Scope = abc.MutableMapping[str, Any]
Message = abc.MutableMapping[str, Any]
Receive = abc.Callable[[], abc.Awaitable[Message]]
Send = abc.Callable[[Message], abc.Awaitable[None]]

_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
_ALIVE = Reply(200, b"ok\n", (*_PLAIN, ("Cache-Control", "no-store")))
_UNKNOWN = Reply(404, b"there is nothing here\n")
_UNREAD = Reply(503, b"the body did not come\n", (*_PLAIN, ("Retry-After", str(RETRY_AFTER))))

_log = logging.getLogger("webhooks.asgi")


class AsgiApp:
    """An ASGI 3 application of one receiver: its sources' paths and `/healthz`, below where it is mounted."""

    def __init__(self, hooks: Webhooks, *, deadline: float = BODY_DEADLINE) -> None:
        self._hooks = hooks
        self._deadline = deadline
        self._sources = {source.path: source for source in hooks.sources}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through the server's lifespan when this is its application."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if reply := await self._answer(scope, receive):
                await _send(reply, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive) -> Reply | None:
        path = _path(scope)
        source = self._sources.get(path)
        if source is None:
            return _ALIVE if path == "/healthz" and scope["method"] in ("GET", "HEAD") else _UNKNOWN
        intake, method, fields = self._hooks.intake, scope["method"], raw_fields(scope["headers"])
        if refused := intake.refuse(source, method, fields):
            return refused
        try:
            async with asyncio.timeout(self._deadline):
                body = await _read(receive, source)
        except TimeoutError:
            return _UNREAD
        if body is None:
            return None
        if await self._hooks.ensure_running():
            reply = await intake.take(source, fields, body, owns_socket=False)
        else:
            reply = unstorable(source, owns_socket=False)
        assert not isinstance(reply, Abort)
        return reply

    async def _live(self, receive: Receive, send: Send) -> None:
        async with contextlib.AsyncExitStack() as stack:
            await receive()
            try:
                await stack.enter_async_context(self._hooks.lifespan())
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Receive, source: Source) -> bytes | None:
    """Read a body, and stop once it is too large; None when the sender went away."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > source.max_body or not message.get("more_body", False):
            return b"".join(chunks)


async def _send(reply: Reply, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _path(scope: Scope) -> str:
    """Give the path below where this application is mounted; frameworks differ in whether they leave that in."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(root + "/") else path
