"""Sends deliveries over connections that are kept: at a pace, in lanes of their own, or many copies at once.

Every delivery has to be taken: anything but a 200 ends the load with a RuntimeError.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import time
from dataclasses import dataclass

from tests.webhooks.load.deliveries import Planned
from tests.webhooks.receiving import Wire, wire


@dataclass(frozen=True, slots=True)
class Sent:
    """How long the whole of a load took, and each answer from when it was due, in seconds and in order."""

    seconds: float
    answers: list[float]


async def paced(port: int, planned: abc.Sequence[Planned], rate: float, connections: int) -> Sent:
    """Send so many a second, whether or not earlier ones were answered, as long as a connection is free.

    An answer's time counts from when its delivery was due, so that a receiver which holds up its senders looks no
    better for it.
    """
    began = time.monotonic()
    answers: list[float] = []
    queue = iter(enumerate(planned))

    async def send(connection: Wire) -> None:
        for place, each in queue:
            due = began + place / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await post(connection, each)
            answers.append(time.monotonic() - due)

    async with connected(port, connections) as wires:
        await asyncio.gather(*map(send, wires))
    return Sent(time.monotonic() - began, sorted(answers))


async def in_turn(port: int, lanes: abc.Sequence[abc.Sequence[Planned]]) -> None:
    """Send each lane over a connection of its own, the next delivery once the last was answered."""

    async def send(connection: Wire, lane: abc.Sequence[Planned]) -> None:
        for each in lane:
            await post(connection, each)

    async with connected(port, len(lanes)) as wires:
        await asyncio.gather(*map(send, wires, lanes))


async def at_once(port: int, planned: abc.Sequence[Planned], copies: int, senders: int) -> None:
    """Send each delivery as so many copies at the same time, every sender its share of them."""

    async def send(connections: abc.Sequence[Wire], each: Planned) -> None:
        await asyncio.gather(*(post(connection, each) for connection in connections))

    async with connected(port, copies) as wires:
        shares = [wires[first::senders] for first in range(senders)]
        for each in planned:
            await asyncio.gather(*(send(share, each) for share in shares))


async def post(connection: Wire, each: Planned) -> None:
    """Send one, and wait until it is acknowledged. Raises RuntimeError when it is not."""
    connection.send(each.request)
    answer = await connection.answer()
    if answer is None or answer.status != 200:
        raise RuntimeError(f"delivery {each.number} was answered with {answer}")


@contextlib.asynccontextmanager
async def connected(port: int, connections: int) -> abc.AsyncIterator[list[Wire]]:
    """Open connections, and close them again."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(wire(port)) for _ in range(connections)]
