"""Who may use the operator's page: a token, a signed cookie that stands for it, and a proof that a form was ours.

Nothing is remembered. A cookie says when it was given and is signed with a key made from the token, so it outlives a
restart, and ends with the token. Comparisons take the same time whatever they compare. Knows no page and no inbox.
"""

from __future__ import annotations

import collections.abc as abc
import hashlib
import hmac
import secrets
import time

from aiohttp import web

from outreach_async.protocol.errors import ConfigurationError

SESSION = "outreach_hooks_session"
VISIT = "outreach_hooks_visit"
PATH = "/console"
LIFETIME = 12 * 3600
"""How long a sign-in lasts, in seconds."""

SHORTEST = 16
"""Characters a token has to have at least."""

_COOKIE_LIMIT = 200


class Access:
    """Admits who knows the token. `now` gives Unix seconds. Raises ConfigurationError for a token that is too short."""

    def __init__(self, token: str, now: abc.Callable[[], float] = time.time) -> None:
        if len(token.strip()) < SHORTEST:
            raise ConfigurationError(
                f"the console's token has fewer than {SHORTEST} characters",
                hint="Make one with `openssl rand -hex 32`; with it one sees people's data.",
            )
        self._token = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        self._key = hashlib.sha256(b"console session\0" + token.strip().encode("utf-8", "surrogateescape")).digest()
        self._now = now

    def is_token(self, text: str) -> bool:
        """Say whether a text is the token."""
        told = hashlib.sha256(text.strip().encode("utf-8", "surrogateescape")).digest()
        return hmac.compare_digest(told, self._token)

    def by_header(self, request: web.Request) -> bool:
        """Say whether the request brings the token as `Authorization: Bearer`. No page of others can make one do so."""
        told = request.headers.getall("Authorization", [])
        scheme, _, text = told[0].partition(" ") if len(told) == 1 else ("", "", "")
        return scheme.lower() == "bearer" and self.is_token(text)

    def session(self, request: web.Request) -> str:
        """Give the session a request belongs to; empty when it has none, or one that ended."""
        cookie = request.cookies.get(SESSION, "")
        nonce, _, rest = cookie.partition(".")
        issued, _, signature = rest.partition(".")
        if len(cookie) > _COOKIE_LIMIT or not issued.isdecimal() or not self._signed(f"{nonce}.{issued}", signature):
            return ""
        # One given in the future was given before the clock was set back.
        return cookie if abs(self._now() - int(issued)) < LIFETIME else ""

    def sign_in(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the browser a session."""
        text = f"{secrets.token_hex(16)}.{int(self._now())}"
        _set_cookie(request, response, SESSION, f"{text}.{self._sign(text)}")
        response.del_cookie(VISIT, path=PATH)

    def sign_out(self, response: web.StreamResponse) -> None:
        """Have the browser forget its session."""
        response.del_cookie(SESSION, path=PATH, httponly=True, samesite="Strict")

    def visit(self, request: web.Request, response: web.StreamResponse, nonce: str) -> None:
        """Mark a browser that is not signed in, so that its sign-in form can be told from one of others."""
        _set_cookie(request, response, VISIT, nonce)

    def proof(self, holder: str) -> str:
        """Give the proof that goes into every form made for this session or visit."""
        return self._sign(f"form {holder}")

    def is_proof(self, holder: str, text: str) -> bool:
        """Say whether a form was made for this session or visit, and by us."""
        return bool(holder) and len(holder) <= _COOKIE_LIMIT and self._signed(f"form {holder}", text)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), "sha256").hexdigest()

    def _signed(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(text).encode(), signature.encode("utf-8", "surrogateescape"))


def _set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str) -> None:
    # Over plain http on loopback a Secure cookie would never come back.
    secure = request.secure
    response.set_cookie(name, value, max_age=LIFETIME, path=PATH, httponly=True, samesite="Strict", secure=secure)
