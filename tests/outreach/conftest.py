"""A client over a wire made of values."""

import collections.abc as abc

import pytest

from outreach_async import BearerToken, Outreach, RequestPool
from tests.wires import Wire


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def api(wire: Wire) -> abc.AsyncIterator[Outreach]:
    async with RequestPool(transport=wire) as pool:
        yield Outreach(BearerToken("t"), pool=pool)
