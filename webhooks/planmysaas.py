"""PlanMySaaS's side of the receiver: its source, its event classes, and four functions for other frameworks.

    verify(headers, body, secret=...)    the signature holds, or SignatureError
    parse(headers, body)                 the typed event, or MalformedDelivery
    unwrap(headers, body, secret=...)    both
    sign(body, secret=...)               the headers PlanMySaaS would send, for tests

Only the body is signed (PlanMySaaS, webhooks). A captured delivery can be sent again under another `X-PMS-Event-Id`,
so the id counts only together with the body's digest; and the digest alone counts where the body itself carries an id
or a time, without which two genuine events may have equal bodies. What is left in doubt is stored, and flagged.
"""

from __future__ import annotations

from outreach_async.protocol.signature import PLANMYSAAS, Body, SecretText

from . import planmysaas_events
from .delivery import Key, Watch
from .errors import MalformedDelivery
from .events import Event, read_document
from .planmysaas_events import *  # noqa: F403  # the event classes are this module's public names
from .planmysaas_payload import Document, event_id, event_name, event_time, record_id
from .sources import MAX_BODY, Fields, Identity, RawHeaders, SecretTexts, Source, digest_of, field, token
from .standalone import parse_as, signed_headers, verify_as

__all__ = ["PlanMySaaSSource", "parse", "sign", "unwrap", "verify"]
__all__ += planmysaas_events.__all__

SAME_DIGEST = "same-digest-other-id"
SAME_ID = "same-id-other-body"
EVENT_FROM_HEADER = "event-from-header"
OTHER_EVENT_IN_HEADER = "other-event-in-header"

_ID_LIMIT = 48


class PlanMySaaSSource(Source):
    """PlanMySaaS's webhooks: `PlanMySaaSSource(secret=...)`, the secret shown on the product's webhook screen.

    `PlanMySaaSSource.from_env()` takes it from PLANMYSAAS_WEBHOOK_SECRET.
    """

    provider = "planmysaas"
    scheme = PLANMYSAAS
    retried_on = "error"
    variable = "PLANMYSAAS_WEBHOOK_SECRET"

    def identify(self, fields: Fields, body: bytes) -> Identity:
        """Name the delivery by event id and digest together, and by either alone as far as that can be trusted."""
        told_id, told_event = token(field(fields, "x-pms-event-id")), token(field(fields, "x-pms-event"))
        digest = digest_of(body)
        try:
            document = read_document(body)
        except MalformedDelivery as error:
            keys, watch = self._names(told_id, digest, unique=False)
            return Identity(keys=keys, watch=watch, unreadable=error.message)
        own_id, time = event_id(document), event_time(document)
        keys, watch = self._names(told_id or own_id, digest, unique=bool(own_id or time))
        event = event_name(document)
        return Identity(
            event=event or told_event,
            resource=_resource(document, event or told_event),
            keys=keys,
            watch=watch,
            flags=_flags(event, told_event),
            sent=time,
        )

    def _names(self, key: str, digest: str, *, unique: bool) -> tuple[tuple[Key, ...], tuple[Watch, ...]]:
        """Give what makes a copy of this delivery, and what only makes one remarkable."""
        plain = len(key) <= _ID_LIMIT and key == token(key)
        name = key if plain else digest_of(key.encode())[:_ID_LIMIT]
        keys = [Key(self.text("delivery", name, digest), self.horizon)]
        watch = [Watch(self.text("id", name), SAME_ID, self.horizon)] if name else []
        if unique:
            keys.append(Key(self.text("digest", digest), self.horizon))
        else:
            watch.append(Watch(self.text("digest", digest), SAME_DIGEST, self.horizon))
        return tuple(keys), tuple(watch)


_UNVERIFIED = PlanMySaaSSource(unsigned=True)


def verify(headers: RawHeaders, body: Body, *, secret: SecretTexts, max_body: int = MAX_BODY) -> str:
    """Give the name of the secret that signed this raw body of at most `max_body` bytes.

    Raises SignatureError or TooLarge.
    """
    return verify_as(PLANMYSAAS, headers, body, secret, max_body)


def parse(headers: RawHeaders, body: Body) -> Event:
    """Give the typed event of a body that was verified. Raises MalformedDelivery; parse nothing unverified."""
    return parse_as(_UNVERIFIED, headers, body)


def unwrap(headers: RawHeaders, body: Body, *, secret: SecretTexts, max_body: int = MAX_BODY) -> Event:
    """Verify a body of at most `max_body` bytes, then parse. Raises SignatureError, TooLarge or MalformedDelivery."""
    verify(headers, body, secret=secret, max_body=max_body)
    return parse(headers, body)


def sign(body: Body, *, secret: SecretText, event: str = "", event_id: str = "", attempt: int = 1) -> dict[str, str]:
    """Give the headers PlanMySaaS would send with this body, for tests of a receiver."""
    told = {"X-PMS-Event": event, "X-PMS-Event-Id": event_id, "X-PMS-Attempt": str(attempt)}
    more = {name: value for name, value in told.items() if value}
    return signed_headers(PLANMYSAAS, body, secret, {"Content-Type": "application/json", **more})


def _resource(document: Document, event: str) -> str:
    """Give what orders the work: the lead, whatever the event is about, else the record itself."""
    family = event.partition(".")[0]
    if lead := record_id(document, "lead", own=family == "lead"):
        return token(f"lead/{lead}")
    kind = "channelTouch" if family == "channel_touch" else family
    found = record_id(document, kind, own=True) if kind else ""
    return token(f"{family}/{found}") if found else ""


def _flags(event: str, told: str) -> tuple[str, ...]:
    if event and told and event != told:
        return (OTHER_EVENT_IN_HEADER,)
    return (EVENT_FROM_HEADER,) if told and not event else ()
