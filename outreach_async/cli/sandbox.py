"""`sandbox`: both simulated services on a loopback port, until somebody ends it.

Its one line is the only place where this program prints secrets: they open nothing but the sandbox itself.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import signal
import sys
from typing import Any

from .output import DONE, Output


async def serve(output: Output, port: int, prospects: int, settings: abc.Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. Raises ConfigurationError for an unknown switch and for a port that is taken."""
    from ..sandbox.sandbox import Sandbox
    from ..sandbox.switches import Switches, parse

    ended = _ending()
    switches: dict[str, Any] = {**parse(settings)}
    Switches().with_values(switches)  # nothing that is no switch may pass for another argument
    sandbox = Sandbox(prospects=prospects, **switches)
    async with sandbox.serve(port) as served:
        output.line(json.dumps(served.announced()))
        sys.stdout.flush()
        await ended.wait()
    return DONE


async def list_switches(output: Output) -> int:
    """List every switch with the values it takes and what it decides."""
    from ..sandbox.switches import describe

    found = describe()
    if not output.json:
        output.table(
            ["switch", "values", "default", "decides"], [(s.name, s.values, s.default, s.about) for s in found]
        )
    told = {s.name: {"values": s.values, "default": s.default, "decides": s.about} for s in found}
    output.result({"switches": told})
    return DONE


def _ending() -> asyncio.Event:
    """Give an event that SIGTERM and SIGINT set, from now on."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not on every platform, and not outside the main thread: there the default ends the process.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, ended.set)
    return ended
