"""The life of a sequence state: what lets it in, what makes it wait, how it goes on and how it ends."""

from __future__ import annotations

import pytest


def enrol(service, prospect: int = 1, sequence: int = 3, mailbox: int = 1):
    related = {"prospect": ("prospect", prospect), "sequence": ("sequence", sequence), "mailbox": ("mailbox", mailbox)}
    return service.post("sequenceState", None, **related)


def state_of(service, row: int) -> str:
    return service.attributes("sequenceState", row)["state"]


def test_a_new_state_is_pending_and_turns_active(service):
    made = enrol(service)
    row = made.data["attributes"]
    assert (row["state"], row["activeAt"], row["errorReason"], row["pauseReason"]) == ("pending", None, None, None)
    assert made.data["relationships"]["sequenceStep"] == {"data": None}
    assert made.data["relationships"]["user"]["data"] == {"type": "user", "id": 1}
    service.advance(59)
    assert state_of(service, made.data["id"]) == "pending"
    service.advance(1)
    active = service.get(f"/sequenceStates/{made.data['id']}").data
    assert active["attributes"]["state"] == "active"
    assert active["attributes"]["activeAt"] == "2026-11-22T00:01:00.000Z"
    assert active["relationships"]["sequenceStep"]["data"] is not None
    assert active["relationships"]["activeStepMailings"]["meta"] == {"count": 1}


def test_a_new_state_can_be_active_at_once(new_service):
    assert enrol(new_service(new_state="active")).data["attributes"]["state"] == "active"


def test_a_locked_sequence_takes_nobody(service):
    locked = service.api.store.ids("sequence")[-2]
    answer = enrol(service, sequence=locked)
    assert answer.status == 422
    assert answer.error["detail"] == "Sequence is locked."


def test_rulesets_decide_about_duplicates(service):
    first = enrol(service).data["id"]
    assert enrol(service).status == 422
    service.patch("ruleset", 1, {"permitDuplicateProspects": "only_if_inactive"})
    assert enrol(service).status == 422
    service.act("sequenceStates", first, "finish")
    assert enrol(service).status == 201
    service.patch("ruleset", 1, {"permitDuplicateProspects": "allow"})
    assert enrol(service).status == 201


def test_rulesets_decide_about_exclusivity(service):
    enrol(service)
    service.patch("ruleset", 1, {"sequenceExclusivity": "all_sequences"})
    assert enrol(service, sequence=4).status == 422


def test_a_sequence_that_is_off_keeps_its_states_waiting(service):
    off = service.api.store.ids("sequence")[-1]
    state = enrol(service, sequence=off).data["id"]
    service.advance(3600)
    assert state_of(service, state) == "pending"
    service.act("sequences", off, "activate")
    service.advance(61)
    assert state_of(service, state) == "active"


def test_a_mailbox_that_cannot_send_keeps_them_waiting_too(service):
    service.patch("mailbox", 1, {"sendDisabled": True})
    state = enrol(service).data["id"]
    service.advance(3600)
    assert state_of(service, state) == "pending"


def test_throttles_hold_back(service):
    service.patch("sequence", 3, {"throttleMaxAddsPerDay": 1})
    first, second = (enrol(service, prospect=number).data["id"] for number in (1, 3))
    service.advance(61)
    assert [state_of(service, row) for row in (first, second)] == ["active", "pending"]
    service.advance(86_400)
    assert state_of(service, second) == "active"


def test_only_so_many_are_active_at_once(service):
    sequence = service.post("sequence", {"name": "Narrow", "maxActivations": 1}).data["id"]
    service.post("sequenceStep", {"stepType": "task"}, sequence=("sequence", sequence))
    service.act("sequences", sequence, "activate")
    first, second = (enrol(service, prospect=number, sequence=sequence).data["id"] for number in (1, 3))
    service.advance(61)
    assert [state_of(service, row) for row in (first, second)] == ["active", "pending"]
    service.act("sequenceStates", first, "finish")
    service.advance(61)
    assert state_of(service, second) == "active"


def test_a_sequence_without_steps_is_over_at_once(service):
    sequence = service.post("sequence", {"name": "Empty"}).data["id"]
    service.act("sequences", sequence, "activate")
    state = enrol(service, sequence=sequence).data["id"]
    service.advance(61)
    assert state_of(service, state) == "finished"


def test_finishing_drops_what_was_planned(service):
    state = enrol(service).data["id"]
    service.advance(61)
    (mailing,) = service.get("/mailings", ("filter[sequenceState][id]", str(state))).ids
    service.act("sequenceStates", state, "finish")
    assert service.attributes("mailing", mailing)["state"] == "failed"
    service.advance(3600)
    assert service.attributes("mailing", mailing)["state"] == "failed"


def test_a_delivery_moves_the_state_on_and_is_counted(service):
    state = enrol(service).data["id"]
    service.advance(61)
    delivered = service.attributes("sequence", 3)["deliverCount"]
    service.changes.clear()
    service.advance(61)
    assert ("mailing", "delivered") in service.heard()
    assert ("sequenceState", "advanced") in service.heard()
    assert service.attributes("sequenceState", state)["deliverCount"] == 1
    assert service.attributes("sequence", 3)["deliverCount"] == delivered + 1
    assert service.attributes("prospect", 1)["touchedAt"] == "2026-11-22T00:02:00.000Z"


@pytest.mark.parametrize(
    ("engagement", "state", "event"),
    [
        ("opened", "active", ("mailing", "opened")),
        ("clicked", "active", None),
        ("replied", "finished", ("mailing", "replied")),
        ("bounced", "bounced", ("mailing", "bounced")),
        ("unsubscribed", "active", None),
    ],
)
def test_engagements(service, engagement, state, event):
    row = enrol(service).data["id"]
    service.advance(61)
    (mailing,) = service.get("/mailings", ("filter[sequenceState][id]", str(row))).ids
    service.changes.clear()
    service.api.engage(mailing, engagement, service.now)
    assert state_of(service, row) == state
    special = {item for item in service.heard() if item[1] not in {"created", "updated", "destroyed"}}
    assert special == ({event} if event else set()) | (
        {("sequenceState", "finished")} if state == "finished" else set()
    )
    assert service.attributes("prospect", 1)["optedOut"] is (engagement == "unsubscribed")


@pytest.mark.parametrize(("action", "state"), [("continue", "active"), ("pause", "paused")])
def test_what_a_reply_does_is_the_sequences_to_say(service, action, state):
    service.patch("sequence", 3, {"primaryReplyAction": action})
    row = enrol(service).data["id"]
    service.advance(61)
    (mailing,) = service.get("/mailings", ("filter[sequenceState][id]", str(row))).ids
    service.api.engage(mailing, "replied", service.now)
    assert state_of(service, row) == state
    assert service.attributes("sequenceState", row)["repliedAt"] is not None


def test_the_last_step_ends_it(service):
    sequence = service.post("sequence", {"name": "Short"}).data["id"]
    service.post("sequenceStep", {"stepType": "task", "taskNote": "Think"}, sequence=("sequence", sequence))
    service.act("sequences", sequence, "activate")
    row = enrol(service, sequence=sequence).data["id"]
    service.advance(61)
    (task,) = service.get("/tasks", ("filter[sequenceState][id]", str(row))).data
    assert task["attributes"]["note"] == "Think"
    assert task["relationships"]["creator"]["data"]["type"] == "sequenceStep"
    service.act("tasks", task["id"], "markComplete")
    assert state_of(service, row) == "finished"


def test_calls_move_their_state(service):
    row = enrol(service).data["id"]
    service.advance(61)
    related = {
        "prospect": ("prospect", 1),
        "sequenceState": ("sequenceState", row),
        "callDisposition": ("callDisposition", 6),
    }
    call = service.post("call", {"sequenceAction": "Advance", "direction": "outbound"}, **related).data
    assert call["attributes"]["outcome"] == "no_answer"
    assert call["relationships"]["user"]["data"]["id"] == 1
    assert service.attributes("sequenceState", row)["callCompletedAt"] is not None
    service.post("call", {"sequenceAction": "Finish - Replied"}, **related)
    assert state_of(service, row) == "finished"
    assert service.attributes("sequenceState", row)["repliedAt"] is not None


def test_a_drafted_mailing_is_sent_by_scheduling_it(service):
    related = {"mailbox": ("mailbox", 2), "prospect": ("prospect", 1)}
    mailing = service.post("mailing", {"subject": "Hi", "bodyHtml": "<p>Hi</p>"}, **related).data
    assert (mailing["attributes"]["state"], mailing["attributes"]["bodyText"]) == ("drafted", "Hi")
    assert mailing["relationships"]["user"]["data"]["id"] == 2
    assert service.patch("mailing", mailing["id"], {"state": "scheduled"}).status == 200
    service.advance(61)
    assert service.attributes("mailing", mailing["id"])["state"] == "delivered"


def test_a_mailing_goes_out_at_its_time(service):
    related = {"mailbox": ("mailbox", 2), "prospect": ("prospect", 1)}
    row = service.post("mailing", {"subject": "Hi", "scheduledAt": "2026-11-22T01:00:00Z"}, **related).data["id"]
    service.advance(3599)
    assert service.attributes("mailing", row)["state"] == "scheduled"
    service.patch("mailing", row, {"scheduledAt": "2026-11-22T02:00:00Z"})
    service.advance(2)
    assert service.attributes("mailing", row)["state"] == "scheduled"
    service.advance(3600)
    assert service.attributes("mailing", row)["state"] == "delivered"


def test_a_mailbox_that_cannot_send_fails_its_mailings(service):
    related = {"mailbox": ("mailbox", 2), "prospect": ("prospect", 1)}
    row = service.post("mailing", {"subject": "Hi", "state": "scheduled"}, **related).data["id"]
    service.patch("mailbox", 2, {"sendDisabled": True})
    service.advance(61)
    assert service.attributes("mailing", row)["state"] == "failed"


def test_a_bounce_marks_the_address(service):
    row = enrol(service).data["id"]
    service.advance(61)
    (mailing,) = service.get("/mailings", ("filter[sequenceState][id]", str(row))).ids
    service.api.engage(mailing, "bounced", service.now)
    assert service.attributes("emailAddress", 1)["status"] == "bounced"


def test_a_mailing_outside_of_sequences_moves_nothing(service):
    related = {"mailbox": ("mailbox", 2), "prospect": ("prospect", 1)}
    row = service.post("mailing", {"subject": "Hi"}, **related).data["id"]
    service.changes.clear()
    service.api.engage(row, "replied", service.now)
    assert {change.type for change in service.changes} == {"mailing", "prospect"}


def test_what_is_gone_when_its_time_comes_is_left_alone(service):
    state = enrol(service).data["id"]
    other = service.post("mailing", {"state": "scheduled"}, mailbox=("mailbox", 2), prospect=("prospect", 3)).data["id"]
    service("DELETE", f"/sequenceStates/{state}")
    service.patch("mailing", other, {"state": "drafted"})
    service.advance(3600)
    assert service.attributes("mailing", other)["state"] == "drafted"


def test_a_state_that_was_paused_enters_no_step(service):
    state = enrol(service).data["id"]
    service.advance(121)
    service.act("sequenceStates", state, "pause")
    service.advance(3 * 86_400)
    assert service.get("/tasks", ("filter[sequenceState][id]", str(state))).ids == []
