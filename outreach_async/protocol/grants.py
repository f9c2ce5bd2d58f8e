"""OAuth 2.0 with Outreach: the requests of a user's grant, and what their answers mean.

When to refresh, where tokens are kept and how long to wait is decided elsewhere; `state` and the PKCE verifier are
arguments. Outreach documents no PKCE for this flow: S256 is sent all the same and harms nothing when ignored.
"""

from __future__ import annotations

import base64
import collections.abc as abc
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from .errors import ConfigurationError, SignInRequired
from .messages import FORM, Request
from .redaction import Secret

AUTHORIZE_PATH = "/oauth/authorize"
TOKEN_PATH = "/oauth/token"

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|/")
_MAX_CALLBACK = 8192


def challenge(verifier: str) -> str:
    """Give the S256 challenge of a PKCE verifier (RFC 7636, 4.2).

    Raises ConfigurationError unless the verifier has 43 to 128 of the letters the RFC allows.
    """
    if not _VERIFIER.fullmatch(verifier):
        raise ConfigurationError("a PKCE verifier has 43 to 128 letters, digits or -._~")
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorize_url(
    origin: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: abc.Iterable[str],
    state: str,
    verifier: str | None = None,
) -> str:
    """Give the URL at which a user consents (Outreach, OAuth). `state` must be unguessable and used once.

    Raises ConfigurationError for an empty state, or a verifier that the RFC does not allow.
    """
    if not state:
        raise ConfigurationError("a sign-in needs a state: it is what tells its answer from a forged one")
    fields = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(scopes),
        "state": state,
    }
    if verifier is not None:
        fields |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    return f"{origin}{AUTHORIZE_PATH}?{urlencode(fields, quote_via=quote, safe='')}"


def code_request(
    origin: str, *, client_id: str, client_secret: Secret, redirect_uri: str, code: str, verifier: str | None = None
) -> Request:
    """Give the request that turns the code of a finished sign-in into tokens."""
    fields = {
        "client_id": client_id,
        "client_secret": client_secret.reveal(),
        "redirect_uri": redirect_uri,
        "grant_type": "authorization_code",
        "code": code,
    }
    if verifier is not None:
        fields["code_verifier"] = verifier
    return _token_request(origin, fields)


def refresh_request(
    origin: str, *, client_id: str, client_secret: Secret, redirect_uri: str, refresh_token: Secret
) -> Request:
    """Give the request that turns a refresh token into the next pair. The old one may die at once."""
    fields = {
        "client_id": client_id,
        "client_secret": client_secret.reveal(),
        "redirect_uri": redirect_uri,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token.reveal(),
    }
    return _token_request(origin, fields)


def read_callback(url_or_query: str, *, state: str, issuer: str | None = None) -> str:
    """Give the code that the redirect after a sign-in carries; takes the whole URL or only its query.

    `state` is the one sent, compared in constant time. `issuer`, when given, must equal an `iss` in the answer
    (RFC 9207). Raises SignInRequired for a denied, forged, incomplete or repeated answer.
    """
    fields = _callback_fields(url_or_query)
    if "state" in fields or "error" not in fields:
        _check_state(fields.get("state", ""), state)
    if "error" in fields:
        told = fields.get("error_description") or fields["error"]
        raise SignInRequired(f"the sign-in was refused: {told[:200]}", hint="Sign in again, and consent.")
    if issuer is not None and fields.get("iss", issuer) != issuer:
        raise _not_ours("the answer comes from another server than the one asked")
    if not fields.get("code"):
        raise _not_ours("the answer carries no code")
    return fields["code"]


def _callback_fields(url_or_query: str) -> dict[str, str]:
    if len(url_or_query) > _MAX_CALLBACK:
        raise _not_ours("the answer is too long")
    try:
        query = urlsplit(url_or_query).query if _URL.match(url_or_query) else url_or_query
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError:
        raise _not_ours("the answer cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _not_ours("the answer says something twice")
    return fields


def _check_state(told: str, state: str) -> None:
    if not state or not hmac.compare_digest(told.encode("utf-8", "surrogatepass"), state.encode()):
        raise _not_ours("the state of the answer is not the one sent: it belongs to another sign-in")


def _not_ours(why: str) -> SignInRequired:
    return SignInRequired(why, hint="Sign in again, from the start.")


def _token_request(origin: str, fields: abc.Mapping[str, str]) -> Request:
    body = urlencode(fields).encode("ascii")
    return Request("POST", origin, TOKEN_PATH, body=body, media_type=FORM, route=TOKEN_PATH, replay=False)
