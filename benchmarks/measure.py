"""Paired rounds: the reference and ours in turn, the ratio of each round, the median of the ratios.

Machines drift by tens of percent within the hour; a ratio taken within one round does not.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import os
import statistics
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `value` is the median; `spread` is (max - min) / median over the rounds."""

    name: str
    value: float
    target: str
    reached: bool
    spread: float = 0.0
    note: str = ""

    @property
    def line(self) -> str:
        """The figure as a row of a Markdown table."""
        spread = f"{self.spread:.0%}" if self.spread else ""
        mark = "yes" if self.reached else "no"
        return f"| {self.name} | {self.value:,.3g} | {self.target} | {mark} | {spread} | {self.note} |"


def ratio(name: str, pairs: abc.Sequence[tuple[float, float]], limit: float, note: str = "") -> Figure:
    """Give the figure of (reference, ours) pairs, to be at most `limit`."""
    ratios = [ours / reference for reference, ours in pairs]
    median = statistics.median(ratios)
    return Figure(name, median, f"<= {limit:g}", median <= limit, (max(ratios) - min(ratios)) / median, note)


def cpu(function: abc.Callable[[], object], times: int = 1) -> float:
    """Give the processor seconds of `times` calls."""
    began = time.process_time()
    for _ in range(times):
        function()
    return time.process_time() - began


async def cpu_async(function: abc.Callable[[], abc.Awaitable[object]]) -> float:
    """Give the processor seconds of one awaited call, all threads together."""
    began = time.process_time()
    await function()
    return time.process_time() - began


async def workers(call: abc.Callable[[int], abc.Awaitable[object]], count: int, concurrency: int) -> None:
    """Make `count` calls with a fixed number of workers pulling from one iterator: the cheapest way there is."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await call(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())


def pin(core: int) -> None:
    """Keep this process on one core, where the machine has several and the system knows how."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})
