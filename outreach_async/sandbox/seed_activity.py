"""What has been going on: enrolments, mailings, calls, tasks, events, jobs, and the logs of it."""

from __future__ import annotations

from typing import Any

from .content import COUNTERS
from .seed_settings import ADMIN
from .seed_words import DISPOSITIONS, EVENTS, SUBJECTS
from .soil import MOMENTS, Soil
from .store import Record, Ref

_ZERO = dict.fromkeys(COUNTERS, 0)
_NOTHING_COUNTED: dict[str, Any] = {"clickCount": 0, "openCount": 0, "retryCount": 0}
_TRACKED = {"trackLinks": True, "trackOpens": True, "overrideSafetySettings": False}
_MAIL_STATES = ("delivered", "delivered", "opened", "opened", "replied", "bounced")
_STATES = ("active", "active", "finished", "finished", "finished", "paused")


def plant_activity(soil: Soil) -> None:
    """Put down what people did, in proportion to the prospects that are there."""
    for prospect in soil.store.all("prospect"):
        if prospect.id % 2 == 0:
            _enrolment(soil, prospect)
        if prospect.id % 3 == 0:
            _mailing(soil, prospect, {}, "single")
        if prospect.id % 5 < 2:
            _call(soil, prospect)
        if prospect.id % 4 == 1:
            _task(soil, prospect)
        _event(soil, prospect)
        if prospect.id % 50 == 1:
            _recording(soil, prospect)
    _jobs(soil)
    _logs(soil)


def _enrolment(soil: Soil, prospect: Record) -> None:
    sequences = soil.store.count("sequence")
    number = 1 + prospect.id // 2 % sequences
    steps = soil.store.holders("sequenceStep", "sequence", ("sequence", number))
    times = soil.times(soil.random())
    # Nobody turns active in a sequence that is off, which is the last one.
    state = "pending" if number == sequences else soil.pick(_STATES)
    values = {**_ZERO, "state": state, "stateChangedAt": times["updatedAt"], **times}
    user = prospect.one["owner"]
    mailbox = ("mailbox", user[1])
    one: dict[str, Ref] = {"prospect": prospect.ref, "sequence": ("sequence", number), "mailbox": mailbox}
    one["creator"] = user
    if state == "paused":
        values["pauseReason"] = "manual"
    if state != "pending":
        values |= {"activeAt": times["createdAt"], "deliverCount": 1}
        one["sequenceStep"] = ("sequenceStep", soil.pick(steps))
    ref = ("sequenceState", soil.row("sequenceState", values, one))
    if state == "pending":
        return
    within = {"sequence": one["sequence"], "sequenceState": ref, "sequenceStep": ("sequenceStep", steps[0])}
    joints = soil.store.holders("sequenceTemplate", "sequenceStep", ("sequenceStep", steps[0]))
    joint = soil.store.get("sequenceTemplate", joints[0])
    assert joint is not None
    _mailing(soil, prospect, {**within, "template": joint.one["template"]}, "sequence")


def _mailing(soil: Soil, prospect: Record, within: dict[str, Ref], kind: str) -> None:
    user = prospect.one["owner"]
    times = soil.times(soil.random())
    state = soil.pick(_MAIL_STATES)
    at = times["updatedAt"]
    subject = soil.pick(SUBJECTS)
    row_id = soil.store.next_id("mailing")
    values = {
        **_NOTHING_COUNTED,
        **_TRACKED,
        "bodyHtml": "<p>We have something to show.</p>",
        "bodyText": "We have something to show.",
        "mailboxAddress": soil.store.column("mailbox", "email")[user[1]],
        "mailingType": kind,
        "messageId": f"<{row_id}@engines.example>",
        "scheduledAt": times["createdAt"],
        "state": state,
        "stateChangedAt": at,
        "subject": subject,
        **times,
    }
    if state == "bounced":
        values["bouncedAt"] = at
    else:
        values["deliveredAt"] = times["createdAt"]
    if state in {"opened", "replied"}:
        values |= {"openedAt": at, "openCount": 1}
    if state == "replied":
        values["repliedAt"] = at
    many: dict[str, list[Ref]] = {}
    if prospect.id % 10 == 0 and (found := soil.store.holders("recipient", "prospect", prospect.ref)):
        many["recipients"] = [("recipient", found[0])]
    one = {"mailbox": ("mailbox", user[1]), "prospect": prospect.ref, "user": user, **within}
    soil.row("mailing", values, one, many)


def _call(soil: Soil, prospect: Record) -> None:
    times = soil.times(soil.random())
    disposition, _, outcome = soil.pick(DISPOSITIONS)
    phone = (prospect.attributes.get("workPhones") or prospect.attributes["mobilePhones"])[0]
    values = {
        "answeredAt": times["createdAt"],
        "completedAt": times["updatedAt"],
        "dialedAt": times["createdAt"],
        "direction": "outbound",
        "from": "+15550000000",
        "note": "Will call back.",
        "outcome": outcome,
        "state": "completed",
        "stateChangedAt": times["updatedAt"],
        "to": phone,
        "uid": f"call-{soil.store.next_id('call')}",
        "userCallType": "voip",
        **times,
    }
    one = {"callDisposition": ("callDisposition", disposition), "callPurpose": soil.any("callPurpose")}
    one |= {"prospect": prospect.ref, "user": prospect.one["owner"]}
    soil.row("call", values, one)


def _task(soil: Soil, prospect: Record) -> None:
    times = soil.times(soil.random())
    done = soil.one_in(2)
    values: dict[str, Any] = {
        "action": soil.pick(("action_item", "call", "email", "in_person")),
        "completed": done,
        "dueAt": MOMENTS[-1],
        "note": "Ask about the mill.",
        "state": "complete" if done else "incomplete",
        "stateChangedAt": times["updatedAt"],
        "taskType": "manual",
        **times,
    }
    owner = prospect.one["owner"]
    one = {"subject": prospect.ref, "prospect": prospect.ref, "owner": owner, "account": prospect.one["account"]}
    one |= {"creator": owner, "taskPriority": soil.any("taskPriority")}
    if done:
        values["completedAt"] = times["updatedAt"]
        one["completer"] = owner
    soil.row("task", values, one)


def _event(soil: Soil, prospect: Record) -> None:
    at = prospect.attributes["updatedAt"]
    values = {"name": soil.pick(EVENTS), "eventAt": at, "createdAt": at, "payload": {}, "requestProxied": False}
    soil.row("event", values, {"prospect": prospect.ref, "user": prospect.one["owner"]})


def _recording(soil: Soil, prospect: Record) -> None:
    times = soil.times(0.9)
    host = {"type": "user", "id": prospect.one["owner"][1], "displayName": "Ada Lovelace"}
    guest = {"type": "prospect", "id": prospect.id, "displayName": prospect.attributes["name"]}
    values = {
        "botInMeetingSeconds": "1800",
        "startTime": times["createdAt"],
        "endTime": times["createdAt"],
        "format": "meeting",
        "host": host,
        "instanceId": soil.uuid(),
        "mediaDurationSeconds": "1795",
        "participantCount": 2,
        "participants": [host, guest],
        "provider": "zoom",
        "recordingUrl": f"https://recordings.example/{prospect.id}",
        "state": "ENDED",
        "title": "Engine review",
        "topics": [{"name": "Pricing", "count": 3}],
        "transcriptUrl": f"https://recordings.example/{prospect.id}/transcript.json",
        **times,
    }
    soil.row("kaiaRecording", values, {"account": prospect.one["account"], "owner": prospect.one["owner"]})


def _jobs(soil: Soil) -> None:
    records: list[Ref] = [("prospect", row_id) for row_id in soil.store.ids("prospect")[:10]]
    for number in range(3):
        times = soil.times(0.5)
        total = {"confirmCount": len(records), "total": len(records), "pending": 0, "failures": 0}
        done = {"state": "finished", "startedAt": times["createdAt"], "finishedAt": times["updatedAt"]}
        values = {"action": "prospectsAddTags", "confirmedCountRequired": False, **total, **done, **times}
        batch = soil.row("batch", values, {"creator": ADMIN}, {"records": records})
        for kind, row_id in records:
            item = {"batchId": batch, "data": f'{{"type":"{kind}","id":{row_id}}}', "failed": False}
            item |= {"state": "finished", "createdAt": times["createdAt"]}
            soil.row("batchItem", item, {"batch": ("batch", batch)})
        counts = {"dupes": 0, "failures": 0, "total": len(records), "recurring": False, "dupeMethod": "skip"}
        about = {"fileName": f"leads-{number}.csv", "importType": "prospectsImport", "state": "finished"}
        soil.row("import", {**about, **counts, **times}, {"creator": ADMIN})
    person = {"requestType": "Delete", "objectType": "Recipient", "state": "done", "requesterId": 1}
    uuids = {"uuid": soil.uuid(), "batchComplianceRequestUuid": soil.uuid(), "requestObjectId": "gone@home.example"}
    soil.row("complianceRequest", {**person, **uuids, **soil.times(0.4)}, {"requester": ADMIN})
    voice = {"callId": "1", "instanceId": soil.uuid(), "recordingUrl": "https://recordings.example/voice.mp3"}
    soil.row("kaiaVoiceImport", voice)


def _logs(soil: Soil) -> None:
    for number in range(60):
        agent = {"id": 1, "type": "user", "email": "ada.lovelace@engines.example", "ipAddress": "192.0.2.7"}
        values = {
            "action": soil.pick(("create", "update", "delete")),
            "additionalInfo": [],
            "agent": agent,
            "changes": [],
            "eventName": soil.pick(("user", "profile", "content_card")),
            "globalId": soil.uuid(),
            "orgId": soil.uuid(),
            "requestId": soil.uuid(),
            "result": "completed",
            "timestamp": MOMENTS[-60 + number],
        }
        soil.row("auditLog", values)
    url = {"url": "https://hooks.example/outreach", "payloadVersion": 1, "active": False}
    what = {"resource": "prospect", "action": "created", "cleanupToken": soil.uuid()}
    made = {"authorizer": ADMIN, "creator": ADMIN, "updater": ADMIN}
    soil.row("webhook", {**url, **what, **soil.times(0.9)}, made)
