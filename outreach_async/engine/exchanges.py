"""Single exchanges outside a client: they use the transport given, or one of their own that they close."""

from __future__ import annotations

import collections.abc as abc
import contextlib

from .transport import Transport


@contextlib.asynccontextmanager
async def borrowed(transport: Transport | None) -> abc.AsyncIterator[Transport]:
    """Give the transport, or for None a fresh one that is closed at the end."""
    if transport is not None:
        yield transport
        return
    from .aiohttp_transport import AiohttpTransport

    own = AiohttpTransport(concurrency=1)
    try:
        yield own
    finally:
        await own.close()
