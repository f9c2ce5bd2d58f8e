"""The seam below everything: one request out, one response in."""

from __future__ import annotations

from typing import Protocol

from ..protocol.messages import Request, Response


class Transport(Protocol):
    """Moves one request and its answer. Knows nothing of quotas, tokens, retries or meanings."""

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        """Send the request and read the whole answer, whatever its status.

        `authorization` is the complete header value, or None for none. `timeout` is in seconds for the whole
        exchange; None takes the transport's own. Raises ConnectionFailed or TimedOut when no whole answer came, and
        InvalidResponse when the answer is larger than the transport's bound.
        """
        ...

    async def close(self) -> None:
        """Release what the transport holds open. Calling it twice does no harm."""
        ...
