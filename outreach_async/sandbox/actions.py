"""The 24 member actions: `POST /{plural}/{id}/actions/{name}`, inputs in the query, the record in the answer.

What each does is what its one line of the reference says. Unacceptable parameters are a 400, an action that the
record's state does not allow a 422; whether an action already done may be done again is not known, and here it may
where nothing would change.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TypeAlias

from .activity import complete_task
from .batches import cancel_batch, confirm_batch
from .calls import Call
from .catalogue import Action, ResourceType, catalogue
from .enrolment import advance, finish, pause, resume
from .organisation import Organisation, Values
from .refusals import bad_action_params, impossible, record_not_found
from .store import Record, Ref
from .timestamps import read_instant, seconds, stamp, to_second

Params: TypeAlias = abc.Mapping[str, str]
_Member: TypeAlias = abc.Callable[[Organisation, Record, Params, Call], Record]
_DAY = 86_400
_ASSOCIATIONS = ("recent_created", "recent_updated", "noop")


def check_params(action: Action, params: Params) -> None:
    """Refuse an action's parameters where one is missing or unknown."""
    for name in action.required:
        if not params.get(name):
            raise bad_action_params(name, "is required")
    for name in params:
        if name not in action.required and name not in action.optional:
            raise bad_action_params(name, "is not accepted")


def act(org: Organisation, kind: ResourceType, action: Action, row: Record, params: Params, call: Call) -> Record:
    """Do a member action and give the record after it. Raises Refused."""
    check_params(action, params)
    return _MEMBERS[kind.name, action.name](org, row, params, call)


def _set(values: Values) -> _Member:
    def member(org: Organisation, row: Record, _: Params, call: Call) -> Record:
        return org.update(row.ref, values, now=call.now, actor=call.actor)

    return member


def _stamped(*names: str) -> _Member:
    def member(org: Organisation, row: Record, _: Params, call: Call) -> Record:
        return org.update(row.ref, dict.fromkeys(names, stamp(call.now)), now=call.now, actor=call.actor)

    return member


def _finish(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    if row.attributes["state"] not in {"active", "pending"}:
        raise impossible("Sequence state cannot be finished, it is not active.")
    return finish(org, row.ref, call.now, call.actor)


def _pause(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    return pause(org, row.ref, call.now, call.actor)


def _resume(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    return resume(org, row.ref, call.now, call.actor)


def _advance(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    _open_task(row)
    state = org.store.at(row.one.get("sequenceState"))
    if not row.attributes["taskType"].startswith("sequence_step_") or state is None:
        raise impossible("Task cannot be advanced, it is not a sequence step task.")
    done = {"state": "complete", "completed": True, "completedAt": stamp(call.now)}
    org.update(row.ref, done, now=call.now, actor=call.actor, special="completed")
    advance(org, state.ref, call.now, call.actor)
    return org.row(row.ref)


def _deliver(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    mailing = org.store.at(row.one.get("mailing"))
    if mailing is None or mailing.attributes["state"] not in {"drafted", "placeholder"}:
        raise impossible("Task cannot be delivered, it has no mailing that could be scheduled.")
    at = stamp(call.now + org.switches.delivery_delay)
    org.update(mailing.ref, {"state": "scheduled", "scheduledAt": at}, now=call.now, actor=call.actor)
    return org.row(row.ref)


def _complete(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    _open_task(row)
    note, ending = params.get("completionNote", ""), params.get("completionAction", "")
    return complete_task(org, row.ref, call.now, call.actor, note, ending)


def _log_meeting(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    _open_task(row)
    if row.attributes.get("action") != "in_person":
        raise impossible("Task is not an in person task.")
    related = {"taskDisposition": _named(org, params, "taskDispositionId", "taskDisposition")}
    if "taskPurposeId" in params:
        related["taskPurpose"] = _named(org, params, "taskPurposeId", "taskPurpose")
    org.update(row.ref, {}, related, now=call.now, actor=call.actor)
    return complete_task(org, row.ref, call.now, call.actor, params.get("completionNote", ""), "")


def _reassign(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    owner = _named(org, params, "ownerId", "user")
    return org.update(row.ref, {}, {"owner": owner}, now=call.now, actor=call.actor)


def _reschedule(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    _open_task(row)
    return org.update(row.ref, {"dueAt": _time(params, "dueAt")}, now=call.now, actor=call.actor)


def _snooze(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    _open_task(row)
    if params.get("dueAt"):
        due = _time(params, "dueAt")
    else:
        due = stamp(max(call.now, seconds(row.attributes["dueAt"]) if "dueAt" in row.attributes else 0) + _DAY)
    urgent = params.get("markAsUrgent", "").lower() == "true"
    priorities = org.store.column("taskPriority", "weight")
    highest = max(priorities, key=lambda key: priorities[key], default=None) if urgent else None
    related = {"taskPriority": ("taskPriority", highest)} if highest else {}
    return org.update(row.ref, {"dueAt": due}, related, now=call.now, actor=call.actor)


def _note(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    return org.update(row.ref, {"note": params["note"]}, now=call.now, actor=call.actor)


def _associate(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    wanted = params["opportunityAssociation"]
    if wanted not in _ASSOCIATIONS:
        raise bad_action_params("opportunityAssociation", f"has to be one of {', '.join(_ASSOCIATIONS)}")
    return org.update(row.ref, {"opportunityAssociation": wanted}, now=call.now, actor=call.actor)


def _cancel(org: Organisation, row: Record, _: Params, call: Call) -> Record:
    return cancel_batch(org, row, call.now, call.actor)


def _confirm(org: Organisation, row: Record, params: Params, call: Call) -> Record:
    return confirm_batch(org, row, params.get("confirmedCount"), call.now, call.actor)


def _open_task(row: Record) -> None:
    if row.attributes.get("state") == "complete":
        raise impossible("Task is already complete.")


def _named(org: Organisation, params: Params, name: str, type: str) -> Ref:
    assert type in catalogue().types
    text = params[name]
    if not text.isascii() or not text.isdecimal():
        raise bad_action_params(name, "has to be an id")
    if not org.store.has((type, int(text[:18]))):
        raise record_not_found(type, text)
    return (type, int(text))


def _time(params: Params, name: str) -> str:
    instant = read_instant(params[name])
    if instant is None:
        raise bad_action_params(name, "is not a valid date")
    return to_second(instant)


_MEMBERS: dict[tuple[str, str], _Member] = {
    ("batch", "cancel"): _cancel,
    ("batch", "confirm"): _confirm,
    ("mailbox", "linkEwsMasterAccount"): _set({"sendMethod": "ews", "syncMethod": "ews"}),
    ("mailbox", "testSend"): _stamped("sendSuccessAt"),
    ("mailbox", "testSync"): _stamped("syncSuccessAt", "syncFinishedAt"),
    ("mailbox", "unlinkEwsMasterAccount"): _set({"sendMethod": "smtp", "syncMethod": "imap"}),
    ("sequence", "activate"): _set({"enabled": True}),
    ("sequence", "deactivate"): _set({"enabled": False}),
    ("sequence", "lock"): _set({"locked": True}),
    ("sequence", "unlock"): _set({"locked": False}),
    ("sequenceState", "finish"): _finish,
    ("sequenceState", "pause"): _pause,
    ("sequenceState", "resume"): _resume,
    ("sequenceTemplate", "activate"): _set({"enabled": True}),
    ("sequenceTemplate", "deactivate"): _set({"enabled": False}),
    ("task", "advance"): _advance,
    ("task", "deliver"): _deliver,
    ("task", "logMeetInPerson"): _log_meeting,
    ("task", "markComplete"): _complete,
    ("task", "reassignOwner"): _reassign,
    ("task", "reschedule"): _reschedule,
    ("task", "snooze"): _snooze,
    ("task", "updateNote"): _note,
    ("task", "updateOpportunityAssociation"): _associate,
}
