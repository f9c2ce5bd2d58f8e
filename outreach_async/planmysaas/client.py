"""The client: one API key's view of the PlanMySaaS Outreach API, over a pool that it may share."""

from __future__ import annotations

import collections.abc as abc
from typing import Any, Self

from ..engine.client import Client
from ..engine.credentials import ApiKey
from ..engine.observers import Observer
from ..engine.pacer import Lane
from ..engine.pipeline import CallOptions
from ..engine.request_pool import RequestPool
from ..protocol.errors import ConfigurationError
from ..protocol.messages import Response
from ..protocol.retry import PLANMYSAAS_RETRY, RetryPolicy
from ..protocol.verdict import planmysaas_judge
from .caller import Caller
from .campaigns import Campaigns
from .leads import Leads
from .record import OnDrift
from .replies import Replies
from .workspace import Me, read_me


class PlanMySaaS(Client):
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
        super().__init__(credential, planmysaas_judge(credential.prefix), pool, observers, PLANMYSAAS_RETRY)
        given = options or CallOptions()
        self._use(Caller(pipeline=self._pipeline, origin=credential.origin, options=given, on_drift=on_drift))

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a client for the key in `PLANMYSAAS_API_KEY`, at `PLANMYSAAS_BASE_URL` where that is set.

        `options` are the constructor's. Raises ConfigurationError, naming the variable that is missing or empty.
        """
        return cls(ApiKey.from_env(), **options)

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
        client = self._sharing()
        client._use(self._caller.changed(query, given, on_drift=on_drift or self._caller.on_drift))
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
        request = self._caller.raw_request(method, path, query=query, data=data, route=route)
        return await self._caller.send(request)

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
