"""How the collections make a call, and how an answer's JSON is opened."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from typing import Any

import msgspec

from ..engine.pipeline import CallOptions, Pipeline
from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.messages import JSON, Request, Response
from ..protocol.query import encode
from ..protocol.urls import identifier
from .record import OnDrift

API_ROOT = "/api/v1/outreach"

# The mark of an argument that was not passed. Typed Any, so that a parameter which defaults to it keeps its type.
LEFT_OUT: Any = type("_LeftOut", (), {"__repr__": lambda self: "LEFT_OUT"})()

Pairs = abc.Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Builds and sends the calls of one client. `query` pairs are added to every call."""

    pipeline: Pipeline
    origin: str
    options: CallOptions
    on_drift: OnDrift = "keep"
    query: tuple[tuple[str, str], ...] = ()

    def request(
        self,
        method: str,
        path: str,
        *,
        route: str,
        scope: str | None,
        query: Pairs = (),
        body: bytes | None = None,
        replay: bool | None = None,
    ) -> Request:
        """Build a request. `path` and `route` start below `/api/v1/outreach`; `replay` yields to the client's own."""
        return Request(
            method,
            self.origin,
            API_ROOT + path,
            encode((*query, *self.query)),
            body,
            media_type=JSON,
            route=route,
            scope=scope,
            replay=replay if self.options.replay is None else self.options.replay,
        )

    async def send(self, request: Request) -> Response:
        """Send a request through the pipeline. Raises what `errors` draws."""
        return await self.pipeline.send(request, self.options)

    async def read(self, request: Request) -> Any:
        """Send a request and give its answer's JSON. Raises InvalidResponse where that is not JSON."""
        response = await self.send(request)
        try:
            return msgspec.json.decode(response.body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InvalidResponse(
                f"the answer is not JSON: {error}",
                hint="A gateway may have answered in the API's place.",
                request=request,
            ) from error


def member(answer: object) -> object:
    """Give the row of an answer that holds one, whether or not it is wrapped in `data`: which is not documented."""
    if isinstance(answer, dict) and "data" in answer and "id" not in answer:
        return answer["data"]
    return answer


def text(name: str, value: object) -> str:
    """Give a text argument. Raises ConfigurationError for an empty one, which the API may read as not given."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{name} needs a text, not {value!r}", hint="Leave the argument out to not send it.")
    return value


def key_of(name: str, value: object) -> str:
    """Give the id that a record or a bare id stands for. Raises ConfigurationError where it is none."""
    found = identifier(value)
    if not found:
        raise ConfigurationError(f"{name} needs a record or its id, not {value!r}")
    return found
