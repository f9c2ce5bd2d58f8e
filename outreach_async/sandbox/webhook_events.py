"""From a change of a row to the payloads of the webhooks that want to hear of it, as values.

What is written follows the samples seen in the wild: integer ids, only what was set or changed, relationships flat and
typed by their own name, `meta.deliveredAt` with milliseconds and an offset. Facts: "Outreach, webhooks". When and how
often a payload is sent is not known here, nor is its signature.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .calls import Actor
from .catalogue import catalogue
from .organisation import Change
from .people import PHONES
from .store import Record, Ref, Store
from .webhook_switches import WebhookSwitches

Payload = dict[str, Any]
Denied = abc.Container[tuple[int, str]]

# The offset of the newest sample; another one said +00:00.
_ZONE = dt.timezone(dt.timedelta(hours=-8))
_HIDDEN = {"prospect": frozenset({"emails", "tags", *PHONES})}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one `webhook` row asks for. `authorizer` is the id of the user whose permissions decide."""

    id: int
    url: str
    resource: str
    action: str
    version: int
    authorizer: int | None
    secret: str = field(repr=False)
    cleanup_token: str = field(repr=False)


def subscription_of(row: Record) -> Subscription | None:
    """Read a `webhook` row; None for one that is not active."""
    told = row.attributes
    if not told.get("active"):
        return None
    authorizer = row.one.get("authorizer")
    return Subscription(
        row.id,
        told["url"],
        told.get("resource", _ANY),
        told.get("action", _ANY),
        told.get("payloadVersion", 1),
        authorizer[1] if authorizer else None,
        told.get("secret", ""),
        told.get("cleanupToken", ""),
    )


def wants(subscription: Subscription, change: Change, switches: WebhookSwitches) -> bool:
    """Tell whether a webhook is for this change. Most types send no events at all."""
    matrix = catalogue().webhooks
    if change.type == _ANY or change.action not in matrix.get(change.type, ()):
        return False
    if subscription.resource not in (_ANY, change.type):
        return False
    if subscription.action != _ANY:
        return subscription.action == change.action
    listed = subscription.resource != _ANY or change.action in matrix[_ANY]
    return listed or switches.webhook_wildcard == "every"


def may_read(store: Store, user: int | None, type: str, denied: Denied) -> bool:
    """Tell whether a webhook's authorizer may read records of this type: one who is there, not locked, not denied."""
    row = store.get("user", user) if user is not None else None
    return row is not None and not row.attributes.get("locked") and (row.id, type) not in denied


def payload_of(change: Change, version: int, switches: WebhookSwitches, job: str) -> Payload:
    """Write what is due to a webhook with this payload version, but for the time of delivery."""
    attributes, related = _told(change)
    names = _shown(change.type, attributes, switches)
    linked = switches.webhook_relationships == "linked"
    document: Payload = {"data": _resource(change, {name: attributes[name] for name in names}, related, linked)}
    if version > 1 and change.before and change.after:
        old = change.before
        before = {name: old.attributes.get(name) for name in names}
        document["beforeUpdate"] = _resource(change, before, {name: old.one.get(name) for name in related}, linked)
    meta: Payload = {"eventName": f"{change.type}.{change.action}", "actor": actor_of(change.actor)}
    if switches.webhook_job_id:
        meta["jobId"] = job
    return document | {"meta": meta}


def install_payload(install_id: str, app: str, event: str) -> Payload:
    """Write an event of an app's life: `install.created` or `install.deleted`."""
    related = {"app": {"data": {"type": "app", "id": app}}}
    return {"data": {"type": "install", "id": install_id, "relationships": related}, "meta": {"eventName": event}}


def body_of(payload: Payload, delivered_at: float, *, zone: bool = True) -> bytes:
    """Give the bytes of a payload that is delivered at this time, in Unix seconds. Lifecycle samples have no zone."""
    at = dt.datetime.fromtimestamp(delivered_at, _ZONE if zone else dt.UTC)
    told = (at if zone else at.replace(tzinfo=None)).isoformat(timespec="milliseconds")
    return msgspec.json.encode(payload | {"meta": {"deliveredAt": told, **payload["meta"]}})


def actor_of(actor: Actor | None) -> Payload | None:
    """Write who made a change; None for what happened by itself, and for an installation, which is nobody."""
    return {"id": actor.user_id, "type": "User"} if actor and actor.user_id is not None else None


def _told(change: Change) -> tuple[Payload, abc.Mapping[str, Ref | None]]:
    """Give what a payload tells: all that is known of a new or gone record, else what changed."""
    if change.before and change.after:
        return change.changed_attributes(), change.changed_relationships()
    known = change.after or change.before
    return (known.attributes, known.one) if known else ({}, {})


def _shown(type: str, attributes: Payload, switches: WebhookSwitches) -> list[str]:
    known = catalogue().types[type].attributes
    hidden = _HIDDEN.get(type, frozenset[str]()) if switches.webhook_hidden else frozenset[str]()
    readable = (name for name in attributes if name in known and name not in hidden)
    return sorted(name for name in readable if not (known[name].write_only or known[name].hidden))


def _resource(change: Change, attributes: Payload, related: abc.Mapping[str, Ref | None], linked: bool) -> Payload:
    known = catalogue().types[change.type].relationships
    refs = {
        name: _linked(ref) if linked else _flat(name, ref) for name, ref in sorted(related.items()) if name in known
    }
    return {"type": change.type, "id": change.id, "attributes": attributes, "relationships": refs}


def _flat(name: str, ref: Ref | None) -> Payload | None:
    return None if ref is None else {"type": name, "id": ref[1]}


def _linked(ref: Ref | None) -> Payload:
    return {"data": None if ref is None else {"type": ref[0], "id": ref[1]}}
