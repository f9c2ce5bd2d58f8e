"""How tokens are written down: one versioned JSON document for many users and apps, plain or sealed.

What cannot be read whole is refused, never guessed at: half a token file replaced by a new one would lose every
other user's grant. Where the bytes lie, and what seals them, is not known here.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TypeVar

import msgspec

from .errors import ConfigurationError
from .redaction import Secret
from .tokens import Token

_FORMAT = "outreach-async tokens"
_VERSION = 1

T = TypeVar("T")
Cipher = abc.Callable[[bytes], bytes]


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    access: str
    refresh: str | None
    expires_at: float
    scopes: list[str] | None
    granted_at: float
    asked_at: float
    generation: int
    seed: str
    org_id: str


class _Head(msgspec.Struct):
    format: str
    version: int


class _Document(_Head, omit_defaults=True, forbid_unknown_fields=True):
    tokens: dict[str, _Record] | None = None
    sealed: str | None = None


def write_tokens(tokens: abc.Mapping[str, Token], seal: Cipher | None = None) -> bytes:
    """Give the document of these tokens by their keys; `seal` encrypts it to ASCII bytes."""
    records = {key: _record(token) for key, token in tokens.items()}
    if seal is None:
        return msgspec.json.encode(_Document(_FORMAT, _VERSION, tokens=records)) + b"\n"
    sealed = seal(msgspec.json.encode(records)).decode("ascii")
    return msgspec.json.encode(_Document(_FORMAT, _VERSION, sealed=sealed)) + b"\n"


def read_tokens(data: bytes, unseal: Cipher | None = None) -> dict[str, Token]:
    """Give the tokens of a document by their keys.

    `unseal` decrypts what `seal` made, and raises ValueError when the key is another. A plain document is read with
    `unseal` given too. Raises ConfigurationError, saying why, for anything but a whole document of this version.
    """
    head = _decode(data, _Head)
    if head.format != _FORMAT:
        raise ConfigurationError("it is not a token file")
    if head.version != _VERSION:
        raise ConfigurationError(
            f"it is written in format {head.version}, and this version reads format {_VERSION}",
            hint="Use the version of outreach-async that wrote it, or a newer one.",
        )
    document = _decode(data, _Document)
    records = document.tokens
    if document.sealed is not None:
        records = _decode(_unsealed(document.sealed, unseal), dict[str, _Record])
    if records is None:
        raise ConfigurationError("it is damaged: it holds no tokens")
    return {key: _token(record) for key, record in records.items()}


def write_token(token: Token) -> bytes:
    """Give one token as JSON, for a store of one's own. It holds the secrets in clear."""
    return msgspec.json.encode(_record(token))


def read_token(data: bytes) -> Token:
    """Give the token that `write_token` wrote. Raises ConfigurationError for anything else."""
    return _token(_decode(data, _Record))


def _unsealed(sealed: str, unseal: Cipher | None) -> bytes:
    if unseal is None:
        raise ConfigurationError("it is encrypted, and no key was given", hint="Give the key it was written with.")
    try:
        return unseal(sealed.encode())
    except ValueError:
        raise ConfigurationError(
            "it cannot be decrypted: the key is another one, or the file was changed",
            hint="Give the key it was written with.",
        ) from None


def _decode(data: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # The decoder's text names a place and a type, never a value.
        raise ConfigurationError(f"it is damaged: {str(error)[:200]}") from None


def _record(token: Token) -> _Record:
    return _Record(
        access=token.access.reveal(),
        refresh=token.refresh.reveal() if token.refresh else None,
        expires_at=token.expires_at,
        scopes=None if token.scopes is None else sorted(token.scopes),
        granted_at=token.granted_at,
        asked_at=token.asked_at,
        generation=token.generation,
        seed=token.seed,
        org_id=token.org_id,
    )


def _token(record: _Record) -> Token:
    return Token(
        access=Secret(record.access),
        refresh=Secret(record.refresh) if record.refresh else None,
        expires_at=record.expires_at,
        scopes=None if record.scopes is None else frozenset(record.scopes),
        granted_at=record.granted_at,
        seed=record.seed,
        org_id=record.org_id,
        asked_at=record.asked_at,
        generation=record.generation,
    )
