"""Deliveries made up and signed, for tests: bodies as the vendors send them, as far as that is known.

Knows nothing of handlers and inboxes. `webhooks.testing` is where users find this.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec

from outreach_async.outreach.record import Ref
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.event_names import PLANMYSAAS_EVENTS, PLANMYSAAS_RESERVED
from outreach_async.protocol.names import camel
from outreach_async.protocol.signature import SecretText

from . import outreach, planmysaas
from .events import Event
from .sources import Source

Values = abc.Mapping[str, Any]

SECRET = "secret-of-a-test"
SENT_AT = dt.datetime(2026, 1, 5, 12, 30, 0, 250_000, dt.UTC)


@dataclass(frozen=True, slots=True)
class Signed:
    """One delivery as its vendor would send it: POST the body to the path, with these headers."""

    path: str
    headers: dict[str, str]
    body: bytes


def signed(
    event: type[Event] | str,
    values: Values | None = None,
    *,
    id: int | str = 1,
    before: Values | None = None,
    at: dt.datetime = SENT_AT,
    secret: SecretText = SECRET,
) -> Signed:
    """Give a signed delivery of an event, named by its class or by its name.

    `values` are attributes and relationships for Outreach (either spelling of the names, a `Ref` for a relationship),
    and the payload for PlanMySaaS. `id` is the record's, the installation's, or PlanMySaaS's event id. `before` makes
    it payload version 2. Raises ConfigurationError for a class that names no single event.
    """
    provider, name = _named(event)
    if provider == "planmysaas":
        return _planmysaas(name, dict(values or {}), str(id), at, secret)
    return _outreach(provider, name, values or {}, id, before, at, secret)


def source_of(event: type[Event] | str) -> Source:
    """Give the source that an event comes from. Raises ConfigurationError for a class that names no single event."""
    return _SOURCES[_named(event)[0]]


_SOURCES: dict[str, Source] = {
    source.provider: source
    for source in (
        outreach.OutreachSource(SECRET),
        outreach.lifecycle_source(SECRET),
        planmysaas.PlanMySaaSSource(SECRET),
    )
}


def _named(event: type[Event] | str) -> tuple[str, str]:
    """Give the provider and the name of an event."""
    if not isinstance(event, str):
        if not event.event_name or event.event_name.endswith("*"):
            raise ConfigurationError(f"{event.__name__} is a family of events", hint="Name one of them.")
        return event.provider, event.event_name
    provider, _, name = event.rpartition(":")
    if provider and provider not in _SOURCES:
        raise ConfigurationError(f"{provider!r} is no provider", hint=f"Providers are {', '.join(_SOURCES)}.")
    if provider:
        return provider, name
    if name in PLANMYSAAS_EVENTS or name in PLANMYSAAS_RESERVED:
        return "planmysaas", name
    return ("outreach-lifecycle" if name.startswith("install.") else "outreach"), name


def _outreach(
    provider: str, name: str, values: Values, id: int | str, before: Values | None, at: dt.datetime, secret: SecretText
) -> Signed:
    meta = {"deliveredAt": at.isoformat(timespec="milliseconds"), "eventName": name}
    document: dict[str, Any] = {"data": _resource(name, id, values), "meta": meta}
    if before is not None:
        document["beforeUpdate"] = _resource(name, id, before)
    body = msgspec.json.encode(document)
    return Signed(_SOURCES[provider].path, outreach.sign(body, secret=secret), body)


def _resource(name: str, id: int | str, values: Values) -> dict[str, Any]:
    attributes = {camel(k): _wire(v) for k, v in values.items() if not isinstance(v, Ref)}
    refs = {camel(k): v for k, v in values.items() if isinstance(v, Ref)}
    # Relationships as they were seen in the wild: flat, and typed by the relation's name.
    flat = {k: {"type": k, "id": v.id} for k, v in refs.items()}
    return {"type": name.partition(".")[0], "id": id, "attributes": attributes, "relationships": flat}


def _wire(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _planmysaas(name: str, values: dict[str, Any], id: str, at: dt.datetime, secret: SecretText) -> Signed:
    body = msgspec.json.encode({"event": name, "id": id, "createdAt": at.isoformat(), "data": values})
    headers = planmysaas.sign(body, secret=secret, event=name, event_id=id)
    return Signed(_SOURCES["planmysaas"].path, headers, body)
