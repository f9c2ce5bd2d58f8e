from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.error_bodies import error_objects
from outreach_async.protocol.errors import ErrorObject


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        # Outreach
        (
            {"errors": [{"id": "resourceNotFound", "title": "Not Found", "detail": "Could not find 'prospect'."}]},
            [ErrorObject("resourceNotFound", "Not Found", "Could not find 'prospect'.")],
        ),
        (
            {"errors": [{"id": "validationError", "detail": "x", "source": {"pointer": "/data/attributes/name"}}]},
            [ErrorObject("validationError", "", "x", "/data/attributes/name")],
        ),
        ({"errors": [{"id": "unsupportedMediaType", "details": "d"}]}, [ErrorObject("unsupportedMediaType", "", "d")]),
        ({"errors": [{"id": "a", "details": ["one", "two", None]}]}, [ErrorObject("a", "", "one; two")]),
        ({"errors": ["sentence", {"source": "odd"}]}, [ErrorObject(detail="sentence"), ErrorObject()]),
        ({"errors": [7]}, [ErrorObject(detail="7")]),
        ({"errors": []}, []),
        # gateways
        (
            {"error": "Invalid JWT token.", "description": "The JWT token could not be decoded."},
            [ErrorObject(title="Invalid JWT token.", detail="The JWT token could not be decoded.")],
        ),
        ({"error": "404", "error_description": "route not found"}, [ErrorObject("404", "", "route not found")]),
        ({"error_description": "only this"}, [ErrorObject(detail="only this")]),
        # OAuth
        ({"error": "invalid_grant"}, [ErrorObject("invalid_grant")]),
        # PlanMySaaS
        ({"error": "Key revoked"}, [ErrorObject(detail="Key revoked")]),
        ({"error": {"code": "no_plan", "message": "Upgrade."}}, [ErrorObject("no_plan", "", "Upgrade.")]),
        # anything else
        ({"error": True}, []),
        ({"message": ""}, []),
        ([1, 2], []),
        ("text", []),
        (None, []),
    ],
)  # fmt: skip
def test_every_form_seen(document: object, errors: list[ErrorObject]) -> None:
    assert error_objects(json.dumps(document).encode()) == tuple(errors)


@pytest.mark.parametrize(
    "body",
    [b"", b"Retry later", b"<html>Bad Gateway</html>", b"\xff\xfe", b'{"errors":', b"[" * 100_000, b'{"error":NaN}'],
)
def test_junk_tells_nothing(body: bytes) -> None:
    assert error_objects(body) == ()


def test_a_huge_body_tells_a_bounded_amount() -> None:
    body = json.dumps({"errors": [{"detail": "x" * 5000, "id": "y" * 5000}] * 500}).encode()
    errors = error_objects(body)
    assert len(errors) == 50
    assert len(errors[0].detail) == len(errors[0].code) == 1000


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["errors", "error", "id", "detail", "details", "source", "pointer"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(document=_json)
def test_no_document_raises(document: object) -> None:
    for error in error_objects(json.dumps(document).encode()):
        assert isinstance(str(error), str)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60))
def test_no_bytes_raise(body: bytes) -> None:
    error_objects(body)


@pytest.mark.parametrize("text", ["Bearer canary", 'sent {"refresh_token":"canary"}', "?access_token=canary"])
@pytest.mark.parametrize("form", ['{"errors":[{"id":"x","detail":%s}]}', '{"error":%s}', '{"error":"x","message":%s}'])
def test_an_error_that_quotes_the_credential_is_masked(form, text):
    (told,) = error_objects((form % json.dumps(text)).encode())
    assert "canary" not in repr(told)
    assert "***" in repr(told)
