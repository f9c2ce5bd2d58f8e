"""One function over many items, so many at a time, by a fixed number of workers that pull from the iterable.

A task for each item would cost 15 % more and hold every item in memory at once. What the function does is not known
here: an `OutreachError` it raises belongs to the item, any other exception ends the whole.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..protocol.errors import ConfigurationError, OutreachError

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ItemT, ValueT]):
    """What became of one item: `value` where the call succeeded, else `error`."""

    item: ItemT
    value: ValueT | None = None
    error: OutreachError | None = None


def map_concurrently(
    function: abc.Callable[[ItemT], abc.Awaitable[ValueT]],
    items: abc.Iterable[ItemT] | abc.AsyncIterable[ItemT],
    *,
    concurrency: int,
) -> abc.AsyncGenerator[Outcome[ItemT, ValueT], None]:
    """Call the function for every item, `concurrency` at a time; give the outcomes as they come.

    Items are pulled when a worker is free, and at most `concurrency` outcomes wait to be taken. Leaving the loop
    early cancels the calls under way; an async iterable is closed with it. Exceptions that are no OutreachError, and
    those of the iterable itself, end the loop. Raises ConfigurationError for a concurrency below 1.
    """
    if concurrency < 1:
        raise ConfigurationError(f"concurrency is a number of calls, 1 or more, not {concurrency}")
    return _outcomes(function, _Source(items), concurrency)


async def _outcomes(
    function: abc.Callable[[ItemT], abc.Awaitable[ValueT]], source: _Source[ItemT], concurrency: int
) -> abc.AsyncGenerator[Outcome[ItemT, ValueT], None]:
    # Bounded by `room`, not by its own size, so that a worker's end always fits.
    results: asyncio.Queue[Outcome[ItemT, ValueT] | asyncio.Task[None]] = asyncio.Queue()
    room = asyncio.Semaphore(concurrency)

    async def work() -> None:
        while not isinstance(item := await source.pull(), _End):
            outcome = await _outcome(function, item)
            await room.acquire()
            results.put_nowait(outcome)

    workers = [asyncio.create_task(work()) for _ in range(concurrency)]
    for worker in workers:
        worker.add_done_callback(results.put_nowait)
    try:
        running = concurrency
        while running:
            result = await results.get()
            if isinstance(result, asyncio.Task):
                _raise_failure(result)
                running -= 1
            else:
                room.release()
                yield result
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await source.close()


async def _outcome(function: abc.Callable[[ItemT], abc.Awaitable[ValueT]], item: ItemT) -> Outcome[ItemT, ValueT]:
    try:
        return Outcome(item, value=await function(item))
    except OutreachError as error:
        return Outcome(item, error=error)


def _raise_failure(worker: asyncio.Task[None]) -> None:
    if worker.cancelled():
        raise ConfigurationError("the calls were cancelled from outside, perhaps by closing the pool before the loop")
    if (error := worker.exception()) is not None:
        raise error


class _End:
    """No items any more."""


class _Source(Generic[ItemT]):
    """Gives the items of a sync or an async iterable to many workers, each item to one."""

    __slots__ = ("_async", "_lock", "_sync")

    def __init__(self, items: abc.Iterable[ItemT] | abc.AsyncIterable[ItemT]) -> None:
        self._async: abc.AsyncIterator[ItemT] | None = None
        self._sync: abc.Iterator[ItemT] = iter(())
        self._lock = asyncio.Lock()
        if isinstance(items, abc.AsyncIterable):
            self._async = aiter(items)
        else:
            self._sync = iter(items)

    async def pull(self) -> ItemT | _End:
        if self._async is None:
            return next(self._sync, _End())
        # An async generator must not be asked twice at once.
        async with self._lock:
            return await anext(self._async, _End())

    async def close(self) -> None:
        if isinstance(self._async, abc.AsyncGenerator):
            await self._async.aclose()
