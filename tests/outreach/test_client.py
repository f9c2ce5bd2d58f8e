"""The client itself: options, raw calls, related lists, watching, mapping, closing."""

import pytest

from outreach_async import BearerToken, Outreach, RequestPool
from outreach_async.outreach.record import Related
from outreach_async.outreach.resources import Mailing, Prospect
from outreach_async.protocol.errors import ConfigurationError, DriftError, InvalidResponse, NotFound
from outreach_async.protocol.retry import RetryPolicy
from tests.wires import Wire, row


async def test_options_make_another_client_over_the_same_pool(api, wire):
    urgent = api.with_options(lane="interactive", timeout=5, replay=True, patience=1.0, check_scopes=False)
    assert urgent is not api
    assert urgent._caller.options.lane == "interactive"
    assert api._caller.options.lane == "bulk"
    wire.answer({"data": row("prospect", 1)}, 201)
    await urgent.prospects.create(first_name="Ada")
    assert wire.last.replay is True
    again = urgent.with_options(query={"a": "b"}).with_options(query={"c": "d"})
    assert again._caller.query == (("a", "b"), ("c", "d"))
    assert again._caller.options.timeout == 5
    await urgent.close()
    wire.answer({"data": row("prospect", 1)})
    await api.prospects.get(1)


async def test_a_raw_call_is_signed_and_judged_like_any_other(api, wire):
    wire.answer({"data": row("prospect", 1)}).answer({"errors": []}, 404).answer({"data": []}, 201)
    response = await api.request("get", "/prospects/1?fields%5Bprospect%5D=title", query={"include": "account"})
    assert response.status == 200
    assert (wire.last.method, wire.last.path) == ("GET", "/api/v2/prospects/1")
    assert wire.last.query == "fields%5Bprospect%5D=title&include=account"
    with pytest.raises(NotFound):
        await api.request("GET", "/nope")
    await api.request("POST", "/events", data={"data": {"type": "event"}}, route="/events")
    assert wire.last.body == b'{"data":{"type":"event"}}'


@pytest.mark.parametrize("path", ["../oauth/token", "/../../oauth/token", "prospects", "/a\r\nX: y", "/%2e%2e/x"])
async def test_a_raw_call_cannot_leave_the_api(api, wire, path):
    with pytest.raises(ConfigurationError):
        await api.request("GET", path)
    assert wire.requests == []


@pytest.mark.parametrize("method", ["GET\r\nX: y", "", "GET /"])
async def test_a_raw_call_has_a_method(api, wire, method):
    with pytest.raises(ConfigurationError, match="not an HTTP method"):
        await api.request(method, "/prospects")
    assert wire.requests == []


async def test_includes_are_refused_on_writes(api, wire):
    with pytest.raises(ConfigurationError, match="include cannot be asked for on a write"):
        await api.with_options(query={"include": "account"}).prospects.create(first_name="Ada")
    with pytest.raises(ConfigurationError, match="include"):
        await api.request("PATCH", "/prospects/1?include=account", data={})
    assert wire.requests == []


async def test_a_related_list_is_walked_by_the_servers_own_link(api, wire):
    wire.rows(row("mailing", 3, subject="x"))
    link = "https://api.outreach.io/api/v2/mailings?filter%5Bprospect%5D%5Bid%5D=1"
    related: Related[Mailing] = Related(None, link, None)
    (mailing,) = await api.related(related).collect()
    assert isinstance(mailing, Mailing)
    assert wire.last.query.startswith("filter%5Bprospect%5D%5Bid%5D=1&page%5Bsize%5D=500")


async def test_a_related_link_elsewhere_is_not_followed(api, wire):
    with pytest.raises(InvalidResponse):
        api.related(Related(None, "https://evil.example/api/v2/mailings", None))
    with pytest.raises(ConfigurationError, match="without a link"):
        api.related(Related((), None, 0))
    assert wire.requests == []


async def test_mapping_gives_values_and_errors(api, wire):
    wire.answer({"data": row("prospect", 1)}).answer({"errors": []}, 404).answer({"data": row("prospect", 3)})
    outcomes = {outcome.item: outcome async for outcome in api.map(api.prospects.get, [1, 2, 3], concurrency=1)}
    assert outcomes[1].value.id == 1
    assert outcomes[2].value is None
    assert isinstance(outcomes[2].error, NotFound)
    assert outcomes[3].error is None


async def test_watching_tells_what_happened(api, wire):
    wire.answer({}, 502).answer({"data": row("prospect", 1)})
    with api.watching() as calls:
        await api.with_options(retry=RetryPolicy(first=0.0)).prospects.get(1)
    assert len(calls) == 1
    assert calls.attempts == 2
    assert calls[0].request.route == "/prospects/{id}"


async def test_drift_is_refused_where_asked(api, wire):
    wire.answer({"data": row("prospect", 1, firstName=5)})
    with pytest.raises(DriftError, match="firstName"):
        await api.with_options(on_drift="raise").prospects.get(1)


async def test_the_quota_is_what_the_server_told(api, wire):
    told = {"X-RateLimit-Limit": "10000", "X-RateLimit-Remaining": "9112, 19988", "X-RateLimit-Reset": "1800"}
    wire.answer({"data": row("prospect", 1)}, **told)
    await api.prospects.get(1)
    assert (api.quota.limit, api.quota.remaining) == (10000, 9112)
    assert str(api.quota).startswith("9,112 of 10,000 left")
    assert api.granted_scopes is None


async def test_a_client_closes_its_own_pool_and_no_other():
    wire = Wire()
    async with RequestPool(transport=wire) as pool:
        async with Outreach(BearerToken("t"), pool=pool) as api:
            pass
        wire.answer({"data": row("prospect", 1)})
        await api.prospects.get(1)
    with pytest.raises(ConfigurationError, match="closed"):
        await api.prospects.get(1)

    async with Outreach(BearerToken("t")) as own:
        pass
    with pytest.raises(ConfigurationError, match="closed"):
        await own.prospects.get(1)


async def test_a_name_that_is_no_collection_is_an_attribute_error(api):
    with pytest.raises(AttributeError, match="prospekts"):
        _ = api.prospekts
    assert "prospects" in dir(api)
    assert api.prospects is api.prospects


async def test_a_read_may_be_written_as_one_expression(api, wire):
    wire.rows(row("prospect", 1))
    assert [type(p) async for p in api.prospects.where(updated_at=None or __import__("datetime").date(2026, 1, 1))] == [
        Prospect
    ]


async def test_credentials_print_no_secret(api):
    assert "canary" not in repr(BearerToken("canary"))
    assert "canary" not in str(vars(api))
