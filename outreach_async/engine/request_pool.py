"""What clients and tenants share: connections, concurrency slots, quotas, the retry budget, and an orderly end.

The pool knows which tasks are making calls, so that closing can wait for them. What a call is, it does not know.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from typing import Self, TypeVar

from ..protocol.errors import ConfigurationError
from ..protocol.quota import Pace
from ..protocol.retry import RetryBudget
from .clock import Clock, SystemClock
from .concurrent_map import Outcome, map_concurrently
from .pacer import Pacer
from .transport import Transport

__all__ = ["Outcome", "RequestPool", "map_concurrently"]

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")

_LAST_WORDS = 1.0
"""Seconds that cancelled calls get to clean up."""


class RequestPool:
    """Connections, slots and quotas for any number of clients in one event loop. Use it with `async with`.

    `concurrency` is how many calls may be in flight at once, over all clients; `pace` is how each quota is spent;
    `timeout` is in seconds, for one exchange. The pool closes its transport, the given one too. Raises
    ConfigurationError for a concurrency below 1 and a timeout that is not above 0.
    """

    def __init__(
        self,
        *,
        concurrency: int = 40,
        pace: Pace | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
        timeout: float = 60.0,
        retry_budget: RetryBudget | None = None,
    ) -> None:
        if concurrency < 1:
            raise ConfigurationError(f"concurrency is a number of calls, 1 or more, not {concurrency}")
        if not timeout > 0:
            raise ConfigurationError(f"a timeout is a number of seconds above 0, not {timeout}")
        self.concurrency = concurrency
        self.pace = Pace.burst() if pace is None else pace
        self.clock: Clock = SystemClock() if clock is None else clock
        self.timeout = timeout
        self.pacer = Pacer(self.clock, slots=concurrency, pace=self.pace)
        self.retry_budget = RetryBudget() if retry_budget is None else retry_budget
        self._transport = transport
        self._callers: dict[asyncio.Task[object], int] = {}
        self._closed = False
        self._closer: asyncio.Task[object] | None = None
        self._idle = asyncio.Event()

    @property
    def transport(self) -> Transport:
        """The transport given, or else an aiohttp one made when first asked for."""
        if self._transport is None:
            self._refuse_when_closed()
            from .aiohttp_transport import AiohttpTransport

            self._transport = AiohttpTransport(concurrency=self.concurrency, timeout=self.timeout)
        return self._transport

    @property
    def closed(self) -> bool:
        """Whether the pool takes no work any more."""
        return self._closed

    def enter(self) -> None:
        """Count the running task as making a call; raises ConfigurationError when the pool is closed."""
        self._refuse_when_closed()
        task = asyncio.current_task()
        assert task is not None
        self._callers[task] = self._callers.get(task, 0) + 1

    def leave(self) -> None:
        """Undo one `enter` of the running task."""
        task = _running_task()
        if task is None:
            return
        calls = self._callers.pop(task, 1) - 1
        if calls:
            self._callers[task] = calls
        elif self._closed and not self._others():
            self._idle.set()

    def map(
        self,
        function: abc.Callable[[ItemT], abc.Awaitable[ValueT]],
        items: abc.Iterable[ItemT] | abc.AsyncIterable[ItemT],
        *,
        concurrency: int,
    ) -> abc.AsyncGenerator[Outcome[ItemT, ValueT], None]:
        """Call the function for every item, `concurrency` at a time; see `map_concurrently`."""
        return map_concurrently(function, items, concurrency=concurrency)

    async def close(self, grace: float = 5.0) -> None:
        """Refuse new calls, wait up to `grace` seconds for those under way, cancel the rest, close the transport.

        The seconds are real ones, whatever the pool's clock. Closing again does no harm.
        """
        if self._closed:
            return
        self._closed = True
        self._closer = asyncio.current_task()
        try:
            await self._wait_for_callers(grace)
        finally:
            try:
                for task in self._others():
                    task.cancel()
                await self._wait_for_callers(_LAST_WORDS)
            finally:
                if self._transport is not None:
                    await self._transport.close()

    async def __aenter__(self) -> Self:
        self._refuse_when_closed()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _others(self) -> list[asyncio.Task[object]]:
        """Give the tasks that make calls, without the one that closes the pool: it cannot wait for itself."""
        return [task for task in self._callers if task is not self._closer and not task.done()]

    async def _wait_for_callers(self, seconds: float) -> None:
        if self._others():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ConfigurationError("the pool is closed", hint="Make a new RequestPool.")


def _running_task() -> asyncio.Task[object] | None:
    """Give the running task; None when a coroutine is thrown away after its loop has ended."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
