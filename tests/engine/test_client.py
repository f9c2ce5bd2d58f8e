"""What every client does with its pool."""

import asyncio

import pytest

from outreach_async.engine.client import Client
from outreach_async.engine.credentials import BearerToken
from outreach_async.protocol.retry import OUTREACH_RETRY
from outreach_async.protocol.verdict import judge_outreach


class Slow(BearerToken):
    """A credential that takes its time to close."""

    def bind(self, transport, clock):
        signer = super().bind(transport, clock)

        async def close():
            await asyncio.Event().wait()

        signer.close = close
        return signer


async def test_a_close_that_is_cancelled_still_closes_the_pool():
    client = Client(Slow("token"), judge_outreach, None, (), OUTREACH_RETRY)
    closing = asyncio.create_task(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert client._pool.closed
