"""What the simulated server is given and what it gives back: one `Call` in, one `Response` out.

Both halves of the sandbox share these values. A call arrives here with its credential already read; nothing here
knows how it travelled.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from ..protocol.messages import JSON_API, Headers, Response

Fields = abc.Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who a token speaks for. `user_id` is None for an installation; `scopes` None means every scope."""

    kind: Literal["user", "install"]
    subject: str
    user_id: int | None
    scopes: frozenset[str] | None
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the simulated server sees it.

    `path` is percent-encoded as received; `query` holds decoded pairs in the order received, duplicates kept.
    `now` is in Unix seconds. The links of answers stand on `origin` (`http://127.0.0.1:1234`).
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Headers
    body: bytes
    now: float
    origin: str
    actor: Actor | None = None


def json_answer(status: int, document: object, *, media_type: str = JSON_API, headers: Fields = ()) -> Response:
    """Give an answer whose body is `document` as JSON; bytes are taken as JSON already."""
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return Response(status, Headers([("content-type", media_type), *headers]), body)


def error_answer(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    pointer: str = "",
    detail_key: str = "detail",
    headers: Fields = (),
) -> Response:
    """Give an answer holding one error object; the 415 of the real service spells its text `details`."""
    error: dict[str, Any] = {"id": code, "title": title, detail_key: detail}
    if pointer:
        error["source"] = {"pointer": pointer}
    return json_answer(status, {"errors": [error]}, headers=headers)


def text_answer(status: int, text: str, *, media_type: str = "text/plain", headers: Fields = ()) -> Response:
    """Give a plain answer, as gateways and throttles in front of the API do."""
    return Response(status, Headers([("content-type", f"{media_type}; charset=utf-8"), *headers]), text.encode())
