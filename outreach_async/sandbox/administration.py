"""What follows when webhooks, events, compliance requests, voice imports and duties are made.

Taken from the guides: a webhook has one resource and one action of the matrix, and any update of it lifts its
suspension; a custom event is named `<app identifier>:<event id>`; a compliance request goes pending, running, done.
"""

from __future__ import annotations

import base64
from typing import ClassVar

import msgspec

from .catalogue import catalogue
from .organisation import Organisation, Rules, Values
from .people import email_hash
from .refusals import blank, invalid_value
from .store import Record, Ref
from .timestamps import stamp

# What a row keeps beside its attributes: which app made it. No catalogue name, so no payload shows it.
OWNER = "madeBy"
# And since when, in Unix seconds, a webhook could not be delivered.
FAILING_SINCE = "failingSince"
_LONGEST_URL = 1024
_LONGEST_SECRET = 255


class Webhooks(Rules):
    """A subscription to events."""

    defaults: ClassVar[Values] = {"action": "*", "active": True, "payloadVersion": 1, "resource": "*"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Check address, resource and action; make the cleanup token; lift a suspension."""
        url: str = row.attributes.get("url", "")
        needed = "https://" if org.switches.webhook_https == "required" else "http"
        if not url.lower().startswith(needed) or len(url) > _LONGEST_URL:
            raise invalid_value("url", "must be a valid HTTPS URL")
        matrix = catalogue().webhooks
        resource, action = row.attributes.get("resource", ""), row.attributes.get("action", "")
        if resource not in matrix:
            raise invalid_value("resource", "is not included in the list")
        if action != "*" and action not in matrix[resource]:
            raise invalid_value("action", "is not included in the list")
        if len(row.attributes.get("secret", "")) > _LONGEST_SECRET:
            raise invalid_value("secret", "is too long (maximum is 255 characters)")
        row.attributes.setdefault("cleanupToken", _token(org, row.id))
        row.set(dict.fromkeys(("disabledReason", "disabledSince", "disabledUntil", FAILING_SINCE)))


class Events(Rules):
    """A custom event of the activity feed."""

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Check the name, stamp the time."""
        app, colon, event = row.attributes.get("name", "").partition(":")
        if not (app and colon and event):
            raise invalid_value("name", "must be in the format '<app identifier>:<event id>'")
        row.attributes.setdefault("eventAt", stamp(now))


class ComplianceRequests(Rules):
    """A request to delete what is known of a person; it takes its course by itself."""

    defaults: ClassVar[Values] = {"requestType": "Delete", "state": "pending"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Give it its identifiers."""
        row.attributes.setdefault("uuid", org.uuid())
        row.attributes.setdefault("batchComplianceRequestUuid", org.uuid())

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Plan its course."""
        if before is None:
            delay = org.switches.job_delay
            org.later(now + delay, lambda at: _run(org, row.ref, at))
            org.later(now + 2 * delay, lambda at: _complete(org, row.ref, at))


class VoiceImports(Rules):
    """An imported recording of a call."""

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Give it its identifier."""
        row.attributes.setdefault("instanceId", org.uuid())


class Aliases(Rules):
    """A second address of a mailbox."""

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Hash the address."""
        if email := row.attributes.get("email"):
            row.set({"emailHash": email_hash(email)})


class Pinned(Rules):
    """A note on an account or a prospect."""

    defaults: ClassVar[Values] = {"noteType": "note", "pinned": False}


class Roles(Rules):
    """What a prospect is to an opportunity."""

    defaults: ClassVar[Values] = {"primary": False}


class Vehicles(Rules):
    """The custom object of the simulated organisation."""

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Demand a name."""
        if not row.attributes.get("name"):
            raise blank("name")


def person(org: Organisation, row: Record) -> Ref | None:
    """Give the prospect that a compliance request is about, by id or by e-mail address."""
    pii = row.attributes.get("pii") or {}
    email = pii.get("email") if isinstance(pii, dict) else None
    wanted = str(row.attributes.get("requestObjectId", ""))
    if wanted.isdecimal() and org.store.has(("prospect", int(wanted))):
        return ("prospect", int(wanted))
    for text in (email, wanted):
        for address in org.store.having("emailAddress", "email", text) if isinstance(text, str) else ():
            return org.row(("emailAddress", address)).one.get("prospect")
    return None


def _run(org: Organisation, request: Ref, now: float) -> None:
    org.update(request, {"state": "running"}, now=now)


def _complete(org: Organisation, request: Ref, now: float) -> None:
    row = org.row(request)
    found = person(org, row)
    if found:
        org.destroy(found, now=now)
    done = found is not None or row.attributes.get("objectType") == "Recipient"
    org.update(request, {"state": "done" if done else "failed"}, now=now)


def _token(org: Organisation, webhook: int) -> str:
    """Give something that looks like the JWT the service gives."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"webhookId": webhook, "jti": org.uuid()}, org.uuid())
    coded = [base64.urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=") for part in parts]
    return ".".join(coded)
