"""Server-to-server sign-in with Outreach: an app signs a short JWT and trades it for an installation's token.

This is not RFC 7523: the JWT travels as the Bearer credential of a POST without a body, and has neither audience nor
subject (Outreach, server-to-server access). Reading a key from a file is the caller's business.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TYPE_CHECKING

import msgspec

from .errors import AssertionRefused, ConfigurationError, InvalidResponse, OutreachError
from .grant_answers import refusal_text, server_failed, throttled
from .messages import Request, Response
from .redaction import Secret
from .tokens import Token
from .urls import path_segment

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# Seconds a server-to-server token lives; there is no refresh token (Outreach, server-to-server access).
INSTALL_TOKEN_LIFE = 3600.0

_APP_TOKEN_LIFE = 3600
_BACKDATED = 30
_LEAST_BITS = 2048


class AppKey:
    """The app's RSA private key, loaded once: signing then costs a hundredth of loading. Prints nothing of itself."""

    __slots__ = ("_key",)

    def __init__(self, pem: str | bytes) -> None:
        """Load a PEM private key; its line ends may be written out, as environment files do.

        Raises ConfigurationError, without a byte of the key, for anything but an unencrypted RSA key of 2048 bits or
        more.
        """
        self._key = _load(_normal(pem))

    def __repr__(self) -> str:
        return f"<AppKey, RSA {self._key.key_size} bits>"

    @property
    def rsa(self) -> RSAPrivateKey:
        """The key itself, for the one place that signs."""
        return self._key


def app_token(guid: str, key: AppKey, *, now: float) -> Secret:
    """Give a fresh app token: an RS256 JWT of `iss`, `iat` and `exp`, valid for an hour less half a minute.

    `guid` is the app's S2S_GUID. `iat` lies 30 s back, for a server whose clock is behind ours.
    """
    import jwt

    issued = int(now) - _BACKDATED
    claims = {"iss": guid, "iat": issued, "exp": issued + _APP_TOKEN_LIFE}
    return Secret(jwt.encode(claims, key.rsa, algorithm="RS256"))


def setup_token_request(origin: str, install_setup_token: str) -> Request:
    """Give the request that tells which installation a setup token (valid 15 minutes) belongs to."""
    return _action(origin, install_setup_token, "setupToken")


def install_token_request(origin: str, install_id: str) -> Request:
    """Give the request that mints an installation's token. It changes nothing, so it may be repeated."""
    return _action(origin, install_id, "accessToken")


def read_setup(request: Request, response: Response, *, now: float) -> str:
    """Give the installation's id. Raises AssertionRefused, CredentialError (`retry_at`) or InvalidResponse."""
    _check(request, response, now)
    install_id = _id(_inside(response.body, "data", "id"))
    if not install_id:
        raise InvalidResponse("the setup token's answer names no installation", request=request)
    return install_id


def read_install_grant(request: Request, response: Response, *, now: float) -> Token:
    """Give the installation's token with its org id, valid one hour.

    Raises AssertionRefused, CredentialError (`retry_at`) or InvalidResponse.
    """
    _check(request, response, now)
    access = _inside(response.body, "data", "meta", "accessToken")
    if not isinstance(access, str) or not access or not access.isascii() or not access.isprintable() or " " in access:
        raise InvalidResponse("the installation's answer holds no access token", request=request)
    org_id = _id(_inside(response.body, "data", "relationships", "org", "data", "id"))
    return Token(Secret(access), None, now + INSTALL_TOKEN_LIFE, None, now, org_id=org_id)


def _action(origin: str, subject: str, action: str) -> Request:
    path = f"/api/app/installs/{path_segment(subject)}/actions/{action}"
    return Request("POST", origin, path, route=f"/api/app/installs/{{id}}/actions/{action}", replay=True)


def _check(request: Request, response: Response, now: float) -> None:
    error = _error(request, response, now)
    if error is not None:
        raise error


def _error(request: Request, response: Response, now: float) -> OutreachError | None:
    if response.status // 100 == 2:
        return None
    if response.status == 429:
        return throttled(request, response, now, 0.0)
    if response.status >= 500:
        return server_failed(request, response, now, 0.0)
    told = " ".join(part for part in refusal_text(response.body) if part)[:300]
    return AssertionRefused(
        f"the server-to-server exchange was refused: {response.status} {told}".rstrip(),
        hint="Check the GUID, that its public key belongs to this private key, and that the app is still installed.",
        request=request,
    )


def _inside(body: bytes, *names: str) -> object:
    try:
        found: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    for name in names:
        found = found.get(name) if isinstance(found, abc.Mapping) else None
    return found


def _id(value: object) -> str:
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""


def _normal(pem: str | bytes) -> bytes:
    data = pem.encode("utf-8", "replace") if isinstance(pem, str) else pem
    data = data.strip()
    return data.replace(b"\\n", b"\n") if b"\n" not in data else data


def _load(pem: bytes) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    _refuse_by_label(pem)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise _no_key("it is encrypted", hint="Decrypt it first: openssl rsa -in key.pem -out plain.pem") from None
    except Exception:  # the library's texts quote what they could not read
        raise _no_key("it cannot be read as a private key; it may be cut off or altered") from None
    if not isinstance(key, RSAPrivateKey):
        raise _no_key("it is not an RSA key, and Outreach takes only RS256")
    if key.key_size < _LEAST_BITS:
        raise _no_key(f"it has {key.key_size} bits, and RS256 needs {_LEAST_BITS} or more (RFC 7518, 3.3)")
    return key


def _refuse_by_label(pem: bytes) -> None:
    if b"-----BEGIN " not in pem:
        raise _no_key("it is not a PEM text", hint="A PEM key begins with a BEGIN line.")
    if b"PUBLIC KEY-----" in pem and b"PRIVATE KEY-----" not in pem:
        raise _no_key("it is the public key", hint="Outreach has that one; here its private half is needed.")
    if b"BEGIN CERTIFICATE" in pem and b"PRIVATE KEY-----" not in pem:
        raise _no_key("it is a certificate")
    if b"BEGIN OPENSSH PRIVATE KEY" in pem:
        raise _no_key("it is in OpenSSH's own form", hint="Convert it: ssh-keygen -p -m PEM -f key")


def _no_key(
    why: str, *, hint: str = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 makes one."
) -> ConfigurationError:
    return ConfigurationError(f"the private key cannot be used: {why}", hint=hint)
