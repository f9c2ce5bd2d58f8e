from __future__ import annotations

import json

import pytest

from outreach_async.protocol.errors import (
    BadRequest,
    Conflict,
    EmailExcluded,
    EmailTaken,
    Forbidden,
    InvalidResponse,
    NotFound,
    NothingChanged,
    PlanRequired,
    ServerFault,
    StatusError,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    UnsupportedMediaType,
)
from outreach_async.protocol.messages import Headers, Request, Response
from outreach_async.protocol.verdict import judge_outreach, planmysaas_judge

GET = Request("GET", "https://api.outreach.io", "/api/v2/prospects/1", route="/prospects/{id}", scope="prospects.read")
POST = Request("POST", "https://api.outreach.io", "/api/v2/prospects", route="/prospects", scope="prospects.write")
PATCH = Request("PATCH", "https://api.outreach.io", "/api/v2/prospects/1", route="/prospects/{id}")


def answer(status: int, document: object = None, **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, Headers(fields), b"" if document is None else json.dumps(document).encode())


def listed(*pairs: tuple[str, str]) -> dict[str, object]:
    return {"errors": [{"id": code, "detail": detail} for code, detail in pairs]}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_is_a_success(status: int) -> None:
    assert judge_outreach(GET, answer(status)) is None
    assert planmysaas_judge("pms_live_ab")(GET, answer(status)) is None


@pytest.mark.parametrize("status", [100, 301, 302, 304, 308])
def test_a_redirect_is_an_answer_this_api_never_gives(status: int) -> None:
    for error in (judge_outreach(GET, answer(status)), planmysaas_judge("")(GET, answer(status))):
        assert isinstance(error, InvalidResponse)
        assert str(status) in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, PlanRequired),
        (403, Forbidden),
        (404, NotFound),
        (405, StatusError),
        (409, Conflict),
        (415, UnsupportedMediaType),
        (422, Unprocessable),
        (429, TooManyRequests),
        (500, ServerFault),
        (503, ServerFault),
        (599, ServerFault),
    ],
)
def test_the_status_chooses_the_class(status: int, kind: type[StatusError]) -> None:
    for body in (None, {"error": "x"}, listed(("validationError", "y"))):
        for error in (judge_outreach(GET, answer(status, body)), planmysaas_judge("k")(GET, answer(status, body))):
            assert type(error) is kind
            assert isinstance(error, StatusError)
            assert error.status == status


@pytest.mark.parametrize(
    ("request_", "errors", "kind"),
    [
        (POST, [("validationError", "Contacts email hash has already been taken.")], EmailTaken),
        (POST, [("validationDuplicateValueError", "A Contact with this email_hash already exists.")], EmailTaken),
        (POST, [("validationError", "Contacts contact is using an excluded email address.")], EmailExcluded),
        (PATCH, [("validationDuplicateValueError", "A Contact with this email_hash already exists.")], NothingChanged),
        (
            PATCH,
            [
                ("validationError", "Name can't be blank."),
                ("validationDuplicateValueError", "A Contact with this email_hash already exists."),
            ],
            EmailTaken,
        ),
        (POST, [("validationError", "Name has already been taken.")], Unprocessable),
        (POST, [("validationDataTooLongError", "Data provided is too long.")], Unprocessable),
        (POST, [], Unprocessable),
    ],
)
def test_a_422_tells_why(request_: Request, errors: list[tuple[str, str]], kind: type[Unprocessable]) -> None:
    assert type(judge_outreach(request_, answer(422, listed(*errors)))) is kind


def forbidden(response: Response, *, request: Request = GET, granted: frozenset[str] | None = None) -> Forbidden:
    error = judge_outreach(request, response, granted=granted)
    assert isinstance(error, Forbidden)
    return error


SCOPE_TEXT = "Your authorization does not include the required scope 'prospects.read'."


def test_a_403_names_the_scope_the_server_named() -> None:
    error = forbidden(answer(403, listed(("unauthorizedOauthScope", SCOPE_TEXT))), request=POST)
    assert error.missing == ("prospects.read", "prospects.all")
    assert "needs prospects.read or prospects.all" in str(error)


def test_a_403_says_what_the_token_has_where_that_is_known() -> None:
    response = answer(403, listed(("unauthorizedOauthScope", SCOPE_TEXT)))
    error = forbidden(response, granted=frozenset({"prospects.write"}))
    assert "needs prospects.read or prospects.all; the token has prospects.write" in str(error)


def test_a_403_about_a_scope_it_does_not_name_is_about_the_calls() -> None:
    error = forbidden(answer(403, listed(("unauthorizedOauthScope", "No."))), request=POST)
    assert error.missing == ("prospects.write", "prospects.all")


def test_a_403_about_a_scope_the_token_seems_to_have_still_names_it() -> None:
    response = answer(403, listed(("unauthorizedOauthScope", SCOPE_TEXT)))
    assert forbidden(response, granted=frozenset({"prospects.read"})).missing == ("prospects.read",)


@pytest.mark.parametrize("body", [None, listed(("unauthorizedRequest", "Not yours."))])
def test_a_403_by_governance_names_no_scope(body: object) -> None:
    error = forbidden(answer(403, body), granted=frozenset({"prospects.read"}))
    assert error.missing == ()
    assert "governance" in error.hint


def test_errors_say_what_to_do_next() -> None:
    error = judge_outreach(POST, answer(400, listed(("permittedParams.unknownAttribute", "nope"))))
    assert error is not None
    assert error.hint == "The attribute does not exist, or cannot be written."
    assert str(error).startswith("POST /prospects: 400 nope")


def test_a_gateways_own_401_and_its_html_are_errors_like_any_other() -> None:
    body = {"error": "Invalid JWT token.", "description": "The JWT token could not be decoded."}
    error = judge_outreach(GET, answer(401, body))
    assert isinstance(error, Unauthorized)
    assert "The JWT token could not be decoded." in str(error)
    html = judge_outreach(GET, Response(502, Headers(), b"<html><h1>Bad Gateway</h1></html>"))
    assert isinstance(html, ServerFault)
    assert "Bad Gateway" in str(html)
    assert isinstance(judge_outreach(GET, Response(429, Headers(), b"Retry later")), TooManyRequests)


LEADS = Request(
    "POST", "https://www.planmysaas.com", "/api/v1/outreach/leads", route="/leads", scope="leads:write"
)  # fmt: skip


def test_planmysaas_errors_carry_what_its_support_asks_for() -> None:
    error = planmysaas_judge("pms_live_ab")(LEADS, answer(422, {"error": "Campaign is paused"}, X_Request_Id="req_7"))
    assert isinstance(error, Unprocessable)
    assert error.request_id == "req_7"
    assert "422 Campaign is paused [request req_7] [key pms_live_" in str(error)


def test_planmysaas_names_the_scope_the_key_lacks() -> None:
    error = planmysaas_judge("pms_live_ab")(LEADS, answer(403, {"error": "Forbidden"}))
    assert isinstance(error, Forbidden)
    assert error.missing == ("leads:write",)
    assert "leads:write" in error.hint
    assert error.request_id is None


def test_planmysaas_without_a_scope_or_prefix_says_less() -> None:
    error = planmysaas_judge("")(Request("GET", LEADS.origin, "/api/v1/outreach/me"), answer(403))
    assert isinstance(error, Forbidden)
    assert error.missing == ()
    assert "key" not in str(error)
