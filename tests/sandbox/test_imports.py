"""Imports: from the upload link to finished records, and upserts."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

CSV = b'Mail,First,Key,Tags\nnew@i.example,New,K-1,"a,b"\nold@i.example,Old,P-0000002,\n'
MAPPINGS = {"Mail": "emails", "First": "firstName", "Key": "externalId", "Tags": "tags"}


def upload(service, content: bytes = CSV) -> str:
    link = service("POST", "/imports/actions/generateUploadLink").data["attributes"]
    actor, service.actor = service.actor, None
    answer = service("PUT", urlsplit(link["uploadURL"]).path, content, headers={"content-type": "text/csv"})
    service.actor = actor
    assert answer.status == 200
    return link["storageKey"]


def start(service, action: str, attributes: dict):
    return service("POST", f"/imports/actions/{action}", {"data": {"attributes": attributes}})


def run(service, action: str, attributes: dict) -> dict:
    answer = start(service, action, attributes)
    assert answer.status == 200, answer.raw
    assert answer.data["type"] == "import"
    assert answer.data["attributes"]["state"] == "pending"
    service.advance(6)
    assert service.attributes("import", answer.data["id"])["state"] == "running"
    service.advance(6)
    return service.attributes("import", answer.data["id"])


def test_an_uploaded_file_is_described(service):
    key = upload(service)
    query = [("actionParams[storageKey]", key), ("actionParams[hash]", "abc")]
    told = service("POST", "/imports/actions/validateUpload", query=query).data["attributes"]
    assert told["recordCount"] == 2
    assert told["headerValue"] == {"header": "Mail", "value": "new@i.example"}
    assert service("POST", "/imports/actions/validateUpload", query=query[:1]).status == 400
    empty = service("POST", "/imports/actions/generateUploadLink").data["attributes"]["storageKey"]
    missing = [("actionParams[storageKey]", empty), ("actionParams[hash]", "abc")]
    assert service("POST", "/imports/actions/validateUpload", query=missing).status == 400


def test_uploads_go_where_a_link_leads_only(service):
    assert service("PUT", "/uploads/unheard-of", b"x").status == 404
    assert service("GET", "/uploads/unheard-of").body == {"error": "404", "error_description": "route not found"}


@pytest.mark.parametrize(("method", "first"), [("overwrite", "Old"), ("skip", None), ("missing", None)])
def test_prospects_are_matched_by_external_id(service, method, first):
    before = service.attributes("prospect", 2)["firstName"]
    attributes = {"storageKey": upload(service), "fileName": "x.csv", "mappings": MAPPINGS, "dupeMethod": method}
    done = run(service, "prospectsImport", attributes)
    assert (done["state"], done["total"], done["dupes"], done["failures"]) == ("finished", 2, 1, 0)
    new = service.get("/prospects", ("filter[emails]", "new@i.example")).data[0]["attributes"]
    assert (new["firstName"], new["tags"], new["externalId"]) == ("New", ["a", "b"], "K-1")
    assert service.attributes("prospect", 2)["firstName"] == (first or before)
    assert ("import", "created") in service.heard()
    assert ("import", "finished") in service.heard()


def test_accounts_are_matched_by_custom_id(service):
    key = upload(service, b"id,name\nA-000001,Renamed\n")
    mappings = {"id": "customId", "name": "name"}
    run(service, "accountsImport", {"storageKey": key, "mappings": mappings, "dupeMethod": "overwrite"})
    assert service.attributes("account", 1)["name"] == "Renamed"


def test_rows_that_cannot_be_written_are_counted(service):
    key = upload(service, b"mail\nx@excluded.example\n")
    done = run(service, "prospectsImport", {"storageKey": key, "mappings": {"mail": "emails"}})
    assert (done["state"], done["failures"]) == ("failed", 1)
    assert "excluded" in done["errorReason"]


def test_upserts_go_by_id(service):
    records = [
        {"type": "prospect", "id": 1, "attributes": {"title": "Countess"}},
        {"type": "prospect", "attributes": {"firstName": "Fresh"}, "relationships": {"owner": {"data": None}}},
    ]
    done = run(service, "bulkUpsert", {"records": records, "fileName": "u", "dupeMethod": "overwrite"})
    assert (done["total"], done["dupes"]) == (2, 1)
    assert service.attributes("prospect", 1)["title"] == "Countess"
    assert service.get("/prospects", ("filter[firstName]", "Fresh")).ids


def test_upserts_may_create_nothing(service):
    records = [{"type": "vehicle", "attributes": {"name": "Fly"}}]
    run(service, "customObjectBulkUpsert", {"records": records, "dupeMethod": "overwriteNoCreate"})
    assert service.get("/customObjects/vehicle", ("filter[name]", "Fly")).ids == []


def test_what_is_filled_in_is_what_was_missing(service):
    records = [{"type": "prospect", "id": 1, "attributes": {"nickname": "Al", "firstName": "Other"}}]
    before = service.attributes("prospect", 1)["firstName"]
    run(service, "bulkUpsert", {"records": records, "dupeMethod": "missing"})
    row = service.attributes("prospect", 1)
    assert (row["nickname"], row["firstName"]) == ("Al", before)


@pytest.mark.parametrize(
    ("action", "attributes"),
    [
        ("prospectsImport", {"storageKey": "none", "mappings": {}}),
        ("prospectsImport", {}),
        ("bulkUpsert", {"records": "all"}),
        ("bulkUpsert", {"records": [], "dupeMethod": "merge"}),
        ("bulkUpsert", {"records": [{"type": "ship"}]}),
    ],
)
def test_what_cannot_be_started(service, action, attributes):
    assert start(service, action, attributes).status in {400, 422}


def test_imports_are_not_listed(service):
    assert service.get("/imports").status == 404
    assert service.get("/imports/1").status == 200
