"""The answers that faults give in a service's place, in that service's own words as far as they are known."""

from __future__ import annotations

from http import HTTPStatus

from ..protocol.messages import JSON, Headers, Response
from .calls import Call, error_answer, json_answer, text_answer
from .faults import Fault
from .planmysaas import PlanMySaaSApi
from .quota import Quotas, Spent, iso_text, refusal
from .s2s import refused_token
from .switches import Switches

_WAIT = 30.0
_GATEWAY = frozenset({500, 502, 504})
_TOLD = {
    400: ("badRequest", "The request could not be understood."),
    403: ("unauthorizedRequest", "You are not authorized to perform this request."),
    404: ("resourceNotFound", "Could not find the resource."),
    409: ("conflict", "The resource was changed meanwhile."),
    422: ("validationError", "The record is not valid."),
}


def outreach_stand_in(fault: Fault, call: Call, quotas: Quotas, switches: Switches) -> Response:
    """Give what Outreach, or the gateway before it, would answer with the fault's status."""
    status = fault.status or 502
    wait = _WAIT if fault.retry_after is None else fault.retry_after
    if fault.body is not None:
        return _own_body(fault, status)
    if status == 429:
        if call.path.startswith(("/oauth", "/api/app", "/api/installs")):
            return text_answer(429, "Retry later\n", headers=fault.headers)
        spent = Spent(switches.quota.limit, 0, call.now + wait, allowed=False)
        return refusal(spent, [*quotas.headers(spent, call.now), *fault.headers])
    if fault.html or status in _GATEWAY:
        return html_answer(status, fault.headers)
    if status == 401:
        return refused_token()
    if status == 503:
        ends = iso_text(call.now + wait)
        detail = f"Outreach is down for scheduled maintenance until {ends}."
        headers = [("Retry-After", ends), *fault.headers]
        return error_answer(503, "scheduledServerMaintenance", "Scheduled Server Maintenance", detail, headers=headers)
    if call.path.startswith("/oauth"):
        return json_answer(status, {"error": "invalid_grant"}, media_type=JSON, headers=fault.headers)
    code, detail = _TOLD.get(status, ("error", f"The request failed with status {status}."))
    return error_answer(status, code, _phrase(status), detail, headers=fault.headers)


def planmysaas_stand_in(fault: Fault, api: PlanMySaaSApi) -> Response:
    """Give what PlanMySaaS would answer with the fault's status; every answer has its request id."""
    status = fault.status or 502
    request_id = ("X-Request-Id", api.request_id())
    if fault.body is not None or fault.html:
        made = html_answer(status, fault.headers) if fault.body is None else _own_body(fault, status)
        return Response(status, Headers([*made.headers.items(), request_id]), made.body)
    headers = list(fault.headers)
    if fault.retry_after is not None or status == 429:
        headers.append(("Retry-After", f"{_WAIT if fault.retry_after is None else fault.retry_after:g}"))
    if status == 429:
        headers += api.limit_headers(api.switches.pms_minute or 60, "minute", 0)
    return api.refusal(status, _phrase(status), headers)


def html_answer(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Give a gateway's page."""
    title = f"{status} {_phrase(status)}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return text_answer(status, page, media_type="text/html", headers=headers)


def _own_body(fault: Fault, status: int) -> Response:
    media_type = "text/html" if fault.html else JSON
    return Response(status, Headers([("content-type", media_type), *fault.headers]), (fault.body or "").encode())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
