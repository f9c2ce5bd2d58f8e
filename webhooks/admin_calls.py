"""The operator's calls: JSON for the command line, on the admin port, admitted by the token in a header alone.

A cookie opens none of these, so no page in a browser can make them. Answers are masked and escaped as the page is,
but for `raw`, which gives a delivery as it was received so that it can be replayed. One call is open to all: whether
this process holds the inbox of a name is asked before the token is shown to it.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from typing import Any

import anyio.to_thread
import msgspec
from aiohttp import web

from outreach_async.protocol.errors import ConfigurationError

from .aiohttp_shell import BODY_DEADLINE, read_body
from .console_access import PATH, Access
from .inbox import LAST_ID, Findable, Inbox
from .inbox_errors import InboxError
from .inbox_views import entry_view, gap_view, stored_view, summary_view
from .operations import listing_of, redeliver, redeliver_dead, redelivered_view, replay
from .replay import saved

ROOM = 1 << 20
"""Bytes of a call beside the body of a delivery in it."""

ROOT = f"{PATH}/api"

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Answer = abc.Mapping[str, Any]
Call = abc.Callable[[web.Request], abc.Awaitable[Answer]]


class AdminCalls:
    """Answers the command line. `now` gives Unix seconds, `max_body` is the most bytes of a replayed delivery."""

    def __init__(
        self,
        inbox: Inbox,
        statistics: abc.Callable[[], abc.Mapping[str, Any]],
        access: Access,
        now: abc.Callable[[], float],
        max_body: int,
    ) -> None:
        self._inbox = inbox
        self._statistics = statistics
        self._access = access
        self._now = now
        self._max_body = max_body
        # A byte takes six in JSON when it has to be escaped.
        self._limit = 6 * max_body + ROOM

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, all below `/console/api`."""
        return [
            web.get(f"{ROOT}/stats", self._guarded(self._stats)),
            web.get(f"{ROOT}/events", self._guarded(self._events)),
            web.get(ROOT + "/events/{id:[0-9]{1,100}}", self._guarded(self._event)),
            web.get(f"{ROOT}/gaps", self._guarded(self._gaps)),
            web.get(f"{ROOT}/holder", self._holder),
            web.post(f"{ROOT}/redeliver", self._guarded(self._redeliver)),
            web.post(f"{ROOT}/repaired", self._guarded(self._repaired)),
            web.post(f"{ROOT}/replay", self._guarded(self._replay)),
        ]

    def _guarded(self, call: Call) -> abc.Callable[[web.Request], abc.Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if not self._access.by_header(request):
                response = _json(401, {"error": "this needs the console's token, as Authorization: Bearer"})
                response.headers["WWW-Authenticate"] = "Bearer"
                response.force_close()
                return response
            try:
                return _json(200, await call(request))
            except ConfigurationError as error:
                return _json(400, _told(error))
            except InboxError as error:
                return _json(503, _told(error))

        return handle

    async def _holder(self, request: web.Request) -> web.StreamResponse:
        inbox = self._inbox
        return _json(200, {"holds": isinstance(inbox, Findable) and inbox.is_held_as(request.query.get("inbox", ""))})

    async def _stats(self, request: web.Request) -> Answer:
        stored = stored_view(await self._inbox.counts(), await self._inbox.gaps())
        return {"receiver": dict(self._statistics()), **stored}

    async def _events(self, request: web.Request) -> Answer:
        found = await self._inbox.events(listing_of(request.query, limit=100))
        return {"events": [summary_view(summary) for summary in found]}

    async def _event(self, request: web.Request) -> Answer:
        entry = await self._inbox.get(int(request.match_info["id"]))
        if "raw" in request.query:
            return {"saved": saved(entry.delivery) if entry else None}
        # A body is the sender's to choose, and laying one out may take a while: deliveries do not wait for it.
        return {"event": await anyio.to_thread.run_sync(entry_view, entry) if entry else None}

    async def _gaps(self, request: web.Request) -> Answer:
        return {"gaps": [gap_view(gap) for gap in await self._inbox.gaps()]}

    async def _redeliver(self, request: web.Request) -> Answer:
        asked = await _document(request, self._limit)
        match asked:
            case {"ids": [*ids]} if all(map(_is_id, ids)):
                return redelivered_view(await redeliver(self._inbox, ids))
            case {"dead": True}:
                before = asked.get("before")
                if before is None or _is_id(before):
                    return redelivered_view(await redeliver_dead(self._inbox, before))
        raise ConfigurationError('what to redeliver is said as {"ids": [1, 2]} or {"dead": true}')

    async def _repaired(self, request: web.Request) -> Answer:
        match await _document(request, self._limit):
            case {"id": id} if _is_id(id):
                return {"repaired": await self._inbox.repaired(id)}
        raise ConfigurationError('which gap was repaired is said as {"id": 1}')

    async def _replay(self, request: web.Request) -> Answer:
        return await replay(self._inbox, await _document(request, self._limit), self._now(), self._max_body)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value <= LAST_ID


async def _document(request: web.Request, limit: int) -> Any:
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            body = await read_body(request.content, limit)
    except TimeoutError:
        raise ConfigurationError(f"the body did not come within {BODY_DEADLINE:g} s") from None
    if len(body) > limit:
        raise ConfigurationError(f"the body has more than {limit:,} bytes")
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the body is not JSON: {error}") from None


def _told(error: ConfigurationError | InboxError) -> Answer:
    return {"error": error.message, "hint": error.hint}


def _json(status: int, answer: Answer) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(answer, enc_hook=str) + b"\n",
        content_type="application/json",
        headers=_HEADERS,
    )
