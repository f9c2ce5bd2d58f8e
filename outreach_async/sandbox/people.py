"""What follows when people and companies change: names, e-mail addresses and phone numbers kept in step, opt-outs.

A prospect's `emails` and the five lists of phone numbers are told twice, in the prospect and in rows of their own;
both ways of writing them are honoured. That an e-mail address belongs to one prospect only, and that excluded ones
are refused, is checked here, with the texts seen live.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from typing import Any, ClassVar

from .organisation import Organisation, Rules, Values
from .refusals import blank, contact_exists, email_excluded, email_taken
from .store import Record
from .timestamps import stamp

PHONES = {
    "homePhones": "home",
    "mobilePhones": "mobile",
    "otherPhones": "other",
    "voipPhones": "voip",
    "workPhones": "work",
}
_ATTRIBUTES = {kind: attribute for attribute, kind in PHONES.items()}
_CASCADE = (
    ("emailAddress", "prospect"),
    ("phoneNumber", "prospect"),
    ("sequenceState", "prospect"),
    ("prospectNote", "prospect"),
    ("opportunityProspectRole", "prospect"),
    ("task", "prospect"),
    ("favorite", "target"),
)


class Prospects(Rules):
    """A prospect: its contacts live in rows of their own, its company is its account's name."""

    defaults: ClassVar[Values] = {
        "callOptedOut": False,
        "clickCount": 0,
        "emailOptedOut": False,
        "engagedScore": 0,
        "externalSource": "outreach-api",
        "openCount": 0,
        "optedOut": False,
        "replyCount": 0,
    }

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Check the addresses; derive name, company, opt-out times."""
        emails = list(dict.fromkeys(row.attributes.get("emails", ())))
        known = {email.lower() for email in before.attributes.get("emails", ())} if before else set()
        for email in emails:
            if email.lower() not in known:
                _check_free(org, email, row.id)
        row.set({"emails": emails})
        full = " ".join(row.attributes[part] for part in ("firstName", "lastName") if part in row.attributes)
        row.set({"name": full or None})
        if account := org.store.at(row.one.get("account")):
            row.set({"company": account.attributes.get("name")})
        _stamp_opt_outs(row, before, now)

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Bring the rows of addresses and numbers in line."""
        _settle_emails(org, row, now)
        for attribute, kind in PHONES.items():
            if before is None or row.attributes.get(attribute) != before.attributes.get(attribute):
                _settle_phones(org, row, attribute, kind, now)

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Take everything that is only about the prospect."""
        for kind, relationship in _CASCADE:
            for row_id in tuple(org.store.holders(kind, relationship, row.ref)):
                org.destroy((kind, row_id), now=now)


class EmailAddresses(Rules):
    """One address of one prospect."""

    defaults: ClassVar[Values] = {"emailType": "work", "order": 0}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Refuse an address that any prospect has."""
        if set(org.store.having("emailAddress", "email", row.attributes["email"])) - {row.id}:
            raise contact_exists()
        if before and before.attributes.get("status") != row.attributes.get("status"):
            row.set({"statusChangedAt": stamp(now)})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Tell the prospect."""
        old = before.attributes["email"] if before else None
        emails = _replaced(_told(org, row, "emails"), old, row.attributes["email"])
        _tell(org, row, "emails", emails, now)

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Tell the prospect."""
        emails = [email for email in _told(org, row, "emails") if email != row.attributes["email"]]
        _tell(org, row, "emails", emails, now)


class PhoneNumbers(Rules):
    """One number of one prospect."""

    defaults: ClassVar[Values] = {"order": 0, "phoneType": "work"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Fill in the plain form from the raw one, or the other way round."""
        number = row.attributes.get("number") or row.attributes.get("rawNumber", "")
        row.set({"number": re.sub(r"[^\d+]", "", number), "rawNumber": row.attributes.get("rawNumber", number)})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Tell the prospect."""
        attribute = _ATTRIBUTES[row.attributes["phoneType"]]
        if before and before.attributes["phoneType"] != row.attributes["phoneType"]:
            self.clear(org, before, now)
        old = before.attributes["rawNumber"] if before else None
        _tell(org, row, attribute, _replaced(_told(org, row, attribute), old, row.attributes["rawNumber"]), now)

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Tell the prospect."""
        attribute = _ATTRIBUTES[row.attributes["phoneType"]]
        numbers = [number for number in _told(org, row, attribute) if number != row.attributes["rawNumber"]]
        _tell(org, row, attribute, numbers, now)


class Accounts(Rules):
    """A company. Only named ones are listed."""

    defaults: ClassVar[Values] = {"externalSource": "outreach-api", "named": True}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Default the natural name."""
        row.attributes.setdefault("naturalName", row.attributes.get("name", ""))


class Users(Rules):
    """A user, invited when created."""

    defaults: ClassVar[Values] = {"activityNotificationsDisabled": False, "duties": {}, "locked": False}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Derive the name; the e-mail address stays as it was, since the API cannot change it."""
        if before is not None:
            row.set({"email": before.attributes.get("email")})
        parts = [row.attributes[part] for part in ("firstName", "lastName") if part in row.attributes]
        row.set({"name": " ".join(parts) or None})
        row.attributes.setdefault("username", row.attributes.get("email", ""))
        row.attributes.setdefault("userGuid", org.uuid())


class Recipients(Rules):
    """An address on a mailing or a template."""

    defaults: ClassVar[Values] = {"primary": False, "recipientType": "to"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Hash the address."""
        if value := row.attributes.get("value"):
            row.set({"emailHash": email_hash(value)})


class Favorites(Rules):
    """A user's mark on a record; the target is told as a relationship and as two attributes."""

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Mirror the target; the user is whoever makes it, unless said."""
        target = row.one.get("target")
        if target is None:
            raise blank("target", relationship=True)
        row.set({"targetId": target[1], "targetType": target[0][:1].upper() + target[0][1:]})


def email_hash(email: str) -> str:
    """Give the digest under which an address is known. The service's own digest is not known."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:32]


def _check_free(org: Organisation, email: str, prospect: int) -> None:
    if any(fnmatch.fnmatchcase(email.lower(), pattern) for pattern in _exclusions(org)):
        raise email_excluded()
    for row_id in org.store.having("emailAddress", "email", email):
        if org.row(("emailAddress", row_id)).one.get("prospect") != ("prospect", prospect):
            raise email_taken()


def _exclusions(org: Organisation) -> list[str]:
    settings = org.store.get("orgSetting", 1)
    lists = ("contactExclusions", "prospectEmailExclusions")
    texts = [settings.attributes.get(name, "") for name in lists] if settings else []
    return [pattern.lower() for text in texts for pattern in re.split(r"[,\s]+", text) if pattern]


def _stamp_opt_outs(row: Record, before: Record | None, now: float) -> None:
    old: dict[str, Any] = before.attributes if before else {}
    for name, at in (("emailsOptStatus", "emailsOptedAt"), ("callsOptStatus", "callsOptedAt")):
        if row.attributes.get(name) != old.get(name):
            row.set({at: stamp(now)})
    if row.attributes.get("optedOut") != old.get("optedOut", False):
        out = bool(row.attributes.get("optedOut"))
        row.set({"optedOutAt": stamp(now) if out else None, "emailOptedOut": out, "callOptedOut": out})


def _settle_emails(org: Organisation, row: Record, now: float) -> None:
    rows = {}
    for row_id in org.store.holders("emailAddress", "prospect", row.ref):
        address = org.row(("emailAddress", row_id))
        rows[address.attributes["email"].lower()] = address
    emails = row.attributes.get("emails", [])
    for email, address in rows.items():
        if email not in {item.lower() for item in emails}:
            org.destroy(address.ref, now=now)
    for order, email in enumerate(emails):
        if (known := rows.get(email.lower())) is None:
            org.create("emailAddress", {"email": email, "order": order}, {"prospect": row.ref}, now=now)
        else:
            org.update(known.ref, {"order": order}, now=now)


def _settle_phones(org: Organisation, row: Record, attribute: str, kind: str, now: float) -> None:
    rows = {}
    for row_id in org.store.holders("phoneNumber", "prospect", row.ref):
        number = org.row(("phoneNumber", row_id))
        if number.attributes.get("phoneType") == kind:
            rows[number.attributes["rawNumber"]] = number
    wanted = row.attributes.get(attribute, [])
    for raw, number in rows.items():
        if raw not in wanted:
            org.destroy(number.ref, now=now)
    for order, raw in enumerate(wanted):
        if raw not in rows:
            values = {"phoneType": kind, "rawNumber": raw, "order": order}
            org.create("phoneNumber", values, {"prospect": row.ref}, now=now)


def _told(org: Organisation, row: Record, attribute: str) -> list[str]:
    prospect = org.store.at(row.one.get("prospect"))
    return list(prospect.attributes.get(attribute, [])) if prospect else []


def _tell(org: Organisation, row: Record, attribute: str, texts: list[str], now: float) -> None:
    prospect = org.store.at(row.one.get("prospect"))
    if prospect and prospect.attributes.get(attribute, []) != texts:
        org.update(prospect.ref, {attribute: texts}, now=now)


def _replaced(texts: list[str], old: str | None, new: str) -> list[str]:
    if old in texts:
        return [new if text == old else text for text in texts]
    return texts if new in texts else [*texts, new]
