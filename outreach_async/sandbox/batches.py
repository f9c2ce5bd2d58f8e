"""Batches: the 23 bulk actions, each a job that waits to be confirmed, works through its rows and reports on each.

As documented: rows are chosen by `attributes.ids` or by `actionParams[filter]`, and neither means every record; the
states are pending, confirming, then finished, failed or canceled. When a confirmation has to name the count is not
known: here it has to when nothing chose the rows.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .bulk import Work, work_of
from .calls import Actor, Call
from .catalogue import Action, ResourceType, catalogue
from .filtering import select
from .organisation import Organisation, Values
from .parameters import Parameters
from .refusals import Refused, bad_action_params, bad_body, impossible, invalid
from .relations import BATCHED
from .store import Record, Ref
from .timestamps import stamp

MOST_ITEMS = 100_000
_WAITING = frozenset({"pending", "confirming"})


def start_batch(org: Organisation, action: Action, parameters: Parameters, attributes: Values, call: Call) -> Record:
    """Start a batch: its items are there at once, the work comes later. Raises Refused."""
    kind = _kind(action, parameters)
    work = work_of(org, action.name, kind, attributes)
    refs = _chosen(org, kind, parameters, attributes)
    skip = parameters.action.get("skipConfirmation", "").lower() == "true"
    everything = "ids" not in attributes and not parameters.action_filters
    values = {
        "action": action.name,
        "confirmCount": len(refs),
        "confirmedCountRequired": everything and not skip,
        "failures": 0,
        "payload": {name: value for name, value in attributes.items() if name != "ids"},
        "pending": len(refs),
        "state": "pending",
        "total": len(refs),
    }
    row = org.create("batch", values, {BATCHED: refs}, now=call.now, actor=call.actor)
    for ref in refs:
        data = msgspec.json.encode({"type": ref[0], "id": ref[1]}).decode()
        item = {"batchId": row.id, "data": data, "failed": False, "state": "pending"}
        org.create("batchItem", item, {"batch": row.ref}, now=call.now, actor=call.actor)
    then = _run if skip else _ask
    org.later(call.now + org.switches.job_delay, lambda now: then(org, row.ref, work, call.actor, now))
    return row


def confirm_batch(org: Organisation, row: Record, count: str | None, now: float, actor: Actor | None) -> Record:
    """Let a batch that waits for it go on. Raises Refused."""
    if row.attributes["state"] != "confirming":
        raise impossible("Batch cannot be confirmed, it is not waiting for a confirmation.")
    if row.attributes.get("confirmedCountRequired") and count != str(row.attributes["confirmCount"]):
        raise bad_action_params("confirmedCount", "has to be the batch's confirmCount")
    done = org.update(row.ref, {"state": "pending", "confirmedAt": stamp(now)}, now=now, actor=actor)
    attributes = row.attributes.get("payload", {})
    work = work_of(org, row.attributes["action"], catalogue().types[_type_of(row)], attributes)
    org.later(now + org.switches.job_delay, lambda at: _run(org, row.ref, work, actor, at))
    return done


def cancel_batch(org: Organisation, row: Record, now: float, actor: Actor | None) -> Record:
    """Stop a batch that has not begun. Raises Refused."""
    if row.attributes["state"] not in _WAITING:
        raise impossible(f"Batch cannot be canceled, it is {row.attributes['state']}.")
    values = {"state": "canceled", "canceledAt": stamp(now), "pending": 0}
    for item in _items(org, row.ref):
        org.update(item, {"state": "canceled"}, now=now)
    return org.update(row.ref, values, now=now, actor=actor)


def _ask(org: Organisation, batch: Ref, _: Work, actor: Actor | None, now: float) -> None:
    if org.row(batch).attributes["state"] == "pending":
        org.update(batch, {"state": "confirming"}, now=now, actor=actor)


def _run(org: Organisation, batch: Ref, work: Work, actor: Actor | None, now: float) -> None:
    row = org.row(batch)
    if row.attributes["state"] != "pending":
        return
    org.update(batch, {"startedAt": stamp(now)}, now=now, actor=actor)
    reasons: dict[str, int] = {}
    for item, target in zip(_items(org, batch), row.many.get(BATCHED, []), strict=True):
        reason = _done(org, work, target, now, actor)
        if reason is None:
            org.update(item, {"state": "finished"}, now=now)
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
            org.update(item, {"state": "failed", "failed": True, "info": reason}, now=now)
    failures = sum(reasons.values())
    state = "failed" if failures and failures == row.attributes["total"] else "finished"
    values = {"state": state, "finishedAt": stamp(now), "pending": 0, "failures": failures}
    org.update(batch, {**values, "summary": {"failures": reasons}}, now=now, actor=actor)


def _done(org: Organisation, work: Work, target: Ref, now: float, actor: Actor | None) -> str | None:
    """Do one row's work; give the reason where it cannot be done."""
    if not org.store.has(target):
        return f"Could not find '{target[0]}' with ID '{target[1]}'."
    try:
        work(target, now, actor)
    except Refused as refused:
        error = msgspec.json.decode(refused.response.body)["errors"][0]
        return str(error["detail"])
    return None


def _kind(action: Action, parameters: Parameters) -> ResourceType:
    if not action.name.startswith("customObject"):
        return catalogue().types["account" if action.name.startswith("account") else "prospect"]
    name = parameters.action.get("objectName", "")
    kind = catalogue().by_plural.get(f"customObjects/{name}")
    if kind is None:
        raise bad_action_params("objectName", "does not name a custom object")
    return kind


def _chosen(org: Organisation, kind: ResourceType, parameters: Parameters, attributes: Values) -> list[Ref]:
    ids: Any = attributes.get("ids")
    if ids is not None and not (isinstance(ids, list) and all(type(row_id) is int for row_id in ids)):
        raise bad_body("has 'ids' that are not a list of integers")
    filtered = select(org.store, kind, parameters.action_filters) if ids is None or parameters.action_filters else None
    chosen = filtered if ids is None else [one for one in dict.fromkeys(ids) if filtered is None or one in filtered]
    refs = [(kind.name, row_id) for row_id in chosen or []]
    if len(refs) > MOST_ITEMS:
        raise invalid(f"A batch can have at most {MOST_ITEMS} items.")
    return refs


def _items(org: Organisation, batch: Ref) -> list[Ref]:
    return [("batchItem", row_id) for row_id in org.store.holders("batchItem", "batch", batch)]


def _type_of(row: Record) -> str:
    refs = row.many.get(BATCHED)
    return refs[0][0] if refs else "prospect"
