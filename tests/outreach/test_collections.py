"""Reading and writing one record; what is refused before anything is sent."""

import datetime as dt
import json

import pytest

from outreach_async.outreach.collection import Listable
from outreach_async.outreach.params import LEFT_OUT, Params
from outreach_async.outreach.resources import Account, Mailbox, Prospect, Sequence, SequenceState, User
from outreach_async.protocol.errors import ConfigurationError, InvalidResponse, NotFound, OutcomeUnknown, TimedOut
from tests.wires import row


def answer(kind, id=1, **attributes):
    return {"data": row(kind, id, **attributes)}


async def test_one_record_is_read_by_its_id(api, wire):
    wire.answer(answer("prospect", 5, firstName="Ada"))
    prospect = await api.prospects.get(5, fields=["first_name"])
    assert (prospect.id, prospect.first_name) == (5, "Ada")
    assert (wire.last.method, wire.last.path) == ("GET", "/api/v2/prospects/5")
    assert wire.last.query == "fields%5Bprospect%5D=firstName"
    assert (wire.last.route, wire.last.scope) == ("/prospects/{id}", "prospects.read")


async def test_a_record_or_a_reference_will_do_for_an_id(api, wire):
    wire.answer(answer("prospect", 5)).answer(answer("prospect", 5))
    prospect = await api.prospects.get(Prospect.ref(5))
    await api.prospects.get(prospect)
    assert [request.path for request in wire.requests] == ["/api/v2/prospects/5"] * 2


@pytest.mark.parametrize("key", ["../users/1", "1\r\nX: y", "", ".", "a/b", None, True, 1.5, Account.ref(1)])
async def test_what_is_no_id_of_this_type_is_refused_before_it_is_sent(api, wire, key):
    with pytest.raises(ConfigurationError):
        await api.prospects.get(key)
    assert wire.requests == []


async def test_a_create_sends_what_was_given_and_nothing_else(api, wire):
    wire.answer(answer("prospect", 1), status=201)
    made = await api.prospects.create(
        first_name="Ada",
        title=None,
        date_of_birth=dt.datetime(1815, 12, 10, tzinfo=dt.UTC),
        emails=["ada@example.com"],
        account=Account.ref(7),
        owner=None,
        last_name=LEFT_OUT,
        custom={"custom12": "x"},
        extra={"newestThing": 1},
    )
    assert made.id == 1
    assert (wire.last.method, wire.last.path, wire.last.scope) == ("POST", "/api/v2/prospects", "prospects.write")
    assert wire.sent == {
        "data": {
            "type": "prospect",
            "attributes": {
                "firstName": "Ada",
                "title": None,
                "dateOfBirth": "1815-12-10T00:00:00.000Z",
                "emails": ["ada@example.com"],
                "custom12": "x",
                "newestThing": 1,
            },
            "relationships": {"account": {"data": {"type": "account", "id": 7}}, "owner": {"data": None}},
        }
    }


async def test_an_update_sends_only_what_changes(api, wire):
    wire.answer(answer("prospect", 3))
    await api.prospects.update(Prospect.ref(3), title="Countess", owner=None)
    assert (wire.last.method, wire.last.path, wire.last.replay) == ("PATCH", "/api/v2/prospects/3", None)
    assert wire.sent == {
        "data": {
            "type": "prospect",
            "id": 3,
            "attributes": {"title": "Countess"},
            "relationships": {"owner": {"data": None}},
        }
    }


async def test_setting_the_state_of_a_mailing_is_not_sent_twice(api, wire):
    wire.fail(TimedOut("no answer"))
    with pytest.raises(OutcomeUnknown):
        await api.mailings.update(1, state="scheduled")
    assert len(wire.requests) == 1


async def test_a_delete_has_no_answer(api, wire):
    wire.answer(status=204)
    assert await api.prospects.delete(4) is None
    assert (wire.last.method, wire.last.body, wire.last.scope) == ("DELETE", None, "prospects.delete")


async def test_an_action_has_its_parameters_in_the_query_and_no_body(api, wire):
    wire.answer(answer("task")).answer(answer("task")).answer(answer("sequenceState", state="finished"))
    await api.tasks.mark_complete(1, completion_note="done & dusted")
    assert wire.last.query == "actionParams%5BcompletionNote%5D=done%20%26%20dusted"
    assert (wire.last.path, wire.last.route) == (
        "/api/v2/tasks/1/actions/markComplete",
        "/tasks/{id}/actions/markComplete",
    )
    assert (wire.last.method, wire.last.body, wire.last.scope) == ("POST", None, "tasks.write")
    await api.tasks.snooze(1, due_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), mark_as_urgent=True)
    assert "dueAt%5D=2026-01-01T00%3A00%3A00.000Z" in wire.last.query
    assert (await api.sequence_states.finish(SequenceState.ref(2))).state == "finished"


async def test_required_relations_are_asked_for_before_anything_is_sent(api, wire):
    with pytest.raises(ConfigurationError, match="needs mailbox"):
        await api.sequence_states.create(prospect=Prospect.ref(1), sequence=Sequence.ref(2))
    with pytest.raises(ConfigurationError, match="needs url"):
        await api.webhooks.create()
    assert wire.requests == []


async def test_a_record_stands_for_its_reference(api, wire):
    wire.answer(answer("prospect", 4)).answer(answer("sequenceState"), status=201)
    prospect = await api.prospects.get(4)
    await api.sequence_states.create(prospect=prospect, sequence=Sequence.ref(3), mailbox=Mailbox.ref(9))
    assert wire.sent["data"]["relationships"]["prospect"] == {"data": {"type": "prospect", "id": 4}}
    assert "attributes" not in wire.sent["data"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"first_nam": "x"},
        {"created_at": "x"},
        {"owner": 5},
        {"owner": "5"},
        {"emails": float("nan")},
        {"custom": 5},
        {"extra": {1: 2}},
        {"added_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001
        {"opportunities": [5]},
    ],
)
async def test_what_cannot_be_written_is_refused_before_it_is_sent(api, wire, attributes):
    with pytest.raises(ConfigurationError):
        await api.prospects.create(**attributes)
    assert wire.requests == []


async def test_several_may_be_related(api, wire):
    wire.answer(answer("user"), status=201)
    await api.users.create(email="a@example.com", mailboxes=[Mailbox.ref(1), Mailbox.ref(2)])
    assert [item["id"] for item in wire.sent["data"]["relationships"]["mailboxes"]["data"]] == [1, 2]


async def test_options_add_what_no_type_foresees(api, wire):
    wire.answer(answer("user"), status=201)
    options = api.with_options(query={"provideDataConnections": "true"}, meta={"sendInvite": False})
    await options.users.create(email="a@example.com")
    assert wire.sent["meta"] == {"sendInvite": False}
    assert wire.last.query == "provideDataConnections=true"


async def test_an_answer_without_a_record_is_invalid(api, wire):
    wire.answer({"data": []}).answer({"data": None})
    for _ in range(2):
        with pytest.raises(InvalidResponse, match="no record"):
            await api.prospects.get(1)


async def test_what_is_not_there_is_told_with_its_call(api, wire):
    wire.answer(
        {"errors": [{"id": "resourceNotFound", "detail": "Could not find 'prospect' with ID '1'."}]}, status=404
    )
    with pytest.raises(NotFound, match=r"GET /prospects/\{id\}: 404 Could not find 'prospect'"):
        await api.prospects.get(1)


async def test_a_collection_of_any_type(api, wire):
    wire.answer(answer("car", 1, wheels=4)).answer(answer("car", 2), status=201).answer(answer("car", 2)).answer(
        status=204
    )
    wire.answer(answer("car", 2))
    cars = api.collection("customObjects/car")
    assert (await cars.get(1))["wheels"] == 4
    await cars.create({"wheels": 4}, {"owner": User.ref(1)})
    assert wire.last.path == "/api/v2/customObjects/car"
    assert wire.sent["data"]["type"] == "car"
    await cars.update(2, {"wheels": 3})
    assert wire.sent["data"]["id"] == 2
    await cars.delete(2)
    await cars.act(2, "paint", inColor="red")
    assert wire.last.query == "actionParams%5BinColor%5D=red"


async def test_an_open_collection_knows_the_types_that_are_known(api, wire):
    wire.answer(answer("sequenceState"), status=201)
    await api.collection("sequenceStates").create({}, {"prospect": Prospect.ref(1)})
    assert json.loads(wire.last.body)["data"]["type"] == "sequenceState"
    wire.rows(row("spaceship", 1, amount=3))
    records = [record async for record in api.collection("spaceships").filter({"filter[amount]": "1000..inf"})]
    assert records[0]["amount"] == 3
    assert wire.last.path == "/api/v2/spaceships"


@pytest.mark.parametrize("name", ["", "/", "../x", "a b", "a?b=c", "a/../b"])
async def test_a_path_that_is_no_collection_is_refused(api, name):
    with pytest.raises(ConfigurationError):
        api.collection(name)


def test_a_collection_without_a_client_says_so():
    from outreach_async.outreach.resources.prospects import collection

    with pytest.raises(ConfigurationError, match="belongs to no client"):
        collection.where()
    assert isinstance(collection, object)
    assert not issubclass(Params, Listable)
