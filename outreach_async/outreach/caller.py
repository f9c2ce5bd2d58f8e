"""How collections make a call: one frozen value that carries the pipeline and the client's options."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, field
from typing import Any

from ..engine.pipeline import CallOptions, Pipeline
from ..protocol.messages import Request, Response
from ..protocol.query import encode
from .record import Record
from .shapes import OnDrift

API_ROOT = "/api/v2"

Pairs = abc.Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Builds and sends the calls of one client.

    `query` pairs are added to every call, `meta` to every written document. `record_class` gives the class of a wire
    type, for rows that came along with others.
    """

    pipeline: Pipeline
    origin: str
    record_class: abc.Callable[[str], type[Record]]
    options: CallOptions = CallOptions()
    on_drift: OnDrift = "keep"
    query: tuple[tuple[str, str], ...] = ()
    meta: abc.Mapping[str, Any] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        *,
        route: str,
        scope: str | None,
        query: Pairs = (),
        body: bytes | None = None,
    ) -> Request:
        """Build a request. `path` and `route` start below `/api/v2`."""
        pairs = (*query, *self.query) if self.query else query
        return Request(
            method,
            self.origin,
            API_ROOT + path,
            encode(pairs) if pairs else "",
            body,
            route=route,
            scope=scope,
            replay=self.options.replay,
        )

    async def send(self, request: Request, options: CallOptions | None = None) -> Response:
        """Send a request through the pipeline. Raises what `errors` draws."""
        return await self.pipeline.send(request, options or self.options)
