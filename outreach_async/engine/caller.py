"""How the collections of a client make calls: one frozen value that carries the pipeline and the client's options."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl

from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.jsonapi import encode_json
from ..protocol.messages import Request, Response
from ..protocol.paging import follow
from ..protocol.urls import encode
from .pipeline import CallOptions, Pipeline

Pairs = abc.Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Builds and sends the calls of one client, below one root path and in one media type.

    `query` pairs are added to every call. `for_reads_only` names the parameters that the API takes on reads alone.
    """

    root: ClassVar[str]
    media_type: ClassVar[str]
    for_reads_only: ClassVar[frozenset[str]] = frozenset()

    pipeline: Pipeline
    origin: str
    options: CallOptions
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
        """Build a request. `path` and `route` start below the root; `replay` yields to the client's own option.

        Raises ConfigurationError for a parameter that the API does not take on this method.
        """
        pairs = (*query, *self.query) if self.query else query
        if pairs and method != "GET" and (refused := self.for_reads_only.intersection(name for name, _ in pairs)):
            raise ConfigurationError(f"{', '.join(refused)} cannot be asked for on a write", hint="Read it afterwards.")
        return Request(
            method,
            self.origin,
            self.root + path,
            encode(pairs) if pairs else "",
            body,
            self.media_type,
            route,
            scope,
            replay if self.options.replay is None else self.options.replay,
        )

    def raw_request(
        self, method: str, path: str, *, query: abc.Mapping[str, str] | Pairs, data: object, route: str | None
    ) -> Request:
        """Build a request of the user's own.

        Raises ConfigurationError for a path that leads out of the root, and for what is no method.
        """
        if not (method.isascii() and method.isalpha()):
            raise ConfigurationError(f"{method!r} is not an HTTP method")
        try:
            target = follow(Request("GET", self.origin, self.root), self.root + path, self.root)
        except InvalidResponse:
            raise ConfigurationError(f"{path!r} is not a path below {self.root}", hint="It begins with '/'.") from None
        pairs = parse_qsl(target.query, keep_blank_values=True)
        pairs += query.items() if isinstance(query, abc.Mapping) else query
        below = target.path.removeprefix(self.root)
        body = None if data is None else encode_json(data)
        return self.request(method.upper(), below, route=route or below, scope=None, query=pairs, body=body)

    async def send(self, request: Request, options: CallOptions | None = None) -> Response:
        """Send a request through the pipeline. Raises what `errors` draws."""
        return await self.pipeline.send(request, options or self.options)

    def changed(self, query: abc.Mapping[str, str] | None, options: abc.Mapping[str, Any], **more: Any) -> Self:
        """Give this caller with some options changed: those that are not None; `query` is added to the present one."""
        given = {name: value for name, value in options.items() if value is not None}
        return dataclasses.replace(
            self,
            options=dataclasses.replace(self.options, **given),
            query=(*self.query, *(query or {}).items()),
            **more,
        )
