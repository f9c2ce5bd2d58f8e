"""Any order of calls, refusals, faults, restarts and waits, by several processes on one store."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.engine.token_manager import TokenManager
from outreach_async.engine.token_stores import MemoryTokens
from outreach_async.engine.user_tokens import AppIdentity, UserTokens, store_key
from outreach_async.protocol.errors import CredentialError, OutreachError, SignInRequired
from outreach_async.protocol.messages import Headers, Response
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import Token

APP = AppIdentity("https://api.outreach.io", "cid", Secret("secret"), "https://x.example/cb")
PROCESSES = 3

process = st.integers(0, PROCESSES - 1)
steps = st.one_of(
    st.tuples(st.just("call"), process, st.sampled_from([0.0, 30.0, 61.0, math.inf])),
    st.tuples(st.just("call at once"), process, st.integers(2, 5)),
    st.tuples(st.just("reject"), process, st.booleans()),
    st.tuples(st.just("wait"), process, st.sampled_from([0.5, 20.0, 59.0, 60.0, 3600.0, 6700.0, 7200.0])),
    st.tuples(st.just("fault"), process, st.sampled_from(["refused", "lost", "cut", "502", "429"])),
    st.tuples(st.just("restart"), process, st.booleans()),
    st.tuples(st.just("cancel"), process, st.integers(0, 25)),
)


class GrowingTokens(MemoryTokens):
    """Refuses to go back to an older generation."""

    async def save(self, key: str, token: Token) -> None:
        await asyncio.sleep(0)
        before = await self.load(key)
        assert before is None or before.generation <= token.generation
        await super().save(key, token)


class World:
    def __init__(self, server) -> None:
        self.server = server
        self.clock = server.clock
        self.store = GrowingTokens()
        self.signers = [self.started() for _ in range(PROCESSES)]

    def started(self) -> TokenManager:
        source = UserTokens(APP, "ada", self.store, self.server, self.clock, seed=Secret("rt-0"))
        return TokenManager(source, self.clock, jitter=lambda: 0.5)

    async def step(self, kind: str, number: int, value: Any) -> None:
        signer = self.signers[number]
        match kind:
            case "call":
                await self.call(signer, value)
            case "call at once":
                await asyncio.gather(*[self.call(each, math.inf) for each in self.signers for _ in range(value)])
            case "reject":
                signer.rejected(signer.authorization() or "" if value else "Bearer at-0")
            case "wait":
                self.clock.time += value
            case "fault" if value == "cut" and self.server.rotation == "revoke":
                pass  # the one loss that nobody can make good
            case "fault":
                self.server.faults.append(Response(int(value), Headers(), b"Retry later") if value.isdigit() else value)
            case "restart":
                await signer.close()
                self.signers[number] = self.started()
            case "cancel":
                task = asyncio.create_task(self.call(signer, math.inf))
                for _ in range(value):
                    await asyncio.sleep(0)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def call(self, signer: TokenManager, patience: float) -> None:
        header, failure = "", None
        try:
            header = await signer.authorize(patience)
        except SignInRequired:
            raise
        except OutreachError as error:
            failure = error
        if failure is not None:
            assert not isinstance(failure, CredentialError) or failure.retry_at is not None
            return
        stored = await self.store.load(store_key(APP, "ada"))
        assert stored is not None
        assert int(header.removeprefix("Bearer at-")) <= int(stored.access.reveal().removeprefix("at-"))

    async def close(self) -> None:
        for signer in self.signers:
            await signer.close()


@pytest.mark.parametrize("rotation", ["revoke", "keep"])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_order_of_events_costs_a_grant_too_many_or_a_sign_in(
    manual_clock_type, token_server, rotation, data
) -> None:
    story = data.draw(st.lists(steps, min_size=3, max_size=25))

    async def play() -> None:
        server = token_server(manual_clock_type(), rotation=rotation)
        world = World(server)
        for step in story:
            await world.step(*step)
        await world.close()
        server.faults.clear()
        last = world.started()
        assert (await last.authorize(math.inf)).startswith("Bearer at-")
        await last.close()
        assert (server.throttled, server.reused) == (0, 0)
        gaps = [later - earlier for earlier, later in zip(server.granted, server.granted[1:], strict=False)]
        assert all(gap >= 60 for gap in gaps)

    asyncio.run(play())
