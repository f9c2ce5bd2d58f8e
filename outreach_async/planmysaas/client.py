"""The client: one API key's view of the PlanMySaaS Outreach API, over a pool that it may share."""

from __future__ import annotations

import collections.abc as abc
import contextlib
import dataclasses
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

from ..engine.credentials import ApiKey
from ..engine.observers import Observer, Watch, watching
from ..engine.pacer import Lane
from ..engine.pipeline import CallOptions, Pipeline
from ..engine.request_pool import Outcome, RequestPool
from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.jsonapi import encode_json
from ..protocol.messages import Request, Response
from ..protocol.paging import follow
from ..protocol.quota import QuotaView
from ..protocol.retry import PLANMYSAAS_RETRY, RetryPolicy
from ..protocol.verdict import planmysaas_judge
from .caller import API_ROOT, Caller
from .campaigns import Campaigns
from .leads import Leads
from .record import OnDrift
from .replies import Replies
from .workspace import Me, read_me

I = TypeVar("I")  # noqa: E741  # an item
T = TypeVar("T")


class PlanMySaaS:
    """The PlanMySaaS Outreach API v1 for one key, and so for one workspace.

    `key` is the key's text (`pms_live_...`) or an `ApiKey`; `base_url` is an origin. Without `pool` the client has
    one of its own and closes it; a pool that is given is shared and stays open. `on_drift="raise"` refuses records
    whose fields have unexpected types, instead of keeping those raw. Calls the vendor has reserved and not wired
    (editing campaigns, listing or triggering sends) are not offered.
    """

    campaigns: Campaigns
    leads: Leads
    replies: Replies

    def __init__(
        self,
        key: ApiKey | str,
        *,
        pool: RequestPool | None = None,
        base_url: str | None = None,
        observers: abc.Sequence[Observer] = (),
        on_drift: OnDrift = "keep",
        options: CallOptions | None = None,
    ) -> None:
        credential = _credential(key, base_url)
        self._own_pool = pool is None
        self._pool = pool or RequestPool()
        signer = credential.bind(self._pool.transport, self._pool.clock)
        pipeline = Pipeline(self._pool, signer, planmysaas_judge(credential.prefix), observers)
        self._use(Caller(pipeline, credential.origin, options or CallOptions(retry=PLANMYSAAS_RETRY), on_drift))

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client for the key in `PLANMYSAAS_API_KEY`, at `PLANMYSAAS_BASE_URL` where that is set.

        `options` are the constructor's. Raises ConfigurationError, naming the variable that is missing or empty.
        """
        return cls(ApiKey.from_env(), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self, grace: float = 5.0) -> None:
        """Close the client's own pool, giving open calls up to `grace` seconds; a shared pool stays open."""
        await self._caller.pipeline.signer.close()
        if self._own_pool:
            await self._pool.close(grace)

    def with_options(
        self,
        *,
        lane: Lane | None = None,
        timeout: float | None = None,
        patience: float | None = None,
        replay: bool | None = None,
        retry: RetryPolicy | None = None,
        on_drift: OnDrift | None = None,
        query: abc.Mapping[str, str] | None = None,
    ) -> Self:
        """Give the same client with some options changed; what is not given stays.

        `timeout` and `patience` are seconds: for one exchange, and for waiting on the quota. `replay=True` says that
        a call may arrive twice. `query` adds parameters to every call.
        """
        given = {"lane": lane, "timeout": timeout, "patience": patience, "replay": replay, "retry": retry}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        caller = self._caller
        client = type(self).__new__(type(self))
        client._own_pool, client._pool = False, self._pool
        client._use(
            dataclasses.replace(
                caller,
                options=dataclasses.replace(caller.options, **changes),
                on_drift=on_drift or caller.on_drift,
                query=(*caller.query, *(query or {}).items()),
            )
        )
        return client

    async def me(self) -> Me:
        """Ask whose key this is and what it may do. Needs no scope: the call to try a key with."""
        return await read_me(self._caller)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: abc.Mapping[str, str] | abc.Sequence[tuple[str, str]] = (),
        data: object = None,
        route: str | None = None,
    ) -> Response:
        """Make any call below `/api/v1/outreach`: signed, paced, judged and repeated like every other.

        `data` is sent as JSON. `route` names the call in errors; the path unless given. Raises ConfigurationError
        for a path that leads elsewhere.
        """
        try:
            target = follow(Request("GET", self._caller.origin, API_ROOT), API_ROOT + path, API_ROOT)
        except InvalidResponse:
            raise ConfigurationError(f"{path!r} is not a path below {API_ROOT}", hint="Such as '/leads'.") from None
        pairs = [*parse_qsl(target.query, keep_blank_values=True)]
        pairs += query.items() if isinstance(query, abc.Mapping) else query
        body = None if data is None else encode_json(data)
        below = target.path.removeprefix(API_ROOT)
        request = self._caller.request(method.upper(), below, route=route or below, scope=None, query=pairs, body=body)
        return await self._caller.send(request)

    def map(
        self,
        function: abc.Callable[[I], abc.Awaitable[T]],
        items: abc.Iterable[I] | abc.AsyncIterable[I],
        *,
        concurrency: int = 20,
    ) -> abc.AsyncIterator[Outcome[I, T]]:
        """Call `function` for every item with a fixed number of workers, and give the outcomes as they come.

        Items are pulled only as fast as they are worked on. An OutreachError becomes the outcome's `error`; any other
        exception ends the walk.
        """
        return self._pool.map(function, items, concurrency=concurrency)

    @property
    def quota(self) -> QuotaView | None:
        """What is known of the workspace's limits, which only a 429 tells; `limit` is None while nothing is."""
        return self._pool.pacer.view(self._caller.pipeline.signer.subjects[0])

    def watching(self) -> contextlib.AbstractContextManager[Watch]:
        """Watch the calls made in a `with` block: what was sent, how often, how long it waited."""
        return watching()

    def _use(self, caller: Caller) -> None:
        self._caller = caller
        self.campaigns = Campaigns(caller)
        self.leads = Leads(caller)
        self.replies = Replies(caller)


def _credential(key: ApiKey | str, base_url: str | None) -> ApiKey:
    if isinstance(key, str):
        return ApiKey(key) if base_url is None else ApiKey(key, base_url=base_url)
    if base_url is not None:
        raise ConfigurationError("an ApiKey has its own base_url", hint="Give base_url to the ApiKey.")
    return key
