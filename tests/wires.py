"""A wire made of values: answers given in order, requests kept."""

from __future__ import annotations

import json
from typing import Any

from outreach_async import Request, Response
from outreach_async.protocol.messages import Headers


class Wire:
    """A transport that gives its answers in order, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[Response | Exception] = []

    def answer(self, document: object = None, status: int = 200, **headers: str) -> Wire:
        body = b"" if document is None else json.dumps(document).encode()
        self.answers.append(Response(status, Headers(headers), body))
        return self

    def rows(self, *rows: dict[str, Any], next: str | None = None, **more: Any) -> Wire:
        links = {"links": {"next": next}} if next else {}
        return self.answer({"data": list(rows), **links, **more})

    def fail(self, error: Exception) -> Wire:
        self.answers.append(error)
        return self

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Hold nothing."""

    @property
    def last(self) -> Request:
        return self.requests[-1]

    @property
    def sent(self) -> Any:
        assert self.last.body is not None
        return json.loads(self.last.body)


def row(kind: str, id: int, relationships: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "id": id, "attributes": attributes, "relationships": relationships or {}}
