from __future__ import annotations

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.origins import origin_of


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://api.outreach.io", "https://api.outreach.io"),
        ("https://api.outreach.io/", "https://api.outreach.io"),
        ("HTTPS://API.Outreach.IO:443", "https://api.outreach.io"),
        ("https://api.outreach.io:8443", "https://api.outreach.io:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://10.1.2.3", "http://10.1.2.3"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://outreach.localhost", "http://outreach.localhost"),
        ("http://sandbox:8080", "http://sandbox:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_an_origin_is_normal(base_url: str, origin: str) -> None:
    assert origin_of(base_url) == origin


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("", "scheme"),
        ("api.outreach.io", "scheme"),
        ("localhost:8080", "scheme"),
        ("ftp://api.outreach.io", "scheme"),
        ("https:api.outreach.io", "scheme"),
        ("https://", "no host"),
        ("https://:443", "no host"),
        ("https://user@api.outreach.io", "user name"),
        ("https://api.outreach.io@evil.example", "user name"),
        ("https://api.outreach.io/api/v2", "more than"),
        ("https://api.outreach.io?x=1", "more than"),
        ("https://api.outreach.io#x", "more than"),
        ("https://api.outreach.io:99999", "not a URL"),
        ("https://api.outreach.io:x", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://api.outreach.io\r\nHost: evil", "character"),
        ("https://api.outreach.io\\@evil.example", "character"),
        ("https://api.outreach.io evil", "character"),
        ("https://\u0430pi.outreach.io", "character"),
        ("http://api.outreach.io", "plain http"),
        ("http://8.8.8.8", "plain http"),
        ("http://evil.localhost.example", "plain http"),
    ],
)
def test_what_is_no_origin_is_refused_by_name(base_url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        origin_of(base_url, name="OUTREACH_BASE_URL")
    assert "OUTREACH_BASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url", ["https://ada:canary@api.outreach.io", "ftp://ada:canary@h", "https://h/?token=canary"]
)
def test_a_refused_origin_does_not_tell_its_secrets(base_url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        origin_of(base_url)
    assert "canary" not in str(caught.value)
