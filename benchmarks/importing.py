"""What it costs to import the package and to have a first client, against importing aiohttp and pydantic."""

from __future__ import annotations

import collections.abc as abc
import subprocess
import sys

from .measure import Figure, ratio

ROUNDS = 9
REFERENCE = "import aiohttp, pydantic; from pydantic import BaseModel"
PACKAGE = "import outreach_async"
FIRST_CLIENT = (
    "import asyncio; from outreach_async import BearerToken, Outreach\n"
    "async def main():\n"
    "    async with Outreach(BearerToken('t')) as api: api.prospects\n"
    "asyncio.run(main())"
)
_TIMED = "import time; began = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"


def figures() -> abc.Iterator[Figure]:
    """Give the import figures."""
    package, first = [], []
    for _ in range(ROUNDS):
        reference = _seconds(REFERENCE)
        package.append((reference, _seconds(PACKAGE)))
        first.append((reference, _seconds(FIRST_CLIENT)))
    yield ratio("import outreach_async / import aiohttp + pydantic", package, 0.10)
    yield ratio("first client / import aiohttp + pydantic", first, 1.15)


def _seconds(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", _TIMED.format(code)], capture_output=True, text=True, check=True)
    return float(done.stdout)
