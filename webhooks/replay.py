"""Deliveries written to a file and read back: what `hooks show --raw` writes and `hooks replay` hands in again.

A saved delivery is a JSON object of `source`, `provider`, `headers` and `body`, a text, or `body_base64` where the
bytes are none. It is identified anew, as if it had just come: one that the inbox knows is a duplicate, and what the
inbox has worked on already is worked on again by a redelivery, not by this. No signature is asked for, since whoever
may replay may do anything here; what was stored so carries the flag `replayed`.
"""

from __future__ import annotations

import base64
import collections.abc as abc
from typing import Any

import msgspec

from outreach_async.protocol.errors import ConfigurationError

from .delivery import Delivery
from .outreach import OutreachSource, lifecycle_source
from .planmysaas import PlanMySaaSSource
from .receiver import delivery_of, fields_of
from .sources import Source

REPLAYED = "replayed"

PROVIDERS = ("outreach", "outreach-lifecycle", "planmysaas")

_MAKERS: dict[str, abc.Callable[[str], Source]] = {
    "outreach": lambda name: OutreachSource(unsigned=True, name=name),
    "outreach-lifecycle": lambda name: lifecycle_source(unsigned=True, name=name),
    "planmysaas": lambda name: PlanMySaaSSource(unsigned=True, name=name),
}


def saved(delivery: Delivery) -> dict[str, Any]:
    """Give a delivery as it is written to a file, its body as it was received."""
    told: dict[str, Any] = {
        "source": delivery.source,
        "provider": delivery.provider,
        "headers": [list(pair) for pair in delivery.headers],
    }
    try:
        return told | {"body": delivery.body.decode("utf-8")}
    except UnicodeDecodeError:
        return told | {"body_base64": base64.b64encode(delivery.body).decode("ascii")}


def read_saved(document: object, now: float, max_body: int) -> Delivery:
    """Give the delivery that a saved one stands for, received `now`, in Unix seconds.

    Raises ConfigurationError for an object that is no saved delivery, and for a body of more than `max_body` bytes.
    """
    if not isinstance(document, dict):
        raise _unreadable("it is no JSON object")
    provider = document.get("provider", document.get("source"))
    if not isinstance(provider, str) or provider not in _MAKERS:
        raise _unreadable(f"its provider is none of {', '.join(PROVIDERS)}")
    name = document.get("source", provider)
    if not isinstance(name, str):
        raise _unreadable("its source is no text")
    source, body = _MAKERS[provider](name), _body(document)
    if len(body) > max_body:
        raise _unreadable(f"its body has more than {max_body:,} bytes")
    delivery = delivery_of(source, fields_of(_headers(document)), body, now)
    return delivery.flagged((*delivery.flags, REPLAYED))


def _body(document: abc.Mapping[str, object]) -> bytes:
    match document.get("body"), document.get("body_base64"):
        case str() as text, None:
            return text.encode("utf-8", "surrogatepass")
        case None, str() as text:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                raise _unreadable("its body_base64 is no base64") from None
        case dict() as inner, None:
            # Written by hand: the vendor's own JSON, not as a text.
            return msgspec.json.encode(inner)
    raise _unreadable("it has no body: a text, or body_base64")


def _headers(document: abc.Mapping[str, object]) -> list[tuple[str, str]]:
    told = document.get("headers") or []
    pairs = list(told.items()) if isinstance(told, dict) else told
    if not isinstance(pairs, list):
        raise _unreadable("its headers are neither an object nor a list of pairs")
    found = []
    for pair in pairs:
        match pair:
            case [str() as name, str() as value] | (str() as name, str() as value):
                found.append((name, value))
            case _:
                raise _unreadable("one of its headers is no pair of texts")
    return found


def _unreadable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"this is no saved delivery: {why}", hint="Save one with `hooks show ID --raw`, and see what is in it."
    )
