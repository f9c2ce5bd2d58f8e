"""Creates, updates and deletes: strict names, what is required, what is unique, and what follows."""

from __future__ import annotations

import pytest

from outreach_async.sandbox.calls import Actor

INSTALL = Actor("install", "install:1", None, None, "guid-1")
NOW = "2026-11-22T00:00:00.000Z"


def refused(answer, status: int, code: str, detail: str | None = None, pointer: str | None = None) -> None:
    assert answer.status == status, answer.raw
    assert answer.media_type == "application/vnd.api+json"
    assert answer.error["id"] == code
    if detail is not None:
        assert answer.error["detail"] == detail
    if pointer is not None:
        assert answer.error["source"] == {"pointer": pointer}


def test_a_new_prospect_brings_its_contacts(service):
    answer = service.post(
        "prospect",
        {
            "firstName": "Ida",
            "lastName": "Rhodes",
            "emails": ["Ida@r.example", "i@r.example"],
            "workPhones": ["+1 555-1"],
        },
        account=("account", 1),
        owner=("user", 2),
    )
    assert answer.status == 201
    row, related = answer.data["attributes"], answer.data["relationships"]
    assert row["name"] == "Ida Rhodes"
    assert row["company"] == service.attributes("account", 1)["name"]
    assert row["externalSource"] == "outreach-api"
    assert row["createdAt"] == row["updatedAt"] == NOW
    assert related["creator"]["data"] == {"type": "user", "id": 1}
    addresses = [service.attributes("emailAddress", item["id"]) for item in related["emailAddresses"]["data"]]
    assert [(item["email"], item["order"]) for item in addresses] == [("Ida@r.example", 0), ("i@r.example", 1)]
    (number,) = related["phoneNumbers"]["data"]
    assert service.attributes("phoneNumber", number["id"])["number"] == "+15551"
    assert service.heard() == [
        ("prospect", "created"),
        ("emailAddress", "created"),
        ("emailAddress", "created"),
        ("phoneNumber", "created"),
    ]


def test_only_what_is_given_changes_and_null_clears(service):
    before = service.attributes("prospect", 1)
    service.now += 5
    answer = service.patch("prospect", 1, {"title": None, "nickname": "Countess"}, stage=None)
    assert answer.status == 200
    after = answer.data["attributes"]
    assert answer.data["relationships"]["stage"] == {"data": None}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"title", "nickname", "updatedAt"}
    assert after["updatedAt"] == "2026-11-22T00:00:05.000Z"
    (change,) = service.changes
    assert change.changed_attributes() == {"title": None, "nickname": "Countess", "updatedAt": after["updatedAt"]}
    assert change.changed_relationships().items() >= {"stage": None}.items()


def test_a_change_that_changes_nothing_leaves_no_trace(service, new_service):
    title = service.attributes("prospect", 1)["title"]
    stamp = service.attributes("prospect", 1)["updatedAt"]
    assert service.patch("prospect", 1, {"title": title}).data["attributes"]["updatedAt"] == stamp
    assert service.changes == []
    strict = new_service(noop_patch="refused")
    answer = strict.patch("prospect", 1, {"title": title})
    refused(answer, 422, "validationDuplicateValueError", "A Contact with this email_hash already exists.")
    assert strict.patch("prospect", 1, {"title": "Poet"}).status == 200


def test_names_are_strict(service):
    for attributes in ({"linkedInURL": "x"}, {"createdAt": NOW}, {"name": "Ada"}, {"custom151": "x"}):
        refused(service.post("prospect", attributes), 400, "permittedParams.unknownAttribute")
    refused(service.post("prospect", {}, boss=("user", 1)), 400, "permittedParams.unknownRelationship")
    refused(service.post("prospect", {}, creator=("user", 1)), 400, "permittedParams.unknownRelationship")


def test_an_email_address_belongs_to_one_prospect(service):
    taken = service.attributes("prospect", 3)["emails"][0]
    said = "Contacts email hash has already been taken."
    refused(service.post("prospect", {"emails": [taken.upper()]}), 422, "validationError", said, "/data")
    refused(service.patch("prospect", 1, {"emails": [taken]}), 422, "validationError", said, "/data")
    again = service.post("emailAddress", {"email": taken}, prospect=("prospect", 1))
    refused(again, 422, "validationDuplicateValueError", "A Contact with this email_hash already exists.")
    own = service.attributes("prospect", 1)["emails"]
    assert service.patch("prospect", 1, {"emails": own, "title": "Poet"}).status == 200
    assert service("DELETE", "/prospects/3").status == 204
    assert service.post("prospect", {"emails": [taken]}).status == 201


def test_excluded_addresses_are_refused(service):
    said = "Contacts contact is using an excluded email address."
    refused(service.post("prospect", {"emails": ["a@excluded.example"]}), 422, "validationError", said, "/data")
    assert service.patch("orgSetting", 1, {"prospectEmailExclusions": "boss@b.example"}).status == 200
    refused(service.post("prospect", {"emails": ["Boss@b.example"]}), 422, "validationError", said, "/data")


def test_addresses_and_prospects_stay_in_step(service):
    service.post("emailAddress", {"email": "new@n.example"}, prospect=("prospect", 1))
    first, second = service.attributes("prospect", 1)["emails"]
    assert second == "new@n.example"
    rows = service.get("/prospects/1").data["relationships"]["emailAddresses"]["data"]
    service.patch("emailAddress", rows[1]["id"], {"email": "newer@n.example", "status": "bounced"})
    assert service.attributes("prospect", 1)["emails"] == [first, "newer@n.example"]
    assert service.attributes("emailAddress", rows[1]["id"])["statusChangedAt"] == NOW
    assert service("DELETE", f"/emailAddresses/{rows[0]['id']}").status == 204
    assert service.attributes("prospect", 1)["emails"] == ["newer@n.example"]
    service.patch("prospect", 1, {"emails": []})
    assert service.get("/emailAddresses", ("filter[prospect][id]", "1")).ids == []


def test_numbers_and_prospects_stay_in_step(service):
    new = service.post("phoneNumber", {"rawNumber": "(555) 77", "phoneType": "home"}, prospect=("prospect", 1)).data
    assert new["attributes"]["number"] == "55577"
    assert service.attributes("prospect", 1)["homePhones"] == ["(555) 77"]
    service.patch("phoneNumber", new["id"], {"phoneType": "voip"})
    row = service.attributes("prospect", 1)
    assert (row["homePhones"], row["voipPhones"]) == ([], ["(555) 77"])
    service.patch("prospect", 1, {"voipPhones": ["999"]})
    assert service.get(f"/phoneNumbers/{new['id']}").status == 404
    service("DELETE", f"/phoneNumbers/{service.get('/phoneNumbers', ('filter[number]', '999')).ids[0]}")
    assert service.attributes("prospect", 1)["voipPhones"] == []
    refused(service.post("phoneNumber", {}, prospect=("prospect", 1)), 422, "validationError", "Number can't be blank.")


def test_opting_out_is_stamped(service):
    row = service.patch("prospect", 1, {"optedOut": True, "callsOptStatus": "opted_out"}).data["attributes"]
    assert row["optedOutAt"] == row["callsOptedAt"] == NOW
    assert row["emailOptedOut"] is row["callOptedOut"] is True
    row = service.patch("prospect", 1, {"optedOut": False}).data["attributes"]
    assert row["optedOutAt"] is None
    assert row["emailOptedOut"] is False


def test_what_cannot_be_blank(service):
    refused(service.post("account", {}), 422, "validationError", "Name can't be blank.", "/data/attributes/name")
    refused(service.patch("account", 1, {"name": ""}), 422, "validationError", "Name can't be blank.")
    refused(service.patch("sequenceStep", 1, {}, sequence=None), 422, "validationError", "Sequence can't be blank.")
    without_mailbox = service.post("sequenceState", None, prospect=("prospect", 1), sequence=("sequence", 3))
    refused(without_mailbox, 422, "validationError", "Mailbox can't be blank.", "/data/relationships/mailbox")
    refused(service.post("webhook", {"resource": "prospect"}), 422, "validationError", "Url can't be blank.")
    refused(service.post("task", {"action": "call"}, owner=("user", 1)), 422, "validationError")
    refused(service.post("mailing", {"subject": "x"}, prospect=("prospect", 1)), 422, "validationError")
    refused(service.post("favorite", {}), 422, "validationError", "Target can't be blank.")


def test_values_of_the_wrong_kind(service):
    for kind, attributes in (
        ("prospect", {"firstName": ["Ada"]}),
        ("prospect", {"emails": "ada@a.example"}),
        ("prospect", {"emails": [1]}),
        ("prospect", {"optedOut": "perhaps"}),
        ("prospect", {"score": "much"}),
        ("prospect", {"linkedInConnections": 1.5}),
        ("prospect", {"linkedInConnections": str(2**70)}),
        ("prospect", {"score": "inf"}),
        ("prospect", {"availableAt": "2026-13-01"}),
        ("mailing", {"subject": {}}),
        ("prospect", {"linkedInConnections": "many"}),
        ("prospect", {"dateOfBirth": "then"}),
        ("prospect", {"availableAt": 17}),
        ("sequence", {"name": "S", "shareType": "secret"}),
        ("webhook", {"url": "https://h.example", "payloadVersion": 3}),
        ("user", {"email": "u@u.example", "duties": []}),
    ):
        refused(service.post(kind, attributes), 422, "validationError")
    refused(
        service.post("prospect", {"firstName": "A" * 256}),
        422,
        "validationDataTooLongError",
        "Data provided is too long.",
    )
    assert "source" not in service.post("prospect", {"firstName": "A" * 256}).error


def test_values_that_are_read_leniently(service):
    row = service.post(
        "prospect",
        {
            "linkedInConnections": "12",
            "score": "1.5",
            "optedOut": "true",
            "externalId": 7,
            "dateOfBirth": "1815-12-10T10:00:00Z",
            "availableAt": "2026-12-01T00:00:00.999+02:00",
        },
    ).data["attributes"]
    assert (row["linkedInConnections"], row["score"], row["optedOut"], row["externalId"]) == (12, 1.5, True, "7")
    assert (row["dateOfBirth"], row["availableAt"]) == ("1815-12-10", "2026-11-30T22:00:00.000Z")


def test_bodies_that_are_no_documents(service):
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"data":[]}',
        b"\xff",
        b"[" * 5000,
        b'{"data":{"type":"account"}}',
        b"NaN",
        b'{"data":9%b}' % (b"9" * 30),
    ):
        refused(service("POST", "/prospects", body), 400, "invalidRequestBody")
    for data in ({"attributes": []}, {"relationships": 1}, {"relationships": {"owner": {"data": [1]}}}):
        refused(service("POST", "/prospects", {"data": {"type": "prospect", **data}}), 400, "invalidRequestBody")


def test_an_update_names_its_record(service):
    for data in ({"type": "account", "id": 1}, {"type": "prospect", "id": 2}, {"type": "prospect"}):
        refused(service("PATCH", "/prospects/1", {"data": data}), 400, "invalidRequestBody")
    assert service("PATCH", "/prospects/1", {"data": {"type": "prospect", "id": "1"}}).status == 200


def test_ids_in_relationships(service, new_service):
    as_text = {"data": {"type": "prospect", "relationships": {"owner": {"data": {"type": "user", "id": "2"}}}}}
    assert service("POST", "/prospects", as_text).status == 201
    refused(new_service(string_ids="refused")("POST", "/prospects", as_text), 422, "validationError")
    refused(service.post("prospect", {}, owner=("user", 999)), 422, "validationError")
    refused(service.post("prospect", {}, owner=("prospect", 1)), 400, "invalidRequestBody")
    empty = {"data": {"type": "prospect", "relationships": {"owner": {}, "stage": {"links": {}}}}}
    assert service("POST", "/prospects", empty).status == 201


def test_to_many_relationships_that_other_rows_hold(service):
    service.patch("prospect", 1, None, opportunities=[("opportunity", 2)])
    assert [item["id"] for item in service.get("/prospects/1").data["relationships"]["opportunities"]["data"]] == [2]
    service.patch("prospect", 1, None, opportunities=[])
    assert service.get("/opportunityProspectRoles", ("filter[prospect][id]", "1")).ids == []
    service.patch("team", 1, None, users=[("user", 2), ("user", 3)])
    assert service.get("/users", ("filter[teams][id]", "1")).ids == [2, 3]
    assert {item["id"] for item in service.get("/users/2").data["relationships"]["teams"]["data"]} == {1, 2}
    service.patch("prospect", 1, None, assignedUsers=[("user", 3)])
    assert service.get("/prospects/1").data["relationships"]["assignedUsers"]["meta"] == {"count": 1}


def test_deleting_takes_along_and_lets_go(service):
    address = service.get("/emailAddresses", ("filter[prospect][id]", "2")).ids[0]
    state = service.get("/sequenceStates", ("filter[prospect][id]", "2")).ids[0]
    mailing = service.get("/mailings", ("filter[prospect][id]", "2")).ids[0]
    answer = service("DELETE", "/prospects/2")
    assert (answer.status, answer.raw) == (204, b"")
    assert service.get("/prospects/2").status == 404
    assert service.get(f"/emailAddresses/{address}").status == service.get(f"/sequenceStates/{state}").status == 404
    assert service.get(f"/mailings/{mailing}").data["relationships"]["prospect"] == {"data": None}
    destroyed = service.changes[0]
    assert (destroyed.type, destroyed.action, destroyed.after) == ("prospect", "destroyed", None)
    assert destroyed.before.attributes["emails"]
    assert ("emailAddress", "destroyed") in service.heard()
    refused(service("DELETE", "/prospects/2"), 404, "resourceNotFound", "Could not find 'prospect' with ID '2'.")


def test_deleting_an_account_leaves_its_people(service):
    service("DELETE", "/accounts/1")
    assert service.get("/prospects/1").data["relationships"]["account"] == {"data": None}


def test_a_task_mirrors_its_subject(service):
    related = {"owner": ("user", 1), "subject": ("prospect", 7)}
    data = service.post("task", {"action": "call", "dueAt": NOW, "note": "Ring"}, **related).data
    assert data["attributes"]["taskType"] == "manual"
    assert data["attributes"]["state"] == "incomplete"
    assert data["relationships"]["prospect"]["data"] == {"type": "prospect", "id": 7}
    assert data["relationships"]["account"]["data"] == {"type": "account", "id": 2}
    assert data["relationships"]["prospectAccount"]["data"] == {"type": "account", "id": 2}


def test_a_new_sequence_has_the_defaults_of_a_live_one(service):
    data = service.post("sequence", {"name": "Fresh"}).data
    expected = {
        "sequenceType": "interval",
        "scheduleIntervalType": "calendar",
        "shareType": "shared",
        "enabled": False,
        "primaryReplyAction": "finish",
        "secondaryReplyAction": "finish",
        "finishOnReply": True,
        "maxActivations": 150,
    }
    assert expected.items() <= data["attributes"].items()
    assert data["relationships"]["owner"] == {"data": None}
    assert data["relationships"]["ruleset"]["data"] == {"type": "ruleset", "id": 1}
    alias = service.patch("sequence", data["id"], {"finishOnReply": False}).data["attributes"]
    assert alias["primaryReplyAction"] == "continue"


def test_sequences_are_built_in_order(service):
    template = service.post("template", {"name": "T", "subject": "S", "bodyHtml": "<p>Hi &amp; bye</p>"}).data
    assert template["attributes"]["bodyText"] == "Hi & bye"
    sequence = ("sequence", service.post("sequence", {"name": "Built"}).data["id"])
    for order, kind in enumerate(("auto_email", "call"), 1):
        step = service.post("sequenceStep", {"stepType": kind, "interval": 86_400}, sequence=sequence).data
        assert step["attributes"]["order"] == order
    joint = service.post(
        "sequenceTemplate", {"isReply": False}, sequenceStep=("sequenceStep", step["id"]), template=("template", 1)
    )
    assert joint.data["attributes"]["enabled"] is True
    row = service.attributes("sequence", sequence[1])
    assert (row["sequenceStepCount"], row["durationInDays"]) == (2, 2)
    assert service("DELETE", f"/sequences/{sequence[1]}").status == 204
    assert service.get(f"/sequenceSteps/{step['id']}").status == 404


def test_a_template_is_archived_and_brought_back(service):
    assert service.patch("template", 1, {"archived": True}).data["attributes"]["archivedAt"] == NOW
    assert service.patch("template", 1, {"archived": False}).data["attributes"]["archivedAt"] is None


def test_amounts_are_told_twice(service):
    row = service.post("opportunity", {"name": "Deal", "amount": 70}).data
    assert row["attributes"]["amountPrecise"] == "70.00"
    assert service.patch("opportunity", row["id"], {"amountPrecise": "71.4"}).data["attributes"]["amount"] == 71
    refused(service.patch("opportunity", row["id"], {"amountPrecise": "lots"}), 422, "validationError")


def test_the_stage_of_an_opportunity_is_another_name(service):
    service.patch("opportunity", 1, None, opportunityStage=("opportunityStage", 4))
    assert service.get("/opportunities/1").data["relationships"]["stage"]["data"]["id"] == 4


def test_users(service):
    user = service.post("user", {"email": "new@engines.example", "firstName": "New", "lastName": "Hand"})
    assert user.status == 201
    assert user.data["attributes"]["name"] == "New Hand"
    assert user.data["attributes"]["username"] == "new@engines.example"
    refused(service.patch("user", user.data["id"], {"email": "other@engines.example"}), 422, "validationError")
    assert service("DELETE", f"/users/{user.data['id']}").status == 404


def test_whoever_calls_is_a_user(service):
    service.actor = Actor("user", "user:zoe", 77, None, "client-1")
    row = service.post("prospect", {"firstName": "X"}).data
    assert row["relationships"]["creator"]["data"] == {"type": "user", "id": 77}
    assert service.attributes("user", 77)["name"] == "Zoe"


def test_mine_is_whose_token_it_is_unless_it_has_no_user(service):
    hook = {"url": "https://h.example", "resource": "prospect", "action": "created"}
    mine = service.post("webhook", hook).data
    assert mine["relationships"]["authorizer"]["data"] == {"type": "user", "id": 1}
    service.actor = INSTALL
    refused(service.post("webhook", hook), 422, "validationError", "Authorizer can't be blank.")
    assert service.post("webhook", hook, authorizer=("user", 2)).status == 201
    assert service.post("account", {"name": "By a machine"}).data["relationships"]["creator"] == {"data": None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://h.example"},
        {"url": "https://h.example/" + "a" * 1024},
        {"url": "https://h.example", "resource": "stage"},
        {"url": "https://h.example", "resource": "prospect", "action": "opened"},
        {"url": "https://h.example", "action": "finished"},
        {"url": "https://h.example", "secret": "s" * 256},
    ],
)
def test_webhooks_that_cannot_be(service, wrong):
    answer = service.post("webhook", wrong)
    assert answer.status == 422
    assert answer.error["id"] in {"validationError", "validationDataTooLongError"}


def test_a_webhooks_secrets_are_for_its_maker(service, new_service):
    made = service.post("webhook", {"url": "https://h.example", "secret": "hush"}).data
    assert made["attributes"]["secret"] == "hush"
    assert made["attributes"]["cleanupToken"].count(".") == 2
    assert made["attributes"]["creatorAppId"] == "client-1"
    service.actor = Actor("user", "user:ada", 1, None, "another app")
    row = service.attributes("webhook", made["id"])
    assert (row["secret"], row["cleanupToken"]) == (None, None)
    assert service.get("/webhooks").data[-1]["attributes"]["secret"] is None
    local = new_service(webhook_https="optional").post("webhook", {"url": "http://127.0.0.1:1/hook"})
    assert local.status == 201


def test_any_update_lifts_a_webhooks_suspension(service):
    hook = service.post("webhook", {"url": "https://h.example"}).data["id"]
    row = service.api.store.get("webhook", hook)
    row.set({"disabledReason": "private address", "disabledSince": NOW, "disabledUntil": NOW})
    service.api.store.put(row)
    after = service.patch("webhook", hook, {"active": True}).data["attributes"]
    assert after["disabledReason"] is after["disabledSince"] is after["disabledUntil"] is None


def test_write_only_attributes_are_taken_and_not_told(service):
    data = service.post("mailbox", {"email": "m@engines.example", "password": "x", "validateSend": True}).data
    assert "password" not in data["attributes"]
    assert data["attributes"]["sendPeriod"] == 60


def test_favorites_are_the_callers_and_tell_their_target_twice(service):
    row = service.post("favorite", {}, target=("sequence", 2)).data
    assert (row["attributes"]["targetType"], row["attributes"]["targetId"]) == ("Sequence", 2)
    assert row["relationships"]["user"]["data"] == {"type": "user", "id": 1}
    found = service.get("/favorites", ("filter[targetType]", "Sequence"), ("filter[targetId]", "2")).ids
    assert row["id"] in found


def test_recipients_are_hashed(service):
    one, two = (
        service.post("recipient", {"value": text}).data["attributes"] for text in ("A@b.example", "a@B.example")
    )
    assert one["emailHash"] == two["emailHash"]


def test_custom_events(service):
    event = service.post("event", {"name": "my-app:visited", "body": "Looked"}, prospect=("prospect", 1))
    assert event.status == 201
    assert event.data["attributes"]["eventAt"] == NOW
    refused(service.post("event", {"name": "visited"}), 422, "validationError")


def test_compliance_requests_take_the_body_seen_live(service):
    email = service.attributes("prospect", 4)["emails"][0]
    attributes = {
        "requester_email": "ada@engines.example",
        "request_type": "Delete",
        "object_type": "Prospect",
        "request_object_email": email,
    }
    answer = service("POST", "/complianceRequests", {"data": {"type": "complianceRequest", "attributes": attributes}})
    assert answer.status == 201
    assert answer.data["attributes"]["state"] == "pending"
    assert answer.data["relationships"]["requester"]["data"]["id"] == 1
    path = f"/complianceRequests/{answer.data['id']}"
    service.advance(6)
    assert service.get(path).data["attributes"]["state"] == "running"
    assert service.get("/prospects/4").status == 200
    service.advance(6)
    assert service.get(path).data["attributes"]["state"] == "done"
    assert service.get("/prospects/4").status == 404


@pytest.mark.parametrize(
    "attributes",
    [{"objectType": "Account"}, {"objectType": "Prospect", "requestType": "Export"}],
)
def test_compliance_requests_only_delete(service, attributes):
    body = {"data": {"type": "complianceRequest", "attributes": attributes}}
    refused(service("POST", "/complianceRequests", body), 422, "validationError")
    refused(service("POST", "/complianceRequests", {"data": {}}), 400, "invalidRequestBody")


def test_a_compliance_request_by_id(service):
    body = {"attributes": {"objectType": "Prospect", "requestObjectId": "4"}}
    made = service("POST", "/complianceRequests", {"data": body}).data
    service.advance(60)
    assert service.attributes("complianceRequest", made["id"])["state"] == "done"
    assert service.get("/prospects/4").status == 404


def test_a_compliance_request_about_nobody_fails(service):
    body = {"type": "complianceRequest", "attributes": {"objectType": "Prospect", "requestObjectId": "99999"}}
    made = service("POST", "/complianceRequests", {"data": body}).data
    service.advance(60)
    assert service.attributes("complianceRequest", made["id"])["state"] == "failed"


def test_include_is_not_for_writes(service):
    assert service("POST", "/prospects?include=owner", {"data": {"type": "prospect"}}).status == 400
    assert service("PATCH", "/prospects/1?include=owner", {"data": {"type": "prospect", "id": 1}}).status == 400


def test_custom_objects_are_types_too(service):
    made = service.post("vehicle", {"name": "Gig", "wheels": 2}, account=("account", 1))
    assert made.status == 201
    assert made.data["links"]["self"].endswith(f"/customObjects/vehicle/{made.data['id']}")
    found = service.get("/customObjects/vehicle", ("filter[wheels]", "2"), ("include", "account"))
    assert found.ids == [made.data["id"]]
    assert found.body["included"][0]["type"] == "account"
    assert service.patch("vehicle", made.data["id"], {"wheels": 3}).data["attributes"]["wheels"] == 3
    assert service("DELETE", f"/customObjects/vehicle/{made.data['id']}").status == 204
    refused(service.post("vehicle", {"wheels": 1}), 422, "validationError", "Name can't be blank.")
