"""Reading an envelope whose fields PlanMySaaS does not document: an event name, an id, a time and `data` are expected.

Two forms are read: an envelope around an object called `data` or `payload`, and a flat body. In a flat body `id` and
`createdAt` may as well be the lead's, so there only names that can mean nothing else count as the event's own.
"""

from __future__ import annotations

import collections.abc as abc
import re
from typing import Any

from .sources import token

Document = abc.Mapping[str, Any]

_PAYLOADS = ("data", "payload")
_NAMES = ("event", "type", "eventName", "event_name", "eventType", "event_type")
_IDS = ("eventId", "event_id")
_TIMES = ("timestamp", "occurredAt", "occurred_at")
_ENVELOPE_IDS = ("id", *_IDS)
_ENVELOPE_TIMES = (*_TIMES, "createdAt", "created_at", "sentAt", "sent_at", "deliveredAt", "delivered_at", "time")
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+")


def payload(document: Document) -> Document:
    """Give the object the event is about: what the envelope wraps, else the whole body."""
    return next((document[name] for name in _PAYLOADS if isinstance(document.get(name), dict)), document)


def event_name(document: Document) -> str:
    """Give the event's name as the signed body tells it; empty where it is silent."""
    told = (token(document.get(name)) for name in _NAMES)
    return next((name for name in told if _EVENT.fullmatch(name)), "")


def event_id(document: Document) -> str:
    """Give the event's own id, where the signed body carries one; else an empty text."""
    return _scalar(document, _ENVELOPE_IDS if _is_envelope(document) else _IDS)


def event_time(document: Document) -> str:
    """Give the event's own time as it stands in the signed body; empty where it carries none."""
    return _scalar(document, _ENVELOPE_TIMES if _is_envelope(document) else _TIMES)


def record_id(document: Document, kind: str, own: bool) -> str:
    """Give the id of a record the event tells of: `leadId`, `lead_id`, `lead`, `lead.id`; empty where it is not told.

    `own` says that the event is this record's own, so that a plain `id` is meant too.
    """
    about = payload(document)
    nested = about.get(kind)
    found = _scalar(about, (f"{kind}Id", f"{kind}_id", kind))
    if not found and isinstance(nested, dict):
        found = _scalar(nested, ("id",))
    return found or (_scalar(about, ("id",)) if own else "")


def text(document: Document, *names: str) -> str:
    """Give the first of these members of the payload that is a text or a number; empty where none is."""
    return _scalar(payload(document), names)


def _is_envelope(document: Document) -> bool:
    return payload(document) is not document


def _scalar(values: Document, names: abc.Iterable[str]) -> str:
    for name in names:
        value = values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value:
            return value
    return ""
