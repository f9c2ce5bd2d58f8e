from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest

from outreach_async.engine.token_manager import TokenManager
from outreach_async.engine.token_stores import MemoryTokens
from outreach_async.engine.user_tokens import AppIdentity, UserTokens, store_key
from outreach_async.protocol.errors import (
    ConfigurationError,
    ConnectionFailed,
    CredentialError,
    SignInRequired,
)
from outreach_async.protocol.messages import Headers, Response
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import Token, digest

APP = AppIdentity("https://api.outreach.io", "cid", Secret("secret"), "https://x.example/cb")
KEY = store_key(APP, "ada")
SEED = Secret("rt-0")


class WatchedTokens(MemoryTokens):
    """Keeps every token saved, and can fail."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[Token] = []
        self.full = False

    async def save(self, key: str, token: Token) -> None:
        await asyncio.sleep(0)
        if self.full:
            raise ConfigurationError("no space left")
        self.saved.append(token)
        await super().save(key, token)


@pytest.fixture
def store() -> WatchedTokens:
    return WatchedTokens()


@pytest.fixture
def server(token_server, clock):
    return token_server(clock)


def signer(store, server, *, seed: Secret | None = SEED) -> TokenManager:
    source = UserTokens(APP, "ada", store, server, server.clock, seed=seed)
    return TokenManager(source, server.clock, jitter=lambda: 0.0)


async def stored(store) -> Token:
    token = await store.load(KEY)
    assert token is not None
    return token


async def test_without_a_token_the_user_has_to_sign_in(store, server) -> None:
    with pytest.raises(SignInRequired, match="ada") as caught:
        await signer(store, server, seed=None).authorize(0)
    assert "login" in caught.value.hint
    assert server.requests == []


async def test_a_stored_token_is_used_without_asking(store, server, clock) -> None:
    await store.save(KEY, Token(Secret("at"), Secret("rt"), clock.now() + 7200, None, clock.now()))
    assert await signer(store, server, seed=None).authorize(0) == "Bearer at"
    assert server.requests == []


async def test_a_token_of_another_origin_is_not_used(store, server, clock) -> None:
    await store.save(KEY, Token(Secret("at"), Secret("rt"), clock.now() + 7200, None, clock.now()))
    other = replace(APP, origin="https://other.example")
    manager = TokenManager(UserTokens(other, "ada", store, server, clock), clock, jitter=lambda: 0.0)
    with pytest.raises(SignInRequired):
        await manager.authorize(0)


async def test_a_token_is_saved_before_it_is_used(store, server) -> None:
    assert await signer(store, server).authorize(0) == "Bearer at-1"
    assert (await stored(store)).access == Secret("at-1")
    assert [token.access.reveal() for token in store.saved] == ["", "at-1"]


async def test_the_intent_is_on_record_before_the_server_is_asked(store, server, clock) -> None:
    seen = []

    async def look() -> None:
        seen.append((await stored(store)).asked_at)

    server.before = look
    await signer(store, server).authorize(0)
    assert seen == [clock.now()]
    assert (await stored(store)).asked_at < (await stored(store)).granted_at, "and is settled with the grant"


async def test_rotation_is_followed_over_many_expiries(store, server, clock) -> None:
    manager = signer(store, server)
    for number in range(1, 11):
        assert await manager.authorize(0) == f"Bearer at-{number}"
        clock.time += 7200
    assert (server.grants, server.throttled, server.reused) == (10, 0, 0)
    assert manager.granted == frozenset({"prospects.read", "users.read"})


async def test_two_managers_of_one_store_share_each_grant(store, server, clock) -> None:
    managers = [signer(store, server) for _ in range(8)]
    for number in range(1, 6):
        headers = await asyncio.gather(*[manager.authorize(0) for manager in managers for _ in range(10)])
        assert set(headers) == {f"Bearer at-{number}"}
        clock.time += 7200
    assert (server.grants, server.throttled, server.reused) == (5, 0, 0)


async def test_a_401_right_after_a_grant_waits_out_the_minute(store, server, clock) -> None:
    manager = signer(store, server)
    manager.rejected(await manager.authorize(0))
    with pytest.raises(CredentialError, match="a moment ago") as caught:
        await manager.authorize(59)
    assert caught.value.retry_at == server.granted[0] + 60
    assert await manager.authorize(60) == "Bearer at-2"
    assert (server.grants, server.throttled) == (2, 0)


async def test_the_minute_is_known_to_other_processes(store, server, clock) -> None:
    first = signer(store, server)
    await first.authorize(0)
    clock.time += 20
    second = signer(store, server)
    second.rejected(await second.authorize(0))
    assert await second.authorize(100) == "Bearer at-2"
    assert clock.slept == [pytest.approx(40)]
    assert server.throttled == 0


async def test_a_token_rejected_here_and_renewed_elsewhere_is_taken_from_the_store(store, server, clock) -> None:
    first, second = signer(store, server), signer(store, server)
    header = await first.authorize(0)
    assert await second.authorize(0) == header
    clock.time += 61
    first.rejected(header)
    assert await first.authorize(0) == "Bearer at-2"
    second.rejected(header)
    assert await second.authorize(0) == "Bearer at-2"
    assert server.grants == 2


@pytest.mark.parametrize("fault", ["lost", "cut"])
@pytest.mark.parametrize("rotation", ["revoke", "keep"])
async def test_a_lost_answer_is_asked_for_again_after_a_minute_and_not_before(
    store, server, clock, fault, rotation
) -> None:
    server.rotation, server.faults = rotation, [fault]
    manager, began = signer(store, server), clock.now()
    if (fault, rotation) == ("cut", "revoke"):
        with pytest.raises(SignInRequired, match="refused") as caught:
            await manager.authorize(600)
        assert "lost" in caught.value.hint
    else:
        number = 2 if fault == "cut" else 1
        assert await manager.authorize(600) == f"Bearer at-{number}"
    assert clock.slept == [60.0]
    assert clock.now() == began + 60
    assert len(server.requests) == 2
    assert server.throttled == 0


async def test_who_cannot_wait_for_a_lost_answer_is_told_when(store, server, manual_clock, settled) -> None:
    server.clock, server.faults = manual_clock, ["lost"]
    manager = signer(store, server)
    with pytest.raises(CredentialError, match="lost") as caught:
        await manager.authorize(5)
    assert caught.value.retry_at == manual_clock.now() + 60
    await manual_clock.advance(60)
    assert manager.authorization() == "Bearer at-1", "it went on in the background"
    await manager.close()


async def test_a_lost_answer_is_known_to_other_processes_and_after_a_restart(store, server, manual_clock) -> None:
    server.clock, server.faults = manual_clock, ["lost"]
    first = signer(store, server)
    with pytest.raises(CredentialError):
        await first.authorize(0)
    await first.close()
    at = (await stored(store)).asked_at
    await manual_clock.advance(10)
    second = signer(store, server)
    with pytest.raises(CredentialError, match="never came") as caught:
        await second.authorize(40)
    assert caught.value.retry_at == at + 60
    waiting = asyncio.create_task(second.authorize(50))
    await manual_clock.advance(50)
    assert await waiting == "Bearer at-1"
    assert len(server.requests) == 2


async def test_the_minute_counts_from_the_loss_since_the_grant_may_be_as_late(store, server, clock) -> None:
    async def dawdle() -> None:
        server.before = None
        clock.time += 30

    server.faults, server.before, began = ["cut"], dawdle, clock.now()
    server.rotation = "keep"
    assert await signer(store, server).authorize(600) == "Bearer at-2"
    assert clock.now() == began + 30 + 60
    assert server.throttled == 0
    assert max(token.asked_at for token in store.saved) == began + 90


async def test_closing_while_the_minute_runs_ends_at_once(store, server, manual_clock, settled) -> None:
    server.clock, now = manual_clock, manual_clock.now()
    await store.save(KEY, Token(Secret(""), Secret("rt-0"), 0.0, None, now))
    manager = signer(store, server, seed=None)
    waiting = asyncio.create_task(manager.authorize(100))
    await settled()
    async with asyncio.timeout(1):
        await manager.close()
    with pytest.raises(CredentialError, match="closed"):
        await waiting
    assert server.requests == []


async def test_answers_that_stay_lost_end_the_wait(store, server, clock) -> None:
    server.faults = ["lost"] * 10
    with pytest.raises(CredentialError, match="lost") as caught:
        await signer(store, server).authorize(math.inf)
    assert caught.value.retry_at == clock.now() + 60
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_busy_server_is_asked_again_later(store, server, clock, status) -> None:
    server.faults = [Response(status, Headers({"Retry-After": "75"}), b"Retry later")]
    assert await signer(store, server).authorize(300) == "Bearer at-1"
    assert sum(clock.slept) == (75 if status == 429 else 60)


async def test_a_refused_refresh_looks_into_the_store_once(store, server, clock) -> None:
    """Another program, which knows nothing of our lock, signed in meanwhile."""
    manager = signer(store, server)
    await manager.authorize(0)
    clock.time += 7200
    server.live = {"rt-new"}

    async def sign_in() -> None:
        server.before = None
        await store.save(KEY, replace(await stored(store), refresh=Secret("rt-new"), asked_at=0.0, generation=9))

    server.before = sign_in
    assert await manager.authorize(0) == "Bearer at-2"
    assert [fields["refresh_token"] for fields in server.requests] == ["rt-0", "rt-1", "rt-new"]


async def test_a_refusal_for_good_asks_for_a_sign_in_and_is_not_repeated_at_once(store, server, clock) -> None:
    server.live.clear()
    manager = signer(store, server)
    for _ in range(5):
        with pytest.raises(SignInRequired, match="revoked") as caught:
            await manager.authorize(100)
        assert "lost" not in str(caught.value)
    assert len(server.requests) == 1
    assert clock.slept == []
    clock.time += 601
    with pytest.raises(SignInRequired):
        await manager.authorize(100)
    assert len(server.requests) == 2


async def test_a_new_sign_in_heals_at_once(store, server, clock) -> None:
    server.live.clear()
    manager = signer(store, server)
    with pytest.raises(SignInRequired):
        await manager.authorize(0)
    clock.time += 60
    source = UserTokens(APP, "ada", store, server, clock, seed=SEED)
    await source.redeem("code-1", None)
    assert await manager.authorize(0) == "Bearer at-1"


async def test_a_refused_application_is_told_and_asked_for_again_after_the_interval(store, server, clock) -> None:
    refusal = Response(401, Headers(), b'{"error": "invalid_client"}')
    server.faults = [refusal]
    manager = signer(store, server)
    for _ in range(5):
        with pytest.raises(CredentialError, match="invalid_client"):
            await manager.authorize(100)
    assert len(server.requests) == 1
    clock.time += 60
    assert await manager.authorize(0) == "Bearer at-1"


async def test_a_refused_connection_costs_seconds_and_no_minute(store, server, clock) -> None:
    server.faults = ["refused", "refused"]
    assert await signer(store, server).authorize(10) == "Bearer at-1"
    assert clock.slept == [1.0, 3.0]


async def test_a_server_that_cannot_be_reached_is_said_so(store, server, clock) -> None:
    server.faults = ["refused"] * 4
    manager = signer(store, server)
    with pytest.raises(ConnectionFailed) as caught:
        await manager.authorize(100)
    assert caught.value.reached is False
    assert (await stored(store)).asked_at == 0.0, "nothing was asked for, so nothing holds the next try back"
    assert await manager.authorize(0) == "Bearer at-1"


async def test_a_token_without_a_refresh_token_serves_until_it_ends(store, server, clock) -> None:
    await store.save(KEY, Token(Secret("at"), None, clock.now() + 7200, None, clock.now()))
    manager = signer(store, server, seed=None)
    assert await manager.authorize(0) == "Bearer at"
    clock.time += 7200
    with pytest.raises(SignInRequired, match="run out"):
        await manager.authorize(0)


async def test_a_seed_is_used_once_and_its_digest_kept(store, server, clock) -> None:
    await signer(store, server).authorize(0)
    assert (await stored(store)).seed == digest("rt-0")
    clock.time += 7200
    await signer(store, server).authorize(0)
    assert [fields["refresh_token"] for fields in server.requests] == ["rt-0", "rt-1"]


async def test_another_seed_replaces_the_stored_pair(store, server, clock) -> None:
    await signer(store, server).authorize(0)
    clock.time += 100
    server.live.add("rt-other")
    assert await signer(store, server, seed=Secret("rt-other")).authorize(0) == "Bearer at-2"
    assert (await stored(store)).seed == digest("rt-other")
    assert (await stored(store)).generation == 3


async def test_another_seed_waits_for_the_minute_too(store, server, clock) -> None:
    await signer(store, server).authorize(0)
    server.live.add("rt-other")
    assert await signer(store, server, seed=Secret("rt-other")).authorize(60) == "Bearer at-2"
    assert server.throttled == 0


async def test_a_token_that_cannot_be_saved_is_not_used_and_is_saved_at_the_next_call(store, server) -> None:
    async def fill() -> None:
        store.full = True

    server.before = fill
    manager = signer(store, server)
    with pytest.raises(ConfigurationError, match="no space"):
        await manager.authorize(0)
    assert manager.authorization() is None
    with pytest.raises(ConfigurationError, match="no space"):
        await manager.authorize(0)
    store.full = False
    assert await manager.authorize(0) == "Bearer at-1"
    assert (await stored(store)).access == Secret("at-1")
    assert server.grants == 1


@pytest.mark.parametrize("generation", [1, 5])
async def test_an_unsaved_token_that_was_overtaken_is_dropped(store, server, clock, generation) -> None:
    async def fill() -> None:
        store.full = True

    server.before = fill
    manager = signer(store, server)
    with pytest.raises(ConfigurationError):
        await manager.authorize(0)
    store.full = False
    newer = Token(Secret("newer"), Secret("rt"), clock.now() + 7200, None, clock.now(), seed=digest("rt-0"))
    await store.save(KEY, replace(newer, generation=generation))
    assert await manager.authorize(0) == "Bearer newer"


@pytest.mark.parametrize("generation", [1, 9])
async def test_a_result_that_was_overtaken_never_replaces_a_newer_one(store, server, clock, generation) -> None:
    """A lock with a time limit ran out while the server was slow, and another process went on."""
    newer = Token(Secret("newer"), Secret("rt"), clock.now() + 7200, None, clock.now(), generation=generation)

    async def overtake() -> None:
        await store.save(KEY, replace(newer, seed=digest("rt-0")))

    server.before = overtake
    assert await signer(store, server).authorize(0) == "Bearer newer"
    assert (await stored(store)).access == Secret("newer")


async def test_a_store_held_by_another_is_waited_for_with_a_bound(store, server, monkeypatch) -> None:
    monkeypatch.setattr("outreach_async.engine.user_tokens.LOCK_PATIENCE", 0.01)
    async with store.lock(KEY, timeout=1):
        with pytest.raises(CredentialError, match="lock"):
            await signer(store, server).authorize(0)
    assert await signer(store, server).authorize(0) == "Bearer at-1"


async def test_a_code_is_redeemed_and_kept(store, server, clock) -> None:
    token = await UserTokens(APP, "ada", store, server, clock).redeem("code-1", "v" * 43)
    assert token.access == Secret("at-1")
    assert server.requests[0]["code_verifier"] == "v" * 43
    assert await signer(store, server, seed=None).authorize(0) == "Bearer at-1"


async def test_a_sign_in_waits_for_the_minute_since_the_last_grant(store, server, clock) -> None:
    await signer(store, server).authorize(0)
    clock.time += 10
    await UserTokens(APP, "ada", store, server, clock).redeem("code-1", None)
    assert clock.slept == [50.0]
    assert server.throttled == 0


async def test_a_sign_in_is_not_undone_by_the_seed_in_the_settings(store, server, clock) -> None:
    await UserTokens(APP, "ada", store, server, clock, seed=SEED).redeem("code-1", None)
    assert await signer(store, server, seed=SEED).authorize(0) == "Bearer at-1"
    assert server.grants == 1


async def test_a_refused_code_leaves_the_stored_token(store, server, clock) -> None:
    await signer(store, server).authorize(0)
    before = await stored(store)
    with pytest.raises(SignInRequired):
        await UserTokens(APP, "ada", store, server, clock).redeem("wrong", None)
    after = await stored(store)
    assert (after.access, after.refresh) == (before.access, before.refresh)


async def test_closing_in_mid_grant_saves_it(store, server, clock, settled) -> None:
    release = asyncio.Event()
    server.before = release.wait
    manager = signer(store, server)
    waiting = asyncio.create_task(manager.authorize(0))
    await settled()
    closing = asyncio.create_task(manager.close())
    await settled()
    release.set()
    await closing
    assert await waiting == "Bearer at-1"
    assert (await stored(store)).access == Secret("at-1")


@pytest.mark.parametrize("step", range(40))
async def test_a_cancellation_at_any_step_loses_no_lock_and_no_grant(store, server, clock, step) -> None:
    server.latency = 5
    manager = signer(store, server)
    waiting = asyncio.create_task(manager.authorize(0))
    for _ in range(step):
        await asyncio.sleep(0)
    waiting.cancel()
    await manager.close()
    await asyncio.gather(waiting, return_exceptions=True)
    if server.grants:
        assert (await stored(store)).access == Secret("at-1")
    async with store.lock(KEY, timeout=0.1):
        pass
    assert await signer(store, server).authorize(60) == "Bearer at-1"
    assert server.grants == 1


@pytest.mark.parametrize("step", range(40))
async def test_a_loop_that_ends_at_any_step_costs_a_minute_at_most(store, server, clock, step) -> None:
    """Everything is cancelled at once, the refresh included, as when the loop is shut down."""
    server.latency, server.rotation = 5, "keep"
    manager = signer(store, server)
    waiting = asyncio.create_task(manager.authorize(0))
    for _ in range(step):
        await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    began = clock.now()
    header = await signer(store, server).authorize(60)
    assert header.startswith("Bearer at-")
    assert clock.now() - began <= 60
    assert (await stored(store)).authorization == header
    assert server.throttled == 0
