"""What follows when sequences, their steps, templates and states change: defaults, counts, what waits for them.

The defaults of a sequence are those of one made through the live API. What a sequence state goes through stands in
`enrolment`.
"""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from .enrolment import begin, check_enrolment, plan_activation, wake
from .organisation import Organisation, Rules, Values
from .store import Record, Ref
from .timestamps import stamp

COUNTERS: tuple[str, ...] = (
    "bounceCount",
    "clickCount",
    "deliverCount",
    "failureCount",
    "negativeReplyCount",
    "neutralReplyCount",
    "openCount",
    "optOutCount",
    "positiveReplyCount",
    "replyCount",
    "scheduleCount",
)
_ZERO: Values = dict.fromkeys(COUNTERS, 0)
_STEP_NAMES = {"auto_email": "Auto Email", "manual_email": "Manual Email", "call": "Call", "task": "Task"}


class Sequences(Rules):
    """A sequence; a new one is off, and has a ruleset (defaults seen live)."""

    defaults: ClassVar[Values] = {
        **_ZERO,
        "enabled": False,
        "finishOnReply": True,
        "locked": False,
        "maxActivations": 150,
        "numContactedProspects": 0,
        "numRepliedProspects": 0,
        "primaryReplyAction": "finish",
        "scheduleIntervalType": "calendar",
        "secondaryReplyAction": "finish",
        "sequenceStepCount": 0,
        "sequenceType": "interval",
        "shareType": "shared",
        "throttlePaused": False,
        "transactional": False,
    }

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Attach the default ruleset; stamp enabling, locking and pausing; keep the deprecated alias in step."""
        if before is None and "ruleset" not in row.one and org.store.count("ruleset"):
            row.point("ruleset", ("ruleset", org.store.ids("ruleset")[0]))
        old: dict[str, Any] = before.attributes if before else {}
        if before and row.attributes.get("finishOnReply") != old.get("finishOnReply"):
            row.set({"primaryReplyAction": "finish" if row.attributes.get("finishOnReply") else "continue"})
        row.set({"finishOnReply": row.attributes.get("primaryReplyAction") == "finish"})
        for flag, at in (("enabled", "enabledAt"), ("locked", "lockedAt"), ("throttlePaused", "throttlePausedAt")):
            if bool(row.attributes.get(flag)) != bool(old.get(flag)):
                row.set({at: stamp(now) if row.attributes.get(flag) else None})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Let waiting states try again."""
        if before is not None and row.attributes.get("enabled"):
            wake(org, row.ref, now)

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Take its steps and states along."""
        _clear(org, now, ("sequenceStep", "sequence", row.ref), ("sequenceState", "sequence", row.ref))


class SequenceSteps(Rules):
    """One step of a sequence; its place defaults to the end."""

    defaults: ClassVar[Values] = _ZERO

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Give the step its number and its name."""
        sequence = row.one["sequence"]
        row.attributes.setdefault("order", len(org.store.holders("sequenceStep", "sequence", sequence)) + 1)
        kind = _STEP_NAMES.get(row.attributes.get("stepType", ""), "Step")
        row.set({"displayName": f"Step #{row.attributes['order']}: {kind}"})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Count the sequence's steps."""
        steps = org.store.holders("sequenceStep", "sequence", row.one["sequence"])
        intervals = org.store.column("sequenceStep", "interval")
        days = sum(intervals.get(step, 0) for step in steps) // 86_400
        org.update(row.one["sequence"], {"sequenceStepCount": len(steps), "durationInDays": days}, now=now)

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Take its templates' places along."""
        _clear(org, now, ("sequenceTemplate", "sequenceStep", row.ref))


class SequenceTemplates(Rules):
    """A template's place in a step."""

    defaults: ClassVar[Values] = {**_ZERO, "enabled": True, "isReply": False}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Stamp enabling."""
        was = before.attributes.get("enabled") if before else None
        if row.attributes.get("enabled") != was:
            row.set({"enabledAt": stamp(now) if row.attributes.get("enabled") else None})


class SequenceStates(Rules):
    """A prospect in a sequence."""

    defaults: ClassVar[Values] = _ZERO

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Check that the prospect may enter; a new state is pending."""
        if before is None:
            check_enrolment(org, row)
            row.set({"state": "pending", "stateChangedAt": stamp(now)})

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Plan what comes next."""
        if before is None and org.switches.new_state == "active":
            begin(org, row, now)
        elif before is None:
            plan_activation(org, row.ref, now + org.switches.activation_delay)


class Texts(Rules):
    """A template or a snippet: plain text follows the HTML."""

    defaults: ClassVar[Values] = {"shareType": "shared"}

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Derive the plain text; stamp archiving."""
        row.set({"bodyText": plain_text(row.attributes.get("bodyHtml"))})
        archived, was = row.attributes.get("archived"), before.attributes.get("archived") if before else None
        if archived != was:
            row.set({"archivedAt": stamp(now) if archived else None})


class Templates(Texts):
    """A template, with its counters."""

    defaults: ClassVar[Values] = {
        **Texts.defaults,
        **_ZERO,
        "archived": False,
        "trackLinks": True,
        "trackOpens": True,
    }


def _clear(org: Organisation, now: float, *held: tuple[str, str, Ref]) -> None:
    for kind, relationship, ref in held:
        for row_id in tuple(org.store.holders(kind, relationship, ref)):
            org.destroy((kind, row_id), now=now)


def plain_text(text: str | None) -> str | None:
    """Give the text of some HTML, None for None."""
    return None if text is None else html.unescape(re.sub(r"<[^>]*>", "", text)).strip()
