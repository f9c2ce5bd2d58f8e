"""Outreach as a sender of webhooks: who is told of a change, how each try is written, how a webhook then stands.

Subscriptions are the organisation's own `webhook` rows, read anew when one of them changes. Waiting, and the
wire, are the sender's.
"""

from __future__ import annotations

import collections.abc as abc
import hashlib
import hmac
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from .administration import FAILING_SINCE
from .catalogue import catalogue
from .organisation import Change
from .outreach_api import OutreachApi
from .store import Record
from .timestamps import seconds, stamp
from .webhook_events import (
    Payload,
    Subscription,
    body_of,
    install_payload,
    may_read,
    payload_of,
    subscription_of,
    wants,
)
from .webhook_ledger import Message
from .webhook_rules import OUTREACH_LIMIT, Outcome, Settled, Standing, Verdict, outreach_verdict
from .webhook_sender import Parcel
from .webhook_switches import WebhookSwitches

LIFECYCLE = 0
"""Stands for the app's own lifecycle webhook, which is no row."""

_MEDIA_TYPES = {"json_api": "application/vnd.api+json", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that was set on a vendor's screen, with its secret."""

    url: str
    secret: str = field(repr=False)


class OutreachWebhooks:
    """Makes parcels of changes, and keeps the `disabled` attributes of the rows they are for."""

    def __init__(self, api: OutreachApi, *, seed: int) -> None:
        self._api = api
        self.post: abc.Callable[[Parcel], None] = lambda _: None
        self._random = random.Random(f"outreach webhooks {seed}")  # noqa: S311  # a simulation's dice
        self._active: list[Subscription] | None = None
        self.lifecycle: Endpoint | None = None
        self.denied: set[tuple[int, str]] = set()
        api.on_change(self._changed)

    @property
    def limit(self) -> float:
        """How long an answer is waited for, in seconds."""
        return OUTREACH_LIMIT

    @property
    def switches(self) -> WebhookSwitches:
        """How unsettled points are read."""
        return self._api.switches

    def refusal(self, target: int) -> str:
        """Say why nothing is sent for a subscription now; empty when it is."""
        if target == LIFECYCLE:
            return "" if self.lifecycle else "no lifecycle webhook is set"
        row = self._api.store.get("webhook", target)
        if row is None:
            return "the webhook was removed"
        return "" if row.attributes.get("active") else "the webhook is not active"

    def suspended(self, target: int, now: float) -> bool:
        """Tell whether a webhook is disabled now."""
        row = self._api.store.get("webhook", target)
        return row is not None and _standing(row).disabled(now)

    def verdict(self, target: int, attempt: int, outcome: Outcome, now: float) -> Verdict:
        """Say what follows from a try, and note in the row how the webhook stands."""
        switches = self.switches
        retried = switches.webhook_timeout == "retried"
        verdict = outreach_verdict(attempt, outcome, waits=switches.webhook_waits, timeouts_retried=retried)
        if isinstance(verdict, Settled) and (row := self._api.store.get("webhook", target)):
            before = _standing(row)
            after = before.after(outcome, now, waits=switches.webhook_waits)
            if after != before:
                self._note(row, after)
        return verdict

    def tell_install(self, event: str, install_id: str, app: str, now: float) -> None:
        """Send an event of the app's life, where an address for them is set."""
        if self.lifecycle is None:
            return
        payload = install_payload(install_id, app, event)
        written = _Written(self, payload, self.lifecycle.url, self.lifecycle.secret, "", zone=False)
        self.post(Parcel(event, f"install/{install_id}", LIFECYCLE, self.lifecycle.url, now, written))

    def uuid(self) -> str:
        """Draw a UUID from the seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _changed(self, change: Change) -> None:
        if change.type == "webhook":
            self._active = None
        if change.type not in catalogue().webhooks:
            return
        job, switches = "", self.switches
        for subscription in self._subscriptions():
            if not wants(subscription, change, switches):
                continue
            if not may_read(self._api.store, subscription.authorizer, change.type, self.denied):
                continue
            job = job or self.uuid()
            payload = payload_of(change, subscription.version, switches, job)
            written = _Written(self, payload, subscription.url, subscription.secret, subscription.cleanup_token)
            event, resource = payload["meta"]["eventName"], f"{change.type}/{change.id}"
            self.post(Parcel(event, resource, subscription.id, subscription.url, change.now, written))

    def _subscriptions(self) -> abc.Sequence[Subscription]:
        if self._active is None:
            found = map(subscription_of, self._api.store.all("webhook"))
            self._active = [one for one in found if one is not None]
        return self._active

    def _note(self, row: Record, standing: Standing) -> None:
        values: dict[str, Any] = {
            FAILING_SINCE: standing.failing_since,
            "disabledReason": standing.reason or None,
            "disabledSince": None if standing.since is None else stamp(standing.since),
            "disabledUntil": None if standing.until is None else stamp(standing.until),
        }
        if standing.reason and standing.until is None and self.switches.webhook_deactivation == "inactive":
            values["active"] = False
            self._active = None
        row.set(values)
        self._api.store.put(row)


class _Written:
    """Writes the tries of one delivery: the same body for each, unless `deliveredAt` is renewed."""

    def __init__(
        self, vendor: OutreachWebhooks, payload: Payload, url: str, secret: str, cleanup: str, *, zone: bool = True
    ) -> None:
        self._vendor = vendor
        self._payload = payload
        self._url = url
        self._secret = secret
        self._cleanup = cleanup
        self._zone = zone
        self._first: float | None = None

    def __call__(self, attempt: int, now: float) -> Message:
        switches = self._vendor.switches
        if self._first is None or switches.webhook_delivered_at == "renewed":
            self._first = now
        body = body_of(self._payload, self._first, zone=self._zone)
        headers = [("Content-Type", _MEDIA_TYPES[switches.webhook_media_type])]
        if self._secret:
            # Written here once more: a simulator must not share its subject's mistakes.
            digest = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            headers.append(("Outreach-Webhook-Signature", digest))
        if switches.webhook_request_id or not self._zone:
            headers.append(("Outreach-Webhook-ID", self._vendor.uuid()))
        if self._cleanup:
            headers.append(("outreach-webhook-cleanup-token", self._cleanup))
        return Message(self._url, tuple(headers), body)


def _standing(row: Record) -> Standing:
    told = row.attributes
    since, until = told.get("disabledSince"), told.get("disabledUntil")
    return Standing(
        told.get(FAILING_SINCE),
        told.get("disabledReason", ""),
        seconds(since) if since else None,
        seconds(until) if until else None,
    )
