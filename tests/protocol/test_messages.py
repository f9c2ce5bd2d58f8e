"""Frozen exchanges whose texts hide secrets."""

import pytest

from outreach_async.protocol.messages import NO_HEADERS, Headers, Request, Response


def test_headers_compare_without_case_and_keep_what_repeats():
    headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
    assert headers["x-A"] == "1"
    assert headers.get_all("X-a") == ("1", "2")
    assert headers.get_all("nope") == ()
    assert headers.get("nope") is None
    assert (len(headers), list(headers)) == (2, ["x-a", "b"])
    assert dict(Headers({"A": "1"})) == {"a": "1"}
    assert not NO_HEADERS


def test_a_request_is_one_url():
    assert Request("GET", "https://h", "/p", "a=1").url == "https://h/p?a=1"
    assert Request("GET", "https://h", "/p").url == "https://h/p"


def test_exchanges_are_frozen_and_print_no_secrets():
    request = Request("POST", "https://h", "/oauth/token", "refresh_token=canary", b"canary")
    with pytest.raises(AttributeError):
        request.path = "/x"  # type: ignore[misc]
    assert "canary" not in repr(request)
    assert "canary" not in repr(Response(200, Headers({"Authorization": "canary"}), b"canary"))
    assert "canary" not in repr(Headers({"Authorization": "Bearer canary"}))


def test_rich_shows_no_more_than_repr():
    """It asks structs for all their fields, also in the local variables of a traceback."""
    request = Request("POST", "https://h", "/oauth/token", "access_token=canary", b"client_secret=canary")
    assert request.__rich_repr__() == [("method", "POST"), ("url", "https://h/oauth/token?access_token=***")]
    assert Response(200, NO_HEADERS, b"canary").__rich_repr__() == [("status", 200), ("bytes", 6)]
