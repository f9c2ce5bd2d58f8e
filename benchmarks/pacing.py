"""What a turn costs: a slot and a quota together, against a bare semaphore; and a hundred thousand callers waiting."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import gc
import time
import tracemalloc

from outreach_async.engine.clock import SystemClock
from outreach_async.engine.pacer import Pacer
from outreach_async.protocol.pace import Pace

from .measure import Figure, ratio

ROUNDS = 9
TURNS = 200_000
WAITERS = 100_000
SUBJECTS = ("user",)


def figures() -> abc.Iterator[Figure]:
    """Give the pacing figures."""
    yield ratio("slot + quota turn, uncontended / asyncio.Semaphore", asyncio.run(_turns()), 1.0)
    in_order, each, seconds = asyncio.run(_waiters())
    yield Figure(
        "bytes per waiter, 100,000 waiting", each, "<= 1,500", each <= 1_500, note="its task and coroutine included"
    )
    yield Figure("waiters served out of order, of 100,000", 0 if in_order else 1, "0", in_order)
    yield Figure("CPU microseconds per waiter", seconds / WAITERS * 1e6, "<= 20", seconds / WAITERS <= 20e-6)


async def _turns() -> list[tuple[float, float]]:
    semaphore = asyncio.Semaphore(40)
    gate = Pacer(SystemClock(), slots=40, pace=Pace.burst()).gate(SUBJECTS)
    headers = {"X-RateLimit-Limit": "10000000", "X-RateLimit-Remaining": "9999999", "X-RateLimit-Reset": "3600"}
    assert gate.try_acquire()
    gate.release(200, headers)
    pairs = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(TURNS):
            async with semaphore:
                pass
        middle = time.process_time()
        for _ in range(TURNS):
            if not gate.try_acquire():
                await gate.acquire()
            gate.release()
        pairs.append((middle - began, time.process_time() - middle))
    return pairs


async def _waiters() -> tuple[bool, float, float]:
    """Queue everybody behind one held slot, then let go."""
    gate = Pacer(SystemClock(), slots=1, pace=Pace.burst()).gate(SUBJECTS)
    headers = {"X-RateLimit-Limit": "1000000", "X-RateLimit-Remaining": "999999", "X-RateLimit-Reset": "3600"}
    assert gate.try_acquire()
    served: list[int] = []
    finished = asyncio.Event()

    async def wait(number: int) -> None:
        await gate.acquire()
        served.append(number)
        gate.release(200, headers)
        if len(served) == WAITERS:
            finished.set()

    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tasks = [asyncio.create_task(wait(number)) for number in range(WAITERS)]
    await asyncio.sleep(0)
    each = (tracemalloc.get_traced_memory()[0] - before) / WAITERS
    tracemalloc.stop()
    began = time.process_time()
    gate.release(200, headers)
    await finished.wait()
    seconds = time.process_time() - began
    await asyncio.gather(*tasks)
    return served == list(range(WAITERS)), each, seconds
