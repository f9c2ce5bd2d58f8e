"""PlanMySaaS as a sender of webhooks: one address with a secret, set on its screen, and every event for it.

The envelope's fields are not documented, so the usual ones are written, and `pms_envelope` leaves them out. Facts:
"PlanMySaaS, webhooks". Waiting, and the wire, are the sender's.
"""

from __future__ import annotations

import collections.abc as abc
import hashlib
import hmac
from typing import Any

import msgspec

from .outreach_webhooks import Endpoint
from .planmysaas import Change, PlanMySaaSApi
from .planmysaas_data import iso, make_id
from .webhook_ledger import Message
from .webhook_rules import PLANMYSAAS_LIMIT, Outcome, Verdict, planmysaas_verdict
from .webhook_sender import Parcel
from .webhook_switches import WebhookSwitches

_RECORDS = {"lead": "lead", "send": "send", "reply": "reply", "channel_touch": "channelTouch"}


class PlanMySaaSWebhooks:
    """Makes a parcel of every change, once an address is set."""

    def __init__(self, api: PlanMySaaSApi, *, seed: int) -> None:
        self._api = api
        self.post: abc.Callable[[Parcel], None] = lambda _: None
        self._seed = seed
        self._sent = 0
        self.endpoint: Endpoint | None = None
        api.on_change(self._changed)

    @property
    def limit(self) -> float:
        """How long an answer is waited for, in seconds."""
        return PLANMYSAAS_LIMIT

    @property
    def switches(self) -> WebhookSwitches:
        """How unsettled points are read."""
        return self._api.switches

    def refusal(self, target: int) -> str:
        """Say why nothing is sent now; empty when it is."""
        return "" if self.endpoint else "no webhook is set"

    def suspended(self, target: int, now: float) -> bool:
        """Tell whether the webhook is disabled: it never is."""
        return False

    def verdict(self, target: int, attempt: int, outcome: Outcome, now: float) -> Verdict:
        """Say what follows from a try."""
        return planmysaas_verdict(attempt, outcome, waits=self.switches.webhook_waits)

    def _changed(self, change: Change) -> None:
        if self.endpoint is None:
            return
        self._sent += 1
        event_id = make_id("evt", self._seed, self._sent)
        kind = _RECORDS.get(change.event.partition(".")[0], change.event.partition(".")[0])
        written = _Written(change.event, event_id, self._body(change, event_id), self.endpoint)
        resource = f"{kind}/{change.data.get('id', '')}"
        self.post(Parcel(change.event, resource, 0, self.endpoint.url, change.now, written))

    def _body(self, change: Change, event_id: str) -> bytes:
        data = change.data
        envelope: dict[str, Any] = {"event": change.event, "id": event_id, "createdAt": iso(change.now), "data": data}
        match self.switches.pms_envelope:
            case "bare":
                envelope = {"event": change.event, "data": data}
            case "flat":
                envelope = {"event": change.event, **data}
        return msgspec.json.encode(envelope)


class _Written:
    """Writes the tries of one delivery: only the count of tries differs."""

    def __init__(self, event: str, event_id: str, body: bytes, endpoint: Endpoint) -> None:
        self._url = endpoint.url
        self._body = body
        # Written here once more: a simulator must not share its subject's mistakes.
        digest = hmac.new(endpoint.secret.encode(), body, hashlib.sha256).hexdigest()
        self._headers = (
            ("Content-Type", "application/json"),
            ("X-PMS-Signature", f"sha256={digest}"),
            ("X-PMS-Event", event),
            ("X-PMS-Event-Id", event_id),
        )

    def __call__(self, attempt: int, now: float) -> Message:
        return Message(self._url, (*self._headers, ("X-PMS-Attempt", str(attempt))), self._body)
