"""What follows when mailings, calls, tasks and opportunities change: who they are about, what they set in motion.

The defaults of a mailbox are those of a live one. What a sequence state goes through stands in `enrolment`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .calls import Actor
from .content import plain_text
from .enrolment import advance, finish, plan_delivery
from .organisation import Organisation, Relations, Rules, Values
from .people import email_hash
from .refusals import invalid_value
from .store import Record, Ref
from .timestamps import stamp

_ENDINGS = {"finish_no_reply": False, "finish_replied": True}
_CALL_ENDINGS = {"Finish": False, "Finish - No Reply": False, "Finish - Replied": True}


class Mailboxes(Rules):
    """A mailbox, with the defaults of a live one."""

    defaults: ClassVar[Values] = {
        "editable": True,
        "maxMailingsPerDay": 500,
        "maxMailingsPerWeek": 5000,
        "sendDisabled": False,
        "sendMaxRetries": 10,
        "sendPeriod": 60,
        "sendThreshold": 10,
        "syncActiveFrequency": 600,
        "syncDisabled": False,
        "syncPassiveFrequency": 1500,
    }

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Hash the address; mirror the user's id."""
        user = row.one.get("user")
        row.set({"emailHash": email_hash(row.attributes["email"]), "userId": user[1] if user else None})
        row.attributes.setdefault("username", row.attributes["email"])


class Mailings(Rules):
    """An e-mail, drafted until somebody schedules it."""

    defaults: ClassVar[Values] = {
        "clickCount": 0,
        "mailingType": "single",
        "openCount": 0,
        "overrideSafetySettings": False,
        "retryCount": 0,
        "trackLinks": True,
        "trackOpens": True,
    }

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Fill in sender and text; a mailing with a time is scheduled."""
        row.attributes.setdefault("state", "scheduled" if "scheduledAt" in row.attributes else "drafted")
        if mailbox := org.store.at(row.one.get("mailbox")):
            row.set({"mailboxAddress": mailbox.attributes["email"]})
            row.point("user", mailbox.one.get("user"))
        row.set({"bodyText": plain_text(row.attributes.get("bodyHtml"))})
        if before is None or before.attributes["state"] != row.attributes["state"]:
            row.set({"stateChangedAt": stamp(now)})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Plan the delivery."""
        due = (row.attributes["state"], row.attributes.get("scheduledAt"))
        was = (before.attributes["state"], before.attributes.get("scheduledAt")) if before else None
        if due[0] == "scheduled" and due != was:
            plan_delivery(org, row, now)


class Calls(Rules):
    """A logged call."""

    defaults: ClassVar[Values] = {"state": "completed"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Stamp the state; the outcome defaults to the disposition's."""
        if before is None:
            row.set({"stateChangedAt": stamp(now), "uid": org.uuid()})
        if "outcome" not in row.attributes and (disposition := org.store.at(row.one.get("callDisposition"))):
            row.set({"outcome": disposition.attributes.get("outcome")})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Complete its task, move its sequence state, note the touch."""
        if before is not None:
            return
        if prospect := row.one.get("prospect"):
            org.update(prospect, {"touchedAt": stamp(now)}, now=now)
        if task := row.one.get("task"):
            org.update(task, {}, {"call": row.ref}, now=now)
        state, action = org.store.at(row.one.get("sequenceState")), row.attributes.get("sequenceAction")
        if state is None or state.attributes["state"] != "active":
            return
        org.update(state.ref, {"callCompletedAt": stamp(now)}, now=now)
        if action == "Advance":
            advance(org, state.ref, now)
        elif action in _CALL_ENDINGS:
            finish(org, state.ref, now, replied=_CALL_ENDINGS[action])


class Tasks(Rules):
    """Something to do about a subject; who that is about is mirrored in relationships of their own."""

    defaults: ClassVar[Values] = {"completed": False, "state": "incomplete", "taskType": "manual"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Mirror the subject; stamp the state."""
        subject = row.one.get("subject")
        if subject and (before is None or before.one.get("subject") != subject):
            row.point(subject[0], subject)
            if subject[0] == "prospect":
                row.point("account", org.row(subject).one.get("account"))
        if before is None or before.attributes["state"] != row.attributes["state"]:
            row.set({"stateChangedAt": stamp(now)})


class Opportunities(Rules):
    """A deal; the amount is told as a number and as a text."""

    defaults: ClassVar[Values] = {"tags": []}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Keep the two forms of the amount in step."""
        old: dict[str, Any] = before.attributes if before else {}
        if row.attributes.get("amount") != old.get("amount"):
            amount = row.attributes.get("amount")
            row.set({"amountPrecise": None if amount is None else f"{amount}.00"})
        elif row.attributes.get("amountPrecise") != old.get("amountPrecise"):
            row.set({"amount": _whole(row.attributes.get("amountPrecise"))})


def complete_task(org: Organisation, task: Ref, now: float, actor: Actor | None, note: str, action: str) -> Record:
    """Complete a task; a step's task moves its sequence state as `completionAction` says."""
    values = {"state": "complete", "completed": True, "completedAt": stamp(now)}
    by: Relations = {"completer": ("user", actor.user_id)} if actor and actor.user_id else {}
    row = org.update(task, values, by, now=now, actor=actor, special="completed")
    if note and (prospect := row.one.get("prospect")):
        org.create("prospectNote", {"message": note, "pinned": False}, {"prospect": prospect}, now=now, actor=actor)
    state = org.store.at(row.one.get("sequenceState"))
    if state and state.attributes["state"] == "active" and row.attributes["taskType"].startswith("sequence_step_"):
        if action in _ENDINGS:
            finish(org, state.ref, now, actor, replied=_ENDINGS[action])
        else:
            advance(org, state.ref, now, actor)
    return org.row(task)


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else round(float(text))
    except (ValueError, OverflowError):
        raise invalid_value("amountPrecise", "is not a number") from None
