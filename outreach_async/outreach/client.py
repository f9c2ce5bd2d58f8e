"""The client: one credential's view of the Outreach API, over a pool that it may share."""

from __future__ import annotations

import collections.abc as abc
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

from ..engine.client import Client
from ..engine.credentials import Credential
from ..engine.observers import Observer
from ..engine.pacer import Lane
from ..engine.pipeline import CallOptions
from ..engine.request_pool import RequestPool
from ..protocol.errors import ConfigurationError
from ..protocol.messages import Request, Response
from ..protocol.names import camel
from ..protocol.paging import follow
from ..protocol.retry import OUTREACH_RETRY, RetryPolicy
from ..protocol.verdict import judge_outreach
from .caller import API_ROOT, Caller
from .open_collection import OpenCollection
from .queries import Plan, Query
from .record import Record, Related
from .resources import TYPES, record_class
from .resources.namespace import Namespace
from .shapes import OnDrift, untyped

R = TypeVar("R", bound=Record)


class Outreach(Client, Namespace):
    """The Outreach API v2 for one credential.

    Without `pool` the client has one of its own and closes it; a pool that is given is shared and stays open.
    `on_drift="raise"` refuses records whose attributes have unexpected types, instead of keeping those raw.
    Every collection is an attribute: `api.prospects`, `api.sequence_states`.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        pool: RequestPool | None = None,
        observers: abc.Sequence[Observer] = (),
        on_drift: OnDrift = "keep",
        options: CallOptions | None = None,
    ) -> None:
        super().__init__(credential, judge_outreach, pool, observers, OUTREACH_RETRY)
        self._caller = Caller(
            pipeline=self._pipeline,
            origin=credential.origin,
            options=options or CallOptions(),
            record_class=record_class,
            on_drift=on_drift,
        )

    def with_options(
        self,
        *,
        lane: Lane | None = None,
        timeout: float | None = None,
        patience: float | None = None,
        replay: bool | None = None,
        retry: RetryPolicy | None = None,
        check_scopes: bool | None = None,
        on_drift: OnDrift | None = None,
        query: abc.Mapping[str, str] | None = None,
        meta: abc.Mapping[str, Any] | None = None,
    ) -> Self:
        """Give the same client with some options changed; what is not given stays.

        `timeout` and `patience` are seconds: for one exchange, and for waiting on quota or token. `replay=True` says
        that a call may arrive twice. `query` and `meta` add to every call what no type foresees, such as
        `provideDataConnections` or `sendInvite`.
        """
        given = {"lane": lane, "timeout": timeout, "patience": patience, "replay": replay}
        caller = self._caller
        client = self._sharing()
        client._caller = caller.changed(
            query,
            {**given, "retry": retry, "check_scopes": check_scopes},
            on_drift=on_drift or caller.on_drift,
            meta={**caller.meta, **(meta or {})},
        )
        return client

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: abc.Mapping[str, str] | abc.Sequence[tuple[str, str]] = (),
        data: object = None,
        route: str | None = None,
    ) -> Response:
        """Make any call below `/api/v2`: signed, paced, judged and repeated like every other.

        `data` is sent as JSON. `route` names the call in errors and quotas; the path unless given. Raises
        ConfigurationError for a path that leads elsewhere.
        """
        request = self._caller.raw_request(method, path, query=query, data=data, route=route)
        return await self._caller.send(request)

    def collection(self, name: str, *, type: str | None = None) -> OpenCollection:
        """Give an untyped collection by its path: `prospects`, or `customObjects/car` for a custom object.

        `type` is the records' wire type, needed only for writing; the path's last part unless given.
        """
        parts = [part for part in name.split("/") if part]
        if not parts or any(not part.replace("_", "").isalnum() for part in parts):
            raise ConfigurationError(f"{name!r} is not a collection's path", hint="Such as 'prospects'.")
        kind = type or _wire_type(parts)
        return OpenCollection(untyped(kind, "/" + "/".join(parts))).bound(self._caller)

    def related(self, related: Related[R]) -> Query[R, str]:
        """List the records of a to-many relationship by the link that the server gave for it.

        Raises ConfigurationError when the payload carried no link, InvalidResponse for one to another origin.
        """
        if related.link is None:
            raise ConfigurationError("this relationship came without a link", hint="Its refs are in the payload.")
        target = follow(Request("GET", self._caller.origin, API_ROOT), related.link)
        path = target.path.removeprefix(API_ROOT)
        pairs = tuple(parse_qsl(target.query, keep_blank_values=True))
        record: Any = record_class(_wire_type([path.strip("/")]))
        return Query(self._caller, record, Plan(path, None, None, raw=pairs))

    @property
    def granted_scopes(self) -> frozenset[str] | None:
        """The scopes of the token in use; None where the grant does not tell."""
        return self._pipeline.signer.granted


def _wire_type(path: abc.Sequence[str]) -> str:
    """Give the wire type of a collection's path, its last part where the type is not known."""
    modules = {camel(module): kind for kind, (module, _) in TYPES.items()}
    return modules.get(path[0], path[-1]) if len(path) == 1 else path[-1]
