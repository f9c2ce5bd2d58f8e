"""What the clients of both providers share: a pool of their own or a shared one, and its uses."""

from __future__ import annotations

import collections.abc as abc
import contextlib
from typing import Self, TypeVar

from ..protocol.pace import QuotaView
from ..protocol.retry import RetryPolicy
from ..protocol.verdict import Judge
from .credentials import Credential
from .observers import Observer, Watch, watching
from .pipeline import Pipeline
from .request_pool import Outcome, RequestPool

I = TypeVar("I")  # noqa: E741  # an item
T = TypeVar("T")


class Client:
    """One credential's calls over a pool. Without `pool` it has one of its own and closes it."""

    def __init__(
        self,
        credential: Credential,
        judge: Judge,
        pool: RequestPool | None,
        observers: abc.Sequence[Observer],
        retry: RetryPolicy,
    ) -> None:
        self._own_pool = pool is None
        self._pool = pool or RequestPool()
        signer = credential.bind(self._pool.transport, self._pool.clock)
        self._pipeline = Pipeline(self._pool, signer, judge, observers, retry)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self, grace: float = 5.0) -> None:
        """Settle a token refresh under way, and close the client's own pool: up to `grace` seconds for open calls.

        A shared pool stays open.
        """
        try:
            await self._pipeline.signer.close()
        finally:
            if self._own_pool:
                await self._pool.close(grace)

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
        """What is known of the credential's quota; its `limit` is None until an answer told."""
        return self._pool.pacer.view(self._pipeline.signer.subjects[0])

    def watching(self) -> contextlib.AbstractContextManager[Watch]:
        """Watch the calls made in a `with` block: what was sent, how often, how long it waited."""
        return watching()

    def _sharing(self) -> Self:
        """Give a client over the same pool and credential, which closes neither."""
        client = type(self).__new__(type(self))
        client._own_pool, client._pool, client._pipeline = False, self._pool, self._pipeline
        return client
