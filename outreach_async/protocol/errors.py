"""Everything that can go wrong, as one tree.

    OutreachError
      ConfigurationError          the program's own settings or arguments are unusable
      TransportError              no answer came: ConnectionFailed, TimedOut
      InvalidResponse             an answer came and does not mean what it should
      OutcomeUnknown              a write may or may not have happened; never repeated by itself
      CredentialError             no usable token: SignInRequired, AssertionRefused
      QuotaExhausted              waiting for the quota would take longer than the caller's patience
      DriftError                  an attribute changed its type, and the client was told to refuse that
      StatusError                 the server answered with an error status
        BadRequest 400  Unauthorized 401  PlanRequired 402  Forbidden 403  NotFound 404  Conflict 409
        UnsupportedMediaType 415  Unprocessable 422 (EmailTaken, EmailExcluded, NothingChanged)
        TooManyRequests 429  ServerFault 5xx

Every text says what happened, to which request, and what to do next. None holds a secret: texts that came from
outside pass the redactor.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, ClassVar

from .messages import Request, Response
from .redaction import MASK, printable, redact, redact_body, redact_url

_CURL_BODY_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """One error of an answer. `code` is stable per kind of error: Outreach sends it as `id`.

    `pointer` is a JSON pointer into the request's body, `/data/attributes/name`. Empty texts were not sent.
    """

    code: str = ""
    title: str = ""
    detail: str = ""
    pointer: str = ""

    def __str__(self) -> str:
        text = self.detail or self.title or self.code or "no detail"
        return f"{text} ({self.pointer})" if self.pointer else text


class OutreachError(Exception):
    """Base of every error raised here. `hint` says what to do next; `request` is the call, where there was one."""

    def __init__(self, message: str, *, hint: str = "", request: Request | None = None) -> None:
        self.message = printable(redact(message))
        super().__init__(self.message)
        self.hint = printable(redact(hint))
        self.request = request

    def __str__(self) -> str:
        call = f"{self.request.method} {self.request.route or redact_url(self.request.path)}: " if self.request else ""
        text = call + self.message
        return f"{text.removesuffix('.')}. {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is copied by calling its class with `args`, which these classes do not take.
        return _restored, (type(self), self.args, self.__dict__.copy())

    def as_curl(self) -> str:
        """Give a shell command that repeats the call, its secrets masked; empty when there was no call."""
        return _curl(self.request) if self.request else ""


class ConfigurationError(OutreachError):
    """A setting, an argument or a file given to this library is unusable; nothing was sent."""


class TransportError(OutreachError):
    """No complete answer came. `reached` is False only when the server cannot have seen the call."""

    def __init__(self, message: str, *, reached: bool = True, hint: str = "", request: Request | None = None) -> None:
        super().__init__(message, hint=hint, request=request)
        self.reached = reached


class ConnectionFailed(TransportError):
    """The connection could not be made (`reached` False), or broke before the answer was whole."""


class TimedOut(TransportError):
    """A time limit passed: of the connection (`reached` False), of a read, or of the whole call."""


class InvalidResponse(OutreachError):
    """The answer is not what the API promises: not JSON, wrong shape, too large, a link to a foreign origin."""


class OutcomeUnknown(OutreachError):
    """A write may have happened: it was sent and no answer told. `cause` is the failure that hid the outcome.

    It is not repeated, since neither API de-duplicates writes and some send e-mail. Look first, then write again,
    or say `with_options(replay=True)` where arriving twice does no harm.
    """

    def __init__(self, cause: OutreachError, *, request: Request) -> None:
        super().__init__(
            f"the outcome is unknown: {cause.message}",
            hint="Look whether it happened before sending it again.",
            request=request,
        )
        self.cause = cause


class CredentialError(OutreachError):
    """No usable token can be had. `retry_at` (Unix seconds) is when it is worth trying again, where that is known."""

    def __init__(
        self, message: str, *, retry_at: float | None = None, hint: str = "", request: Request | None = None
    ) -> None:
        super().__init__(message, hint=hint, request=request)
        self.retry_at = retry_at


class SignInRequired(CredentialError):
    """The grant is gone: refused, revoked, or never given. The user has to sign in again."""


class AssertionRefused(CredentialError):
    """The server-to-server exchange was refused: wrong key or GUID, or the installation is gone."""


class QuotaExhausted(OutreachError):
    """The quota's wait is longer than the caller's patience. `resets_at` is in Unix seconds; nothing was sent."""

    def __init__(self, message: str, *, resets_at: float, hint: str = "", request: Request | None = None) -> None:
        super().__init__(message, hint=hint, request=request)
        self.resets_at = resets_at


class DriftError(OutreachError):
    """A record's attributes do not have the types the catalogue gives them, and `on_drift="raise"` was asked for."""

    def __init__(self, message: str, *, names: tuple[str, ...], request: Request | None = None) -> None:
        super().__init__(message, request=request)
        self.names = names


class StatusError(OutreachError):
    """The server answered with an error status.

    `status` is the HTTP status, `errors` what the body told, `request_id` the server's own name for the exchange
    (only PlanMySaaS sends one), `response` the whole answer.
    """

    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        request: Request,
        response: Response,
        *,
        errors: tuple[ErrorObject, ...] = (),
        request_id: str | None = None,
        note: str = "",
        hint: str = "",
    ) -> None:
        told = "; ".join(map(str, errors)) or redact_body(response.body, 200) or "no explanation in the answer"
        message = f"{response.status} {told}"
        if request_id:
            message += f" [request {request_id}]"
        if note:
            message += f" [{note}]"
        super().__init__(message, hint=hint or self.default_hint, request=request)
        self.status = response.status
        self.response = response
        self.errors = errors
        self.request_id = request_id

    @property
    def route(self) -> str:
        """The path of the call with its ids taken out."""
        return self.request.route if self.request else ""

    @property
    def code(self) -> str:
        """The code of the first error told, such as `validationError`; empty when none was."""
        return self.errors[0].code if self.errors else ""


class BadRequest(StatusError):
    """400: a parameter, attribute or body the API does not take."""


class Unauthorized(StatusError):
    """401 that a fresh token did not cure."""

    default_hint = "The credential is expired, revoked or not for this host."


class PlanRequired(StatusError):
    """402: the workspace's plan does not include this feature (PlanMySaaS)."""

    default_hint = "Upgrade the workspace's plan, or leave this call out."


class Forbidden(StatusError):
    """403: a scope is missing (`missing` names those that would do), or the user's governance forbids the act."""

    def __init__(
        self,
        request: Request,
        response: Response,
        *,
        errors: tuple[ErrorObject, ...] = (),
        request_id: str | None = None,
        note: str = "",
        hint: str = "",
        missing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(request, response, errors=errors, request_id=request_id, note=note, hint=hint)
        self.missing = missing


class NotFound(StatusError):
    """404: no such record, or none this credential may see, or no such route."""


class Conflict(StatusError):
    """409: the write disagrees with the present state."""


class UnsupportedMediaType(StatusError):
    """415: the `Content-Type` is not the one the API demands."""


class Unprocessable(StatusError):
    """422: well-formed, and refused by a rule; `errors` says which."""


class EmailTaken(Unprocessable):
    """422: another prospect already has this e-mail address."""

    default_hint = "Find the prospect by filter[emails] and update it instead."


class EmailExcluded(Unprocessable):
    """422: the e-mail address is on the organisation's exclusion list."""


class NothingChanged(Unprocessable):
    """422 on an update that changes nothing."""


class TooManyRequests(StatusError):
    """429 that waiting did not cure within the attempts and the patience given."""


class ServerFault(StatusError):
    """5xx: the server, or a gateway before it, failed."""


def _restored(kind: type[OutreachError], arguments: tuple[Any, ...], state: dict[str, Any]) -> OutreachError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


def _curl(request: Request) -> str:
    parts = ["curl", "-X", request.method, redact_url(request.url), "-H", f"Authorization: Bearer {MASK}"]
    parts += ["-H", f"Content-Type: {request.media_type}"]
    if request.body is not None:
        parts += ["--data-binary", redact_body(request.body, _CURL_BODY_LIMIT)]
    return shlex.join(parts)
