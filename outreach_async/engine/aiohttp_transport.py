"""The pooled transport, on aiohttp: whole answers, bounded in size and time, and never a redirect.

Writes go over connections of their own that are kept only briefly: a request sent down a connection which the server
is just closing fails, and a failed write cannot be told from one that happened.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING

from ..protocol.errors import ConfigurationError, ConnectionFailed, InvalidResponse, TimedOut
from ..protocol.messages import FORM, JSON, Request, Response
from .deadlines import Deadlines

if TYPE_CHECKING:
    import aiohttp
    from multidict import CIMultiDict

DEFAULT_CAP = 64 * 1024 * 1024
_READS_KEPT = 15.0
_WRITES_KEPT = 2.0
_HEADER_SETS = 256
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class AiohttpTransport:
    """Sends requests over pooled connections with TLS verified.

    `timeout`, `connect_timeout`, `read_timeout` are seconds: for a whole exchange, for a connection, between two
    pieces of an answer whose length was not told. `cap` is the largest answer read, in decoded bytes. `proxy` is a
    URL; the environment is looked at only with `trust_env=True`.
    """

    def __init__(
        self,
        *,
        concurrency: int = 40,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        cap: int = DEFAULT_CAP,
        proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        self._concurrency = concurrency
        self._deadlines = Deadlines(timeout)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._cap = cap
        self._proxy = proxy
        self._trust_env = trust_env
        self._reads: aiohttp.ClientSession | None = None
        self._writes: aiohttp.ClientSession | None = None
        self._headers: dict[tuple[str | None, str], CIMultiDict[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        """Send one request. Raises ConnectionFailed, TimedOut, InvalidResponse when the answer passes the cap."""
        if (loop := asyncio.get_running_loop()) is not self._loop:
            self._belong_to(loop)
        deadlines = self._deadlines if timeout is None else Deadlines(timeout)
        deadline = deadlines.start()
        try:
            return await self._exchange(request, authorization)
        except asyncio.CancelledError:
            if late := deadline.cancelled(request):
                raise late from None
            raise
        finally:
            deadlines.stop(deadline)
            if timeout is not None:
                deadlines.close()

    def _belong_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise ConfigurationError(
                "these connections belong to another event loop",
                hint="Make the pool, or the client, inside the asyncio.run() that uses it.",
            )
        self._loop = loop

    async def _exchange(self, request: Request, authorization: str | None) -> Response:
        import aiohttp
        from yarl import URL

        try:
            answer = await self._session(request.method).request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body,
                headers=self._headers_for(authorization, request.media_type),
                allow_redirects=False,
                proxy=self._proxy,
            )
            try:
                return Response(answer.status, answer.headers, await self._read(answer, request))
            except BaseException:
                answer.close()
                raise
        except aiohttp.InvalidURL as error:
            raise ConfigurationError(f"not a URL: {error}", request=request) from error
        except aiohttp.ConnectionTimeoutError as error:
            raise TimedOut("no connection in time", reached=False, request=request) from error
        except TimeoutError as error:
            raise TimedOut("the answer stopped coming", request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectionFailed(f"no connection: {error}", reached=False, request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            told = str(error) or type(error).__name__
            raise ConnectionFailed(f"the connection broke: {told}", request=request) from error

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._deadlines.close()
        for session in (self._reads, self._writes):
            if session is not None:
                await session.close()
        self._reads = self._writes = None

    async def _read(self, answer: aiohttp.ClientResponse, request: Request) -> bytes:
        length = answer.headers.get("Content-Length", "")
        if "Content-Encoding" not in answer.headers and length.isdigit() and int(length) <= self._cap:
            return await answer.read()
        chunks, size = [], 0
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._read_timeout) as limit:
            while chunk := await answer.content.readany():
                size += len(chunk)
                if size > self._cap:
                    raise InvalidResponse(f"the answer is larger than {self._cap} bytes", request=request)
                chunks.append(chunk)
                limit.reschedule(loop.time() + self._read_timeout)
        return b"".join(chunks)

    def _headers_for(self, authorization: str | None, media_type: str) -> CIMultiDict[str]:
        # Outreach demands the media type on every request, a GET without a body included (making requests).
        key = (authorization, media_type)
        headers = self._headers.get(key)
        if headers is None:
            headers = _headers(authorization, media_type)
            if len(self._headers) >= _HEADER_SETS:
                self._headers.clear()
            self._headers[key] = headers
        return headers

    def _session(self, method: str) -> aiohttp.ClientSession:
        if method in _IDEMPOTENT:
            if self._reads is None:
                self._reads = self._open(_READS_KEPT)
            return self._reads
        if self._writes is None:
            self._writes = self._open(_WRITES_KEPT)
        return self._writes

    def _open(self, kept: float) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise ConfigurationError("the transport is closed", hint="Make calls inside the `async with` block.")
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=kept),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout),
            trust_env=self._trust_env,
        )


def _headers(authorization: str | None, media_type: str) -> CIMultiDict[str]:
    from multidict import CIMultiDict, istr

    headers = CIMultiDict({istr("User-Agent"): _user_agent(), istr("Content-Type"): media_type})
    headers[istr("Accept")] = JSON if media_type == FORM else media_type
    if authorization is not None:
        headers[istr("Authorization")] = authorization
    return headers


@lru_cache(maxsize=1)
def _user_agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"outreach-async/{version('outreach-async')}"
    except PackageNotFoundError:  # run from a copy of the source, or frozen into one file
        return "outreach-async"
