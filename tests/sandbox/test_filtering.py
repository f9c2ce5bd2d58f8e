"""Both filter grammars, over attributes, related ids and related attributes; what cannot be filtered is refused."""

from __future__ import annotations

import collections.abc as abc

import pytest


@pytest.fixture
def people(service):
    """Three prospects nobody else is like."""

    made = {}
    for first, title, email in (
        ("Zora", "Poet, retired", "zora@z.example"),
        ("Zeno", "Poet", "zeno@z.example"),
        ("Zita", None, "zita@z.example"),
    ):
        attributes = {"firstName": first, "lastName": "Zed", "emails": [email], "title": title}
        made[first] = service.post("prospect", attributes, owner=("user", 2)).data["id"]
    return made


def found(service, *query: tuple[str, str], plural: str = "prospects") -> list[int]:
    answer = service.get(f"/{plural}", ("page[size]", "1000"), *query)
    assert answer.status == 200, answer.raw
    return answer.ids


def test_equality_and_lists(service, people):
    assert found(service, ("filter[firstName]", "Zora")) == [people["Zora"]]
    assert found(service, ("filter[firstName]", "Zora,Zita")) == [people["Zora"], people["Zita"]]
    assert found(service, ("filter[firstName]", "zora")) == []


def test_different_filters_all_have_to_hold(service, people):
    both = [("filter[lastName]", "Zed"), ("filter[title]", "Poet")]
    assert found(service, *both) == [people["Zeno"]]


def test_ids_by_list_and_by_range(service):
    assert found(service, ("filter[id]", "1,3,3,999999")) == [1, 3]
    assert found(service, ("filter[id]", "5..8")) == [5, 6, 7, 8]
    assert found(service, ("filter[id]", "neginf..2")) == [1, 2]
    assert found(service, ("filter[id]", "1,5..6")) == [1, 5, 6]


def test_ranges_of_time_include_their_ends(service, people):
    at = "2026-11-22T00:00:00.000Z"
    news = sorted(people.values())
    assert found(service, ("filter[updatedAt]", f"{at}..inf")) == news
    assert found(service, ("filter[createdAt]", f"{at}..{at}")) == news
    assert found(service, ("filter[createdAt]", "2026-11-22T00:00:00.001Z..inf")) == []
    assert found(service, ("filter[createdAt]", "2026-11-22..inf")) == news
    assert not set(news) & set(found(service, ("filter[createdAt]", "neginf..2026-11-21T23:59:59Z")))


def test_null_tests_in_both_grammars(service, people):
    for grammar in ((), (("newFilterSyntax", "true"),)):
        own = ("filter[lastName]", "Zed")
        assert found(service, own, ("filter[title]", "__null__"), *grammar) == [people["Zita"]]
        having = [people["Zora"], people["Zeno"]]
        assert found(service, own, ("filter[title]", "__notnull__"), *grammar) == having


def test_the_new_grammar_takes_values_as_they_stand(service, people):
    new = ("newFilterSyntax", "true")
    assert found(service, ("filter[title][]", "Poet, retired"), new) == [people["Zora"]]
    several = [("filter[title][]", "Poet, retired"), ("filter[title][]", "Poet")]
    assert found(service, *several, new) == [people["Zora"], people["Zeno"]]
    assert found(service, ("filter[id][gte]", "2"), ("filter[id][lte]", "4"), new) == [2, 3, 4]
    assert found(service, ("filter[id][lte]", "2"), new) == [1, 2]


def test_the_classic_grammar_splits_at_commas(service, people):
    assert found(service, ("filter[title]", "Poet, retired")) == [people["Zeno"]]


def test_a_list_attribute_matches_by_any_of_its_items(service, people):
    service.patch("prospect", people["Zora"], {"emails": ["zora@z.example", "second@z.example"]})
    assert found(service, ("filter[emails]", "SECOND@z.example")) == [people["Zora"]]


def test_related_ids(service, people):
    mine = found(service, ("filter[owner][id]", "2"), ("filter[lastName]", "Zed"))
    assert mine == sorted(people.values())
    assert found(service, ("filter[owner][id]", "3,4"), ("filter[lastName]", "Zed")) == []
    assert found(service, ("filter[account][id]", "__null__"), ("filter[lastName]", "Zed")) == mine
    assert found(service, ("filter[account][id]", "1..2")) == list(range(1, 11))
    assert not set(mine) & set(found(service, ("filter[account][id]", "__notnull__")))


def test_related_attributes_where_the_catalogue_allows_them(service):
    named = service.attributes("account", 1)["name"]
    assert found(service, ("filter[account][name]", named)) == [1, 2, 3, 4, 5]
    assert found(service, ("filter[stage][name]", "Interested"))
    states = found(
        service, ("filter[sequence][name]", service.attributes("sequence", 2)["name"]), plural="sequenceStates"
    )
    assert states
    assert all(service.get(f"/sequenceStates/{i}").data["relationships"]["sequence"]["data"]["id"] == 2 for i in states)


def test_relationships_that_other_rows_hold(service):
    state = service.get("/sequenceStates", ("page[size]", "1")).data[0]
    prospect = state["relationships"]["prospect"]["data"]["id"]
    assert found(service, ("filter[sequenceStates][id]", str(state["id"]))) == [prospect]
    value = state["attributes"]["state"]
    assert prospect in found(service, ("filter[sequenceStates][state]", value))
    role = service.get("/opportunityProspectRoles/1").data["relationships"]
    opportunity, member = role["opportunity"]["data"]["id"], role["prospect"]["data"]["id"]
    assert found(service, ("filter[opportunities][id]", str(opportunity))) == [member]


def test_relationships_along_a_path(service):
    state = next(
        row
        for row in service.get("/sequenceStates").data
        if row["relationships"]["account"]["data"] and row["attributes"]["state"] == "active"
    )
    account = state["relationships"]["account"]["data"]["id"]
    assert state["id"] in found(service, ("filter[account][id]", str(account)), plural="sequenceStates")
    assert 1 in found(service, ("filter[prospectAccount][id]", "1"), plural="tasks")
    assert service.get("/tasks/1").data["relationships"]["prospectAccount"]["data"]["id"] == 1


def test_rows_by_who_lists_them(service):
    mailing = next(row for row in service.get("/mailings").data if row["relationships"]["recipients"]["data"])
    listed = [item["id"] for item in mailing["relationships"]["recipients"]["data"]]
    assert found(service, ("filter[mailing][id]", str(mailing["id"])), plural="recipients") == listed
    rest = found(service, ("filter[mailing][id]", "__null__"), plural="recipients")
    assert rest
    assert not set(rest) & set(listed)
    assert found(service, ("filter[mailing][id]", "99999"), plural="recipients") == []
    assert service.get("/stages", ("filter[mailing][id]", "1")).status == 400
    assert service.get("/stages", ("filter[nobody][id]", "1")).status == 400


def test_ranges_of_related_ids(service):
    assert found(service, ("filter[account][id]", "2..3")) == list(range(6, 16))


def test_active_sequence_states_leave_out_the_finished(service):
    finished = service.get("/sequenceStates", ("filter[state]", "finished")).data[0]
    assert found(service, ("filter[activeSequenceStates][id]", str(finished["id"]))) == []


def test_tasks_by_their_prospects_stage_and_tags(service):
    task = service.get("/tasks/1").data
    prospect = service.get(f"/prospects/{task['relationships']['prospect']['data']['id']}").data
    stage = prospect["relationships"]["stage"]["data"]["id"]
    assert 1 in found(service, ("filter[prospect][byStageId]", str(stage)), plural="tasks")
    service.patch("prospect", prospect["id"], {"tags": ["unheard of"]})
    assert 1 in found(service, ("filter[prospect][tags]", "unheard of"), plural="tasks")


def test_search_by_the_beginning_of_a_word(service, people):
    assert found(service, ("filter[q]", "zor")) == [people["Zora"]]
    assert found(service, ("filter[q]", "_exact_zora")) == [people["Zora"]]
    assert found(service, ("filter[q]", "_exact_zor")) == []
    service.patch("prospect", people["Zita"], {"custom7": "Needle"})
    assert found(service, ("filter[q]", "needle,custom7")) == [people["Zita"]]
    assert found(service, ("filter[q]", "_NOTNULL_,custom7")) == [people["Zita"]]
    assert people["Zita"] not in found(service, ("filter[q]", "_NULL_,custom7"))
    assert found(service, ("filter[q]", "engines"), plural="accounts") == [
        i for i in found(service, plural="accounts") if "Engines" in service.attributes("account", i)["name"]
    ]


def test_audit_logs_look_into_their_agent(service):
    logs = service.get("/auditLogs", ("filter[agentEmail]", "ada.lovelace@engines.example"), ("page[size]", "1000"))
    assert len(logs.ids) == service.api.store.count("auditLog")
    assert service.get("/auditLogs", ("filter[agentIpAddress]", "198.51.100.1")).ids == []


def test_lists_show_named_accounts_only(service):
    unnamed = service.post("account", {"name": "Shadow", "named": False}).data["id"]
    assert unnamed not in found(service, plural="accounts")
    assert service.get(f"/accounts/{unnamed}").status == 200


@pytest.mark.parametrize(
    "query",
    [
        (("filter[nonsense]", "1"),),
        (("filter[custom1]", "1"),),
        (("filter[tags]", "x"),),
        (("filter[mailings][id]", "1"),),
        (("filter[owner][firstName]", "Ada"),),
        (("filter[account]", "1"),),
        (("filter[account][owner][id]", "1"),),
        (("filter[id]", "one"),),
        (("filter[createdAt]", "yesterday"),),
        (("filter[engagedScore]", "much"),),
        (("filter[firstName][]", "Ada"),),
        (("filter[q]", "a,customNone"),),
        (("filter[id]", "9" * 30),),
    ],
)
def test_what_cannot_be_filtered_is_a_400(service, query):
    answer = service.get("/prospects", *query)
    assert answer.status == 400
    assert answer.error["id"].startswith("filterParameter.")


def test_a_query_repeated_twice_means_the_same(service, people):
    once = [("filter[title]", "Poet"), ("page[size]", "7"), ("sort", "-id")]
    assert service.get("/prospects", *once).ids == service.get("/prospects", *once, *once).ids
    new = [("filter[title][]", "Poet"), ("newFilterSyntax", "true")]
    assert found(service, *new, *new) == [people["Zeno"]]


def test_the_upper_end_is_ignored_on_request(new_service: abc.Callable[..., object]):
    service = new_service(upper_bound_ignored="on")
    assert found(service, ("filter[id]", "38..39")) == [38, 39, 40]
