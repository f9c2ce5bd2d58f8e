from __future__ import annotations

from typing import Any

import pytest

from outreach_async.planmysaas import Campaign, Lead, PlanMySaaS
from outreach_async.protocol import paging
from outreach_async.protocol.errors import ConfigurationError, InvalidResponse


def rows(*ids: int) -> list[dict[str, Any]]:
    return [{"id": f"lead_{number}"} for number in ids]


async def test_awaiting_gives_the_first_page(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1, 2), "nextCursor": "c2"})
    page = await pms.leads.where()
    assert [lead.id for lead in page] == ["lead_1", "lead_2"]
    assert (len(page), page[-1].id, page[:1], page.next_cursor) == (2, "lead_2", (page[0],), "c2")
    assert repr(page) == "<Page of 2 and more>"
    assert len(server.requests) == 1
    assert server.requests[0].url == "https://www.planmysaas.com/api/v1/outreach/leads"


async def test_iterating_walks_every_page_and_an_empty_one_is_not_the_end(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1, 2), "nextCursor": "c2"}).answer({"data": [], "nextCursor": "c3"})
    server.answer({"data": rows(3), "nextCursor": None})
    query = pms.leads.where(status="replied").page_size(2)
    assert [lead.id async for lead in query] == ["lead_1", "lead_2", "lead_3"]
    assert [request.query for request in server.requests] == [
        "status=replied&limit=2",
        "status=replied&limit=2&cursor=c2",
        "status=replied&limit=2&cursor=c3",
    ]


@pytest.mark.parametrize("name", ["nextCursor", "next_cursor", "cursor"])
@pytest.mark.parametrize("place", [None, "meta", "page", "pagination"])
async def test_the_cursor_is_found_wherever_it_stands(
    server: Any, pms: PlanMySaaS, name: str, place: str | None
) -> None:
    told = {name: "c2"} if place is None else {place: {name: "c2"}}
    server.answer({"data": rows(1), **told}).answer({"data": rows(2)})
    assert len(await pms.leads.where().collect()) == 2
    assert server.query == {"cursor": "c2"}


async def test_a_repeated_cursor_ends_the_walk_with_an_error(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1), "nextCursor": "a"}).answer({"data": rows(2), "nextCursor": "b"})
    server.answer({"data": rows(1), "nextCursor": "a"})
    walk = aiter(pms.leads.where())
    assert [(await anext(walk)).id for _ in range(3)] == ["lead_1", "lead_2", "lead_1"]
    with pytest.raises(InvalidResponse, match="already sent"):
        await anext(walk)
    assert len(server.requests) == 3


async def test_a_walk_without_end_is_ended(server: Any, pms: PlanMySaaS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_PAGES", 3)
    for number in range(9):
        server.answer({"data": rows(number), "nextCursor": f"c{number}"})
    with pytest.raises(ConfigurationError, match="within 3 pages"):
        await pms.leads.where().collect()
    assert len(server.requests) == 3


async def test_a_limit_counts_the_rows_of_all_pages(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1, 2), "nextCursor": "c2"}).answer({"data": rows(3, 4), "nextCursor": "c3"})
    assert [lead.id async for lead in pms.leads.where().page_size(2).limit(3)] == ["lead_1", "lead_2", "lead_3"]
    assert len(server.requests) == 2
    assert await pms.leads.where().limit(0).collect() == []
    assert len(server.requests) == 2


async def test_the_first_record_costs_one_small_page(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1), "nextCursor": "c2"})
    lead = await pms.leads.where(email="a@b.example").first()
    assert lead is not None
    assert lead.id == "lead_1"
    assert server.requests[0].query == "email=a%40b.example&limit=1"


async def test_the_first_record_may_stand_behind_an_empty_page(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": [], "nextCursor": "c2"}).answer({"data": rows(7)})
    lead = await pms.leads.where().first()
    assert lead is not None
    assert lead.id == "lead_7"


async def test_no_record_is_none(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": []})
    assert await pms.leads.where().first() is None
    assert repr(await pms.leads.where()) == "<Page of 0 and no more>"


async def test_pages_can_be_walked_one_by_one(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1, 2), "nextCursor": "c2"}).answer({"data": rows(3)})
    assert [len(page) async for page in pms.leads.where().pages()] == [2, 1]


async def test_only_documented_lists_are_told_a_size_unasked(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": [{"id": "camp_1"}, {"id": "camp_2"}]})
    first = await pms.campaigns.where().first()
    assert isinstance(first, Campaign)
    assert server.requests[0].query == ""
    await pms.campaigns.where().page_size(10)
    assert server.query == {"limit": "10"}


async def test_a_bare_list_is_read_too(server: Any, pms: PlanMySaaS) -> None:
    server.answer(rows(1))
    (lead,) = await pms.leads.where().collect()
    assert isinstance(lead, Lead)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"leads": []}, "no list under data"),
        ({"data": {"id": "x"}}, "no list under data"),
        ("text", "no list under data"),
        ({"data": [1]}, "a Lead came as a number"),
        ({"data": [], "nextCursor": {}}, "cursor of the next page"),
        (b"<html>Bad gateway</html>", "not JSON"),
        (b"", "not JSON"),
        (b'{"data": [NaN]}', "not JSON"),
        (b'{"data": "\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
async def test_an_answer_of_another_shape_is_told(server: Any, pms: PlanMySaaS, body: Any, told: str) -> None:
    server.answer(body)
    with pytest.raises(InvalidResponse, match=told) as caught:
        await pms.leads.where()
    assert "/leads" in str(caught.value)


@pytest.mark.parametrize("size", [0, 1001])
async def test_sizes_out_of_bounds_are_refused_before_any_call(server: Any, pms: PlanMySaaS, size: int) -> None:
    with pytest.raises(ConfigurationError):
        pms.leads.where().page_size(size)
    with pytest.raises(ConfigurationError):
        pms.leads.where().limit(-1)
    assert server.requests == []


async def test_a_query_is_a_value_that_methods_do_not_change(server: Any, pms: PlanMySaaS) -> None:
    server.answer({"data": rows(1, 2, 3)})
    every = pms.leads.where()
    assert len(await every.limit(1).collect()) == 1
    assert len(await every.collect()) == 3
