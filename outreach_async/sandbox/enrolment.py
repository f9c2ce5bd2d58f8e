"""The lives of sequence states, their mailings and their tasks: pending, active, step by step, finished.

A state turns active once its sequence is enabled, its mailbox may send and the throttles allow it; until then it stays
pending with neither error nor pause reason. A step's interval is taken as seconds, as the schema says; the guide's
example implies minutes. Schedules' delivery windows are not simulated.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from .calls import Actor
from .organisation import Organisation
from .refusals import impossible, invalid
from .store import Record, Ref
from .timestamps import seconds, stamp

Engagement: TypeAlias = Literal["delivered", "opened", "clicked", "replied", "bounced", "unsubscribed"]
DEFAULT_MAX_ACTIVATIONS = 150
DEFAULT_ADDS_PER_DAY = 50
_DAY = 86_400.0
_UNSENT = frozenset({"drafted", "scheduled", "queued", "placeholder"})
# Of one engagement: the time it stamps, the state it leads to, the counter it raises, what the prospect notes.
_ENGAGEMENTS: dict[Engagement, tuple[str, str | None, str, str]] = {
    "delivered": ("deliveredAt", "delivered", "deliverCount", "touchedAt"),
    "opened": ("openedAt", "opened", "openCount", "engagedAt"),
    "clicked": ("clickedAt", None, "clickCount", "engagedAt"),
    "replied": ("repliedAt", "replied", "replyCount", "engagedAt"),
    "bounced": ("bouncedAt", "bounced", "bounceCount", ""),
    "unsubscribed": ("unsubscribedAt", None, "optOutCount", ""),
}
# No webhook action exists for these two (Outreach, webhooks).
_UNANNOUNCED = frozenset({"clicked", "unsubscribed"})


def check_enrolment(org: Organisation, row: Record) -> None:
    """Refuse a prospect that the sequence or its ruleset does not take."""
    sequence = org.row(row.one["sequence"])
    if sequence.attributes.get("locked"):
        raise invalid("Sequence is locked.")
    rules = ruleset.attributes if (ruleset := org.store.at(sequence.one.get("ruleset"))) else {}
    prospect = row.one["prospect"]
    others = [org.row(("sequenceState", key)) for key in org.store.holders("sequenceState", "prospect", prospect)]
    same = [other for other in others if other.one.get("sequence") == sequence.ref and other.id != row.id]
    duplicates = rules.get("permitDuplicateProspects", "disallow")
    if same and (duplicates == "disallow" or (duplicates == "only_if_inactive" and any(map(_unfinished, same)))):
        raise invalid("Prospect is already in this sequence.")
    if rules.get("sequenceExclusivity", "none") == "all_sequences" and any(map(_unfinished, others)):
        raise invalid("Prospect is active in another sequence.")


def plan_activation(org: Organisation, state: Ref, at: float) -> None:
    """Have a pending state looked at again."""
    org.later(at, lambda now: _activate(org, state, now))


def wake(org: Organisation, sequence: Ref, now: float) -> None:
    """Have every pending state of a sequence looked at again, since something it waits for has changed."""
    for row_id in org.store.holders("sequenceState", "sequence", sequence):
        if org.store.column("sequenceState", "state").get(row_id) == "pending":
            plan_activation(org, ("sequenceState", row_id), now + org.switches.activation_delay)


def begin(org: Organisation, state: Record, now: float, actor: Actor | None = None) -> Record:
    """Make a state active at its sequence's first step."""
    steps = _steps(org, state)
    values = {"state": "active", "activeAt": stamp(now), "stateChangedAt": stamp(now), "errorReason": None}
    related = {"sequenceStep": steps[0]} if steps else {}
    row = org.update(state.ref, values, related, now=now, actor=actor)
    org.update(row.one["sequence"], {"lastUsedAt": stamp(now)}, now=now)
    if not steps:
        return finish(org, row.ref, now, actor)
    _enter_step(org, row.ref, steps[0], now)
    return org.row(row.ref)


def advance(org: Organisation, state: Ref, now: float, actor: Actor | None = None) -> Record:
    """Take a state to its next step, or finish it after the last. The step begins after its interval."""
    row = org.row(state)
    steps = _steps(org, row)
    current = row.one.get("sequenceStep")
    following = steps[steps.index(current) + 1 :] if current in steps else steps
    if not following:
        return finish(org, state, now, actor)
    step = following[0]
    moved = org.update(state, {}, {"sequenceStep": step}, now=now, actor=actor, special="advanced")
    wait = float(org.row(step).attributes.get("interval", 0))
    if wait <= 0:
        _enter_step(org, state, step, now)
    else:
        org.later(now + wait, lambda at: _enter_step(org, state, step, at))
    return moved


def finish(org: Organisation, state: Ref, now: float, actor: Actor | None = None, *, replied: bool = False) -> Record:
    """End a state: what it had planned is dropped, and a waiting prospect may take its place."""
    row = org.row(state)
    if row.attributes["state"] not in {"active", "paused", "pending", "bounced", "failed"}:
        raise impossible(f"Sequence state cannot be finished, it is {row.attributes['state']}.")
    values = {"state": "finished", "stateChangedAt": stamp(now), "pauseReason": None}
    if replied:
        values["repliedAt"] = stamp(now)
    row = org.update(state, values, now=now, actor=actor, special="finished")
    for task in tuple(org.store.holders("task", "sequenceState", state)):
        if org.row(("task", task)).attributes.get("state") != "complete":
            org.destroy(("task", task), now=now, actor=actor)
    for mailing in tuple(org.store.holders("mailing", "sequenceState", state)):
        if org.row(("mailing", mailing)).attributes.get("state") in _UNSENT:
            reason = {"state": "failed", "stateChangedAt": stamp(now), "errorReason": "Sequence state finished"}
            org.update(("mailing", mailing), reason, now=now)
    wake(org, row.one["sequence"], now)
    return row


def pause(org: Organisation, state: Ref, now: float, actor: Actor | None = None, *, reason: str = "manual") -> Record:
    """Pause an active state."""
    if org.row(state).attributes["state"] != "active":
        raise impossible("Sequence state cannot be paused, it is not active.")
    values = {"state": "paused", "pauseReason": reason, "stateChangedAt": stamp(now)}
    return org.update(state, values, now=now, actor=actor)


def resume(org: Organisation, state: Ref, now: float, actor: Actor | None = None) -> Record:
    """Resume a paused state where it was."""
    if org.row(state).attributes["state"] != "paused":
        raise impossible("Sequence state cannot be resumed, it is not paused.")
    values = {"state": "active", "pauseReason": None, "activeAt": stamp(now), "stateChangedAt": stamp(now)}
    row = org.update(state, values, now=now, actor=actor)
    return row if row.one.get("sequenceStep") else begin(org, row, now, actor)


def plan_delivery(org: Organisation, mailing: Record, now: float) -> None:
    """Have a scheduled mailing sent when its time comes."""
    at = mailing.attributes.get("scheduledAt")
    due = max(seconds(at), now) if at else now + org.switches.delivery_delay
    org.later(due, lambda when: _deliver(org, mailing.ref, when))


def engage(org: Organisation, mailing: Ref, engagement: Engagement, now: float) -> Record:
    """Let something happen to a mailing: counters rise, its state and its sequence state follow."""
    row = org.row(mailing)
    at, state, counter, noted = _ENGAGEMENTS[engagement]
    values: dict[str, object] = {at: stamp(now)}
    if state:
        values |= {"state": state, "stateChangedAt": stamp(now)}
    if counter in {"openCount", "clickCount"}:
        values[counter] = row.attributes.get(counter, 0) + 1
    if engagement == "delivered":
        values["messageId"] = f"<{org.uuid()}@outreach.example>"
    row = org.update(mailing, values, now=now, special="" if engagement in _UNANNOUNCED else engagement)
    for name in ("sequence", "sequenceState", "sequenceStep", "template", "prospect"):
        org.count_up(row.one.get(name), counter, *(["neutralReplyCount"] if engagement == "replied" else []))
    if noted and (prospect := row.one.get("prospect")):
        org.update(prospect, {noted: stamp(now)}, now=now)
    _follow(org, row, engagement, now)
    return org.row(mailing)


def _follow(org: Organisation, mailing: Record, engagement: Engagement, now: float) -> None:
    prospect, state = mailing.one.get("prospect"), org.store.at(mailing.one.get("sequenceState"))
    if engagement == "unsubscribed" and prospect:
        org.update(prospect, {"optedOut": True}, now=now)
    if engagement == "bounced" and prospect:
        for address in org.store.holders("emailAddress", "prospect", prospect)[:1]:
            org.update(("emailAddress", address), {"status": "bounced"}, now=now)
    if state is None or state.attributes["state"] != "active":
        return
    if engagement == "delivered" and state.one.get("sequenceStep") == mailing.one.get("sequenceStep"):
        advance(org, state.ref, now)
    elif engagement == "bounced":
        org.update(state.ref, {"state": "bounced", "stateChangedAt": stamp(now)}, now=now)
    elif engagement == "replied":
        action = org.row(state.one["sequence"]).attributes.get("primaryReplyAction", "finish")
        if action == "finish":
            finish(org, state.ref, now, replied=True)
        else:
            org.update(state.ref, {"repliedAt": stamp(now)}, now=now)
            if action == "pause":
                pause(org, state.ref, now, reason="replied")


def _activate(org: Organisation, state: Ref, now: float) -> None:
    row = org.store.at(state)
    if row is None or row.attributes["state"] != "pending":
        return
    sequence = org.row(row.one["sequence"])
    mailbox = org.store.at(row.one.get("mailbox"))
    waiting = not sequence.attributes.get("enabled") or sequence.attributes.get("throttlePaused")
    if waiting or mailbox is None or mailbox.attributes.get("sendDisabled"):
        return
    states, starts = (org.store.column("sequenceState", name) for name in ("state", "activeAt"))
    others = org.store.holders("sequenceState", "sequence", sequence.ref)
    active = sum(states.get(other) == "active" for other in others)
    if active >= sequence.attributes.get("maxActivations", DEFAULT_MAX_ACTIVATIONS):
        return
    today = stamp(now)[:10]
    added = sum(starts.get(other, "")[:10] == today for other in others)
    if added >= sequence.attributes.get("throttleMaxAddsPerDay", DEFAULT_ADDS_PER_DAY):
        plan_activation(org, state, (now // _DAY + 1) * _DAY)
        return
    begin(org, row, now)


def _enter_step(org: Organisation, state: Ref, step: Ref, now: float) -> None:
    row = org.store.at(state)
    if row is None or row.attributes["state"] != "active" or row.one.get("sequenceStep") != step:
        return
    kind = org.row(step).attributes.get("stepType", "task")
    mailing = _step_mailing(org, row, step, now, send=kind == "auto_email") if kind.endswith("email") else None
    if kind != "auto_email":
        _step_task(org, row, step, "email" if kind == "manual_email" else kind, mailing, now)


def _step_mailing(org: Organisation, row: Record, step: Ref, now: float, *, send: bool) -> Ref:
    joins = org.store.holders("sequenceTemplate", "sequenceStep", step)
    template = org.store.at(org.row(("sequenceTemplate", joins[0])).one.get("template")) if joins else None
    related = {name: row.one.get(name) for name in ("mailbox", "prospect", "sequence")}
    related |= {"sequenceState": row.ref, "sequenceStep": step, "template": template.ref if template else None}
    text = {name: template.attributes.get(name) for name in ("subject", "bodyHtml")} if template else {}
    values = {"mailingType": "sequence", "state": "scheduled" if send else "drafted", **text}
    if send:
        values["scheduledAt"] = stamp(now + org.switches.delivery_delay)
    return org.create("mailing", values, related, now=now).ref


def _step_task(org: Organisation, row: Record, step: Ref, kind: str, mailing: Ref | None, now: float) -> None:
    mailbox = org.store.at(row.one.get("mailbox"))
    action = kind if kind in {"call", "email"} else "action_item"
    note = org.row(step).attributes.get("taskNote")
    values = {"action": action, "taskType": f"sequence_step_{kind}", "dueAt": stamp(now), "note": note}
    related = {"sequence": row.one.get("sequence"), "sequenceState": row.ref, "sequenceStep": step}
    related |= {"subject": row.one.get("prospect"), "mailing": mailing, "creator": step}
    related |= {"owner": mailbox.one.get("user") if mailbox else None}
    org.create("task", values, related, now=now)


def _deliver(org: Organisation, mailing: Ref, now: float) -> None:
    row = org.store.at(mailing)
    if row is None or row.attributes.get("state") != "scheduled" or row.attributes.get("scheduledAt", "") > stamp(now):
        return
    mailbox = org.store.at(row.one.get("mailbox"))
    if mailbox is None or mailbox.attributes.get("sendDisabled"):
        reason = {"state": "failed", "errorReason": "Mailbox cannot send", "stateChangedAt": stamp(now)}
        org.update(mailing, reason, now=now)
    else:
        engage(org, mailing, "delivered", now)


def _steps(org: Organisation, state: Record) -> list[Ref]:
    steps = [
        org.row(("sequenceStep", key)) for key in org.store.holders("sequenceStep", "sequence", state.one["sequence"])
    ]
    return [step.ref for step in sorted(steps, key=lambda step: (step.attributes.get("order", 0), step.id))]


def _unfinished(state: Record) -> bool:
    return state.attributes.get("state") != "finished"
