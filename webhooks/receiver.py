"""One request in, one reply or one delivery out: no framework, no clock, no database.

The order is fixed: size, content encoding, signature over the raw bytes, identity, store, answer. Nothing is parsed,
and nothing of the body is kept or logged, before the signature holds. What is genuine is never refused: a body that
cannot be read becomes a delivery that says so, here or, where only its inside is broken, in the worker, since Outreach
counts any answer as delivered and would not send it again (Outreach, webhooks). For the same reason a delivery that
could not be stored gets no answer from us at all where Outreach sent it: an aborted connection is the one thing that
earns its retries. PlanMySaaS retries on a 5xx, and gets one.

A shell, with the socket, does: `raw_fields`, `refuse_head` before it reads the body, `receive`, its inbox, then
`stored` or `unstorable`.
"""

from __future__ import annotations

import collections.abc as abc
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import msgspec

from outreach_async.protocol.redaction import printable, redact
from outreach_async.protocol.signature import Verified, verify

from .delivery import Delivery
from .instants import seconds_of
from .sources import Fields, Identity, RawHeaders, Source

RETRY_AFTER = 60
"""What `Retry-After` asks of a sender whose delivery could not be stored, in seconds."""

_KEPT_HEADERS = 64
_KEPT_CHARACTERS = 1024
_SECRET_HEADER = re.compile(r"auth|cookie|credential|key|password|secret|session|signature|token")
# What every text has that `redact` would change; a test holds the two together.
_SUSPECT = re.compile(r"[=\"]|(?i:bearer)|eyJ|pms_|-----|/installs/")
_NO_FLAGS: tuple[str, ...] = ()
_FLAGS_UNSIGNED: tuple[str, ...] = ("unsigned",)
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)


# A struct: the front looks its bytes up by it for each delivery, and the hash of a dataclass is made in Python.
class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer to send. Bodies are short texts for a person with curl; the vendors read none."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = _PLAIN


@dataclass(frozen=True, slots=True)
class Abort:
    """No answer: the connection is to be cut, so that the sender tries again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is no genuine delivery. `reason` is for counters: a few fixed words, nothing from outside."""

    reply: Reply
    reason: str


ABORT = Abort()
STORED = Reply(200, b"stored\n")

_METHOD = Refusal(Reply(405, b"webhooks are posted\n", (*_PLAIN, ("Allow", "POST"))), "method")
_ENCODED = Refusal(Reply(415, b"the body must not be encoded\n"), "encoded")
_LARGE = Refusal(Reply(413, b"the body is too large\n"), "large")
_UNSIGNED_REPLY = Reply(401, b"the signature does not verify\n")
# One reply for all of them: only our own counters learn which it was.
_UNSIGNED = {
    reason: Refusal(_UNSIGNED_REPLY, f"signature-{reason}") for reason in ("absent", "doubled", "garbled", "wrong")
}


def fields_of(headers: RawHeaders) -> list[tuple[str, str]]:
    """Give headers as text pairs, names in lower case, doubled ones kept: from pairs or from any mapping."""
    pairs = headers.items() if isinstance(headers, abc.Mapping) else headers
    return [(_text(name).lower(), _text(value)) for name, value in cast("abc.Iterable[tuple[Any, Any]]", pairs)]


def raw_fields(pairs: abc.Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Give the headers of a server's own raw pairs: `request.raw_headers` in aiohttp, `scope["headers"]` in ASGI."""
    return [(_lower(name), value.decode("latin-1")) for name, value in pairs]


def refuse_head(source: Source, method: str, fields: Fields) -> Refusal | None:
    """Say whether the request is refused by its head alone, before its body is read."""
    if method != "POST":
        return _METHOD
    encoded = False
    for name, value in fields:
        if name == "content-length":
            if len(value) > 18 or (value.isdecimal() and int(value) > source.max_body):
                return _LARGE
        elif name == "content-encoding":
            encoded = True
    return _ENCODED if encoded else None


def receive(source: Source, fields: Fields, body: bytes, now: float) -> Delivery | Refusal:
    """Give the delivery to store, or the refusal to answer with. `now` is in Unix seconds. Never raises.

    `refuse_head` let the head through. `body` is the raw body; a shell that stopped reading hands over more than
    `source.max_body` bytes of it.
    """
    if len(body) > source.max_body:
        return _LARGE
    secret, flags = "", _FLAGS_UNSIGNED
    if source.secrets is not None:
        wanted = source.scheme.header
        answer = verify(body, [value for name, value in fields if name == wanted], source.secrets, source.scheme)
        if not isinstance(answer, Verified):
            return _UNSIGNED[answer.reason]
        secret, flags = answer.secret, _NO_FLAGS
    return delivery_of(source, fields, body, now, secret=secret, flags=flags)


def delivery_of(
    source: Source, fields: Fields, body: bytes, now: float, *, secret: str = "", flags: tuple[str, ...] = ()
) -> Delivery:
    """Give the delivery of a body that is taken for genuine. Never raises, whatever the body."""
    identity = source.identify(fields, body)
    return Delivery(
        source=source.name,
        provider=source.provider,
        event=identity.event,
        resource=identity.resource,
        received_at=now,
        body=body,
        headers=_kept(fields),
        keys=identity.keys,
        watch=identity.watch,
        flags=identity.flags + flags,
        secret=secret,
        sent=identity.sent,
        unreadable=identity.unreadable or _stale(source, identity, now),
    )


def unstorable(source: Source, *, owns_socket: bool) -> Reply | Abort:
    """Say how a delivery is pushed back that could not be stored within `source.patience` seconds.

    `owns_socket` says whether cutting the connection reaches the sender; behind another server it does not, and
    then Outreach's event is lost but for the gap that is recorded.
    """
    if owns_socket and source.retried_on == "silence":
        return ABORT
    return Reply(503, b"not stored\n", (*_PLAIN, ("Retry-After", str(RETRY_AFTER))))


def _stale(source: Source, identity: Identity, now: float) -> str:
    if source.max_age is None or (sent := seconds_of(identity.sent)) is None or now - sent <= source.max_age:
        return ""
    return f"its body says it was sent {now - sent:.0f} s ago, and max_age is {source.max_age:.0f} s"


def _kept(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Give the headers worth storing: bounded, printable, and without signatures, tokens and other secrets."""
    kept = [_shown(pair) for pair in fields if not _is_secret(pair[0])]
    return tuple(kept[:_KEPT_HEADERS])


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_HEADER.search(name) is not None


@lru_cache(maxsize=1024)
def _shown(pair: tuple[str, str]) -> tuple[str, str]:
    """Give a header as it may be stored and shown. Most are the same each time; ids are not, and take the short way."""
    name, value = pair
    short = len(name) <= _KEPT_CHARACTERS and len(value) <= _KEPT_CHARACTERS
    if short and name.isprintable() and value.isprintable() and _SUSPECT.search(value) is None:
        return pair
    return printable(name[:_KEPT_CHARACTERS]), printable(redact(value[:_KEPT_CHARACTERS]))


@lru_cache(maxsize=1024)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else raw.decode("latin-1")
