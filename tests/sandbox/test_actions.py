"""The 24 member actions: what each changes, what it takes along, and when it is refused."""

from __future__ import annotations

import pytest

from outreach_async.sandbox.catalogue import catalogue

NOW = "2026-11-22T00:00:00.000Z"
ACTIONS = [(kind.plural, action) for kind in catalogue().types.values() for action in kind.actions]


@pytest.fixture
def task(service) -> int:
    related = {"owner": ("user", 1), "subject": ("prospect", 1)}
    return service.post("task", {"action": "in_person", "dueAt": "2026-11-23T00:00:00Z"}, **related).data["id"]


@pytest.fixture
def state(service) -> int:
    """A sequence state that has turned active, at its first step."""
    related = {"prospect": ("prospect", 1), "sequence": ("sequence", 3), "mailbox": ("mailbox", 1)}
    made = service.post("sequenceState", None, **related)
    assert made.status == 201, made.raw
    service.advance(61)
    service.changes.clear()
    return made.data["id"]


def refused(answer, status: int) -> None:
    assert answer.status == status, answer.raw
    assert answer.error["id"]


def test_there_are_24():
    assert len(ACTIONS) == 24


@pytest.mark.parametrize(("plural", "action"), ACTIONS)
def test_every_action_takes_no_strange_parameter_and_needs_its_record(service, plural, action):
    refused(service.act(plural, 1, action, nonsense="1"), 400)
    refused(service.act(plural, 99999, action), 404)
    refused(service("GET", f"/{plural}/1/actions/{action}"), 404)


def test_finish(service, state):
    answer = service.act("sequenceStates", state, "finish")
    assert answer.status == 200
    assert answer.data["attributes"]["state"] == "finished"
    assert answer.data["attributes"]["stateChangedAt"] == "2026-11-22T00:01:01.000Z"
    assert ("sequenceState", "finished") in service.heard()
    refused(service.act("sequenceStates", state, "finish"), 422)


def test_pause_and_resume(service, state):
    paused = service.act("sequenceStates", state, "pause").data["attributes"]
    assert (paused["state"], paused["pauseReason"]) == ("paused", "manual")
    refused(service.act("sequenceStates", state, "pause"), 422)
    resumed = service.act("sequenceStates", state, "resume").data["attributes"]
    assert (resumed["state"], resumed["pauseReason"]) == ("active", None)
    refused(service.act("sequenceStates", state, "resume"), 422)


def test_a_sequence_is_turned_on_and_off(service):
    last = service.api.store.ids("sequence")[-1]
    assert service.attributes("sequence", last)["enabled"] is False
    on = service.act("sequences", last, "activate").data["attributes"]
    assert (on["enabled"], on["enabledAt"]) == (True, NOW)
    off = service.act("sequences", last, "deactivate").data["attributes"]
    assert (off["enabled"], off["enabledAt"]) == (False, None)


def test_lock_and_unlock_are_experimental(service, new_service):
    locked = service.act("sequences", 1, "lock").data["attributes"]
    assert (locked["locked"], locked["lockedAt"]) == (True, NOW)
    assert service.act("sequences", 1, "unlock").data["attributes"]["lockedAt"] is None
    plain = new_service(experimental_routes="off")
    refused(plain.act("sequences", 1, "lock"), 404)
    assert plain.patch("call", 1, {"note": "x"}).status == 404


def test_sequence_templates(service):
    assert service.act("sequenceTemplates", 1, "deactivate").data["attributes"]["enabled"] is False
    assert service.act("sequenceTemplates", 1, "activate").data["attributes"]["enabledAt"] == NOW


def test_mailboxes(service):
    assert service.act("mailboxes", 1, "testSend").data["attributes"]["sendSuccessAt"] == NOW
    assert service.act("mailboxes", 1, "testSync").data["attributes"]["syncFinishedAt"] == NOW
    assert service.act("mailboxes", 1, "linkEwsMasterAccount").data["attributes"]["syncMethod"] == "ews"
    assert service.act("mailboxes", 1, "unlinkEwsMasterAccount").data["attributes"]["sendMethod"] == "smtp"


def test_mark_complete(service, task):
    service.changes.clear()
    answer = service.act("tasks", task, "markComplete", completionNote="Went well")
    row = answer.data["attributes"]
    assert (row["state"], row["completed"], row["completedAt"]) == ("complete", True, NOW)
    assert answer.data["relationships"]["completer"]["data"]["id"] == 1
    assert ("task", "completed") in service.heard()
    notes = service.get("/prospectNotes", ("filter[prospect][id]", "1")).data
    assert notes[-1]["attributes"]["message"] == "Went well"
    refused(service.act("tasks", task, "markComplete"), 422)


def step_task(service, state: int) -> int:
    """Walk the state to its second step, a call, and give the task of it."""
    mailing = service.get("/mailings", ("filter[sequenceState][id]", str(state))).data[0]
    assert mailing["attributes"]["state"] == "scheduled"
    service.advance(60)
    assert service.attributes("mailing", mailing["id"])["state"] == "delivered"
    service.advance(86_400)
    (found,) = service.get("/tasks", ("filter[sequenceState][id]", str(state))).data
    assert found["attributes"]["taskType"] == "sequence_step_call"
    return found["id"]


@pytest.mark.parametrize(
    ("ending", "then"),
    [("", "active"), ("onwards", "active"), ("finish_no_reply", "finished"), ("finish_replied", "finished")],
)
def test_completing_a_steps_task_moves_its_state(service, state, ending, then):
    task = step_task(service, state)
    service.changes.clear()
    params = {"completionAction": ending} if ending else {}
    assert service.act("tasks", task, "markComplete", **params).status == 200
    row = service.attributes("sequenceState", state)
    assert row["state"] == then
    assert (row["repliedAt"] is not None) == (ending == "finish_replied")
    assert ("sequenceState", "advanced" if then == "active" else "finished") in service.heard()


def test_advance_is_for_the_tasks_of_steps(service, state, task):
    refused(service.act("tasks", task, "advance"), 422)
    step = step_task(service, state)
    before = service.get(f"/sequenceStates/{state}").data["relationships"]["sequenceStep"]["data"]["id"]
    assert service.act("tasks", step, "advance").data["attributes"]["state"] == "complete"
    after = service.get(f"/sequenceStates/{state}").data["relationships"]["sequenceStep"]["data"]["id"]
    assert after == before + 1


def test_deliver_schedules_the_mailing_of_a_task(service, state, task):
    refused(service.act("tasks", task, "deliver"), 422)
    service.act("tasks", step_task(service, state), "markComplete")
    service.advance(86_400)
    (manual,) = service.get("/tasks", ("filter[sequenceState][id]", str(state)), ("filter[state]", "incomplete")).data
    assert manual["attributes"]["taskType"] == "sequence_step_email"
    assert service.act("tasks", manual["id"], "deliver").status == 200
    mailing = manual["relationships"]["mailing"]["data"]["id"]
    assert service.attributes("mailing", mailing)["state"] == "scheduled"
    service.advance(61)
    assert service.attributes("mailing", mailing)["state"] == "delivered"


def test_a_meeting_is_logged_with_a_disposition(service, task):
    refused(service.act("tasks", task, "logMeetInPerson"), 400)
    refused(service.act("tasks", task, "logMeetInPerson", taskDispositionId="99"), 404)
    refused(service.act("tasks", task, "logMeetInPerson", taskDispositionId="one"), 400)
    answer = service.act("tasks", task, "logMeetInPerson", taskDispositionId="1", taskPurposeId="2")
    assert answer.data["attributes"]["state"] == "complete"
    assert answer.data["relationships"]["taskDisposition"]["data"]["id"] == 1
    assert answer.data["relationships"]["taskPurpose"]["data"]["id"] == 2
    call = service.post("task", {"action": "call"}, owner=("user", 1), subject=("prospect", 1)).data["id"]
    refused(service.act("tasks", call, "logMeetInPerson", taskDispositionId="1"), 422)


def test_reassign_reschedule_note_and_association(service, task):
    assert service.act("tasks", task, "reassignOwner", ownerId="3").data["relationships"]["owner"]["data"]["id"] == 3
    refused(service.act("tasks", task, "reassignOwner"), 400)
    moved = service.act("tasks", task, "reschedule", dueAt="2027-01-01T00:00:00Z").data["attributes"]
    assert moved["dueAt"] == "2027-01-01T00:00:00.000Z"
    refused(service.act("tasks", task, "reschedule", dueAt="later"), 400)
    assert service.act("tasks", task, "updateNote", note="Bring cards").data["attributes"]["note"] == "Bring cards"
    linked = service.act("tasks", task, "updateOpportunityAssociation", opportunityAssociation="noop")
    assert linked.data["attributes"]["opportunityAssociation"] == "noop"
    refused(service.act("tasks", task, "updateOpportunityAssociation", opportunityAssociation="all"), 400)


def test_snoozing_adds_a_day_to_whatever_is_later(service, task):
    assert service.act("tasks", task, "snooze").data["attributes"]["dueAt"] == "2026-11-24T00:00:00.000Z"
    service.advance(30 * 86_400)
    assert service.act("tasks", task, "snooze").data["attributes"]["dueAt"] == "2026-12-23T00:00:00.000Z"
    urgent = service.act("tasks", task, "snooze", dueAt="2027-02-01T00:00:00Z", markAsUrgent="true").data
    assert urgent["attributes"]["dueAt"] == "2027-02-01T00:00:00.000Z"
    priority = urgent["relationships"]["taskPriority"]["data"]["id"]
    assert service.attributes("taskPriority", priority)["name"] == "Urgent"
