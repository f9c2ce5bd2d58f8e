"""A clock that a test moves, and a token server that rotates, throttles and fails on demand."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import heapq
import itertools
import json
from urllib.parse import parse_qs

import pytest

from outreach_async.protocol.errors import ConnectionFailed, TimedOut
from outreach_async.protocol.messages import Headers, Request, Response

START = 1_795_428_000.0


async def settle(turns: int = 30) -> None:
    """Let every task run until it waits for something that does not come by itself."""
    for _ in range(turns):
        await asyncio.sleep(0)


class ManualClock:
    """Time moves by `advance`, or by itself to the next sleeper with `auto`."""

    def __init__(self, *, auto: bool = True) -> None:
        self.time = START
        self.auto = auto
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self.slept.append(seconds)
        if self.auto:
            await asyncio.sleep(0)
            self.time += seconds
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._order), waiter))
        await waiter

    @property
    def sleeping(self) -> int:
        return sum(not waiter.done() for _, _, waiter in self._sleepers)

    async def advance(self, seconds: float) -> None:
        await settle()
        until = self.time + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            self.time, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                waiter.set_result(None)
            await settle()
        self.time = until
        await settle()


class TokenServer:
    """A Transport that answers as a token endpoint with rotation, reuse detection and a mint throttle.

    `faults` are taken one a request: "refused" (no connection), "lost" (the request never arrives), "cut" (the grant
    is made and its answer lost), or a Response. `before` is called as the request arrives.
    """

    def __init__(self, clock: ManualClock, *, rotation: str = "revoke", interval: float = 60.0) -> None:
        self.clock = clock
        self.rotation = rotation
        self.interval = interval
        self.live = {"rt-0"}
        self.codes = {"code-1"}
        self.requests: list[dict[str, str]] = []
        self.granted: list[float] = []
        self.throttled = 0
        self.reused = 0
        self.faults: list[str | Response] = []
        self.before: abc.Callable[[], abc.Awaitable[None]] | None = None
        self.latency = 0
        self.life = 7200

    @property
    def grants(self) -> int:
        return len(self.granted)

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        assert authorization is None
        assert timeout is not None
        assert request.body is not None
        for _ in range(self.latency):
            await asyncio.sleep(0)
        if self.before is not None:
            await self.before()
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused":
            raise ConnectionFailed("no connection", reached=False, request=request)
        self.requests.append({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        if isinstance(fault, Response):
            return fault
        if fault == "lost":
            raise TimedOut("no whole answer in time", request=request)
        answer = self._answer(self.requests[-1])
        if fault == "cut":
            raise ConnectionFailed("reset", request=request)
        return answer

    def _answer(self, fields: dict[str, str]) -> Response:
        if fields["grant_type"] == "authorization_code":
            if fields["code"] not in self.codes:
                return self._json(400, {"error": "invalid_grant"})
        elif fields["refresh_token"] not in self.live:
            self.reused += 1
            return self._json(400, {"error": "invalid_grant", "error_description": "revoked"})
        if self.granted and self.clock.now() < self.granted[-1] + self.interval:
            self.throttled += 1
            return Response(429, Headers(), b"Retry later")
        self.codes.discard(fields.get("code", ""))
        if self.rotation == "revoke":
            self.live.clear()
        self.granted.append(self.clock.now())
        self.live.add(f"rt-{self.grants}")
        return self._json(
            200,
            {
                "access_token": f"at-{self.grants}",
                "token_type": "bearer",
                "expires_in": self.life,
                "refresh_token": f"rt-{self.grants}",
                "scope": "prospects.read users.read",
                "created_at": int(self.clock.now()),
            },
        )

    @staticmethod
    def _json(status: int, body: object) -> Response:
        return Response(status, Headers(), json.dumps(body).encode())

    async def close(self) -> None: ...


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock(auto=False)


@pytest.fixture(scope="session")
def manual_clock_type() -> type[ManualClock]:
    return ManualClock


@pytest.fixture(scope="session")
def token_server() -> type[TokenServer]:
    return TokenServer


@pytest.fixture
def settled() -> abc.Callable[[], abc.Awaitable[None]]:
    return settle
