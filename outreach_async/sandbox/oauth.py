"""The simulated OAuth server of Outreach: the authorise page, and the token endpoint with its throttle and rotation.

Facts: "Outreach, OAuth" and "getting started". Clients live that send form, JSON or query parameters and that leave
out `redirect_uri` on a refresh: all are taken. What is unknown (error bodies, rotation, lifetime of codes) is a switch.
"""

from __future__ import annotations

import collections.abc as abc
import hmac
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from ..protocol.errors import ConfigurationError
from ..protocol.grants import challenge
from ..protocol.messages import JSON, Headers, Response
from .calls import Actor, Call, json_answer, text_answer
from .known_scopes import EVERYTHING, OAUTH_SCOPES, allowed
from .switches import Switches
from .tokens import IssuedTokens, RefreshToken

# Doorkeeper's stock texts: the likeliest, since the tokens' `created_at` is its mark.
_TOLD = {
    "invalid_client": "Client authentication failed due to unknown client, no client authentication included, "
    "or unsupported authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match the redirection "
    "URI used in the authorization request, or was issued to another client.",
    "invalid_request": "The request is missing a required parameter, includes an unsupported parameter value, "
    "or is otherwise malformed.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
}
_HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Application:
    """A registered application. `scopes` is what it was configured with: the most it may ask for."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str] = OAUTH_SCOPES


@dataclass(frozen=True, slots=True)
class _Code:
    user: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    expires_at: float
    challenge: str


class _Denied(Exception):
    """A grant is refused with this OAuth error."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class OAuth:
    """Grants tokens to users of applications. `find_user` gives the id of a user by name; strangers get a number."""

    def __init__(
        self,
        tokens: IssuedTokens,
        application: Application,
        switches: Switches,
        find_user: abc.Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self.switches = switches
        self.applications = {application.client_id: application}
        self._find_user = find_user
        self._user_ids: dict[str, int] = {}
        self.throttled = 0
        self._tokens = tokens
        self._codes: dict[str, _Code] = {}
        self._granted_at: dict[tuple[str, str], float] = {}

    def actor(self, user: str, client_id: str, scopes: frozenset[str] | None) -> Actor:
        """Give who a token of this user speaks for."""
        user_id = self._user_ids.get(user) or self._find_user(user) or len(self._user_ids) + 1
        self._user_ids[user] = user_id
        return Actor("user", f"user:{user}", user_id, scopes, client_id)

    def access_token(self, user: str, client_id: str, scopes: frozenset[str] | None, now: float) -> str:
        """Mint an access token outside of every rule: neither throttled nor counted as a grant."""
        return self._tokens.mint(self.actor(user, client_id, scopes), now, self.switches.access_lifetime)

    def refresh_token(
        self, user: str, client_id: str, now: float, *, scopes: frozenset[str] = EVERYTHING, text: str = ""
    ) -> str:
        """Give out a refresh token as an earlier sign-in would have; a fresh text unless one is given."""
        token = RefreshToken(user, client_id, scopes, now + self.switches.refresh_lifetime)
        return self._tokens.keep_refresh(token, at_most=self.switches.refresh_tokens, text=text)

    def shift(self, seconds: float) -> None:
        """Move every time kept here, when the sandbox changes its clock."""
        self._granted_at = {key: at + seconds for key, at in self._granted_at.items()}

    def authorize(self, call: Call) -> Response:
        """Answer GET /oauth/authorize: a page with two buttons, or the redirect that carries the code."""
        asked = dict(call.query)
        application = self.applications.get(asked.get("client_id", ""))
        redirect_uri = asked.get("redirect_uri", "")
        if application is None or redirect_uri not in application.redirect_uris:
            # Never redirect to what is not registered.
            why = "Unknown client_id." if application is None else "The redirect_uri is not registered."
            return text_answer(400, f"<!doctype html><title>Error</title><p>{why}</p>", media_type=_HTML)
        scopes = frozenset(asked.get("scope", "").split()) or application.scopes & EVERYTHING
        if asked.get("response_type") != "code":
            return _redirect(redirect_uri, asked, error="unsupported_response_type")
        if not allowed(application.scopes, scopes):
            return _redirect(redirect_uri, asked, error="invalid_scope")
        if "deny" in asked:
            return _redirect(redirect_uri, asked, error="access_denied")
        if self.switches.authorize == "page" and "approve" not in asked:
            return text_answer(200, _page(application.client_id, scopes, call.query), media_type=_HTML)
        code = self._tokens.text("code")
        expires_at = call.now + self.switches.code_lifetime
        user = asked.get("user", "ada")
        proof = asked.get("code_challenge", "")
        self._codes[code] = _Code(user, application.client_id, redirect_uri, scopes, expires_at, proof)
        return _redirect(redirect_uri, asked, code=code)

    def token(self, call: Call) -> Response:
        """Answer POST /oauth/token: the parameters may come as form, JSON or query."""
        try:
            fields = _fields(call)
            self._check_client(fields)
            match fields.get("grant_type", ""):
                case "authorization_code":
                    return self._exchange(fields, call.now)
                case "refresh_token":
                    return self._refresh(fields, call.now)
                case other:
                    raise _Denied("unsupported_grant_type" if other else "invalid_request")
        except _Denied as denied:
            return self._refusal(denied.error)

    def _check_client(self, fields: abc.Mapping[str, str]) -> None:
        application = self.applications.get(fields.get("client_id", ""))
        secret = fields.get("client_secret", "").encode("utf-8", "surrogatepass")
        if application is None or not hmac.compare_digest(secret, application.client_secret.encode()):
            raise _Denied("invalid_client")

    def _exchange(self, fields: abc.Mapping[str, str], now: float) -> Response:
        text = fields.get("code", "")
        code = self._codes.get(text)
        if code is None or code.expires_at <= now or code.client_id != fields["client_id"]:
            raise _Denied("invalid_grant")
        if fields.get("redirect_uri") != code.redirect_uri or not self._proven(code, fields.get("code_verifier", "")):
            raise _Denied("invalid_grant")
        if self._throttles(code.user, code.client_id, now):
            return self._retry_later()
        del self._codes[text]
        return self._grant(code.user, code.client_id, code.scopes, now)

    def _refresh(self, fields: abc.Mapping[str, str], now: float) -> Response:
        text = fields.get("refresh_token", "")
        old = self._tokens.refresh(text, now)
        application = self.applications[fields["client_id"]]
        if old is None or old.client_id != application.client_id:
            raise _Denied("invalid_grant")
        if fields.get("redirect_uri", application.redirect_uris[0]) not in application.redirect_uris:
            raise _Denied("invalid_grant")
        if self._throttles(old.user, old.client_id, now):
            return self._retry_later()
        if self.switches.rotation == "revoke_immediately":
            self._tokens.drop_refresh(text)
            if self.switches.old_access == "dies":
                self._tokens.drop_access(old.access)
        retires = text if self.switches.rotation == "revoke_on_first_use" else ""
        return self._grant(old.user, old.client_id, old.scopes, now, retires, old.access)

    def _grant(
        self, user: str, client_id: str, scopes: frozenset[str], now: float, retires: str = "", old_access: str = ""
    ) -> Response:
        switches = self.switches
        access = self._tokens.mint(
            self.actor(user, client_id, scopes),
            now,
            switches.access_lifetime,
            retires=retires,
            retires_access=old_access if switches.old_access == "dies" else "",
        )
        kept = RefreshToken(user, client_id, scopes, now + switches.refresh_lifetime, access)
        refresh = self._tokens.keep_refresh(kept, at_most=switches.refresh_tokens)
        self._granted_at[user, client_id] = now
        document = {
            "access_token": access,
            "token_type": switches.token_type,
            "expires_in": int(switches.access_lifetime),
            "refresh_token": refresh,
            "scope": " ".join(sorted(scopes)),
            "created_at": int(now),
        }
        return json_answer(200, document, media_type=JSON, headers=[("cache-control", "no-store")])

    def _throttles(self, user: str, client_id: str, now: float) -> bool:
        last = self._granted_at.get((user, client_id))
        return last is not None and now < last + self.switches.mint_throttle

    def _retry_later(self) -> Response:
        # Plain text, as it was seen in the wild; nothing says when.
        self.throttled += 1
        return text_answer(429, "Retry later\n")

    def _proven(self, code: _Code, verifier: str) -> bool:
        if self.switches.pkce == "ignored" or not code.challenge:
            return True
        try:
            return hmac.compare_digest(challenge(verifier), code.challenge)
        except (ConfigurationError, TypeError):
            return False

    def _refusal(self, error: str) -> Response:
        status = 401 if error == "invalid_client" else int(self.switches.token_error)
        return json_answer(status, {"error": error, "error_description": _TOLD[error]}, media_type=JSON)


def _fields(call: Call) -> dict[str, str]:
    fields = dict(call.query)
    body = call.body.strip()
    if body.startswith(b"{"):
        return fields | _json_fields(body)
    return fields | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _json_fields(body: bytes) -> dict[str, str]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _Denied("invalid_request") from None
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _redirect(uri: str, asked: abc.Mapping[str, str], **fields: str) -> Response:
    if "state" in asked:
        fields["state"] = asked["state"]
    location = uri + ("&" if "?" in uri else "?") + urlencode(fields, quote_via=quote)
    return Response(302, Headers([("location", location)]), b"")


def _page(client_id: str, scopes: abc.Set[str], query: tuple[tuple[str, str], ...]) -> str:
    link = escape("/oauth/authorize?" + urlencode(query, quote_via=quote))
    rows = "".join(f"<li>{escape(scope)}" for scope in sorted(scopes))
    return (
        "<!doctype html><html lang=en><title>Sign in to the sandbox</title>"
        f"<h1>{escape(client_id)} asks for access</h1>"
        f'<p><a href="{link}&amp;approve=1">Allow</a> <a href="{link}&amp;deny=1">Deny</a></p><ul>{rows}</ul></html>'
    )
