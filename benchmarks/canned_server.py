"""A server that costs next to nothing: one canned answer a path, on a bare protocol, in a process of its own."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import subprocess
import sys

from .measure import pin
from .payloads import prospect, prospects


def _answer(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.api+json\r\n"
        "X-RateLimit-Limit: 10000000\r\nX-RateLimit-Remaining: 9999999\r\nX-RateLimit-Reset: 4102444800\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Canned(asyncio.Protocol):
    one, page = _answer(prospect()), _answer(prospects(50))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            answer = self.page if b"prospects?" in head[:80] else self.one
            self._transport.write(answer)  # type: ignore[attr-defined]


async def _serve() -> None:
    pin(1)
    server = await asyncio.get_running_loop().create_server(_Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def canned_server() -> abc.Iterator[str]:
    """Run the server beside this process; gives its origin."""
    with subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve())
