"""How rows are written: every attribute, the three forms of relationships, sparse fields, includes, extra meta."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from outreach_async.sandbox.catalogue import catalogue

TYPES = catalogue().types
SEEN = [kind for kind in TYPES.values() if {"get", "list"} & kind.operations]
# Their links name the owner's type, which two relationships of it share; the second cannot be told apart.
AMBIGUOUS = {"roleAssignedUsers", "directAssignedTeams", "roleAssignedTeams"}
PARTIAL = {"activeSequenceStates", "activeStepMailings", "activeStepTasks"}


def rows_of(service, kind) -> list[dict]:
    if "list" in kind.operations:
        return service.get(f"/{kind.plural}", ("page[size]", "6")).data
    return [service.get(f"/{kind.plural}/{i}").data for i in service.api.store.ids(kind.name)[:6]]


@pytest.mark.parametrize("kind", SEEN, ids=lambda kind: kind.name)
def test_every_type_has_rows_with_every_attribute_and_relationship(service, kind):
    rows = rows_of(service, kind)
    assert rows
    shown = {name for name, item in kind.attributes.items() if not (item.write_only or item.hidden)}
    for row in rows:
        assert row["type"] == kind.name
        assert isinstance(row["id"], str if kind.known_by else int)
        assert set(row["attributes"]) == shown
        assert set(row["relationships"]) == set(kind.relationships)
        assert row["links"] == {"self": f"https://api.outreach.io/api/v2/{kind.plural}/{row['id']}"}


@pytest.mark.parametrize("kind", SEEN, ids=lambda kind: kind.name)
def test_every_related_link_gives_what_the_relationship_says(service, kind):
    for row in rows_of(service, kind):
        for name, value in row["relationships"].items():
            declared = kind.relationships[name]
            link = value.get("links", {}).get("related")
            if not link or not declared.many or declared.types[0] not in TYPES:
                continue
            parts = urlsplit(link)
            assert "[" not in parts.query
            answer = service.get(parts.path, *parse_qsl(parts.query))
            assert answer.status == 200, (name, answer.raw)
            if "data" in value and name not in AMBIGUOUS:
                related = {item["id"] for item in value["data"]}
                assert related <= set(answer.ids) if name in PARTIAL else related == set(answer.ids), name


@pytest.mark.parametrize("kind", SEEN, ids=lambda kind: kind.name)
def test_every_reference_leads_to_a_row(service, kind):
    for row in rows_of(service, kind):
        for name, value in row["relationships"].items():
            data = value.get("data")
            for item in data if isinstance(data, list) else [data] if data else []:
                assert item["type"] in kind.relationships[name].types
                if item["type"] in TYPES:
                    assert service.api.store.has((item["type"], item["id"])), (name, item)


def test_the_three_forms_of_relationships(service):
    related = service.get("/prospects/1").data["relationships"]
    assert related["account"] == {"data": {"type": "account", "id": 1}}
    assert related["defaultPluginMapping"] == {"data": None}
    assert related["emailAddresses"] == {
        "data": [{"type": "emailAddress", "id": 1}],
        "links": {"related": "https://api.outreach.io/api/v2/emailAddresses?filter%5Bprospect%5D%5Bid%5D=1"},
        "meta": {"count": 1},
    }
    assert related["mailings"] == {
        "links": {"related": "https://api.outreach.io/api/v2/mailings?filter%5Bprospect%5D%5Bid%5D=1"}
    }


def test_a_relationship_with_neither_data_nor_links(service):
    assert service.get("/mailings/1").data["relationships"]["toEntitiesId"] == {}


def test_a_to_one_relationship_told_by_its_link_alone(service):
    account = service.get("/kaiaRecordings/1").data["relationships"]["account"]
    assert account == {"links": {"related": "https://api.outreach.io/api/v2/accounts/1"}}


def test_times_are_to_the_second_and_absent_values_are_null(service):
    row = service.get("/prospects/1").data["attributes"]
    assert row["createdAt"].endswith(".000Z")
    assert row["custom150"] is None
    assert row["homePhones"] == []
    assert list(row) == sorted(row, key=list(TYPES["prospect"].attributes).index)


def test_string_ids_on_request(new_service):
    row = new_service(id_form="string").get("/prospects/1").data
    assert row["id"] == "1"
    assert row["relationships"]["account"]["data"]["id"] == "1"
    assert row["relationships"]["emailAddresses"]["data"][0]["id"] == "1"


def test_to_one_links_on_request(new_service):
    related = new_service(to_one_links="on").get("/prospects/1").data["relationships"]
    assert related["account"]["links"] == {"related": "https://api.outreach.io/api/v2/accounts/1"}
    assert related["defaultPluginMapping"] == {"data": None, "links": {"related": None}}


def test_sparse_fields(service, new_service):
    row = service.get("/prospects/1", ("fields[prospect]", "firstName,account,lastName")).data
    assert list(row["attributes"]) == ["firstName", "lastName"]
    assert list(row["relationships"]) == ["account"]
    bare = service.get("/prospects/1", ("fields[prospect]", "")).data
    assert bare["attributes"] == {}
    everything = new_service(sparse_relationships="all").get("/prospects/1", ("fields[prospect]", "firstName")).data
    assert list(everything["attributes"]) == ["firstName"]
    assert set(everything["relationships"]) == set(TYPES["prospect"].relationships)


def test_hidden_attributes_are_there_when_named(service, new_service):
    assert "contactHistogram" not in service.attributes("prospect", 1)
    row = service.get("/prospects/1", ("fields[prospect]", "contactHistogram")).data
    assert row["attributes"] == {"contactHistogram": [[0, 0]] * 12}
    recording = service.get("/kaiaRecordings/1", ("fields[kaiaRecording]", "transcriptUrl,topics")).data
    assert set(recording["attributes"]) == {"transcriptUrl", "topics"}
    assert "contactHistogram" in new_service(contact_histogram="always").attributes("prospect", 1)


@pytest.mark.parametrize(
    "query",
    [
        ("fields[prospect]", "firstname"),
        ("fields[owner]", "firstName"),
        ("fields[mailbox]", "password"),
        ("fields[user]", "nonsense"),
    ],
)
def test_unknown_fields_are_refused(service, query):
    answer = service.get("/prospects", query)
    assert answer.status == 400
    assert answer.error["id"] == "fieldsParameter.unknownResourceField"


def test_includes_come_once_and_follow_paths(service):
    answer = service.get("/prospects", ("include", "account.owner,stage,owner"), ("page[size]", "8"))
    included = [(row["type"], row["id"]) for row in answer.body["included"]]
    assert len(included) == len(set(included))
    for row in answer.data:
        for name in ("account", "stage", "owner"):
            data = row["relationships"][name]["data"]
            assert (data["type"], data["id"]) in included
    owners = [
        row["relationships"]["owner"]["data"]["id"] for row in answer.body["included"] if row["type"] == "account"
    ]
    assert all(("user", owner) in included for owner in owners)


def test_included_rows_keep_to_their_own_fields(service):
    answer = service.get("/prospects/1", ("include", "owner"), ("fields[user]", "name"), ("fields[prospect]", "title"))
    (owner,) = answer.body["included"]
    assert list(owner["attributes"]) == ["name"]
    assert answer.data["relationships"]["owner"]["data"] == {"type": "user", "id": owner["id"]}


def test_including_a_large_relationship_gives_its_data_too(service):
    answer = service.get("/sequences/1", ("include", "sequenceStates"))
    data = answer.data["relationships"]["sequenceStates"]["data"]
    assert {item["id"] for item in data} == {row["id"] for row in answer.body["included"]}
    assert data


def test_rows_of_the_answer_itself_are_not_included_again(service):
    answer = service.get("/roles", ("include", "parentRole"))
    assert answer.body["included"] == []


@pytest.mark.parametrize("path", ["nonsense", "account.nonsense", "owner.account", "firstName"])
def test_unknown_includes_are_refused(service, path):
    assert service.get("/prospects", ("include", path)).status == 400


def test_polymorphic_includes(service):
    answer = service.get("/tasks", ("include", "subject.account"), ("page[size]", "3"))
    assert {"prospect", "account"} == {row["type"] for row in answer.body["included"]}


def test_extra_meta_on_request(service):
    assert "meta" not in service.get("/prospects/1").data
    query = [("provideAuthorizationMeta", "true"), ("provideDataConnections", "true")]
    assert service.get("/prospects/1", *query).data["meta"] == {
        "canWrite": True,
        "canDelete": True,
        "dataConnections": [],
    }
    assert service.get("/users/1", *query).data["meta"] == {"canWrite": True, "dataConnections": []}
    assert "meta" not in service.get("/profiles/1", ("provideDataConnections", "true")).data
