"""What a list call asks for, and how it walks."""

import asyncio
import gc
import json
import weakref
from urllib.parse import parse_qsl

import pytest

from outreach_async import any_of, since
from outreach_async.outreach.page import Page
from outreach_async.outreach.resources import Account, Prospect, User
from outreach_async.protocol.errors import ConfigurationError, InvalidResponse, ServerFault
from outreach_async.protocol.retry import RetryPolicy
from tests.wires import row


def asked(wire, index=-1):
    return dict(parse_qsl(wire.requests[index].query, keep_blank_values=True))


def link(**page):
    query = "&".join(f"page%5B{name}%5D={value}" for name, value in page.items())
    return f"https://api.outreach.io/api/v2/prospects?{query}"


async def test_everything_that_was_asked_is_in_the_query(api, wire):
    wire.rows()
    query = api.prospects.where(title=any_of("CTO", "VP"), owner=User.ref(42), account__name="Acme", id=since(5))
    await (
        query.sort("-updated_at", "first_name")
        .include("account.owner")
        .fields(account=["name"], prospect=[])
        .page_size(50)
    )

    assert asked(wire) == {
        "filter[title]": "CTO,VP",
        "filter[owner][id]": "42",
        "filter[account][name]": "Acme",
        "filter[id]": "5..inf",
        "sort": "-updatedAt,firstName",
        "include": "account.owner",
        "fields[account]": "name",
        "fields[prospect]": "",
        "page[size]": "50",
        "count": "false",
    }
    assert wire.last.route == "/prospects"
    assert wire.last.scope == "prospects.read"


async def test_a_query_is_a_value_that_asks_nothing_until_awaited(api, wire):
    narrow = api.prospects.where()
    narrow.limit(5)
    assert wire.requests == []
    wire.rows()
    await narrow
    assert asked(wire) == {"page[size]": "500", "count": "false"}


async def test_a_comma_in_a_value_changes_the_grammar(api, wire):
    wire.rows()
    await api.accounts.where(name="Smith, Sons", domain="a.example")
    assert asked(wire)["newFilterSyntax"] == "true"


async def test_filters_written_by_hand_go_through(api, wire):
    wire.rows()
    await api.prospects.where().filter({"filter[custom1]": "x", "tags": "a"})
    assert asked(wire)["filter[custom1]"] == "x"
    assert asked(wire)["filter[tags]"] == "a"


async def test_the_first_may_be_behind_an_empty_page(api, wire):
    wire.rows(next=link(after="a")).rows(row("prospect", 7), next=link(after="b"))
    assert (await api.prospects.where().first()).id == 7
    assert len(wire.requests) == 2


async def test_iterating_walks_every_page_and_an_empty_one_is_not_the_end(api, wire):
    wire.rows(row("prospect", 1), row("prospect", 2), next=link(after="a"))
    wire.rows(next=link(after="b"))
    wire.rows(row("prospect", 3))
    assert [prospect.id async for prospect in api.prospects.where()] == [1, 2, 3]
    assert [request.query for request in wire.requests[1:]] == ["page%5Bafter%5D=a", "page%5Bafter%5D=b"]


async def test_a_repeated_cursor_ends_the_walk_with_an_error(api, wire):
    wire.rows(row("prospect", 1), next=link(after="a"))
    wire.rows(row("prospect", 2), next=link(after="a"))
    with pytest.raises(InvalidResponse, match="already seen"):
        await api.prospects.where().collect()


async def test_a_link_to_another_origin_is_not_followed(api, wire):
    wire.rows(row("prospect", 1), next="https://evil.example/api/v2/prospects?page%5Bafter%5D=a")
    with pytest.raises(InvalidResponse, match="another origin"):
        await api.prospects.where().collect()
    assert len(wire.requests) == 1


async def test_a_limit_stops_early_and_asks_for_no_more_than_it_needs(api, wire):
    wire.rows(row("prospect", 1), row("prospect", 2), next=link(after="a"))
    wire.rows(row("prospect", 3), row("prospect", 4), next=link(after="b"))
    assert [prospect.id for prospect in await api.prospects.where().limit(3).collect()] == [1, 2, 3]
    assert len(wire.requests) == 2
    assert asked(wire, 0)["page[size]"] == "3"
    assert await api.prospects.where().limit(0).collect() == []
    assert len(wire.requests) == 2


async def test_first_is_one_row_or_none(api, wire):
    wire.rows(row("prospect", 1)).rows()
    assert (await api.prospects.where().first()).id == 1
    assert await api.prospects.where().first() is None


async def test_counting_asks_for_it(api, wire):
    wire.answer({"data": [], "meta": {"count": 12, "count_truncated": False}})
    wire.answer({"data": [], "meta": {"count": 0, "count_truncated": True}})
    wire.answer({"data": [], "meta": {"count": None}})
    count = await api.prospects.where().count()
    assert (count, count.truncated) == (12, False)
    assert asked(wire)["count"] == "true"
    assert (await api.prospects.where().count()).truncated
    assert (await api.prospects.where().count()).truncated


async def test_a_page_too_heavy_is_asked_for_in_halves(api, wire):
    api = api.with_options(retry=RetryPolicy(attempts=1))
    for status in (502, 504):
        wire.answer("Bad Gateway", status=status)
    wire.rows(row("prospect", 1), next=link(after="a", size=125)).rows()
    assert len(await api.prospects.where().collect()) == 1
    assert [asked(wire, index)["page[size]"] for index in range(4)] == ["500", "250", "125", "125"]


async def test_a_page_survives_other_failures_as_often_as_any_call(api, wire):
    for _ in range(4):
        wire.answer("oops", status=500)
    wire.rows(row("prospect", 1))
    assert len(await api.prospects.where().collect()) == 1
    assert {asked(wire, index)["page[size]"] for index in range(5)} == {"500"}


async def test_one_row_that_is_too_heavy_is_an_error(api, wire):
    api = api.with_options(retry=RetryPolicy(attempts=1))
    wire.answer("Bad Gateway", status=502).answer("Bad Gateway", status=502)
    with pytest.raises(ServerFault):
        await api.prospects.where().page_size(2)


async def test_paging_by_offset_is_bounded(api, wire):
    wire.rows(row("prospect", 1), next=link(offset=10_001, limit=100))
    with pytest.raises(ConfigurationError, match="10,000"):
        await api.prospects.where().page_size(100).offset(9_900).collect()
    assert asked(wire) == {"page[limit]": "100", "page[offset]": "9900", "count": "false"}
    with pytest.raises(ConfigurationError):
        api.prospects.where().offset(10_001)


@pytest.mark.parametrize("size", [0, 1001, -1, True])
async def test_page_sizes_are_bounded(api, size):
    with pytest.raises(ConfigurationError):
        api.prospects.where().page_size(size)


async def test_sorting_by_what_cannot_be_sorted_is_refused_here(api):
    with pytest.raises(ConfigurationError, match="cannot be sorted by 'emails'"):
        api.prospects.where().sort("emails")
    with pytest.raises(ConfigurationError, match="nothing"):
        api.duties.where().sort("name")


async def test_filtering_by_what_cannot_be_filtered_is_refused_here(api):
    with pytest.raises(ConfigurationError, match=r"no 'titel'.*Did you mean 'title'"):
        api.prospects.where(titel="x")
    with pytest.raises(ConfigurationError, match="no 'tags'"):
        api.prospects.where(tags="x")
    with pytest.raises(ConfigurationError):
        api.prospects.where(limit=-1)


async def test_what_was_included_is_found_without_a_call(api, wire):
    owner = {"account": {"data": {"type": "account", "id": 9}}}
    account = row("account", 9, name="Acme")
    wire.rows(row("prospect", 1, owner), row("prospect", 2), included=[account, row("spaceship", 1, speed=3)])
    page = await api.prospects.where().include("account")

    assert page.find(page[0].account).name == "Acme"
    assert page.find(page[0].account) is page.find(Account.ref(9))
    assert page.find(page[1].account) is None
    assert page.find(Account.ref(1)) is None
    assert [type(record).__name__ for record in page.included] == ["Account", "Record"]
    assert page.included[1]["speed"] == 3
    assert len(wire.requests) == 1


async def test_a_page_is_a_sequence_of_records_built_once(api, wire):
    wire.rows(row("prospect", 1), row("prospect", 2), next=link(after="a"))
    page = await api.prospects.where()
    assert len(page) == 2
    assert page[0] is page[0]
    assert page[-1].id == 2
    assert [record.id for record in page] == [1, 2]
    assert repr(page) == "<Page of 2 and more>"
    with pytest.raises(IndexError):
        page[2]


async def test_rows_are_copied_without_records(api, wire):
    wire.rows(row("prospect", 1, {"owner": {"data": None}}, title="x"))
    (raw,) = [raw async for raw in api.prospects.where().rows()]
    assert (raw.type, raw.id, json.loads(raw.attributes)) == ("prospect", 1, {"title": "x"})
    assert json.loads(raw.relationships) == {"owner": {"data": None}}


async def test_a_finished_page_drops_its_body(api, wire):
    """Keep one row from each of fifty pages: fifty rows stay, the pages do not."""
    pages: list[weakref.ref[Page[Prospect]]] = []
    kept = []
    for number in range(50):
        filler = [row("prospect", number * 10 + index, title="x" * 1000) for index in range(10)]
        wire.rows(*filler, next=link(after=f"c{number}") if number < 49 else None)
    async for page in api.prospects.where().pages():
        pages.append(weakref.ref(page))
        kept.append(page[0])
        del page
        wire.requests.clear()
    gc.collect()
    assert len(kept) == 50
    assert [ref() for ref in pages] == [None] * 50


async def test_two_walks_of_one_query_do_not_meet(api, wire):
    wire.rows(row("prospect", 1)).rows(row("prospect", 1))
    query = api.prospects.where()
    one, two = await asyncio.gather(query.collect(), query.collect())
    assert [record.id for record in one] == [record.id for record in two] == [1]


async def test_raw_rows_are_not_given_once_a_record_was_reached(api, wire):
    wire.rows(row("prospect", 1), row("prospect", 2))
    page = await api.prospects.where()
    assert [raw.id for raw in page.raw()] == [1, 2]
    assert page[1].id == 2
    with pytest.raises(ConfigurationError, match="was reached"):
        list(page.raw())
