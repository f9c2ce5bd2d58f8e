"""What a request costs with everything on, against aiohttp and orjson by hand.

"Everything on" is token, pacer, quota headers, retry loop and typed record; no observer.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc

import aiohttp
import orjson
from yarl import URL

from outreach_async import BearerToken, Outreach, RequestPool

from .canned_server import canned_server
from .measure import Figure, cpu_async, pin, ratio, workers

ROUNDS = 9
IN_FLIGHT = 32
SINGLES = 2000
PAGES = 200
HEADERS = {"Authorization": "Bearer t", "Content-Type": "application/vnd.api+json"}


def figures() -> abc.Iterator[Figure]:
    """Give the request figures."""
    pin(0)
    with canned_server() as origin:
        singles, pages = asyncio.run(_measure(origin))
    yield ratio("CPU per single-resource request, everything on / aiohttp + orjson", singles, 1.15)
    yield ratio("CPU per page of 50, five fields of every row / aiohttp + orjson", pages, 1.15)


async def _measure(origin: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    singles, pages = [], []
    async with aiohttp.ClientSession(headers=HEADERS) as session, RequestPool(concurrency=IN_FLIGHT) as pool:
        api = Outreach(BearerToken("t", base_url=origin), pool=pool)
        one, many = (
            URL(f"{origin}/api/v2/prospects/1"),
            URL(f"{origin}/api/v2/prospects?page%5Bsize%5D=50", encoded=True),
        )

        async def raw_one(_: int) -> None:
            async with session.get(one) as answer:
                row = orjson.loads(await answer.read())["data"]
                _ = row["attributes"]["firstName"]

        async def our_one(_: int) -> None:
            _ = (await api.prospects.get(1)).first_name

        async def raw_page(_: int) -> None:
            async with session.get(many) as answer:
                for row in orjson.loads(await answer.read())["data"]:
                    a = row["attributes"]
                    _ = a["firstName"], a["lastName"], a["emails"], a["title"], a["updatedAt"]

        query = api.prospects.where().page_size(50)

        async def our_page(_: int) -> None:
            for record in (await query).records():
                _ = record.first_name, record.last_name, record.emails, record.title, record.updated_at

        for calls, ours, raw, found in ((SINGLES, our_one, raw_one, singles), (PAGES, our_page, raw_page, pages)):
            await workers(raw, 100, IN_FLIGHT)
            await workers(ours, 100, IN_FLIGHT)
            for _ in range(ROUNDS):
                reference = await cpu_async(lambda calls=calls, raw=raw: workers(raw, calls, IN_FLIGHT))  # type: ignore[misc]
                own = await cpu_async(lambda calls=calls, ours=ours: workers(ours, calls, IN_FLIGHT))  # type: ignore[misc]
                found.append((reference, own))
    return singles, pages
