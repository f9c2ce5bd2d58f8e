"""Outreach's side of the receiver: its sources, its event classes, and four functions for other frameworks.

    verify(headers, body, secret=...)    the signature holds, or SignatureError
    parse(headers, body)                 the typed event, or MalformedDelivery
    unwrap(headers, body, secret=...)    both
    sign(body, secret=...)               the headers Outreach would send, for tests

A delivery is known by the digest of its body: nothing in it names the event (Outreach, webhooks). The four tries of
one event may differ in `meta.deliveredAt` (nobody knows), so for ten seconds the digest without it counts too.
`meta.jobId` and `Outreach-Webhook-ID` are kept with the delivery and never decide: a job may stand for several events,
and the header is not signed.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from outreach_async.protocol.signature import OUTREACH, Body, SecretText

from . import outreach_events
from .delivery import HORIZON, SOFT_HORIZON, Key
from .errors import MalformedDelivery
from .events import Event, event_class, read_document
from .install_events import InstallCreated, InstallDeleted, InstallEvent
from .outreach_events import *  # noqa: F403  # the generated classes are this module's public names
from .outreach_payload import OutreachEvent, member
from .sources import MAX_BODY, Fields, Identity, RawHeaders, SecretTexts, Source, digest_of, sha256, token
from .standalone import parse_as, signed_headers, verify_as

__all__ = [
    "InstallCreated",
    "InstallDeleted",
    "InstallEvent",
    "LifecycleSource",
    "OutreachEvent",
    "OutreachSource",
    "lifecycle_source",
    "parse",
    "sign",
    "unwrap",
    "verify",
]
__all__ += outreach_events.__all__

# Characters of a time; what is longer is none.
_TIME_LIMIT = 64


class OutreachSource(Source):
    """Outreach's record webhooks: `OutreachSource(secret=...)`, the secret the webhook was created with.

    `OutreachSource.from_env()` takes it from OUTREACH_WEBHOOK_SECRET.
    """

    provider = "outreach"
    scheme = OUTREACH
    retried_on: ClassVar[Literal["silence", "error"]] = "silence"
    variable = "OUTREACH_WEBHOOK_SECRET"

    def identify(self, fields: Fields, body: bytes) -> Identity:
        """Name the delivery by its digest, and for ten seconds by the digest without the time of delivery."""
        try:
            told = _envelope(body)
        except MalformedDelivery as error:
            return Identity(keys=self._keys(digest_of(body)), unreadable=error.message)
        event = token(told.meta.eventName)
        sent = told.meta.deliveredAt
        return Identity(
            event=event,
            resource=_resource(told.data, event),
            keys=self._keys(*_digests(body, told.meta.deliveredAt)),
            sent=sent if isinstance(sent, str) and len(sent) <= _TIME_LIMIT else "",
            unreadable=event_class(self.provider, event).problem({"data": {"id": told.data.id}}),
        )

    def _keys(self, digest: str, undated: str = "") -> tuple[Key, ...]:
        key = Key(self.text("digest", digest), self.horizon)
        return (key, Key(self.text("undated", undated), SOFT_HORIZON)) if undated else (key,)


class LifecycleSource(OutreachSource):
    """An app's lifecycle webhooks: installed, reconfigured, uninstalled. Made by `lifecycle_source`."""

    provider = "outreach-lifecycle"
    # The app's own secret is another one than that of a webhook it created.
    variable = ""


def lifecycle_source(
    secret: SecretTexts = None,
    *,
    name: str = "",
    path: str = "",
    unsigned: bool = False,
    max_body: int = MAX_BODY,
    horizon: float = HORIZON,
    max_age: float | None = None,
) -> LifecycleSource:
    """Give the source of an app's lifecycle webhooks, at `/outreach/lifecycle` by default.

    `secret` is the app's own webhook secret; `max_body`, in bytes, `horizon` and `max_age`, in seconds, are those of
    every source. Raises ConfigurationError as every source does.
    """
    return LifecycleSource(
        secret, name=name, path=path, unsigned=unsigned, max_body=max_body, horizon=horizon, max_age=max_age
    )


_RECORDS = OutreachSource(unsigned=True)
_LIFECYCLE = LifecycleSource(unsigned=True)


def verify(headers: RawHeaders, body: Body, *, secret: SecretTexts, max_body: int = MAX_BODY) -> str:
    """Give the name of the secret that signed this raw body of at most `max_body` bytes.

    Raises SignatureError or TooLarge.
    """
    return verify_as(OUTREACH, headers, body, secret, max_body)


def parse(headers: RawHeaders, body: Body) -> Event:
    """Give the typed event of a body that was verified. Raises MalformedDelivery; parse nothing unverified."""
    event = parse_as(_RECORDS, headers, body)
    return parse_as(_LIFECYCLE, headers, body) if event.name.startswith("install.") else event


def unwrap(headers: RawHeaders, body: Body, *, secret: SecretTexts, max_body: int = MAX_BODY) -> Event:
    """Verify a body of at most `max_body` bytes, then parse. Raises SignatureError, TooLarge or MalformedDelivery."""
    verify(headers, body, secret=secret, max_body=max_body)
    return parse(headers, body)


def sign(body: Body, *, secret: SecretText) -> dict[str, str]:
    """Give the headers Outreach would send with this body, for tests of a receiver."""
    return signed_headers(OUTREACH, body, secret, {"Content-Type": "application/vnd.api+json"})


class _Data(msgspec.Struct, gc=False):
    type: Any = None
    id: Any = None


class _Meta(msgspec.Struct, gc=False):
    eventName: Any = None  # noqa: N815  # the wire's name
    deliveredAt: Any = None  # noqa: N815


class _Envelope(msgspec.Struct, gc=False):
    """What names a delivery. The rest is decoded by the worker: until then nobody waits for it."""

    data: _Data = msgspec.field(default_factory=_Data)
    meta: _Meta = msgspec.field(default_factory=_Meta)


_decode = msgspec.json.Decoder(_Envelope).decode


def _envelope(body: bytes) -> _Envelope:
    """Read the envelope; of a body that has another shape, what there is of it. Raises MalformedDelivery."""
    try:
        return _decode(body)
    except (ValueError, RecursionError):
        document = read_document(body)
    return msgspec.convert({name: member(document, name) for name in ("data", "meta")}, _Envelope)


def _resource(data: _Data, event: str) -> str:
    """Give what orders the work: the record. Ids are integers, and texts are read too."""
    kind = token(data.type) or event.partition(".")[0]
    return token(f"{kind}/{data.id}") if data.id and kind and isinstance(data.id, int | str) else ""


def _digests(body: bytes, told: object) -> tuple[str, str]:
    """Give the digest of the body, and that without the text of `meta.deliveredAt`; empty when it tells none.

    The bytes are cut out where they stand, not by parsing and writing again, so bodies that differ in anything else
    keep different digests. Should the same text stand elsewhere behind it, that one is cut: two bodies equal but for
    one place that holds each one's own `deliveredAt` can differ in nothing but that.
    """
    if not isinstance(told, str) or not 0 < len(told) <= _TIME_LIMIT:
        return digest_of(body), ""
    before, found, after = body.rpartition(f'"{told}"'.encode())
    if not found:
        return digest_of(body), ""
    whole = sha256(before)
    undated = whole.copy()
    whole.update(found + after)
    undated.update(b"\0" + after)
    return whole.hexdigest(), undated.hexdigest()
