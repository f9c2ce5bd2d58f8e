"""The half of a browser sign-in that listens: the redirect's own address on this machine, for one answer.

OAuth servers compare redirect URIs letter by letter, so the listener takes the registered one apart and stands exactly
there, or not at all. Pages of any origin can reach it, so an answer with another state is refused and the wait goes
on; what is refused learns nothing. Who opens the browser, and what becomes of the code, is not known here.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from ..protocol.errors import ConfigurationError, SignInRequired

if TYPE_CHECKING:
    from aiohttp import web

    from .oauth import SignIn

# Answers of other sign-ins that are refused before the listener gives up.
MAX_STRANGERS = 50

# Seconds the browser has to read its page when the listener closes.
_FAREWELL = 1.0

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:28rem;"
    "padding:0 1rem}}</style><h1>{title}</h1><p>{text}</p></html>"
)


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """Where a redirect URI leads on this machine. `netloc` is what the browser will send as Host."""

    host: str
    port: int
    path: str
    netloc: str


def loopback_address(redirect_uri: str) -> CallbackAddress | None:
    """Give the address to listen at for a redirect URI; None where it does not lead to plain HTTP on loopback."""
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or not host or "@" in parts.netloc or parts.query or not _is_loopback(host):
        return None
    return CallbackAddress(host, 80 if port is None else port, parts.path or "/", parts.netloc.lower())


class Callback:
    """The answer of one sign-in, which may come once."""

    def __init__(self, sign_in: SignIn, address: CallbackAddress) -> None:
        self._sign_in = sign_in
        self._address = address
        self._strangers = 0
        self._outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def code(self, timeout: float) -> str:
        """Wait for the code, at most `timeout` seconds. Raises SignInRequired when it is refused or does not come."""
        done, _ = await asyncio.wait((self._outcome,), timeout=timeout)
        if not done:
            raise SignInRequired(f"nobody signed in within {timeout:g} s", hint="Sign in again.")
        return self._outcome.result()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of whoever can reach this port."""
        raw = request.raw_path
        here = raw.partition("?")[0] == self._address.path and request.host.lower() == self._address.netloc
        if not here or self._outcome.done():
            return _page(404, "Nothing here", "No sign-in is waiting at this address.")
        if request.method != "GET":
            return _page(405, "Not like this", "A sign-in comes back by GET.")
        try:
            code = self._sign_in.code(raw)
        except SignInRequired as error:
            return self._refuse(raw, error)
        self._outcome.set_result(code)
        return _page(200, "Signed in", "You can close this window and go back to the terminal.")

    def _refuse(self, raw: str, error: SignInRequired) -> web.StreamResponse:
        """End the wait for a refusal that is ours; wait on after an answer that belongs to another sign-in."""
        self._strangers += 1
        if self._is_refusal(raw) or self._strangers >= MAX_STRANGERS:
            self._outcome.set_exception(error)
            self._outcome.exception()  # seen, should nobody wait any more
        return _page(400, "Not signed in", "This sign-in did not work. The terminal says why.")

    def _is_refusal(self, raw: str) -> bool:
        # How Outreach writes a denial is not documented: one without a state counts as ours.
        try:
            told = parse_qs(urlsplit(raw).query, keep_blank_values=True, max_num_fields=32)
        except ValueError:
            return False
        state = self._sign_in.state.reveal()
        states = told.get("state", [state])
        return "error" in told and all(hmac.compare_digest(_bytes(each), state.encode()) for each in states)


@contextlib.asynccontextmanager
async def listening(sign_in: SignIn, redirect_uri: str) -> abc.AsyncIterator[Callback]:
    """Listen at the redirect URI while the block runs, and give what waits for the browser there.

    Raises ConfigurationError when the URI is not plain HTTP on loopback, or its port cannot be had.
    """
    address = loopback_address(redirect_uri)
    if address is None:
        raise ConfigurationError(
            f"the redirect URI {redirect_uri} does not lead to this machine by plain http",
            hint="Paste the address the browser ends at instead.",
        )
    from aiohttp import web

    callback = Callback(sign_in, address)
    runner = web.ServerRunner(web.Server(callback.answer, access_log=None), shutdown_timeout=_FAREWELL)
    await runner.setup()
    try:
        await _bind(runner, address)
        yield callback
    finally:
        await runner.cleanup()


async def _bind(runner: web.ServerRunner, address: CallbackAddress) -> None:
    from aiohttp import web

    # A browser may take either address of the name; a machine without IPv6 has only the first.
    first, *others = ("127.0.0.1", "::1") if address.host == "localhost" else (address.host,)
    try:
        await web.TCPSite(runner, first, address.port).start()
    except OSError as error:
        raise ConfigurationError(
            f"nothing can listen at {address.netloc}: {error.strerror or error}",
            hint="Free the port, or paste the address the browser ends at instead.",
        ) from None
    for host in others:
        with contextlib.suppress(OSError):
            await web.TCPSite(runner, host, address.port).start()


def _page(status: int, title: str, text: str) -> web.Response:
    from aiohttp import web

    body = _PAGE.format(title=title, text=text)
    return web.Response(status=status, text=body, content_type="text/html", headers=_HEADERS)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
