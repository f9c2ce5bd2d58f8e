"""Time as a thing that can be given: the real one here, a wound one in the sandbox."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Give Unix time in seconds. It never runs backwards within one process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait this long; zero or less only yields to the loop."""
        ...


class SystemClock:
    """Wall time read once and carried on by the monotonic clock, so that a clock step moves no deadline."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Give Unix time in seconds."""
        return self._offset + time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""
        await asyncio.sleep(max(0.0, seconds))
