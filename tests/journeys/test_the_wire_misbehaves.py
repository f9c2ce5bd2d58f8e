"""The repetition table over a wire that fails, data that changes under a walk, and documents that drift."""

import pytest

from outreach_async import (
    ConnectionFailed,
    DriftError,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    ServerFault,
    TimedOut,
)
from outreach_async.sandbox import Sandbox

ROW = "/prospects/{id}"


@pytest.fixture
def sandbox():
    return Sandbox(prospects=60)


@pytest.fixture
async def api(sandbox):
    async with sandbox.client() as client:
        await client.prospects.get(1)
        yield client


def created(sandbox, name):
    return [e for e in sandbox.outreach.requests if e.method == "POST" and e.path == "/api/v2/prospects"]


CANNOT_HAVE_HAPPENED = {
    "connection refused": lambda side: side.refuse_next(),
    "429": lambda side: side.fail_next(429, after=2),
    "503 for maintenance": lambda side: side.fail_next(503, after=5),
    "401": lambda side: side.fail_next(401),
}
MAY_HAVE_HAPPENED = {
    "reset": lambda side: side.cut_next(),
    "500": lambda side: side.fail_next(500, effect=True),
    "502": lambda side: side.fail_next(502, html=True, effect=True),
    "504": lambda side: side.fail_next(504, html=True, effect=True),
}


@pytest.mark.parametrize("fault", CANNOT_HAVE_HAPPENED.values(), ids=CANNOT_HAVE_HAPPENED)
async def test_a_write_that_cannot_have_happened_is_made_again(api, sandbox, fault):
    await sandbox.advance(120)
    fault(sandbox.outreach)
    made = await api.prospects.create(first_name="Ada", emails=["ada@example.com"])
    assert await api.prospects.where(emails="ada@example.com").count() == 1
    assert made.first_name == "Ada"


@pytest.mark.parametrize("fault", MAY_HAVE_HAPPENED.values(), ids=MAY_HAVE_HAPPENED)
async def test_a_write_that_may_have_happened_is_not_made_twice(api, sandbox, fault):
    fault(sandbox.outreach)
    with pytest.raises(OutcomeUnknown, match="Look whether it happened") as caught:
        await api.prospects.create(first_name="Ada", emails=["ada@example.com"])
    assert isinstance(caught.value.cause, (ConnectionFailed, ServerFault))
    assert len(created(sandbox, "Ada")) == 1
    assert await api.prospects.where(emails="ada@example.com").count() == 1


@pytest.mark.parametrize("fault", MAY_HAVE_HAPPENED.values(), ids=MAY_HAVE_HAPPENED)
async def test_the_caller_may_say_that_twice_does_no_harm(api, sandbox, fault):
    fault(sandbox.outreach)
    assert (await api.with_options(replay=True).tasks.update_note(1, note="x")).note == "x"


@pytest.mark.parametrize("fault", MAY_HAVE_HAPPENED.values(), ids=MAY_HAVE_HAPPENED)
@pytest.mark.parametrize("verb", ["get", "update", "delete"])
async def test_reads_updates_and_deletes_go_through(api, sandbox, fault, verb):
    fault(sandbox.outreach)
    if verb == "get":
        assert (await api.prospects.get(2)).id == 2
    elif verb == "update":
        assert (await api.prospects.update(2, title="x")).title == "x"
    else:
        await api.prospects.delete(2)
        with pytest.raises(NotFound):
            await api.prospects.get(2)


async def test_an_update_that_sends_a_mailing_is_not_repeated(api, sandbox):
    sandbox.outreach.cut_next()
    with pytest.raises(OutcomeUnknown):
        await api.mailings.update(1, state="scheduled")
    sandbox.outreach.cut_next()
    assert (await api.mailings.update(1, subject="x")).subject == "x"


async def test_an_answer_that_never_comes_is_bounded(api, sandbox):
    sandbox.outreach.slow_next(3600, times=10)
    with pytest.raises((TimedOut, ConnectionFailed)):
        await api.with_options(timeout=2).prospects.get(1)


async def test_half_an_answer_is_read_again(api, sandbox):
    sandbox.outreach.cut_next(after=100)
    assert (await api.prospects.get(1)).id == 1


async def test_maintenance_is_waited_for(api, sandbox):
    began = sandbox.clock.now()
    sandbox.outreach.fail_next(503, after=600)
    await api.prospects.get(1)
    assert 600 <= sandbox.clock.now() - began < 700


async def test_html_where_json_was_due(api, sandbox):
    sandbox.outreach.fail_next(200, html=True)
    with pytest.raises(InvalidResponse, match="not a JSON:API document"):
        await api.prospects.get(1)


async def test_pages_that_are_too_heavy_shrink(api, sandbox):
    sandbox.outreach.heavy_pages(above=20)
    rows = await api.prospects.where().collect()
    assert len(rows) == 60


async def test_a_walk_over_changing_data_neither_loops_nor_doubles(api, sandbox):
    """Rows are created and deleted between the pages: what was there all the time comes exactly once."""
    seen: list[int] = []
    async for page in api.prospects.where().sort("created_at").page_size(10).pages():
        seen += [record.id for record in page]
        if len(seen) == 20:
            await api.prospects.delete(seen[0])
            await api.prospects.create(first_name="New", emails=["new@example.com"])
    assert len(seen) == len(set(seen))
    assert set(range(1, 61)) - set(seen) == set()


@pytest.mark.parametrize("paging", ["cursor", "offset"])
async def test_both_ways_of_paging_give_every_row_once(paging):
    sandbox = Sandbox(prospects=95, default_paging=paging)
    async with sandbox.client() as api:
        query = api.prospects.where().page_size(10)
        rows = await (query if paging == "cursor" else query.offset(0)).collect()
        assert len({row.id for row in rows}) == 95


@pytest.mark.parametrize("kind", ["changed_type", "unknown_enum", "missing_field", "extra_type"])
async def test_drift_is_no_outage(api, sandbox, kind):
    sandbox.outreach.drift(kind, "prospect", "firstName")
    page = await api.prospects.where().include("account").limit(5)
    assert len(list(page)) == 5
    if kind == "changed_type":
        assert page[0].drifted == ("first_name",)
        with pytest.raises(DriftError):
            await api.with_options(on_drift="raise").prospects.get(1)


async def test_a_recovered_service_is_used_again_at_once(api, sandbox):
    sandbox.outreach.fail_next(502, times=3, html=True)
    assert (await api.prospects.get(1)).id == 1
    assert (await api.prospects.get(2)).id == 2
