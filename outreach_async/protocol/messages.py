"""One HTTP exchange as two frozen values.

A `Request` names an origin and, apart from it, a path and a query: a server-given URL can become a request only
through `paging.follow`, which compares origins, so a token cannot leave the origin it was issued for.
"""

from __future__ import annotations

import collections.abc as abc
from typing import Any, cast

import msgspec

from .redaction import redact_headers, redact_url

JSON_API = "application/vnd.api+json"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Headers(abc.Mapping[str, str]):
    """HTTP header fields: immutable, names compared without case, repeated fields kept in order."""

    __slots__ = ("_fields", "_first")

    def __init__(self, fields: abc.Mapping[str, str] | abc.Iterable[tuple[str, str]] = ()) -> None:
        pairs = cast("abc.Mapping[str, str]", fields).items() if isinstance(fields, abc.Mapping) else fields
        self._fields = tuple((name.lower(), value) for name, value in pairs)
        self._first: dict[str, str] = {}
        for name, value in self._fields:
            self._first.setdefault(name, value)

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __iter__(self) -> abc.Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __repr__(self) -> str:
        return f"Headers({redact_headers(self._first)})"

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give every value of a field, in the order received; empty when the field is absent."""
        wanted = name.lower()
        return tuple(value for field, value in self._fields if field == wanted)


NO_HEADERS = Headers()


class Request(msgspec.Struct, frozen=True):
    """One call, complete but for its credential. A struct, since one is made for every call.

    `path` and `query` are percent-encoded already; `path` starts at the root of `origin` (`https://api.outreach.io`).
    `route` is the path with its ids taken out (`/prospects/{id}`): it names the call in errors, hooks and quotas.
    `scope` is the one the call needs. `replay` overrules what `retry` would decide about repeating the call:
    True for a call that may safely arrive twice, False for one that must not, None to go by the method.
    """

    method: str
    origin: str
    path: str
    query: str = ""
    body: bytes | None = None
    media_type: str = JSON_API
    route: str = ""
    scope: str | None = None
    replay: bool | None = None

    @property
    def url(self) -> str:
        """The absolute URL, encoded."""
        return f"{self.origin}{self.path}?{self.query}" if self.query else self.origin + self.path

    def __repr__(self) -> str:
        return f"<Request {self.method} {redact_url(self.url)}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # Rich would show every field of a struct, and a refresh token travels in the body.
        return [("method", self.method), ("url", redact_url(self.url))]


class Response(msgspec.Struct, frozen=True):
    """One answer, its body read whole and decoded from any transfer or content encoding.

    `headers` compares names without case.
    """

    status: int
    headers: abc.Mapping[str, str]
    body: bytes

    def __reduce__(self) -> tuple[type[Response], tuple[object, ...]]:
        # The transport's own mapping of headers need not be one that can be pickled.
        return Response, (self.status, Headers(self.headers), self.body)

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status), ("bytes", len(self.body))]
