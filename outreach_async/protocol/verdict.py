"""What an answer means: success, or which error. One dialect for each provider.

The HTTP status decides first, the error's code second, its text last: the list of codes is not closed (Outreach,
errors), and gateways before both APIs answer in their own forms. Whether to send again is `retry`'s business.
"""

from __future__ import annotations

import collections.abc as abc
import re

from . import scopes
from .error_bodies import error_objects
from .errors import (
    BadRequest,
    Conflict,
    EmailExcluded,
    EmailTaken,
    ErrorObject,
    Forbidden,
    InvalidResponse,
    NotFound,
    NothingChanged,
    OutreachError,
    PlanRequired,
    ServerFault,
    StatusError,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    UnsupportedMediaType,
)
from .messages import Request, Response

__all__ = ["Judge", "error_objects", "judge_outreach", "planmysaas_judge"]

Judge = abc.Callable[[Request, Response], OutreachError | None]
"""Gives the error that an answer means, or None when it is a success."""

_BY_STATUS: abc.Mapping[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    402: PlanRequired,
    404: NotFound,
    409: Conflict,
    415: UnsupportedMediaType,
    422: Unprocessable,
    429: TooManyRequests,
}
_HINTS = {
    "fieldsParameter.unknownResourceField": "Check the names given to fields().",
    "permittedParams.unknownAttribute": "The attribute does not exist, or cannot be written.",
    "routeNotFound": "Check the path and the base URL.",
    "scheduledServerMaintenance": "Try again when the maintenance is over.",
}
_NAMED_SCOPE = re.compile(r"scope '([\w.:]+)'")
_DUPLICATE = "validationDuplicateValueError"
_LONGEST_REQUEST_ID = 200


def judge_outreach(
    request: Request, response: Response, *, granted: abc.Set[str] | None = None
) -> OutreachError | None:
    """Judge an answer of Outreach; None for a success. `granted` are the token's scopes, where they are known."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status < 400:
        return _redirected(request, response)
    errors = error_objects(response.body)
    if status == 403:
        return _forbidden(request, response, errors, granted)
    kind = _refusal_of(request, errors) if status == 422 else _by_status(status)
    return kind(request, response, errors=errors, hint=_HINTS.get(errors[0].code, "") if errors else "")


def planmysaas_judge(key_prefix: str) -> Judge:
    """Give the judge of PlanMySaaS answers for one key.

    Its support asks for the request id and the key's prefix, never the key, so every error's text carries both.
    """
    note = f"key {key_prefix}" if key_prefix else ""

    def judge(request: Request, response: Response) -> OutreachError | None:
        status = response.status
        if 200 <= status < 300:
            return None
        if status < 400:
            return _redirected(request, response)
        errors = error_objects(response.body)
        request_id = (response.headers.get("X-Request-Id") or "")[:_LONGEST_REQUEST_ID] or None
        if status == 403:
            needed = (request.scope,) if request.scope else ()
            hint = f"The key lacks the scope {request.scope}; make one that has it." if request.scope else ""
            return Forbidden(
                request, response, errors=errors, request_id=request_id, note=note, hint=hint, missing=needed
            )
        return _by_status(status)(request, response, errors=errors, request_id=request_id, note=note)

    return judge


def _by_status(status: int) -> type[StatusError]:
    return ServerFault if status >= 500 else _BY_STATUS.get(status, StatusError)


def _redirected(request: Request, response: Response) -> InvalidResponse:
    return InvalidResponse(
        f"the answer is a {response.status}, which this API never sends, and redirects are not followed",
        hint="Check the base URL, and whether a proxy answers in the API's place.",
        request=request,
    )


def _forbidden(
    request: Request, response: Response, errors: tuple[ErrorObject, ...], granted: abc.Set[str] | None
) -> Forbidden:
    """Tell a missing scope, and which would do, from an act that the user's governance forbids."""
    named = next((found[1] for error in errors if (found := _NAMED_SCOPE.search(error.detail))), None)
    about_scope = any(error.code == "unauthorizedOauthScope" for error in errors)
    needed = named or (request.scope if about_scope else None)
    if needed is None:
        hint = "The user's role or governance settings do not allow this."
        return Forbidden(request, response, errors=errors, hint=hint)
    missing = scopes.missing(granted or frozenset(), needed) or (needed,)
    told = scopes.explain(granted, needed) if granted is not None else ""
    hint = f"{told or 'needs ' + ' or '.join(missing)}. Ask for the scope and sign in again."
    return Forbidden(request, response, errors=errors, hint=hint, missing=missing)


def _refusal_of(request: Request, errors: tuple[ErrorObject, ...]) -> type[Unprocessable]:
    """Choose the class of a 422 from the texts seen in the wild; there are no codes of their own for these."""
    if request.method == "PATCH" and len(errors) == 1 and errors[0].code == _DUPLICATE:
        return NothingChanged
    for error in errors:
        text = error.detail.lower()
        if "excluded email address" in text:
            return EmailExcluded
        if "email" in text and ("already been taken" in text or "already exists" in text):
            return EmailTaken
    return Unprocessable
