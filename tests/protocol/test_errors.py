"""Errors say what happened, to which call, and what to do; and hide what must not be seen."""

import copy
import pickle
from types import MappingProxyType

import pytest

from outreach_async.protocol import errors
from outreach_async.protocol.errors import (
    CredentialError,
    DriftError,
    EmailTaken,
    ErrorObject,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    OutreachError,
    QuotaExhausted,
    StatusError,
    TimedOut,
)
from outreach_async.protocol.messages import NO_HEADERS, Request, Response

REQUEST = Request("GET", "https://h", "/api/v2/prospects/1", "a=b c", route="/prospects/{id}")


def test_the_text_names_call_status_and_next_step():
    told = ErrorObject("resourceNotFound", "Not found", "Could not find it.", "/data")
    error = NotFound(REQUEST, Response(404, NO_HEADERS, b""), errors=(told,), request_id="r-1", note="key pms_live_ab")

    assert str(error) == "GET /prospects/{id}: 404 Could not find it. (/data) [request r-1] [key pms_live_ab]"
    assert (error.status, error.route, error.code, error.request_id) == (
        404,
        "/prospects/{id}",
        "resourceNotFound",
        "r-1",
    )


def test_an_error_without_a_call_still_speaks():
    error = OutreachError("it failed", hint="Do this.")
    assert str(error) == "it failed. Do this."
    assert error.as_curl() == ""


def test_a_body_that_explains_nothing():
    assert "no explanation" in str(StatusError(REQUEST, Response(500, NO_HEADERS, b"")))
    assert "<html>" in str(StatusError(REQUEST, Response(502, NO_HEADERS, b"<html>")))
    error = StatusError(Request("GET", "https://h", "/p"), Response(500, NO_HEADERS, b""))
    assert (error.code, error.route) == ("", "")
    assert str(error).startswith("GET /p: 500")


def test_curl_repeats_the_call_without_its_secrets():
    request = Request(
        "POST", "https://h", "/p", "token=canary", b'{"refresh_token":"canary","a":"it\'s"}', "application/json"
    )
    text = OutreachError("x", request=request).as_curl()
    assert "canary" not in text
    assert text.startswith("curl -X POST")
    assert "it'\"'\"'s" in text


@pytest.mark.parametrize("text", ["refresh_token=canary", "Bearer canary", 'body {"secret":"canary"}'])
def test_no_secret_gets_into_a_text(text):
    assert "canary" not in str(OutreachError(text, hint=text))
    assert "canary" not in repr(OutreachError(text))


def test_an_unknown_outcome_carries_its_cause():
    cause = TimedOut("no whole answer in time", request=REQUEST)
    error = OutcomeUnknown(cause, request=REQUEST)
    assert error.cause is cause
    assert "no whole answer" in str(error)
    assert cause.reached


def test_errors_carry_what_a_program_needs():
    assert QuotaExhausted("wait", resets_at=5.0).resets_at == 5.0
    assert CredentialError("no", retry_at=9.0).retry_at == 9.0
    assert DriftError("d", names=("a",)).names == ("a",)
    assert Forbidden(REQUEST, Response(403, NO_HEADERS, b""), missing=("prospects.read",)).missing == (
        "prospects.read",
    )
    assert "update it" in str(EmailTaken(REQUEST, Response(422, NO_HEADERS, b"")))


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (ErrorObject(), "no detail"),
        (ErrorObject("c"), "c"),
        (ErrorObject("c", "t"), "t"),
        (ErrorObject("c", "t", "d"), "d"),
    ],
)
def test_an_error_object_says_the_most_it_knows(told, text):
    assert str(told) == text


def test_every_error_is_of_the_one_family():
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(found) > 20
    assert all(issubclass(value, OutreachError) and value.__doc__ for value in found)


_ANSWER = Response(404, MappingProxyType({"X-Request-Id": "r-1"}), b"{}")  # a mapping that cannot be pickled


@pytest.mark.parametrize(
    "error",
    [
        OutreachError("it failed", hint="Do this.", request=REQUEST),
        TimedOut("late", reached=False),
        OutcomeUnknown(TimedOut("late"), request=REQUEST),
        CredentialError("no", retry_at=9.0),
        QuotaExhausted("wait", resets_at=5.0),
        DriftError("d", names=("a",)),
        NotFound(REQUEST, _ANSWER, errors=(ErrorObject("c"),)),
        Forbidden(REQUEST, _ANSWER, missing=("prospects.read",)),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize(
    "duplicate", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"]
)
def test_an_error_can_be_copied_and_sent_to_another_process(error, duplicate):
    twin = duplicate(error)
    assert type(twin) is type(error)
    assert (str(twin), twin.as_curl()) == (str(error), error.as_curl())
    assert vars(twin).keys() == vars(error).keys()
    if isinstance(error, StatusError):
        assert twin.response.headers["X-Request-Id"] == "r-1"
