"""What a token endpoint's answer means: a token, a refusal, or "not now".

The shape of Outreach's token errors is not documented. So the status is read first, OAuth's `error` word second, and
a body that is no JSON at all, such as the throttle's plain `Retry later`, is normal.
"""

from __future__ import annotations

import collections.abc as abc

import msgspec

from .errors import CredentialError, InvalidResponse, OutreachError, SignInRequired
from .instants import server_time, wait_seconds
from .messages import Request, Response
from .redaction import Secret, redact_body
from .tokens import GRANT_INTERVAL, Token

# Seconds an access token lives where the answer does not say (Outreach, OAuth).
_DOCUMENTED_LIFE = 7200.0
_LONGEST_LIFE = 400 * 86400.0
_LARGEST = 10**15
# Seconds of `Retry-After` that are believed.
_LONGEST_WAIT = 3600.0

# OAuth errors that a new sign-in does not cure (RFC 6749, 5.2).
_OUR_MISTAKE = {
    "invalid_client": "Check the client id and secret.",
    "unauthorized_client": "The application is not allowed this grant: check its settings in the developer portal.",
    "unsupported_grant_type": "The base URL may point at another service.",
    "invalid_scope": "Ask only for scopes that the application was configured with.",
    "invalid_request": "Check the redirect URI: it must equal the registered one.",
}


def read_grant(
    request: Request, response: Response, *, now: float, previous: Token | None, interval: float = GRANT_INTERVAL
) -> Token:
    """Give the token of an answer; what the answer leaves out is taken over from the `previous` one.

    `interval` is the least number of seconds between two grants.

    Raises SignInRequired when the grant is refused, CredentialError when the application is, CredentialError with
    `retry_at` when another time may do (429, 5xx), InvalidResponse when a 2xx holds no token.
    """
    if response.status // 100 != 2:
        raise _refusal(request, response, now, interval)
    fields = _fields(response.body)
    access = _token_text(fields.get("access_token"))
    kind = fields.get("token_type", "bearer")
    if access is None or not isinstance(kind, str) or kind.lower() != "bearer":
        raise InvalidResponse(
            "the token endpoint's answer holds no bearer token",
            hint="Check the base URL; something else may have answered.",
            request=request,
        )
    refresh = _token_text(fields.get("refresh_token"))
    return Token(
        access=Secret(access),
        refresh=Secret(refresh) if refresh else previous.refresh if previous else None,
        expires_at=now + max(0.0, _life(fields.get("expires_in")) - _age(fields.get("created_at"), response)),
        scopes=_scopes(fields.get("scope")) or (previous.scopes if previous else None),
        granted_at=now,
        seed=previous.seed if previous else "",
        generation=previous.generation + 1 if previous else 1,
    )


def refusal_text(body: bytes) -> tuple[str, str]:
    """Give the code and the text of an error body, in OAuth's, JSON:API's or the gateway's spelling, or neither's."""
    fields = _fields(body)
    listed = fields.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first = listed[0]
        return _text(first.get("id")), _text(first.get("detail")) or _text(first.get("title"))
    code = _text(fields.get("error"))
    told = _text(fields.get("error_description")) or _text(fields.get("description"))
    return code, told or ("" if code else redact_body(body, 200))


def throttled(request: Request, response: Response, now: float, interval: float = GRANT_INTERVAL) -> CredentialError:
    """Give the error of a 429; its `retry_at` is `interval` seconds from now, or later by its `Retry-After`."""
    headers = response.headers
    told = wait_seconds(headers.get("retry-after"), now=now, date=headers.get("date"), ceiling=_LONGEST_WAIT)
    return CredentialError(
        f"the token endpoint answered 429 {redact_body(response.body, 100)}",
        retry_at=now + max(interval, told or 0.0),
        hint=f"A user's grants are given at least {interval:g} seconds apart." if interval else "",
        request=request,
    )


def server_failed(
    request: Request, response: Response, now: float, interval: float = GRANT_INTERVAL
) -> CredentialError:
    """Give the error of a 5xx: whether a grant was made is not known, so the next try waits `interval` seconds."""
    return CredentialError(
        f"the token endpoint answered {response.status} {redact_body(response.body, 100)}",
        retry_at=now + interval,
        request=request,
    )


def _refusal(request: Request, response: Response, now: float, interval: float) -> OutreachError:
    status = response.status
    if status == 429:
        return throttled(request, response, now, interval)
    if status >= 500:
        return server_failed(request, response, now, interval)
    code, told = refusal_text(response.body)
    shown = f"{status} {' '.join(part for part in (code, told[:300]) if part)}".strip()
    if (status in (400, 401) or (status == 403 and code)) and code not in _OUR_MISTAKE:
        return SignInRequired(f"the grant was refused: {shown}", hint="The user has to sign in again.", request=request)
    hint = _OUR_MISTAKE.get(code, "Check the base URL; this does not look like Outreach's token endpoint.")
    return CredentialError(f"the token endpoint refused the application: {shown}", hint=hint, request=request)


def _fields(body: bytes) -> abc.Mapping[str, object]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _token_text(value: object) -> str | None:
    """Give a token that can stand in a header: visible ASCII, nothing else."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return None
    return value or None


def _life(value: object) -> float:
    seconds = _number(value)
    return _DOCUMENTED_LIFE if seconds is None or seconds <= 0 else min(seconds, _LONGEST_LIFE)


def _age(created_at: object, response: Response) -> float:
    """Give how old the token already was, by the server's own clock; 0 where the answer does not tell."""
    created = _number(created_at)
    return 0.0 if created is None else max(0.0, server_time(response.headers.get("date"), created) - created)


def _scopes(value: object) -> frozenset[str] | None:
    return frozenset(value.split()) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return float(value[:18])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < _LARGEST else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
