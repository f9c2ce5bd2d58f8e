from __future__ import annotations

import asyncio
import collections.abc as abc
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from outreach_async.engine.request_pool import RequestPool
from outreach_async.planmysaas import PlanMySaaS
from outreach_async.protocol.errors import OutreachError
from outreach_async.protocol.messages import Headers, Request, Response

KEY = "pms_live_abcd1234secret"


class HandWound:
    """A clock that a sleep moves at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1_800_000_000.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += max(0.0, seconds)
        await asyncio.sleep(0)


class Server:
    """A Transport that plays back answers in order, the last one for ever, and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.authorizations: list[str | None] = []
        self.closed = False
        self._answers: list[Response | OutreachError] = []

    def answer(self, body: Any, status: int = 200, headers: abc.Mapping[str, str] | None = None) -> Server:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._answers.append(Response(status, Headers({"X-Request-Id": "req_1", **(headers or {})}), raw))
        return self

    def fail(self, error: OutreachError) -> Server:
        self._answers.append(error)
        return self

    async def send(self, request: Request, authorization: str | None, timeout: float | None = None) -> Response:
        self.requests.append(request)
        self.authorizations.append(authorization)
        played = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(played, OutreachError):
            raise played
        return played

    async def close(self) -> None:
        self.closed = True

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.requests[-1].query, keep_blank_values=True))

    @property
    def sent(self) -> Any:
        body = self.requests[-1].body
        return None if body is None else json.loads(body)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> HandWound:
    return HandWound()


@pytest.fixture
async def pms(server: Server, clock: HandWound) -> abc.AsyncIterator[PlanMySaaS]:
    async with RequestPool(transport=server, clock=clock) as pool, PlanMySaaS(KEY, pool=pool) as client:
        yield client
