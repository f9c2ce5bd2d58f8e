"""What an administrator set up: users, teams, mailboxes, sequences with their steps, stages and other lists."""

from __future__ import annotations

from typing import Any

from .activity import Mailboxes
from .content import Sequences, SequenceSteps, SequenceTemplates, Templates
from .people import email_hash
from .schemas import ORG
from .seed_words import DISPOSITIONS, FIRST, LAST, SEQUENCES, STAGES, SUBJECTS
from .soil import Soil
from .store import Ref

ADMIN: Ref = ("user", 1)
_STEPS = ("auto_email", "call", "manual_email", "task")
_DAY = 86_400
_NAMED: dict[str, tuple[str, ...]] = {
    "callPurpose": ("Prospecting", "Follow-up", "Demo"),
    "taskPurpose": ("Meeting", "Research"),
    "persona": ("Decision maker", "Champion", "User"),
    "opportunityStage": ("Qualified", "Proposal", "Negotiation", "Closed Won", "Closed Lost"),
    "contentCategory": ("Outbound", "Inbound"),
    "product": ("Engine", "Store", "Mill", "Card reader", "Printer"),
}
_EXTRAS: dict[str, dict[str, Any]] = {
    "contentCategory": {"allowSequences": True, "allowSnippets": True, "allowTemplates": True, "color": "#4986e7"},
    "product": {"classification": "hardware", "deleted": False, "productFamily": "Analytical", "status": True},
    "opportunityStage": {"color": "#16a765", "isClosed": False},
    "taskPurpose": {"taskType": "in_person"},
}


def plant_settings(soil: Soil, *, users: int, sequences: int) -> None:
    """Put down everything that does not grow with the prospects."""
    _users(soil, users)
    _lists(soil)
    _templates(soil)
    for number in range(sequences):
        _sequence(soil, number, sequences)
    _contents(soil)
    _single_rows(soil)


def _users(soil: Soil, count: int) -> None:
    for place, name in enumerate(("Admin", "Sales", "Research")):
        role = {"parentRole": ("role", 1)} if place else {}
        soil.row("role", {"name": name, "externalId": f"role-{place}", **soil.times(0)}, role)
        soil.row("team", {"name": f"{name} team", "color": "#def3d1", **soil.times(0)}, {"creator": ADMIN})
    for name in ("Admin", "Default"):
        soil.row("profile", {"name": name, "isAdmin": name == "Admin", **soil.times(0)})
    for number in range(count):
        first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        email = f"{first.lower()}.{last.lower()}{number or ''}@engines.example"
        row_id = number + 1
        attributes = {
            "email": email,
            "username": email,
            "firstName": first,
            "lastName": last,
            "name": f"{first} {last}",
            "duties": {},
            "locked": False,
            "title": "Account Executive",
            "activityNotificationsDisabled": False,
            "defaultRulesetId": 1,
            "userGuid": soil.uuid(),
            **soil.times(number / count / 10),
        }
        one = {"mailbox": ("mailbox", row_id), "profile": ("profile", 1 if number == 0 else 2)}
        one["role"] = ("role", 1 if number == 0 else 2)
        soil.row("user", attributes, one, {"teams": [("team", 1 + number % 3)]})
        _mailbox(soil, row_id, email)


def _mailbox(soil: Soil, user: int, email: str) -> None:
    sender = {"email": email, "username": email, "emailHash": email_hash(email), "userId": user}
    methods = {"sendMethod": "gmail_api", "syncMethod": "gmail_api"}
    owner = {"user": ("user", user), "creator": ADMIN}
    row_id = soil.row("mailbox", {**Mailboxes.defaults, **sender, **methods, **soil.times(0.1)}, owner)
    alias = email.replace("@", "+alias@")
    values = {"email": alias, "emailHash": email_hash(alias), "canSend": True, **soil.times(0.1)}
    soil.row("mailAlias", values, {"mailbox": ("mailbox", row_id)})


def _lists(soil: Soil) -> None:
    for row_id, name, outcome in DISPOSITIONS:
        values = {"name": name, "outcome": outcome, "order": row_id, **soil.times(0)}
        soil.row("callDisposition", values, {"creator": ADMIN}, id=row_id)
    for row_id, name, color in STAGES:
        values = {"name": name, "color": color, "order": row_id, **soil.times(0)}
        soil.row("stage", values, {"creator": ADMIN, "updater": ADMIN}, id=row_id)
    for weight, name in enumerate(("Low", "Normal", "High", "Urgent")):
        soil.row("taskPriority", {"name": name, "weight": weight, "color": weight * 1000, **soil.times(0)})
    for order, name in enumerate(("Met", "No show")):
        values = {"name": name, "order": order, "taskType": "in_person", "value": name.lower(), **soil.times(0)}
        soil.row("taskDisposition", values, {"creator": ADMIN})
    for kind, names in _NAMED.items():
        for order, name in enumerate(names):
            _named(soil, kind, order, name)
    for name, permit in (("Default", "disallow"), ("Lenient", "allow")):
        rules = {"permitDuplicateProspects": permit, "sequenceExclusivity": "none", "includeUnsubscribeLinks": False}
        more = {"autoResumeOotoProspects": False, "stepOverridesEnabled": True, "minimumProspectTouchedInterval": 0}
        soil.row("ruleset", {"name": name, **rules, **more, **soil.times(0)}, {"owner": ADMIN})


def _named(soil: Soil, kind: str, order: int, name: str) -> None:
    values = {"name": name, **_EXTRAS.get(kind, {}), **soil.times(0)}
    if kind in {"callPurpose", "taskPurpose", "opportunityStage"}:
        values["order"] = order
    if kind == "opportunityStage":
        values["isClosed"] = name.startswith("Closed")
    one = {} if kind == "persona" else {"creator": ADMIN}
    soil.row(kind, values, one | ({"owner": ADMIN, "updater": ADMIN} if kind == "product" else {}))


def _templates(soil: Soil) -> None:
    for number, subject in enumerate(SUBJECTS):
        values = {**Templates.defaults, "name": f"Template {number + 1}", "subject": subject, **soil.times(0.1)}
        text = f"{subject}, we have something to show."
        made = {"owner": ADMIN, "creator": ADMIN, "updater": ADMIN}
        soil.row("template", {**values, "bodyHtml": f"<p>{text}</p>", "bodyText": text}, made)
        snippet = {"name": f"Snippet {number + 1}", "bodyHtml": f"<b>{text}</b>", "bodyText": text}
        soil.row("snippet", {**snippet, "shareType": "shared", **soil.times(0.1)}, made)


def _sequence(soil: Soil, number: int, count: int) -> None:
    times = soil.times(number / count / 5)
    # The last two are for trying what does not work: one is off, the one before it is locked.
    off, locked = number == count - 1, number == count - 2
    name = SEQUENCES[number % len(SEQUENCES)]
    state = {"enabled": not off, "locked": locked, "lockedAt": times["updatedAt"] if locked else None}
    values = {
        **Sequences.defaults,
        "name": f"{name} {number // len(SEQUENCES) + 1}",
        "description": f"{name}, in four steps",
        "enabledAt": None if off else times["createdAt"],
        "sequenceStepCount": len(_STEPS),
        "durationInDays": len(_STEPS) - 1,
        **{key: value for key, value in state.items() if value is not None},
        **times,
    }
    values = {key: value for key, value in values.items() if value is not None}
    made = {"creator": ADMIN, "updater": ADMIN, "owner": soil.any("user"), "ruleset": ("ruleset", 1)}
    ref = ("sequence", soil.row("sequence", values, made))
    for order, kind in enumerate(_STEPS, 1):
        _step(soil, ref, order, kind, times)


def _step(soil: Soil, sequence: Ref, order: int, kind: str, times: dict[str, Any]) -> None:
    name = kind.replace("_", " ").title()
    values = {**SequenceSteps.defaults, "order": order, "stepType": kind, "interval": (order > 1) * _DAY}
    made = {"creator": ADMIN, "updater": ADMIN}
    one = {"sequence": sequence, "taskPriority": ("taskPriority", 2), **made}
    step = soil.row("sequenceStep", {**values, "displayName": f"Step #{order}: {name}", **times}, one)
    if kind.endswith("email"):
        joint = {"sequenceStep": ("sequenceStep", step), "template": soil.any("template"), **made}
        enabled = {"enabled": True, "enabledAt": times["createdAt"], "isReply": order > 1}
        soil.row("sequenceTemplate", {**SequenceTemplates.defaults, **enabled, **times}, joint)


def _contents(soil: Soil) -> None:
    for kind in ("template", "snippet", "sequence"):
        for row_id in soil.store.ids(kind)[:3]:
            one = {"content": (kind, row_id), "contentCategory": soil.any("contentCategory"), "creator": ADMIN}
            soil.row("contentCategoryMembership", soil.times(0.2), one)
    for row_id in soil.store.ids("team"):
        one = {"owner": ("team", row_id), "contentCategory": soil.any("contentCategory"), "creator": ADMIN}
        soil.row("contentCategoryOwnership", soil.times(0.2), one)


def _single_rows(soil: Soil) -> None:
    excluded = "*@excluded.example"
    texts = {"contactExclusions": excluded, "prospectEmailExclusions": "", "sendExclusions": excluded}
    soil.row("orgSetting", {**texts, "guid": ORG["guid"]})
    for name in ("sdr", "ae", "manager"):
        soil.row("duty", {"dutyType": "standard", "symbolicName": name})
    soil.row("customDuty", {"dutyType": "custom", "name": "Bridge builder"})
    for row_id in soil.store.ids("user")[:5]:
        value = f"assistant{row_id}@engines.example"
        hashed = {"value": value, "emailHash": email_hash(value), "primary": False, "recipientType": "cc"}
        soil.row("recipient", {**hashed, **soil.times(0.2)}, {"user": ("user", row_id)})
