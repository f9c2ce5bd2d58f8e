"""Tells the person at the terminal that nothing is broken: the calls stand still until the quota is renewed."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.request_pool import RequestPool
    from ..outreach.client import Outreach

# Seconds between two looks. Shorter waits are not worth a line.
LOOK_EVERY = 2.0


@contextlib.asynccontextmanager
async def telling(tell: abc.Callable[[str], None], pool: RequestPool, api: Outreach) -> abc.AsyncIterator[None]:
    """Tell, once for each window, that calls wait for it while the block runs."""
    watcher = asyncio.create_task(_watch(tell, pool, api))
    try:
        yield
    finally:
        watcher.cancel()


async def _watch(tell: abc.Callable[[str], None], pool: RequestPool, api: Outreach) -> None:
    told: float | None = None
    while True:
        await asyncio.sleep(LOOK_EVERY)
        view = api.quota
        if view is None or view.resets_at is None or view.remaining or not pool.pacer.statistics().waiting:
            continue
        if told is None or view.resets_at > told + LOOK_EVERY:
            told = view.resets_at
            tell(f"waiting for the quota: {view}")
