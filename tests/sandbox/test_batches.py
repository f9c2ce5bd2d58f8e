"""Bulk actions: chosen rows, confirmation, work, a report on each row, and all 23 of them."""

from __future__ import annotations

import pytest

from outreach_async.sandbox.batches import MOST_ITEMS
from outreach_async.sandbox.calls import Actor
from outreach_async.sandbox.catalogue import catalogue

ACTIONS = catalogue().types["batch"].collection_actions


def start(service, action: str, attributes: dict | None = None, *query: tuple[str, str]):
    return service("POST", f"/batches/actions/{action}", {"data": {"attributes": attributes or {}}}, query=query)


def batch(service, row_id: int) -> dict:
    return service.attributes("batch", row_id)


SKIP = ("actionParams[skipConfirmation]", "true")


def run(service, action: str, attributes: dict | None = None, *query: tuple[str, str]) -> dict:
    answer = start(service, action, attributes, SKIP, *query)
    assert answer.status == 200, answer.raw
    assert answer.data["type"] == "batch"
    service.advance(6)
    return batch(service, answer.data["id"])


def test_the_whole_course_of_a_batch(service):
    made = start(service, "prospectsAddTags", {"ids": [1, 2], "tags": ["New"]})
    assert made.status == 200
    row = made.data["attributes"]
    assert (row["state"], row["total"], row["pending"], row["confirmCount"]) == ("pending", 2, 2, 2)
    assert row["confirmedCountRequired"] is False
    refused = service.act("batches", made.data["id"], "confirm")
    assert refused.status == 422
    service.advance(6)
    assert batch(service, made.data["id"])["state"] == "confirming"
    service.advance(3600)
    assert "New" not in service.attributes("prospect", 1)["tags"]
    confirmed = service.act("batches", made.data["id"], "confirm").data["attributes"]
    assert confirmed["confirmedAt"] is not None
    service.advance(6)
    done = batch(service, made.data["id"])
    assert (done["state"], done["pending"], done["failures"]) == ("finished", 0, 0)
    assert done["finishedAt"] is not None
    assert "New" in service.attributes("prospect", 2)["tags"]
    items = service.get("/batchItems", ("filter[batchId]", str(made.data["id"]))).data
    assert [(item["attributes"]["state"], item["attributes"]["failed"]) for item in items] == [("finished", False)] * 2
    assert service.get("/batches", ("filter[prospect][id]", "2")).ids[-1] == made.data["id"]


def test_a_waiting_batch_can_be_canceled(service):
    made = start(service, "prospectsAddTags", {"ids": [1], "tags": ["New"]}).data["id"]
    canceled = service.act("batches", made, "cancel").data["attributes"]
    assert (canceled["state"], canceled["canceledAt"] is not None) == ("canceled", True)
    service.advance(3600)
    assert batch(service, made)["state"] == "canceled"
    assert service.act("batches", made, "cancel").status == 422


def test_no_choice_is_every_record_and_has_to_be_confirmed_by_count(service):
    made = start(service, "prospectsAddTags", {"tags": ["All"]}).data
    assert made["attributes"]["total"] == 40
    service.advance(6)
    assert service.act("batches", made["id"], "confirm").status == 400
    assert service.act("batches", made["id"], "confirm", confirmedCount="40").status == 200
    service.advance(6)
    assert all("All" in row["attributes"]["tags"] for row in service.get("/prospects").data)


def test_rows_are_chosen_by_filters_in_the_new_grammar(service):
    chosen = [("actionParams[filter][id][]", "3"), ("actionParams[filter][id][]", "4")]
    run(service, "prospectsAssignOwner", {"ownerId": 2}, *chosen, ("actionParams[filter][account][id]", "1"))
    owners = [service.get(f"/prospects/{i}").data["relationships"]["owner"]["data"]["id"] for i in (3, 4)]
    assert owners == [2, 2]
    both = run(service, "prospectsAssignOwner", {"ownerId": 3, "ids": [3, 9]}, *chosen)
    assert both["total"] == 1


def test_each_row_reports_its_failure(service):
    taken = service.attributes("prospect", 5)["emails"]
    done = run(service, "prospectsBulkModify", {"ids": [1, 5, 99999], "emails": taken})
    assert (done["state"], done["failures"]) == ("finished", 2)
    assert sum(done["summary"]["failures"].values()) == 2
    infos = [item["attributes"]["info"] for item in service.get("/batchItems", ("filter[failed]", "true")).data]
    assert infos == ["Contacts email hash has already been taken.", "Could not find 'prospect' with ID '99999'."]
    assert run(service, "prospectsBulkModify", {"ids": [99999], "title": "x"})["state"] == "failed"


def test_fields_are_modified_in_three_ways(service):
    run(service, "accountsBulkModify", {"ids": [1], "industry": "Mills", "followers": 3})
    run(service, "accountsBulkModify", {"ids": [2], "fieldName": "industry", "fieldValue": "Mills"})
    run(service, "accountsBulkModify", {"ids": [3], "field": "industry", "value": "Mills"})
    assert [service.attributes("account", i)["industry"] for i in (1, 2, 3)] == ["Mills"] * 3
    assert service.attributes("account", 1)["followers"] == 3


def test_tags_and_assignments_and_owners(service):
    run(service, "accountAddTags", {"ids": [1], "tags": ["A", "B"]})
    run(service, "accountsRemoveTags", {"ids": [1], "tags": ["A"]})
    assert service.attributes("account", 1)["tags"] == ["B"]
    run(service, "accountsAddAssignments", {"ids": [1], "userIds": [2, 3]})
    run(service, "accountsRemoveAssignments", {"ids": [1], "userIds": ["2"]})
    assert service.get("/accounts/1").data["relationships"]["assignedUsers"]["data"] == [{"type": "user", "id": 3}]
    run(service, "accountsRemoveAllAssignments", {"ids": [1]})
    assert service.get("/accounts/1").data["relationships"]["assignedUsers"]["data"] == []
    run(service, "accountsAssignOwner", {"ids": [1], "ownerId": 4})
    assert service.get("/accounts/1").data["relationships"]["owner"]["data"]["id"] == 4
    run(service, "accountsDestroyAll", {"ids": [1]})
    assert service.get("/accounts/1").status == 404


def test_prospects_in_bulk(service):
    run(service, "prospectsAssignAccount", {"ids": [1], "accountId": "8"})
    assert service.get("/prospects/1").data["relationships"]["account"]["data"]["id"] == 8
    run(service, "prospectsAssignOpportunity", {"ids": [1], "opportunityId": "2"})
    assert service.get("/prospects/1").data["relationships"]["opportunities"]["meta"] == {"count": 1}
    run(service, "prospectsAddToSequence", {"ids": [1, 3], "sequenceId": 3, "mailboxId": 1})
    states = service.get("/sequenceStates", ("filter[prospect][id]", "1,3"), ("filter[sequence][id]", "3")).ids
    assert len(states) == 2
    service.advance(61)
    run(service, "prospectsPauseAll", {"ids": [1]})
    run(service, "prospectsFinishAll", {"ids": [3]})
    assert [service.attributes("sequenceState", i)["state"] for i in states] == ["paused", "finished"]
    run(service, "prospectsAddAssignments", {"ids": [1], "userIds": [2]})
    run(service, "prospectsRemoveAssignments", {"ids": [1], "userIds": [2]})
    run(service, "prospectsRemoveAllAssignments", {"ids": [1]})
    run(service, "prospectsRemoveTags", {"ids": [1], "tags": ["x"]})
    run(service, "prospectsDestroyAll", {"ids": [1]})
    assert service.get("/prospects/1").status == 404


def test_custom_objects_in_bulk(service):
    named = ("actionParams[objectName]", "vehicle")
    run(service, "customObjectBulkModify", {"ids": [1], "wheels": 6}, named)
    assert service.attributes("vehicle", 1)["wheels"] == 6
    run(service, "customObjectBulkDelete", {"ids": [1]}, named)
    assert service.get("/customObjects/vehicle/1").status == 404
    assert start(service, "customObjectBulkDelete", {"ids": [1]}).status == 400
    wrong = start(service, "customObjectBulkDelete", {"ids": [1]}, ("actionParams[objectName]", "ship"))
    assert wrong.status == 400


@pytest.mark.parametrize("action", [name for name in ACTIONS if not name.startswith("custom")])
def test_every_action_checks_what_it_is_given(service, action):
    needs_nothing = action.endswith(("DestroyAll", "RemoveAllAssignments", "FinishAll", "PauseAll"))
    answer = start(service, action, {"ids": [1]})
    assert answer.status == (200 if needs_nothing else 422)
    assert start(service, action, {"ids": ["1"]} | {"tags": ["x"]}).status in {400, 422}


def test_what_is_named_has_to_exist(service):
    assert start(service, "prospectsAssignOwner", {"ids": [1], "ownerId": 999}).status == 422
    assert start(service, "prospectsBulkModify", {"ids": [1], "nonsense": 1}).status == 400
    assert start(service, "prospectsBulkModify", {"ids": [1], "createdAt": "2026-01-01"}).status == 400


def test_a_bulk_action_needs_all_its_scopes(service):
    for scopes, missing in (
        ({"batches.write", "prospects.write"}, "batches.read"),
        ({"batches.all"}, "prospects.write"),
        ({"batches.read", "prospects.write"}, "batches.write"),
    ):
        service.actor = Actor("user", "user:ada", 1, frozenset(scopes), "c")
        answer = start(service, "prospectsAddTags", {"ids": [1], "tags": ["x"]})
        assert answer.status == 403
        assert f"'{missing}'" in answer.error["detail"]
    service.actor = Actor("user", "user:ada", 1, frozenset({"batches.all", "prospects.all"}), "c")
    assert start(service, "prospectsAddTags", {"ids": [1], "tags": ["x"]}).status == 200


def test_there_are_bounds(service):
    assert start(service, "prospectsAddTags", {"ids": list(range(1, MOST_ITEMS + 2)), "tags": ["x"]}).status == 422
