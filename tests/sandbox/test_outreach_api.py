"""The front of the API: routes, media types, scopes, the documents about itself, and errors letter for letter."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import replace

import pytest

from outreach_async.protocol.messages import JSON_API, Headers
from outreach_async.sandbox.calls import Actor, Call
from outreach_async.sandbox.catalogue import catalogue
from outreach_async.sandbox.outreach_api import OutreachApi

TYPES = catalogue().types


def with_scopes(service, *scopes: str):
    service.actor = Actor("user", "user:ada", 1, frozenset(scopes), "client-1")
    return service


def test_errors_letter_for_letter(service):
    assert service.get("/prospects/999").body == {
        "errors": [
            {
                "id": "resourceNotFound",
                "title": "Resource Not Found",
                "detail": "Could not find 'prospect' with ID '999'.",
            }
        ]
    }
    assert service.get("/nonsense").error["id"] == "routeNotFound"
    assert service.get("/nonsense").error["title"] == "Route Not Found"
    wrong = service("POST", "/prospects", {"data": {}}, headers={"content-type": "application/json"})
    assert wrong.status == 415
    assert wrong.error == {
        "id": "unsupportedMediaType",
        "title": "Unsupported Media Type",
        "details": "Expected Content-Type header to be 'application/vnd.api+json'.",
    }
    denied = with_scopes(service, "accounts.all").get("/prospects")
    assert denied.status == 403
    assert denied.error["id"] == "unauthorizedOauthScope"
    assert denied.error["detail"] == "Your authorization does not include the required scope 'prospects.read'."
    outside = service.get("/elsewhere")
    assert (outside.status, outside.media_type) == (404, "application/json")
    assert outside.body == {"error": "404", "error_description": "route not found"}


def test_answers_are_json_api(service):
    assert service.get("/prospects/1").media_type == JSON_API


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/imports"),
        ("GET", "/contentCategoryOwnerships/1"),
        ("POST", "/auditLogs"),
        ("DELETE", "/users/1"),
        ("PATCH", "/sequenceStates/1"),
        ("DELETE", "/sequenceSteps/1"),
        ("GET", "/orgSettings"),
        ("PUT", "/prospects/1"),
        ("GET", "/prospects/1/relationships/owner"),
        ("GET", "/prospects/1/owner"),
        ("POST", "/prospects/1/actions/finish"),
        ("POST", "/prospects/actions/finish"),
        ("GET", "/batches/actions/prospectsAddTags"),
        ("GET", "/customObjects"),
        ("GET", "/customObjects/ship"),
        ("POST", "/schema.json"),
    ],
)
def test_routes_that_are_not_there(service, method, path):
    answer = service(method, path)
    assert (answer.status, answer.error["id"]) == (404, "routeNotFound")


@pytest.mark.parametrize("row_id", ["0", "one", "1e3", "-1", "9" * 40, "%2e%2e", "1%20"])
def test_ids_that_no_record_has(service, row_id):
    assert service.get(f"/prospects/{row_id}").error["id"] == "resourceNotFound"


@pytest.mark.parametrize("kind", TYPES.values(), ids=lambda kind: kind.name)
def test_each_operation_of_each_type_needs_its_own_scope(service, kind):
    levels = {"list": ("GET", "read"), "get": ("GET", "read"), "create": ("POST", "write")}
    levels |= {"update": ("PATCH", "write"), "delete": ("DELETE", "delete")}
    for operation in kind.operations:
        method, level = levels[operation]
        path = f"/{kind.plural}" + ("" if operation in {"list", "create"} else "/1")
        others = {f"{kind.scope}.{other}" for other in ("read", "write", "delete")} - {f"{kind.scope}.{level}"}
        denied = with_scopes(service, *others)(method, path)
        assert denied.status == 403
        assert f"'{kind.scope}.{level}'" in denied.error["detail"]
        for enough in (f"{kind.scope}.{level}", f"{kind.scope}.all"):
            assert (
                with_scopes(service, enough)(method, path, b"{}" if method in {"POST", "PATCH"} else None).status != 403
            )


def test_two_types_are_known_by_uuids(service):
    log = service.get("/auditLogs", ("page[size]", "2")).data[1]
    assert log["id"] == log["attributes"]["globalId"]
    assert service.get("/auditLogs", ("filter[id]", log["id"])).ids == [log["id"]]
    assert service.get("/auditLogs", ("filter[id]", "2")).ids == []
    guid = service.get("/").body["meta"]["org"]["guid"]
    settings = service.get(f"/orgSettings/{guid}").data
    assert settings["id"] == guid
    assert settings["links"]["self"].endswith(f"/orgSettings/{guid}")
    body = {"data": {"type": "orgSetting", "id": guid, "attributes": {"sendExclusions": "x"}}}
    assert service("PATCH", f"/orgSettings/{guid}", body).data["attributes"]["sendExclusions"] == "x"
    assert service.get("/orgSettings/another").status == 404


def test_actions_need_write(service):
    assert with_scopes(service, "tasks.read", "tasks.delete").act("tasks", 1, "markComplete").status == 403
    assert with_scopes(service, "tasks.write").act("tasks", 1, "updateNote", note="x").status == 200


def test_media_types(service, new_service):
    body = {"data": {"type": "prospect"}}
    for media_type in ("application/vnd.api+json", "Application/VND.api+json; charset=utf-8"):
        assert service("POST", "/prospects", body, headers={"content-type": media_type}).status == 201
    for headers in ({}, {"content-type": "text/plain"}):
        assert service("POST", "/prospects", body, headers=headers).status == 415
        assert service("GET", "/prospects/1", headers=headers).status == 200
        strict = new_service(content_type_on_get="required")
        assert strict("GET", "/prospects/1", headers=headers).status == 415
        assert strict("DELETE", "/prospects/1", headers=headers).status == 415


def test_an_action_with_a_body_of_another_kind_is_refused(service):
    answer = service("POST", "/sequences/1/actions/activate", b"x", headers={"content-type": "text/plain"})
    assert answer.status == 415


def test_brackets_may_be_encoded_and_paths_may_end_in_a_slash(service):
    assert service.get("/prospects/?filter%5Bid%5D=3&page%5Bsize%5D=9").ids == [3]


def test_parameters_that_mean_nothing_are_ignored(service):
    query = [("debug", "1"), ("page", "3"), ("[x]", "1"), ("fields[prospect][x]", "y"), ("actionParams[x]", "1")]
    assert service.get("/prospects", *query, ("page[size]", "1")).status == 200


def test_the_root_tells_who_the_token_is(service):
    meta = service.get("/").body["meta"]
    assert (meta["user"]["id"], meta["user"]["firstName"]) == (1, "Ada")
    assert meta["org"]["id"] == 1
    assert service.get("/api/v2").body["meta"] == meta
    service.actor = Actor("install", "install:1", None, None, "guid")
    assert service.get("/").body["meta"]["user"] is None


def test_the_schemas(service):
    own = service.get("/schema").body["definitions"]
    assert set(own) == set(TYPES)
    assert own["prospect"]["definitions"]["createdAt"] == {
        "type": "string",
        "filterable": True,
        "sortable": True,
        "format": "date-time",
        "readOnly": True,
    }
    service.actor = None
    assert "vehicle" not in service.get("/schema.json").body["definitions"]
    paths = service.get("/schema/openapi.json").body["paths"]
    assert set(paths["/prospects/{id}"]) == {"get", "patch", "delete"}
    assert "/tasks/{id}/actions/markComplete" in paths
    assert "/batches/actions/accountAddTags" in paths


def test_the_types_tell_custom_fields(service):
    types = {item["type"]: item["meta"]["validations"] for item in service.get("/types").data}
    assert types["Prospect"]["custom2"] == {
        "type": "inclusion",
        "required": False,
        "label": "Tier",
        "definition": ["A", "B", "C"],
    }


def test_public_paths():
    for path in ("/api/v2/schema.json", "/api/v2/schema/openapi.json", "/api/v2/webhooks/cleanup", "/uploads/x"):
        assert OutreachApi.is_public(path)
    for path in ("/api/v2/schema", "/api/v2/prospects", "/api/v2/types", "/api/v2"):
        assert not OutreachApi.is_public(path)


def test_a_webhook_is_removed_by_its_cleanup_token(service):
    hooks = [service.post("webhook", {"url": "https://h.example"}).data for _ in range(2)]
    tokens = [hook["attributes"]["cleanupToken"] for hook in hooks]
    service.actor = None
    by_header = service("POST", "/webhooks/cleanup", headers={"outreach-webhook-cleanup-token": tokens[0]})
    assert by_header.status == 204
    body = {"data": {"attributes": {"cleanupToken": tokens[1]}}}
    assert service("POST", "/webhooks/cleanup", body).status == 204
    assert service("POST", "/webhooks/cleanup", body).status == 404
    assert service("POST", "/webhooks/cleanup").status == 404


def test_every_listener_hears_of_every_change_after_it_is_stored(service):
    heard = []

    def listen(change):
        stored = service.api.store.at((change.type, change.id))
        heard.append((change.action, change.actor.user_id, change.now, stored == change.after))

    service.api.on_change(listen)
    row = service.post("stage", {"name": "New one"}).data["id"]
    service.patch("stage", row, {"color": "#fff"})
    assert heard == [("created", 1, service.now, True), ("updated", 1, service.now, True)]


def test_switches_may_change_while_it_runs(service):
    service.get("/prospects")
    service.api.switches = service.api.switches.with_values({"id_form": "string"})
    assert service.get("/prospects").ids[0] == "1"
    assert service.api.switches.id_form == "string"


def test_users_are_found_by_name(service):
    assert service.api.user_id("ada") == service.api.user_id("Ada") == 1
    assert service.api.user_id("nobody") is None


def test_the_next_appointment_is_known(service):
    assert service.api.organisation.next_due is None
    related = {"prospect": ("prospect", 1), "sequence": ("sequence", 3), "mailbox": ("mailbox", 1)}
    service.post("sequenceState", None, **related)
    assert service.api.organisation.next_due == service.now + 60


def test_no_call_breaks_it(service):
    """A thousand crooked calls: each is answered, none with a fault of ours."""
    import random

    dice = random.Random(11)
    words = ["prospects", "1", "actions", "finish", "..", "%00", "", "tasks", "batches", "schema", "é", "customObjects"]
    keys = ["filter[id]", "filter[]", "filter", "page[after]", "page[size]", "sort", "include", "fields[prospect]"]
    keys += ["filter[createdAt][gte]", "newFilterSyntax", "actionParams[filter][id][]", "filter[q]", "count"]
    values = [
        "1",
        "",
        "a..b",
        "..",
        "inf",
        "neginf..inf",
        "__null__",
        "eyJ9",
        "true",
        "💥",
        "-",
        "account.owner",
        "9" * 400,
    ]
    bodies = [
        b"",
        b"{}",
        b"null",
        b'{"data":null}',
        b'{"data":{"type":"prospect","id":1,"attributes":{"emails":[null]}}}',
    ]

    def some(options: list, most: int) -> list:
        return [dice.choice(options) for _ in range(dice.randint(0, most))]

    for _ in range(1000):
        query = tuple((key, dice.choice(values)) for key in some(keys, 3))
        path = "/api/v2/" + "/".join(some(words, 4))
        method = dice.choice(["GET", "POST", "PATCH", "DELETE", "PUT"])
        call = Call(
            method, path, query, Headers({"content-type": JSON_API}), dice.choice(bodies), service.now, "https://o"
        )
        answer = service.api.answer(replace(call, actor=service.actor))
        assert answer.status in {200, 201, 204, 400, 404, 422}, (call, answer)


def test_one_seed_makes_one_organisation(new_service: abc.Callable[..., object]):
    one, same, other = new_service(seed=3), new_service(seed=3), new_service(seed=4)
    assert one.get("/prospects").raw == same.get("/prospects").raw
    assert one.get("/prospects").raw != other.get("/prospects").raw
    assert (
        one.post("webhook", {"url": "https://h.example"}).raw == same.post("webhook", {"url": "https://h.example"}).raw
    )
