"""One process of several that share a token file: it calls the API until the server says 410.

Arguments: the token file, the server's origin, the number of tasks, the interval between grants, and where to be
killed: "", "asked" (just before the request is sent), "answered" (between the answer and the save).
Prints the header values of its last calls, or the name of the error that ended it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from outreach_async.engine.aiohttp_transport import AiohttpTransport
from outreach_async.engine.clock import SystemClock
from outreach_async.engine.credentials import OAuthApp
from outreach_async.engine.token_stores import FileTokens
from outreach_async.protocol.errors import CredentialError
from outreach_async.protocol.messages import Request, Response


class MortalTransport(AiohttpTransport):
    """Dies of SIGKILL at a given point of a token request."""

    die = ""

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        grant = request.path == "/oauth/token"
        if grant and self.die == "asked":
            os.kill(os.getpid(), signal.SIGKILL)
        response = await super().send(request, authorization, timeout)
        if grant and self.die == "answered":
            os.kill(os.getpid(), signal.SIGKILL)
        return response


async def call(signer, transport: AiohttpTransport, origin: str) -> None:
    while True:
        header = signer.authorization() or await signer.authorize(30.0)
        answer = await transport.send(Request("GET", origin, "/api/v2"), header)
        if answer.status == 410:
            return
        if answer.status == 401:
            signer.rejected(header)


async def main(path: str, origin: str, tasks: str, interval: str, die: str) -> None:
    app = OAuthApp(
        "cid",
        "secret",
        "https://x.example/cb",
        tokens=FileTokens(path),
        base_url=origin,
        refresh_token="rt-0",
        grant_interval=float(interval),
    )
    transport = MortalTransport(concurrency=int(tasks) + 1)
    transport.die = die
    signer = app.user("ada").bind(transport, SystemClock())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(int(tasks)):
                group.create_task(call(signer, transport, origin))
        print("done")
    except* CredentialError as errors:
        print(type(errors.exceptions[0]).__name__, errors.exceptions[0])
    finally:
        await signer.close()
        await transport.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
