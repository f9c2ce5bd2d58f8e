from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from outreach_async.protocol.errors import ConfigurationError, InvalidResponse
from outreach_async.protocol.messages import JSON, Request
from outreach_async.protocol.paging import (
    MAX_LINK,
    check_offset,
    check_page_size,
    cursor_of,
    follow,
    next_cursor,
    next_page,
    target,
    with_parameter,
)

HOST = "https://api.outreach.io"
LIST = Request(
    "GET", HOST, "/api/v2/prospects", "page%5Bsize%5D=50&count=false", route="/prospects", scope="prospects.read"
)
LEADS = Request("GET", "https://www.planmysaas.com", "/api/v1/outreach/leads", "limit=50", media_type=JSON)

GOOD = [
    "https://api.outreach.io/api/v2/prospects?page%5Bafter%5D=eyJpZCI6MX0%3D",
    "https://api.outreach.io/api/v2/prospects?page[after]=eyJ&page[size]=50",
    "https://api.outreach.io:443/api/v2/prospects",
    "HTTPS://API.Outreach.IO/api/v2/prospects?a=b",
    "/api/v2/prospects?page[after]=x",
    "/api/v2/recipients?filter%5Bmailing%5D%5Bid%5D=1",
    "/api/v2",
    "/api/v2/prospects/?",
    "/api/v2/prospects/1/actions/a.b..c",
    "/api/v2/x?next=https://evil.example/../%2e%2e",
    "/api/v2/x?q=a b\u00e9&empty=&flag",
]

HOSTILE = [
    # another scheme
    "http://api.outreach.io/api/v2/x",
    "ftp://api.outreach.io/api/v2/x",
    "file:///api/v2/x",
    "javascript:alert(1)",
    "data:text/html,/api/v2/x",
    "https:/api.outreach.io/api/v2/x",
    "https:api.outreach.io/api/v2/x",
    # another port
    "https://api.outreach.io:8443/api/v2/x",
    "https://api.outreach.io:80/api/v2/x",
    "https://api.outreach.io:/api/v2/x",
    "https://api.outreach.io:0443/api/v2/x",
    # another host
    "https://evil.example/api/v2/x",
    "//evil.example/api/v2/x",
    "///evil.example/api/v2/x",
    "https:///api/v2/x",
    "https://api.outreach.io.evil.example/api/v2/x",
    "https://api.outreach.io./api/v2/x",
    "https://evilapi.outreach.io/api/v2/x",
    "https://2130706433/api/v2/x",
    "https://0x7f.1/api/v2/x",
    "https://[::1]/api/v2/x",
    "https://api.outreach%2eio/api/v2/x",
    "https://\u0430pi.outreach.io/api/v2/x",
    "https://api\u3002outreach.io/api/v2/x",
    "https://xn--pi-7kc.outreach.io/api/v2/x",
    # user information
    "https://api.outreach.io@evil.example/api/v2/x",
    "https://user:pw@api.outreach.io/api/v2/x",
    "https://@api.outreach.io/api/v2/x",
    "https://api.outreach.io%40evil.example/api/v2/x",
    "https://api.outreach.io#@evil.example/api/v2/x",
    "https://evil.example?https://api.outreach.io/api/v2/x",
    # backslashes
    "https:\\\\evil.example\\api\\v2\\x",
    "https://api.outreach.io\\@evil.example/api/v2/x",
    "/\\evil.example/api/v2/x",
    "/api/v2/x\\..\\..\\oauth/token",
    "/api/v2/%5c..%5c..%5coauth",
    # out of the base
    "https://api.outreach.io",
    "https://api.outreach.io?a=b",
    "/",
    "/oauth/token",
    "/api/v1/x",
    "/api/v22/x",
    "/API/v2/x",
    "api/v2/x",
    "?page[after]=x",
    "",
    "//api/v2/x",
    # dot-segments
    "/api/v2/../../oauth/token",
    "/api/v2/./x",
    "/api/v2/x/..",
    "/api/v2/%2e%2e/%2E%2E/oauth/token",
    "/api/v2/.%2e/x",
    "/api/v2/%252e%252e/x",
    "/api/v2/%25252e./x",
    "/api/v2/%" + "25" * 1000 + "41",
    "/api/v2/..%2f..%2foauth",
    "/api/v2/..;/x",
    "/api/v2/%c0%ae%c0%ae/x",
    "/api/v2/%ef%bc%8e%ef%bc%8e/x",
    "/api/v2/\uff0e\uff0e/x",
    # what splits or hides
    "/api/v2/x\r\nHost: evil.example",
    "/api/v2/x?a=b\r\nX: y",
    "/api/v2/x%0d%0aHost:evil.example",
    "/api/v2/x HTTP/1.1",
    "/api/v2/x\ty",
    "/api/v2/x\x00",
    "/api/v2/%00",
    "/api/v2/x\x85",
    "/api/v2/x?a=\ud800",
    " https://api.outreach.io/api/v2/x",
    "https://api.outreach.io/api/v2/x#fragment",
    "/api/v2/x?" + "a" * MAX_LINK,
]


@pytest.mark.parametrize("url", GOOD)
def test_a_link_of_the_same_api_is_followed_as_it_stands(url: str) -> None:
    request = follow(Request("POST", HOST, "/api/v2/x", body=b"{}", route="/x", scope="x.read", replay=True), url)
    parts = urlsplit(url)
    assert (request.method, request.origin, request.path) == ("GET", HOST, parts.path)
    assert parse_qsl(request.query, keep_blank_values=True) == parse_qsl(parts.query, keep_blank_values=True)
    assert (request.body, request.replay, request.route, request.scope) == (None, None, "/x", "x.read")
    assert URL(request.url, encoded=True).raw_path_qs == request.path + (f"?{request.query}" if request.query else "")


def test_only_what_a_request_line_cannot_hold_is_encoded() -> None:
    assert follow(LIST, "/api/v2/x?page[after]=eyJ%3D&a=1,2..3").query == "page%5Bafter%5D=eyJ%3D&a=1,2..3"


@pytest.mark.parametrize("url", HOSTILE)
def test_every_other_link_is_refused(url: str) -> None:
    with pytest.raises(InvalidResponse, match="not followed") as caught:
        follow(LIST, url)
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "url", "followed"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v2/x", True),
        ("http://127.0.0.1:8080", "http://localhost:8080/api/v2/x", False),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081/api/v2/x", False),
        ("http://[::1]:8080", "http://[::1]:8080/api/v2/x", True),
        ("http://127.0.0.1", "http://127.0.0.1:80/api/v2/x", True),
        ("https://api.outreach.io:443", "https://api.outreach.io/api/v2/x", True),
        ("https://api.outreach.io", "https://api.outreach.io:443443/api/v2/x", False),
    ],
)
def test_origins_are_compared_by_scheme_host_and_port(origin: str, url: str, followed: bool) -> None:
    request = Request("GET", origin, "/api/v2/x")
    if followed:
        assert follow(request, url).origin == origin
    else:
        with pytest.raises(InvalidResponse, match="another origin"):
            follow(request, url)


def test_the_base_is_the_callers() -> None:
    assert follow(LEADS, "/api/v1/outreach/leads?cursor=x", "/api/v1/outreach").path == "/api/v1/outreach/leads"
    with pytest.raises(InvalidResponse, match="out of /api/v1/outreach"):
        follow(LEADS, "/api/v1/users", "/api/v1/outreach")


pieces = st.sampled_from(
    [
        *"/\\@:?#;.[] \r\n\té",
        "https:",
        "//",
        "api.outreach.io",
        "evil.example",
        "api/v2",
        "oauth",
        "..",
        "%2e",
        "%2f",
        "%5c",
        "%25",
    ]
)


@settings(max_examples=100)
@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=30) | st.text("/.%2efF\\;api2v", max_size=20))
@pytest.mark.parametrize("prefix", ["", "https://api.outreach.io", "/api/v2/", "https://api.outreach.io/api/v2/"])
def test_any_url_stays_on_the_origin_below_the_base_or_raises(prefix: str, url: str) -> None:
    try:
        request = follow(LIST, prefix + url)
    except InvalidResponse:
        return
    sent = URL(request.url, encoded=True)
    assert str(sent.origin()) == HOST
    assert sent.user is None
    assert re.fullmatch(r"[!-~]+", request.path + request.query)
    decoded = request.path
    for _ in range(9):
        decoded = unquote(decoded)
    assert (decoded + "/").startswith("/api/v2/")
    assert not {".", ".."} & set(re.split(r"[/\\]", decoded))


def test_the_walk_ends_where_no_link_is() -> None:
    assert next_page(LIST, None, set()) is None
    assert next_page(LIST, "", set()) is None


def test_the_walk_goes_on_to_pages_not_seen() -> None:
    request = next_page(LIST, "/api/v2/prospects?page[after]=a", {target(LIST)})
    assert request is not None
    assert request.query == "page%5Bafter%5D=a"
    assert next_page(request, "/api/v2/prospects?page[after]=b", {target(LIST), target(request)}) is not None


@pytest.mark.parametrize(
    "link",
    [
        "/api/v2/prospects?page%5Bsize%5D=50&count=false",
        "/api/v2/prospects?count=false&page[size]=50",
        "https://api.outreach.io/api/v2/prospects?count=%66alse&page[size]=50",
    ],
)
def test_a_page_seen_before_ends_the_walk_with_an_error(link: str) -> None:
    other = Request("GET", HOST, "/api/v2/prospects", "page%5Bafter%5D=a")
    with pytest.raises(InvalidResponse, match="already seen"):
        next_page(LIST, link, set())
    with pytest.raises(InvalidResponse, match="already seen"):
        next_page(other, link, {target(LIST)})


def test_pages_are_told_apart_by_every_byte_of_their_parameters() -> None:
    queries = ["a=1&b=2", "a=1%26b=2", "a=1&b=3", "a=%FF", "a=%FE", "a=1+2", "a=1%202", "", "a"]
    assert len({target(Request("GET", HOST, "/api/v2/x", query)) for query in queries}) == len(queries)
    assert target(with_parameter(LIST, "a", "1=2")) == target(follow(LIST, f"{LIST.path}?{LIST.query}&%61=1%3D2"))


def test_a_foreign_next_link_is_refused() -> None:
    with pytest.raises(InvalidResponse, match="another origin"):
        next_page(LIST, "https://evil.example/api/v2/prospects", set())


@pytest.mark.parametrize(
    ("body", "cursor"),
    [
        ({"nextCursor": "a"}, "a"),
        ({"next_cursor": "a"}, "a"),
        ({"cursor": "a"}, "a"),
        ({"meta": {"nextCursor": "a"}}, "a"),
        ({"page": {"next_cursor": "a"}}, "a"),
        ({"pagination": {"cursor": "a"}}, "a"),
        ({"nextCursor": 7}, "7"),
        ({"cursor": "echo", "meta": {"nextCursor": "a"}}, "a"),
        ({"cursor": "echo", "nextCursor": None}, None),
        ({"nextCursor": ""}, None),
        ({"nextCursor": False}, None),
        ({"page": 3, "meta": None}, None),
        ({"data": []}, None),
        ({}, None),
    ],
)
def test_a_cursor_is_found_wherever_it_stands(body: dict[str, Any], cursor: str | None) -> None:
    assert cursor_of(body) == cursor


@pytest.mark.parametrize("cursor", [True, 1.5, {"a": 1}, ["a"], "x" * (MAX_LINK + 1)])
def test_an_unusable_cursor_is_told_not_taken_for_the_end(cursor: object) -> None:
    with pytest.raises(InvalidResponse, match="cursor of the next page"):
        cursor_of({"nextCursor": cursor})


def test_cursors_follow_one_another() -> None:
    assert next_cursor(LEADS, None, set()) is None
    second = next_cursor(LEADS, "a/b=&", set())
    assert second is not None
    assert second.query == "limit=50&cursor=a%2Fb%3D%26"
    third = next_cursor(second, "c", {"a/b=&"})
    assert third is not None
    assert third.query == "limit=50&cursor=c"


def test_a_cursor_sent_before_ends_the_walk_with_an_error() -> None:
    second = with_parameter(LEADS, "cursor", "a")
    with pytest.raises(InvalidResponse, match="already sent"):
        next_cursor(second, "a", set())
    with pytest.raises(InvalidResponse, match="already sent"):
        next_cursor(LEADS, "a", {"a"})


def test_a_parameter_is_replaced_and_the_others_kept_as_they_are() -> None:
    request = follow(LIST, "/api/v2/x?page[size]=1000&page[after]=%65yJ&flag&page%5Bsize%5D=3")
    assert with_parameter(request, "page[size]", "500").query == "page%5Bafter%5D=%65yJ&flag&page%5Bsize%5D=500"
    assert with_parameter(Request("GET", HOST, "/api/v2/x"), "a", "b").query == "a=b"


@pytest.mark.parametrize("size", [0, -1, 1001, True])
def test_page_sizes_out_of_bounds_are_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match="1 to 1,000"):
        check_page_size(size)
    with pytest.raises(ConfigurationError, match="1 to 1,000"):
        check_offset(0, size)


@pytest.mark.parametrize("offset", [-1, 10_001, False])
def test_offsets_out_of_bounds_are_refused(offset: int) -> None:
    with pytest.raises(ConfigurationError, match="0 to 10,000"):
        check_offset(offset, 50)


def test_the_bounds_themselves_are_allowed() -> None:
    check_offset(0, 1)
    check_offset(10_000, 1_000)
    check_page_size(1)
    check_page_size(1_000)
