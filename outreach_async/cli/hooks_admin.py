"""The admin port of a running receiver, asked by the command line. The token goes to that address and nowhere else."""

from __future__ import annotations

import collections.abc as abc
import io
import json
from typing import TYPE_CHECKING, Any, Self

import aiohttp

from ..protocol.errors import ConfigurationError, OutreachError
from ..protocol.origins import origin_of

if TYPE_CHECKING:
    from webhooks.inbox import Listing

TIMEOUT = 30.0
"""Seconds that one call may take."""

ANSWER_LIMIT = 64 << 20
"""Bytes of the largest answer that is read."""

View = dict[str, Any]


def _origin(url: str) -> str:
    try:
        return origin_of(url.removesuffix("/").removesuffix("/console"), name="--admin")
    except ConfigurationError as error:
        raise ConfigurationError(error.message, hint="Give an origin such as http://127.0.0.1:8081.") from None


class Admin:
    """Asks one admin port. Raises ConfigurationError for an address that is none, or would show the token."""

    at_once = True

    def __init__(self, url: str, token: str) -> None:
        self._origin = _origin(url)
        if not token.isascii() or not token.isprintable():
            raise ConfigurationError("the console's token holds a character that no header can")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def holds(self, identity: str) -> bool:
        """Ask whether the process that answers holds the inbox of this name. The token is not shown for it."""
        answer = await self._call("GET", "holder", query={"inbox": identity}, signed=False)
        return answer.get("holds") is True

    async def events(self, listing: Listing) -> list[View]:
        """Give the events that a listing asks for."""
        names = ("state", "source", "event", "resource", "before", "after", "limit")
        asked = {name: str(value) for name in names if (value := getattr(listing, name)) not in (None, "")}
        return list((await self._call("GET", "events", query=asked))["events"])

    async def event(self, id: int) -> View | None:
        """Give one event whole; None when there is none."""
        found: View | None = (await self._call("GET", f"events/{id}"))["event"]
        return found

    async def saved(self, id: int) -> View | None:
        """Give one delivery as it was received; None when there is none."""
        found: View | None = (await self._call("GET", f"events/{id}", query={"raw": "1"}))["saved"]
        return found

    async def stats(self) -> View:
        """Give what the receiver and its inbox count."""
        return await self._call("GET", "stats")

    async def gaps(self) -> list[View]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        return list((await self._call("GET", "gaps"))["gaps"])

    async def redeliver(self, ids: abc.Sequence[int]) -> View:
        """Have events worked on again."""
        from webhooks.inbox import LAST_ID

        done = await self._call("POST", "redeliver", {"ids": [each for each in ids if each <= LAST_ID]})
        return done | {"left": done["left"] + [each for each in ids if each > LAST_ID]}

    async def redeliver_dead(self, before: int | None) -> View:
        """Have some dead letters worked on again; `before` of the answer is where to go on."""
        return await self._call("POST", "redeliver", {"dead": True, "before": before})

    async def replay(self, saved: View) -> View:
        """Hand in a saved delivery."""
        return await self._call("POST", "replay", saved)

    async def repaired(self, gap: int) -> bool:
        """Note that a gap's events were fetched by other means; False when it is not there or was repaired before."""
        from webhooks.inbox import LAST_ID

        return gap <= LAST_ID and (await self._call("POST", "repaired", {"id": gap}))["repaired"] is True

    async def _call(
        self,
        method: str,
        name: str,
        document: View | None = None,
        query: abc.Mapping[str, str] | None = None,
        *,
        signed: bool = True,
    ) -> View:
        assert self._session is not None
        url = f"{self._origin}/console/api/{name}"
        data = None if document is None else io.BytesIO(json.dumps(document).encode())
        try:
            async with self._session.request(
                method, url, params=query, data=data, headers=self._headers if signed else {}, allow_redirects=False
            ) as answer:
                status, body = answer.status, await answer.content.read(ANSWER_LIMIT)
                while len(body) < ANSWER_LIMIT and (more := await answer.content.read(ANSWER_LIMIT - len(body))):
                    body += more
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutreachError(
                f"nobody answers at {self._origin}: {type(error).__name__}",
                hint="Is the receiver running, with that --admin-port? Where none runs, say --inbox FILE alone.",
            ) from None
        return self._read(status, body)

    def _read(self, status: int, body: bytes) -> View:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if status == 401:
            raise ConfigurationError(
                f"{self._origin} does not take this token", hint="Is it the one it was served with?"
            )
        if not isinstance(told, dict) or status in (404, 405):
            raise ConfigurationError(
                f"what answers at {self._origin} is no admin port ({status})",
                hint="Give the address that `hooks serve --admin-port` tells.",
            )
        if status == 200:
            return told
        message, hint = str(told.get("error", f"status {status}")), str(told.get("hint") or "")
        raise ConfigurationError(message, hint=hint) if status == 400 else OutreachError(message, hint=hint)
