"""Pages by cursor and by offset: whole, in order, true while rows come and go, and the links between them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest


def walk(service, path: str, *query: tuple[str, str], direction: str = "next") -> list[list[int]]:
    pages = []
    answer = service.get(path, *query)
    while True:
        assert answer.status == 200, answer.raw
        pages.append(answer.ids)
        link = answer.links.get(direction)
        if link is None:
            return pages
        answer = follow(service, link)


def joined(pages: list[list[int]]) -> list[int]:
    return [row_id for page in pages for row_id in page]


def follow(service, link: str):
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == "https://api.outreach.io"
    return service("GET", parts.path, query=parse_qsl(parts.query, keep_blank_values=True))


def test_a_page_has_50_rows_unless_told_otherwise(new_service):
    service = new_service(prospects=60)
    assert len(service.get("/prospects").ids) == 50
    assert len(service.get("/prospects", ("page[size]", "3")).ids) == 3


def test_every_row_comes_once_in_order(service):
    pages = walk(service, "/prospects", ("page[size]", "7"))
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert joined(pages) == list(range(1, 41))


@pytest.mark.parametrize("sort", ["-updatedAt", "lastName,-firstName", "engagedAt", "-engagedScore,createdAt", "-id"])
def test_sorted_walks_are_whole_and_sorted(service, sort):
    pages = walk(service, "/prospects", ("page[size]", "6"), ("sort", sort))
    ids = joined(pages)
    assert sorted(ids) == list(range(1, 41))
    rows = {row["id"]: row["attributes"] | {"id": row["id"]} for row in service.get("/prospects").data}
    for key in reversed(sort.split(",")):
        name = key.removeprefix("-")
        expected = sorted(ids, key=lambda i: (rows[i][name] is not None, rows[i][name]), reverse=key.startswith("-"))
        if "," not in sort:
            assert [rows[i][name] for i in ids] == [rows[i][name] for i in expected]


def test_rows_without_the_value_come_first_rising_and_last_falling(service):
    for i in (5, 9):
        service.patch("prospect", i, {"title": None})
    assert service.get("/prospects", ("sort", "title")).ids[:2] == [5, 9]
    assert service.get("/prospects", ("sort", "-title")).ids[-2:] == [5, 9]
    assert sorted(joined(walk(service, "/prospects", ("sort", "-title"), ("page[size]", "3")))) == list(range(1, 41))


def test_links_repeat_every_parameter_percent_encoded(service):
    answer = service.get("/prospects", ("page[size]", "2"), ("filter[id]", "1..9"), ("sort", "-id"), ("count", "true"))
    link = answer.links["next"]
    assert "[" not in link
    assert "%5Bsize%5D=2" in link
    query = dict(parse_qsl(urlsplit(link).query))
    assert {"filter[id]": "1..9", "sort": "-id", "count": "true", "page[size]": "2"}.items() <= query.items()
    assert query["page[after]"].startswith("eyJ")
    assert "last" not in answer.links
    assert "prev" not in answer.links


def test_links_with_raw_brackets_on_request(new_service):
    service = new_service(link_brackets="raw")
    link = service.get("/prospects", ("page[size]", "2")).links["next"]
    assert "page[after]=" in link
    assert follow(service, link).ids == [3, 4]


def test_the_way_back(service):
    last = follow(service, follow(service, service.get("/prospects", ("page[size]", "3")).links["next"]).links["next"])
    assert last.ids == [7, 8, 9]
    back = follow(service, last.links["prev"])
    assert back.ids == [4, 5, 6]
    assert follow(service, back.links["prev"]).ids == [1, 2, 3]
    assert follow(service, last.links["first"]).ids == [1, 2, 3]


def test_one_page_has_no_links_and_an_empty_one_has_none_either(service, new_service):
    assert "links" not in service.get("/stages").body
    assert service.get("/prospects", ("filter[id]", "999999")).body == {"data": []}
    shown = new_service(links_when_empty="present").get("/prospects", ("filter[id]", "999999"))
    assert list(shown.links) == ["first"]


def test_the_last_page_has_no_next(service):
    pages = walk(service, "/prospects", ("page[size]", "20"))
    assert [len(page) for page in pages] == [20, 20]


def test_paging_stays_right_while_rows_come_and_go(service):
    first = service.get("/prospects", ("page[size]", "5"))
    service("DELETE", "/prospects/5")
    service("DELETE", "/prospects/6")
    new = service.post("prospect", {"firstName": "New"}).data["id"]
    rest = walk(service, first.links["next"].removeprefix("https://api.outreach.io"))
    assert joined(rest) == [*range(7, 41), new]


def test_offsets(service):
    answer = service.get("/prospects", ("page[limit]", "15"), ("page[offset]", "15"))
    assert answer.ids == list(range(16, 31))
    assert set(answer.links) == {"first", "prev", "next", "last"}
    assert follow(service, answer.links["last"]).ids == list(range(31, 41))
    assert follow(service, answer.links["prev"]).ids == list(range(1, 16))
    assert "next" not in follow(service, answer.links["next"]).links
    assert walk(service, "/prospects", ("page[limit]", "9")) == [
        list(range(a, min(a + 9, 41))) for a in range(1, 41, 9)
    ]


def test_the_default_style_is_a_switch(new_service):
    service = new_service(default_paging="offset", prospects=60)
    assert "last" in service.get("/prospects").links
    assert "page%5Bafter%5D" in service.get("/prospects", ("page[size]", "5")).links["next"]


@pytest.mark.parametrize(
    "page",
    [
        ("page[size]", "0"),
        ("page[size]", "1001"),
        ("page[size]", "many"),
        ("page[size]", "9" * 5000),
        ("page[limit]", "1001"),
        ("page[offset]", "10001"),
        ("page[offset]", "-1"),
        ("page[after]", "not a cursor"),
        ("page[after]", "eyJ4Ijp0cnVlfQ=="),
        ("page[before]", ""),
    ],
)
def test_pages_that_cannot_be_are_a_400(service, page):
    assert service.get("/prospects", page).status == 400


def test_a_cursor_of_another_order_is_a_400(service):
    link = service.get("/prospects", ("sort", "createdAt"), ("page[size]", "2")).links["next"]
    cursor = dict(parse_qsl(urlsplit(link).query))["page[after]"]
    assert service.get("/prospects", ("page[after]", cursor), ("sort", "engagedScore")).status == 400
    assert service.get("/prospects", ("page[after]", cursor)).status == 400


def test_too_large_a_page_can_be_cut(new_service):
    assert len(new_service(page_over_limit="clamped").get("/prospects", ("page[size]", "5000")).ids) == 40


def test_counted_only_on_demand(service, new_service):
    assert "meta" not in service.get("/prospects").body
    assert "meta" not in service.get("/prospects", ("count", "false")).body
    counted = service.get("/prospects", ("count", "true"), ("page[size]", "2")).body
    assert counted["meta"] == {"count": 40, "count_truncated": False}
    assert new_service(count_default="on").get("/prospects").body["meta"]["count"] == 40
    assert new_service(count_off="null").get("/prospects").body["meta"] == {"count": None}
    loaded = new_service(count_truncated="on").get("/prospects", ("count", "true")).body
    assert loaded["meta"] == {"count": 0, "count_truncated": True}


@pytest.mark.parametrize("sort", ["tags", "emails", "nonsense", "owner.firstName", "-custom1"])
def test_what_is_not_sortable_is_a_400(service, sort):
    answer = service.get("/prospects", ("sort", sort))
    assert answer.status == 400
    assert answer.error["id"].startswith("sortParameter.")


def test_sorting_by_id_can_be_refused(new_service):
    assert new_service(sort_by_id="refused").get("/prospects", ("sort", "id")).status == 400


def test_rows_out_of_order_on_request_are_still_all_there(new_service):
    service = new_service(unsorted_rows="on")
    pages = walk(service, "/prospects", ("page[size]", "10"))
    assert pages[0] != sorted(pages[0])
    assert sorted(joined(pages)) == list(range(1, 41))


def test_an_answer_is_kept_until_something_changes(service):
    first = service.get("/prospects", ("page[size]", "3"))
    assert service.get("/prospects", ("page[size]", "3")).raw is first.raw
    service.patch("prospect", 2, {"title": "Changed"})
    again = service.get("/prospects", ("page[size]", "3"))
    assert again.data[1]["attributes"]["title"] == "Changed"
