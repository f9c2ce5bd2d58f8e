"""Every operation of the vendor's own OpenAPI document, called and its answer compared with what is declared.

The document is the vendor's and is not part of this repository: OUTREACH_OPENAPI names the file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from outreach_async.sandbox.catalogue import catalogue

_FILE = Path(
    os.environ.get("OUTREACH_OPENAPI")
    or Path(__file__).resolve().parents[3] / "shared" / "reference" / "outreach-openapi.json"
)
DOCUMENT: dict[str, Any] = json.loads(_FILE.read_text()) if _FILE.is_file() else {"paths": {}}
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
KINDS = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
# Attributes that live payloads have and the document does not, or that it leaves out of payloads.
WRITE_ONLY = {"password", "sendgridApiKey", "smtpPassword", "validateSend", "validateSync", "jobRoleByName"}
WRITE_ONLY |= {"opportunityAssociationRule", "contactHistogram", "topics", "transcriptUrl"}

pytestmark = [
    pytest.mark.needs_vendor_schema,
    pytest.mark.skipif(not OPERATIONS, reason="needs the vendor's OpenAPI document; OUTREACH_OPENAPI names it"),
]


def differences(value: Any, schema: dict[str, Any], where: str = "") -> list[str]:
    """Say where a value is not what a schema declares."""
    if "$ref" in schema:
        found: Any = DOCUMENT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return differences(value, found, where)
    kind = schema.get("type")
    if value is None:
        # Relationships say nullable where they mean it; attributes always.
        return [] if schema.get("nullable") or kind is None else [f"{where} is null"]
    if kind == "number":
        return [] if isinstance(value, (int, float)) and not isinstance(value, bool) else [f"{where} is {value!r}"]
    if kind and (not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [f"{where} is {value!r}, not a {kind}"]
    if "enum" in schema and where.endswith("/type") and value not in schema["enum"]:
        return [f"{where} is {value!r}"]
    if kind == "array":
        return [line for item in value for line in differences(item, schema.get("items", {}), f"{where}[]")]
    if isinstance(value, dict) and "properties" in schema:
        return object_differences(value, schema["properties"], where)
    return []


def object_differences(value: dict[str, Any], properties: dict[str, Any], where: str) -> list[str]:
    lines = []
    if where.endswith(("/attributes", "/relationships")):
        lines += [f"{where}/{name} is missing" for name in set(properties) - set(value) - WRITE_ONLY]
        lines += [f"{where}/{name} is unknown" for name in set(value) - set(properties) - GUIDE_ONLY]
    for name, schema in properties.items():
        if name in value:
            lines += differences(value[name], schema, f"{where}/{name}")
    return lines


GUIDE_ONLY = {"cleanupToken", "creatorAppId", "creatorAppName"}


def id_of(service, plural: str) -> int:
    return service.api.store.ids(catalogue().by_plural[plural].name)[0]


CREATES: dict[str, tuple[dict[str, Any], dict[str, tuple[str, int]]]] = {
    "accountNotes": ({"message": "x"}, {"account": ("account", 1)}),
    "complianceRequests": ({"objectType": "Recipient", "requestObjectId": "x@y.example"}, {}),
    "contentCategoryMemberships": ({}, {"content": ("template", 1), "contentCategory": ("contentCategory", 1)}),
    "contentCategoryOwnerships": ({}, {"owner": ("team", 1), "contentCategory": ("contentCategory", 1)}),
    "customDuties": ({"name": "x", "dutyType": "custom"}, {}),
    "emailAddresses": ({"email": "x@y.example"}, {"prospect": ("prospect", 1)}),
    "favorites": ({}, {"target": ("prospect", 1)}),
    "kaiaVoiceImports": ({"callId": "1", "recordingUrl": "https://r.example"}, {}),
    "mailboxes": ({"email": "x@y.example"}, {}),
    "mailings": ({"subject": "x"}, {"mailbox": ("mailbox", 1), "prospect": ("prospect", 1)}),
    "opportunityProspectRoles": ({}, {"opportunity": ("opportunity", 1), "prospect": ("prospect", 1)}),
    "phoneNumbers": ({"rawNumber": "1"}, {"prospect": ("prospect", 1)}),
    "prospectNotes": ({"message": "x"}, {"prospect": ("prospect", 1)}),
    "recipients": ({"value": "x@y.example"}, {}),
    "sequenceStates": (
        {},
        {"prospect": ("prospect", 1), "sequence": ("sequence", 3), "mailbox": ("mailbox", 1)},
    ),
    "sequenceSteps": ({"stepType": "call"}, {"sequence": ("sequence", 1)}),
    "sequenceTemplates": ({}, {"sequenceStep": ("sequenceStep", 1), "template": ("template", 1)}),
    "tasks": ({"action": "call"}, {"owner": ("user", 1), "subject": ("prospect", 1)}),
    "users": ({"email": "x@y.example"}, {}),
    "webhooks": ({"url": "https://h.example"}, {}),
    "calls": ({"direction": "outbound"}, {"prospect": ("prospect", 1)}),
    "prospects": ({"firstName": "x"}, {"account": ("account", 1)}),
    "purchases": ({"currency": "USD"}, {"account": ("account", 1)}),
}
ACTION_PARAMS = {
    "logMeetInPerson": {"taskDispositionId": "1"},
    "reassignOwner": {"ownerId": "1"},
    "reschedule": {"dueAt": "2027-01-01T00:00:00Z"},
    "updateNote": {"note": "x"},
    "updateOpportunityAssociation": {"opportunityAssociation": "noop"},
}
BULK = {
    "ids": [1],
    "tags": ["x"],
    "userIds": [1],
    "ownerId": 1,
    "mailboxId": 1,
    "sequenceId": 3,
    "accountId": "1",
    "opportunityId": "1",
}


def call(service, method: str, path: str):
    parts = path.strip("/").split("/")
    plural, action = parts[0], parts[-1] if "actions" in parts else ""
    if action and "{id}" in parts:
        row = prepared(service, plural, action)
        return service.act(plural, row, action, **ACTION_PARAMS.get(action, {}))
    if action:
        return collection_action(service, path, action)
    kind = catalogue().by_plural[plural]
    if method == "post":
        attributes, related = CREATES.get(plural, ({"name": "x"}, {}))
        return service.post(kind.name, attributes, **related)
    if method == "patch":
        return service.patch(kind.name, id_of(service, plural), {})
    return service(method.upper(), path.replace("{id}", str(id_of(service, plural)) if "{id}" in path else ""))


def collection_action(service, path: str, action: str):
    given: dict[str, Any] = {"records": [], "fileName": "x"} if "Upsert" in action else BULK
    query = [("actionParams[objectName]", "vehicle")] if action.startswith("customObjectBulk") else []
    if action.endswith("Modify"):
        given = {"ids": [1], "title" if "prospects" in action else "name": "x"}
    elif "Upsert" in action:
        query = []
    elif action in {"validateUpload", "prospectsImport", "accountsImport"}:
        link = service("POST", "/imports/actions/generateUploadLink").data["attributes"]
        service("PUT", urlsplit(link["uploadURL"]).path, b"name\nx\n")
        given = {"storageKey": link["storageKey"], "mappings": {"name": "name"}, "fileName": "x"}
        if action == "validateUpload":
            query = [("actionParams[storageKey]", link["storageKey"]), ("actionParams[hash]", "x")]
    return service("POST", path, {"data": {"attributes": given}}, query=query)


def prepared(service, plural: str, action: str) -> int:
    """Give a row that the action can be done to."""
    store = service.api.store
    if plural == "tasks":
        related = {"owner": ("user", 1), "subject": ("prospect", 1)}
        task = ("task", service.post("task", {"action": "in_person"}, **related).data["id"])
        state = next(row for row, value in store.column("sequenceState", "state").items() if value == "active")
        mailing = service.post("mailing", {}, mailbox=("mailbox", 1), prospect=("prospect", 1)).data["id"]
        step = {"mailing": ("mailing", mailing), "sequenceState": ("sequenceState", state)}
        service.api.organisation.update(task, {"taskType": "sequence_step_call"}, step, now=service.now)
        return task[1]
    if plural == "batches":
        given = {"data": {"attributes": {"ids": [1], "tags": ["x"]}}}
        row = service("POST", "/batches/actions/prospectsAddTags", given).data["id"]
        service.advance(6)
        return row
    if plural == "sequenceStates":
        wanted = "paused" if action == "resume" else "active"
        states = store.column("sequenceState", "state")
        return next(row for row in store.ids("sequenceState") if states[row] == wanted)
    return id_of(service, plural)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{m} {p}" for m, p in OPERATIONS])
def test_the_answer_is_what_the_document_declares(new_service, method, path):
    service = new_service(prospects=60)
    answer = call(service, method, path)
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(answer.status) in responses, answer.raw
    assert answer.status < 300, answer.raw
    if answer.status == 204:
        assert answer.raw == b""
        return
    (content,) = responses[str(answer.status)]["content"].values()
    assert differences(answer.body, content["schema"]) == []


@pytest.mark.parametrize(("method", "path"), [item for item in OPERATIONS if item[0] == "get" and "{id}" in item[1]])
def test_an_unknown_id_is_answered_as_declared(service, method, path):
    answer = service.get(path.replace("{id}", "987654"))
    (content,) = DOCUMENT["paths"][path][method]["responses"]["404"]["content"].values()
    assert answer.status == 404
    assert differences(answer.body, content["schema"]) == []
