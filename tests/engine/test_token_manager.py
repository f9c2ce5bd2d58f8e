from __future__ import annotations

import asyncio
import collections.abc as abc
import gc
import logging
from dataclasses import replace

import pytest

from outreach_async.engine.token_manager import Pause, TokenManager
from outreach_async.protocol.errors import ConfigurationError, CredentialError, OutreachError, SignInRequired
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import Token

LIFE = 7200.0


class ScriptedSource:
    """Gives one new token a call; `gate` holds it back, `fail` makes it raise, `pauses` are waited for first."""

    def __init__(self, clock) -> None:
        self.asking = False
        self.clock = clock
        self.calls = 0
        self.gate: asyncio.Event | None = None
        self.fail: list[Exception] = []
        self.pauses: list[float] = []
        self.spent: list[bool] = []
        self.token: Token | None = None
        self.give: Token | None = None

    async def obtain(self, spent: abc.Callable[[Token], bool], pause: Pause) -> Token:
        self.calls += 1
        if self.token is not None:
            self.spent.append(spent(self.token))
        for seconds in self.pauses:
            until = self.clock.now() + seconds
            await pause(until, CredentialError("not yet", retry_at=until))
        if self.gate is not None:
            await self.gate.wait()
        if self.fail:
            raise self.fail.pop(0)
        now = self.clock.now()
        access = Secret(f"at-{self.calls}")
        self.token = self.give or Token(access, None, now + LIFE, frozenset({"a.read"}), now, org_id="7")
        return self.token


@pytest.fixture
def source(manual_clock) -> ScriptedSource:
    return ScriptedSource(manual_clock)


@pytest.fixture
async def manager(source, manual_clock):
    made = TokenManager(source, manual_clock, jitter=lambda: 0.5, subjects=("s",), org_subject="o")
    yield made
    await made.close()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "outreach token"] == []


async def test_any_number_of_tasks_share_one_grant(manager, source) -> None:
    assert manager.authorization() is None
    assert set(await asyncio.gather(*[manager.authorize(0) for _ in range(1000)])) == {"Bearer at-1"}
    assert source.calls == 1
    assert manager.authorization() == "Bearer at-1"
    assert await manager.authorize(0) == "Bearer at-1"


async def test_a_cancelled_waiter_harms_no_other(manager, source, settled) -> None:
    source.gate = asyncio.Event()
    tasks = [asyncio.create_task(manager.authorize(10)) for _ in range(5)]
    await settled()
    for task in tasks[:4]:
        task.cancel()
    await settled()
    source.gate.set()
    assert await tasks[4] == "Bearer at-1"
    assert all(task.cancelled() for task in tasks[:4])


async def test_a_grant_nobody_waits_for_any_more_is_still_kept(manager, source, settled) -> None:
    source.gate = asyncio.Event()
    task = asyncio.create_task(manager.authorize(10))
    await settled()
    task.cancel()
    await settled()
    source.gate.set()
    await settled()
    assert manager.authorization() == "Bearer at-1"
    assert source.calls == 1


async def test_the_next_token_comes_in_the_background_while_the_old_one_serves(
    manager, source, manual_clock, settled
) -> None:
    await manager.authorize(0)
    source.gate = asyncio.Event()
    await manual_clock.advance(LIFE - 451)
    assert manager.authorization() == "Bearer at-1"
    await settled()
    assert source.calls == 1, "due 300 s and half of 300 s before the end"
    await manual_clock.advance(2)
    assert [manager.authorization() for _ in range(50)] == ["Bearer at-1"] * 50
    await settled()
    assert source.calls == 2
    assert source.spent == [True]
    source.gate.set()
    await settled()
    assert manager.authorization() == "Bearer at-2"


async def test_a_token_that_runs_out_during_the_early_refresh_is_not_used(
    manager, source, manual_clock, settled
) -> None:
    await manager.authorize(0)
    source.gate = asyncio.Event()
    await manual_clock.advance(LIFE - 100)
    assert manager.authorization() == "Bearer at-1"
    await manual_clock.advance(71)
    assert manager.authorization() is None
    waiting = asyncio.create_task(manager.authorize(0))
    await settled()
    source.gate.set()
    assert await waiting == "Bearer at-2"
    assert source.calls == 2


async def test_an_early_refresh_that_fails_is_no_error_and_is_tried_a_minute_later(
    manager, source, manual_clock, settled, caplog
) -> None:
    await manager.authorize(0)
    await manual_clock.advance(LIFE - 400)
    source.fail = [CredentialError("busy canary eyJhbGciOiJ.eyJhbGciOiJ.x"), CredentialError("x", retry_at=0.0)]
    with caplog.at_level(logging.WARNING, "outreach_async.tokens"):
        assert manager.authorization() == "Bearer at-1"
        await settled()
    assert "still serves" in caplog.text
    assert "eyJ" not in caplog.text
    await manual_clock.advance(59)
    assert manager.authorization() == "Bearer at-1"
    await settled()
    assert source.calls == 2
    await manual_clock.advance(2)
    assert manager.authorization() == "Bearer at-1"
    await settled()
    assert source.calls == 3
    await manual_clock.advance(2)
    assert manager.authorization() == "Bearer at-1"
    await settled()
    assert manager.authorization() == "Bearer at-4"


async def test_a_401_invalidates_only_the_value_that_failed(manager, source) -> None:
    first = await manager.authorize(0)
    assert manager.rejected(first)
    assert manager.authorization() is None
    second = await manager.authorize(0)
    assert second == "Bearer at-2"
    assert source.spent == [True]
    assert manager.rejected(first), "asking again gives the newer one"
    assert manager.authorization() == second
    assert source.calls == 2


async def test_two_hundred_concurrent_401s_cost_one_grant(manager, source) -> None:
    async def call() -> str:
        header = await manager.authorize(0)
        await asyncio.sleep(0)
        if header == "Bearer at-1":
            manager.rejected(header)
            header = await manager.authorize(0)
        return header

    assert set(await asyncio.gather(*[call() for _ in range(200)])) == {"Bearer at-2"}
    assert source.calls == 2


async def test_a_401_during_the_early_refresh_waits_for_its_result(manager, source, manual_clock, settled) -> None:
    first = await manager.authorize(0)
    source.gate = asyncio.Event()
    await manual_clock.advance(LIFE - 400)
    manager.authorization()
    await settled()
    manager.rejected(first)
    assert manager.authorization() is None
    waiting = asyncio.create_task(manager.authorize(0))
    await settled()
    source.gate.set()
    assert await waiting == "Bearer at-2"
    assert source.calls == 2


async def test_who_cannot_wait_is_told_at_once_and_who_can_waits(manager, source, manual_clock, settled) -> None:
    source.pauses = [60.0]
    hasty = [asyncio.create_task(manager.authorize(59)) for _ in range(3)]
    patient = asyncio.create_task(manager.authorize(61))
    await settled()
    failures = await asyncio.gather(*hasty, return_exceptions=True)
    assert [type(failure) for failure in failures] == [CredentialError] * 3
    assert len({id(failure) for failure in failures}) == 3, "each has an error of their own"
    assert failures[0].retry_at == manual_clock.now() + 60  # type: ignore[union-attr]
    with pytest.raises(CredentialError, match="not yet"):
        await manager.authorize(30)
    await manual_clock.advance(60)
    assert await patient == "Bearer at-1"
    assert source.calls == 1


async def test_when_the_wait_is_over_nobody_is_sent_away_for_it(manager, source, manual_clock, settled) -> None:
    source.pauses, source.gate = [60.0], asyncio.Event()
    patient = asyncio.create_task(manager.authorize(61))
    await manual_clock.advance(60)
    hasty = asyncio.create_task(manager.authorize(0))
    await settled()
    source.gate.set()
    assert await hasty == await patient == "Bearer at-1"


async def test_endless_patience_is_allowed(manager) -> None:
    assert await manager.authorize(float("inf")) == "Bearer at-1"


async def test_a_source_that_hangs_is_not_waited_for_without_end(manager, source, monkeypatch) -> None:
    monkeypatch.setattr("outreach_async.engine.token_manager._EXCHANGE_PATIENCE", 0.01)
    source.gate = asyncio.Event()
    with pytest.raises(CredentialError, match="no token came"):
        await manager.authorize(0)
    source.gate.set()


async def test_a_failure_reaches_all_who_wait_and_the_next_call_tries_again(manager, source) -> None:
    source.fail = [SignInRequired("sign in")]
    failures = await asyncio.gather(*[manager.authorize(5) for _ in range(4)], return_exceptions=True)
    assert {type(failure) for failure in failures} == {SignInRequired}
    assert len({id(failure) for failure in failures}) == 4
    assert await manager.authorize(0) == "Bearer at-2"


async def test_a_store_that_raises_its_own_errors_is_named(manager, source) -> None:
    source.fail = [KeyError("boom")]
    with pytest.raises(CredentialError, match="KeyError: 'boom'") as caught:
        await manager.authorize(0)
    assert isinstance(caught.value.__cause__, KeyError)


async def test_what_the_grant_told_is_known(manager) -> None:
    assert (manager.subjects, manager.org_subject, manager.granted) == (("s",), "o", None)
    await manager.authorize(0)
    assert manager.granted == frozenset({"a.read"})
    assert manager.org_subject == "outreach:org:7"


async def test_what_the_grant_left_out_stays(manager, source, manual_clock) -> None:
    source.give = Token(Secret("x"), None, manual_clock.now() + 10, None, manual_clock.now())
    await manager.authorize(0)
    assert (manager.org_subject, manager.granted) == ("o", None)


async def test_a_token_dead_on_arrival_is_handed_out_once(manager, source, manual_clock) -> None:
    now = manual_clock.now()
    source.give = Token(Secret("x"), None, now, None, now)
    assert await manager.authorize(0) == "Bearer x"
    assert manager.authorization() is None


async def test_closing_cuts_a_wait_short(source, manual_clock, settled) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    source.pauses = [60.0]
    waiting = asyncio.create_task(manager.authorize(100))
    await settled()
    await manager.close()
    with pytest.raises(CredentialError, match="closed"):
        await waiting


async def test_closing_before_the_first_step_wakes_who_waits(source, manual_clock) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)

    async def close_at_once() -> None:
        await manager.close()

    waiting = asyncio.create_task(manager.authorize(100))
    closing = asyncio.create_task(close_at_once())
    with pytest.raises(CredentialError, match="closed"):
        await waiting
    await closing


async def test_closing_lets_a_grant_be_saved(source, manual_clock, settled) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    source.gate, source.asking = asyncio.Event(), True
    waiting = asyncio.create_task(manager.authorize(100))
    await settled()
    closing = asyncio.create_task(manager.close())
    await settled()
    assert not closing.done()
    source.gate.set()
    await closing
    assert await waiting == "Bearer at-1"


async def test_closing_does_not_wait_for_ever(source, manual_clock, settled, monkeypatch) -> None:
    monkeypatch.setattr("outreach_async.engine.token_manager._CLOSE_PATIENCE", 0.01)
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    source.gate, source.asking = asyncio.Event(), True
    waiting = asyncio.create_task(manager.authorize(100))
    await settled()
    await manager.close()
    with pytest.raises(CredentialError, match="closed"):
        await waiting


async def test_after_closing_nothing_begins(source, manual_clock, settled) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    await manager.authorize(0)
    await manager.close()
    await manager.close()
    await manual_clock.advance(LIFE - 100)
    assert manager.authorization() == "Bearer at-1", "a live token may still be used"
    await settled()
    assert source.calls == 1
    await manual_clock.advance(100)
    with pytest.raises(ConfigurationError, match="closed"):
        await manager.authorize(0)


async def test_a_failed_flight_leaves_nothing_behind_that_warns(source, manual_clock, settled) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    await manager.authorize(0)
    await manual_clock.advance(LIFE - 100)
    source.fail = [OutreachError("x")]
    manager.authorization()
    await settled()
    await manager.close()
    gc.collect()


async def test_a_loop_that_ends_in_mid_refresh_wakes_who_waits(source, manual_clock, settled) -> None:
    manager = TokenManager(source, manual_clock, jitter=lambda: 0.0)
    source.gate = asyncio.Event()
    waiting = asyncio.create_task(manager.authorize(100))
    await settled()
    for task in asyncio.all_tasks():
        if task.get_name() == "outreach token":
            task.cancel()
    with pytest.raises(CredentialError, match="closed"):
        await waiting


async def test_jitter_spreads_the_early_refreshes(source, manual_clock, settled) -> None:
    begun = []
    for jitter in (0.0, 0.5, 0.99):
        manager = TokenManager(source, manual_clock, jitter=lambda jitter=jitter: jitter)
        now = manual_clock.now()
        source.give = Token(Secret("same"), None, now + LIFE, None, now)
        await manager.authorize(0)
        source.give = replace(source.give, expires_at=now + 2 * LIFE)
        calls, elapsed = source.calls, 0
        while source.calls == calls:
            await manual_clock.advance(10)
            elapsed += 10
            manager.authorization()
            await settled()
        begun.append(LIFE - elapsed)
        await manager.close()
    assert begun == sorted(begun)
    assert begun[0] == pytest.approx(300, abs=10)
    assert begun[2] == pytest.approx(597, abs=10)
