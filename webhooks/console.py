"""The page for the person on call, at `/console` on the admin port: who may see it, and which page answers what.

Made on the server from the inbox itself, without scripts. Whoever has the token sees people's data, so nothing is
shown without it; a form counts only with the proof that this console made it for that session.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import functools
import re
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
from aiohttp import web

from outreach_async.protocol.errors import ConfigurationError

from . import console_frame as frame
from . import console_pages as pages
from .admin_calls import AdminCalls
from .aiohttp_shell import BODY_DEADLINE, read_body
from .console_access import PATH, VISIT, Access
from .console_event import event as event_page
from .console_html import SECURITY_HEADERS, Safe, joined, page
from .console_style import ICON, STYLE
from .inbox import Inbox, Listing
from .inbox_errors import InboxError
from .operations import listing_of, number, redeliver, redeliver_dead, redeliver_every
from .sources import MAX_BODY

LISTED = 50
FORM_LIMIT = 8 * 1024
"""Bytes of the largest form."""

Statistics = abc.Callable[[], abc.Mapping[str, Any]]
Handler = abc.Callable[[web.Request], abc.Awaitable[web.StreamResponse]]
Page = abc.Callable[[web.Request, str], abc.Awaitable[web.Response]]
_NONCE = re.compile(r"[0-9a-f]{32}")
_FOREVER = {**SECURITY_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}


class Console:
    """The operator's page and calls over one inbox. `now` gives Unix seconds.

    `max_body` is how large a delivery may be that is handed in again, in bytes.

    Raises ConfigurationError for a token of fewer than 16 characters.
    """

    def __init__(
        self,
        inbox: Inbox,
        statistics: Statistics,
        token: str,
        *,
        now: abc.Callable[[], float] = time.time,
        max_body: int = MAX_BODY,
    ) -> None:
        self._inbox = inbox
        self._statistics = statistics
        self._access = Access(token, now)
        self._now = now
        self._calls = AdminCalls(inbox, statistics, self._access, now, max_body)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes, all at and below `/console`."""
        return [
            web.get(PATH, self._page(self._overview)),
            web.get(f"{PATH}/", self._page(self._overview)),
            web.get(f"{PATH}/dead", self._page(self._dead)),
            web.get(f"{PATH}/gaps", self._page(self._gaps)),
            web.get(PATH + "/events/{id:[0-9]{1,100}}", self._page(self._event)),
            web.get(f"{PATH}/login", self._page(self._overview)),
            web.post(f"{PATH}/login", self._login),
            web.post(f"{PATH}/logout", self._form(self._logout)),
            web.post(f"{PATH}/redeliver", self._form(self._redeliver)),
            web.get(f"{PATH}/style.css", _asset(STYLE, "text/css")),
            web.get(f"{PATH}/icon.svg", _asset(ICON, "image/svg+xml")),
            *self._calls.routes(),
        ]

    def _page(self, show: Page) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            session = self._access.session(request)
            if not session and not self._access.by_header(request):
                return self._door(request)
            try:
                return await show(request, self._access.proof(session))
            except ConfigurationError as error:
                return self._trouble(session, 400, "That cannot be shown", str(error))
            except InboxError as error:
                return self._trouble(session, 503, "The inbox does not answer", str(error))

        return handle

    def _form(self, work: abc.Callable[[abc.Mapping[str, str]], abc.Awaitable[web.Response]]) -> Handler:
        """Give what takes a form: only from a session, and only with the proof that was made for it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            session = self._access.session(request)
            if not session:
                return self._door(request)
            try:
                form = await _read_form(request)
                if not _from_here(request) or not self._access.is_proof(session, form.get("proof", "")):
                    return self._trouble(session, 403, "Nothing was done", "This form is old, or was not made here.")
                return await work(form)
            except ConfigurationError as error:
                return self._trouble(session, 400, "Nothing was done", str(error))
            except InboxError as error:
                return self._trouble(session, 503, "The inbox does not answer", str(error))

        return handle

    async def _overview(self, request: web.Request, proof: str) -> web.Response:
        asked = listing_of(request.query, LISTED)
        live = request.query.get("refresh") == str(pages.REFRESH)
        found = await self._inbox.events(asked)
        content = pages.overview(self._statistics(), found, asked, self._now(), live=live)
        return self._shown("Webhooks", content, proof, refresh=pages.REFRESH if live else 0)

    async def _dead(self, request: web.Request, proof: str) -> web.Response:
        asked = Listing(state="dead", before=number(request.query.get("before"), "before"), limit=LISTED)
        found = await self._inbox.events(asked)
        dead = self._inbox.statistics().dead
        content = pages.dead_letters(found, dead, asked, self._now(), proof)
        return self._shown("Dead letters", joined((_told(request), content)), proof, place="/dead")

    async def _gaps(self, request: web.Request, proof: str) -> web.Response:
        return self._shown("Gaps", pages.gaps(await self._inbox.gaps(), self._now()), proof, place="/gaps")

    async def _event(self, request: web.Request, proof: str) -> web.Response:
        entry = await self._inbox.get(int(request.match_info["id"]))
        if entry is None:
            content = frame.problem("There is no such event", "It was removed, or never was.")
            return self._shown("No such event", content, proof, status=404)
        # A body is the sender's to choose, and laying one out may take a while: deliveries do not wait for it.
        content = await anyio.to_thread.run_sync(event_page, entry, self._now(), proof)
        content = joined((_told(request), content))
        return self._shown(f"Event {entry.id}", content, proof, place="/events")

    async def _login(self, request: web.Request) -> web.StreamResponse:
        try:
            form = await _read_form(request)
        except ConfigurationError as error:
            return self._door(request, 400, str(error))
        if not _from_here(request) or not self._access.is_proof(request.cookies.get(VISIT, ""), form.get("proof", "")):
            return self._door(request, 403, "This form was old. Try it once more; cookies have to be allowed.")
        onward = _below(form.get("onward", ""))
        if not self._access.is_token(form.get("token", "")):
            return self._door(request, 403, "That is not the token.", onward)
        response = _onward(onward)
        self._access.sign_in(request, response)
        return response

    async def _logout(self, form: abc.Mapping[str, str]) -> web.Response:
        response = _onward(PATH)
        self._access.sign_out(response)
        return response

    async def _redeliver(self, form: abc.Mapping[str, str]) -> web.Response:
        if form.get("all"):
            done = await redeliver_every(functools.partial(redeliver_dead, self._inbox))
            return _onward(f"{PATH}/dead?redelivered={len(done.taken)}")
        event = number(form.get("id"), "id")
        if event is None:
            raise ConfigurationError("the form names no event")
        done = await redeliver(self._inbox, [event])
        back = _below(PATH + form.get("back", ""))
        return _onward(f"{back}?redelivered={len(done.taken)}")

    def _door(self, request: web.Request, status: int = 401, told: str = "", onward: str = "") -> web.Response:
        """Ask for the token, in place of whatever was asked for."""
        told_before = request.cookies.get(VISIT, "")
        nonce = told_before if _NONCE.fullmatch(told_before) else secrets.token_hex(16)
        target = onward or (_below(request.path_qs) if request.method == "GET" else PATH)
        body = page("Sign in", frame.sign_in(self._access.proof(nonce), target, told))
        response = _html(body, status)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        self._access.visit(request, response, nonce)
        return response

    def _shown(
        self, title: str, content: Safe, proof: str, *, place: str = "", status: int = 200, refresh: int = 0
    ) -> web.Response:
        dead = int(self._statistics().get("dead") or 0)
        return _html(page(title, content, head=frame.head(place, dead, proof), refresh=refresh), status)

    def _trouble(self, session: str, status: int, title: str, told: str) -> web.Response:
        return _html(
            page(title, frame.problem(title, told), head=frame.head("-", 0, self._access.proof(session))), status
        )


async def _read_form(request: web.Request) -> dict[str, str]:
    """Read a small form. Raises ConfigurationError for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise ConfigurationError("this is no form of the console")
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            body = await read_body(request.content, FORM_LIMIT)
        if len(body) > FORM_LIMIT:
            raise ConfigurationError("the form is too large")
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=10))
    except TimeoutError:
        raise ConfigurationError("the form did not come in time") from None
    except ValueError:
        raise ConfigurationError("the form cannot be read") from None


def _from_here(request: web.Request) -> bool:
    """Say whether the browser names no other page as the form's origin. Old ones do not say; the proof decides."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _below(path: str) -> str:
    """Give a path of the console's own to go to; its first page for anything else."""
    plain = path.isascii() and path.isprintable() and not set(path) & set("\\%@ ") and "//" not in path
    inside = path == PATH or path.startswith((f"{PATH}/", f"{PATH}?"))
    return path if plain and inside and len(path) < 500 and ".." not in path else PATH


def _told(request: web.Request) -> Safe:
    match number(request.query.get("redelivered"), "redelivered"):
        case None:
            return Safe("")
        case 0:
            return frame.notice("Nothing was redelivered: it is being worked on already, or it is gone.", "note")
        case 1:
            return frame.notice("Redelivered. Its handlers run as soon as it is their turn.")
        case many:
            return frame.notice(f"Redelivered {many:,} events. Their handlers run as soon as it is their turn.")


def _onward(place: str) -> web.Response:
    return web.Response(status=303, headers={**SECURITY_HEADERS, "Location": place})


def _html(body: bytes, status: int) -> web.Response:
    return web.Response(status=status, body=body, content_type="text/html", charset="utf-8", headers=SECURITY_HEADERS)


def _asset(text: str, kind: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(body=text.encode(), content_type=kind, charset="utf-8", headers=_FOREVER)

    return handle
