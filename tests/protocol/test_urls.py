from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.urls import encode, identifier, path_segment


@settings(max_examples=100)
@given(st.text(max_size=12) | st.text("./\\%;2eEfF\r\n", max_size=6))
def test_any_text_is_one_segment_or_refused(text: str) -> None:
    try:
        segment = path_segment(text)
    except ConfigurationError:
        return
    assert segment.isascii()
    assert not set(segment) & set("/\\?#;% ") - {"%"}
    assert unquote(segment) == text
    url = URL(f"https://api.outreach.io/api/v2/prospects/{segment}", encoded=True)
    assert url.raw_path == f"/api/v2/prospects/{segment}"
    assert url.raw_parts[:-1] == ("/", "api", "v2", "prospects")


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        (42, "42"),
        ("42", "42"),
        ("lead_abc", "lead_abc"),
        ("a b", "a%20b"),
        ("%2e%2e", "%252e%252e"),
        ("...", "..."),
        ("a?b#c", "a%3Fb%23c"),
        ("é", "%C3%A9"),
        (SimpleNamespace(id=7), "7"),
        (SimpleNamespace(id="lead_7"), "lead_7"),
    ],
)
def test_an_id_becomes_a_segment(value: object, segment: str) -> None:
    assert path_segment(value) == segment


@pytest.mark.parametrize(
    "value", ["", ".", "..", "../users", "a/b", "a\\b", "1\r\nX: y", "\x00", "\x7f", "\x85", "\u2028", "\ud800"]
)
def test_what_would_change_the_path_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be an id"):
        path_segment(value)


@pytest.mark.parametrize("value", [None, True, 1.5, b"1", SimpleNamespace(id=None), SimpleNamespace(id=True), object()])
def test_what_is_no_id_is_refused(value: object) -> None:
    assert identifier(value) is None
    with pytest.raises(ConfigurationError, match="is not an id"):
        path_segment(value)


def test_line_ends_cannot_leave_their_value() -> None:
    assert encode([("a[b]", "x\r\ny"), ("c", "d e&f")]) == "a%5Bb%5D=x%0D%0Ay&c=d%20e%26f"
    assert encode([]) == ""


def test_text_that_is_not_unicode_is_refused_and_shown_short() -> None:
    with pytest.raises(ConfigurationError, match="not Unicode") as caught:
        encode([("a", "\ud800" + "x" * 500)])
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("value", [5, None, 1.5])
def test_a_parameter_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="not a text"):
        encode([("page[size]", value)])  # type: ignore[list-item]
