"""The loop around one call: what is sent again, what is waited for, and what is told."""

import asyncio
import logging

import pytest

from outreach_async.engine.observers import LogObserver, Observer, watching
from outreach_async.engine.pipeline import CallOptions, Pipeline
from outreach_async.engine.request_pool import RequestPool
from outreach_async.protocol.errors import (
    ConnectionFailed,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    QuotaExhausted,
    ServerFault,
    TimedOut,
    Unauthorized,
)
from outreach_async.protocol.messages import Request
from outreach_async.protocol.retry import RetryPolicy
from outreach_async.protocol.verdict import judge_outreach
from outreach_async.sandbox.clock import WoundClock
from tests.wires import Wire

ORIGIN = "https://api.outreach.io"
GET = Request("GET", ORIGIN, "/api/v2/prospects/1", route="/prospects/{id}", scope="prospects.read")
POST = Request("POST", ORIGIN, "/api/v2/prospects", body=b"{}", route="/prospects", scope="prospects.write")
DELETE = Request("DELETE", ORIGIN, "/api/v2/prospects/1", route="/prospects/{id}", scope="prospects.delete")


class Signer:
    """Gives tokens t1, t2, ... and takes note of those refused."""

    subjects = ("user",)
    org_subject = "org"

    def __init__(self, granted=None, tokens=3):
        self.granted = granted
        self.number = 1
        self.tokens = tokens
        self.refused = []
        self.live = True

    def authorization(self):
        return f"Bearer t{self.number}" if self.live else None

    async def authorize(self, patience):
        self.live = True
        return f"Bearer t{self.number}"

    def rejected(self, authorization):
        self.refused.append(authorization)
        self.number += 1
        return self.number <= self.tokens

    async def close(self):
        """Nothing is under way."""


class Signed(Wire):
    """A wire that also keeps the credentials."""

    def __init__(self):
        super().__init__()
        self.authorizations = []

    async def send(self, request, authorization, timeout=None):
        self.authorizations.append(authorization)
        return await super().send(request, authorization, timeout)


@pytest.fixture
def wire():
    return Signed()


@pytest.fixture
async def pool(wire):
    async with RequestPool(transport=wire, clock=WoundClock(auto=True), concurrency=4) as made:
        yield made


@pytest.fixture
def signer():
    return Signer()


@pytest.fixture
def pipeline(pool, signer):
    return Pipeline(pool, signer, judge_outreach)


def idle(pool):
    statistics = pool.pacer.statistics()
    return statistics.busy == 0 and statistics.waiting == 0


async def test_a_call_that_works_is_made_once(pipeline, wire, pool):
    wire.answer({"data": []})
    answer = await pipeline.send(GET, CallOptions())
    assert (answer.status, len(wire.requests), wire.authorizations) == (200, 1, ["Bearer t1"])
    assert idle(pool)


async def test_a_401_gets_one_fresh_token_and_one_more_try(pipeline, wire, signer):
    wire.answer({}, 401).answer({"data": []})
    await pipeline.send(POST, CallOptions())
    assert wire.authorizations == ["Bearer t1", "Bearer t2"]
    assert signer.refused == ["Bearer t1"]


async def test_a_second_401_is_the_callers(pipeline, wire, pool):
    wire.answer({}, 401).answer({}, 401)
    with pytest.raises(Unauthorized):
        await pipeline.send(GET, CallOptions())
    assert len(wire.requests) == 2
    assert idle(pool)


async def test_a_401_with_nothing_to_refresh_is_final(pool, wire):
    wire.answer({}, 401)
    with pytest.raises(Unauthorized):
        await Pipeline(pool, Signer(tokens=1), judge_outreach).send(GET, CallOptions())
    assert len(wire.requests) == 1


@pytest.mark.parametrize("failure", [502, 500, 504, ConnectionFailed("reset"), TimedOut("late")])
async def test_a_read_is_repeated_after_any_passing_failure(pipeline, wire, pool, failure):
    wire.answer({}, failure) if isinstance(failure, int) else wire.fail(failure)
    wire.answer({"data": []})
    assert (await pipeline.send(GET, CallOptions())).status == 200
    assert idle(pool)


@pytest.mark.parametrize("failure", [502, 500, 504, ConnectionFailed("reset"), TimedOut("late")])
async def test_a_create_that_may_have_happened_is_not(pipeline, wire, pool, failure):
    wire.answer({}, failure) if isinstance(failure, int) else wire.fail(failure)
    with pytest.raises(OutcomeUnknown) as caught:
        await pipeline.send(POST, CallOptions())
    assert len(wire.requests) == 1
    assert isinstance(caught.value.cause, (ServerFault, ConnectionFailed, TimedOut))
    assert idle(pool)


async def test_a_create_that_cannot_have_happened_is_repeated(pipeline, wire):
    wire.fail(ConnectionFailed("refused", reached=False)).answer({}, 429).answer({}, 503, **{"Retry-After": "3"})
    wire.answer({"data": []}, 201)
    assert (await pipeline.send(POST, CallOptions())).status == 201


async def test_a_repeated_delete_that_finds_nothing_has_worked(pipeline, wire):
    wire.fail(TimedOut("late")).answer({}, 404)
    assert (await pipeline.send(DELETE, CallOptions())).status == 404
    wire.answer({}, 404)
    with pytest.raises(NotFound):
        await pipeline.send(DELETE, CallOptions())


async def test_attempts_are_bounded(pipeline, wire, pool):
    for _ in range(3):
        wire.answer({}, 502)
    with pytest.raises(ServerFault):
        await pipeline.send(GET, CallOptions(retry=RetryPolicy(attempts=3)))
    assert len(wire.requests) == 3
    assert idle(pool)


async def test_an_outage_does_not_multiply_traffic(pipeline, wire):
    """With every call failing, what is sent beyond the calls themselves is bounded for all of them together."""
    calls = 400
    for _ in range(calls * 5):
        wire.answer({}, 502)
    for _ in range(calls):
        with pytest.raises(ServerFault):
            await pipeline.send(GET, CallOptions())
    assert len(wire.requests) <= calls + 100


async def test_small_troubles_never_use_up_the_budget(pipeline, wire, pool):
    """Ten calls that work pay for the retries of one that does not: a process may run for months."""
    for _ in range(300):
        wire.answer({}, 502)
        for _ in range(11):
            wire.answer({"data": []})
        for _ in range(11):
            await pipeline.send(GET, CallOptions())
    assert pool.retry_budget.left > 400


async def test_a_429_waits_until_the_quota_is_back(pipeline, wire, pool):
    began = pool.clock.now()
    reset = str(int(began) + 90)
    wire.answer({}, 429, **{"X-RateLimit-Reset": reset, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "100"})
    wire.answer({"data": []})
    await pipeline.send(GET, CallOptions())
    assert 89 <= pool.clock.now() - began <= 100


async def test_a_quota_that_is_back_next_year_is_told_at_once(pipeline, wire, pool):
    began = pool.clock.now()
    wire.answer({}, 429, **{"Retry-After": str(365 * 86400)})
    with pytest.raises(QuotaExhausted) as caught:
        await pipeline.send(GET, CallOptions())
    assert caught.value.resets_at > began + pool.pace.patience
    assert str(caught.value).startswith("GET /prospects/{id}: the quota user")
    assert pool.clock.now() - began < 5
    assert idle(pool)


async def test_a_token_that_runs_out_in_the_queue_is_not_sent(pool, wire):
    signer = Signer()
    pipeline = Pipeline(pool, signer, judge_outreach)
    reset = str(int(pool.clock.now()) + 60)
    wire.answer({"data": []}, **{"X-RateLimit-Reset": reset, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "1"})
    await pipeline.send(GET, CallOptions())

    async def expire():
        await pool.clock.sleep(30)
        signer.live, signer.number = False, 2

    wire.answer({"data": []})
    await asyncio.gather(pipeline.send(GET, CallOptions()), expire())
    assert wire.authorizations == ["Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("granted", [frozenset({"prospects.write"}), frozenset()])
async def test_what_the_scopes_cannot_do_is_not_sent(pool, wire, granted):
    pipeline = Pipeline(pool, Signer(granted), judge_outreach)
    with pytest.raises(Forbidden, match=r"needs prospects\.read or prospects\.all") as caught:
        await pipeline.send(GET, CallOptions())
    assert caught.value.missing == ("prospects.read", "prospects.all")
    assert wire.requests == []

    wire.answer({"data": []})
    await pipeline.send(GET, CallOptions(check_scopes=False))
    assert len(wire.requests) == 1


async def test_scopes_that_the_first_token_tells_are_looked_at_too(pool, wire):
    class Fresh(Signer):
        async def authorize(self, patience):
            self.granted = frozenset({"prospects.write"})
            return await super().authorize(patience)

    signer = Fresh()
    signer.live = False
    with pytest.raises(Forbidden):
        await Pipeline(pool, signer, judge_outreach).send(GET, CallOptions())
    assert wire.requests == []
    assert idle(pool)


async def test_scopes_that_do_are_no_obstacle(pool, wire):
    wire.answer({"data": []})
    await Pipeline(pool, Signer(frozenset({"prospects.all"})), judge_outreach).send(GET, CallOptions())


async def test_recordings_spend_a_quota_of_their_own(pipeline, wire, pool):
    request = Request("GET", ORIGIN, "/api/v2/kaiaRecordings", route="/kaiaRecordings")
    began = pool.clock.now()
    for _ in range(7):
        wire.answer({"data": []})
        await pipeline.send(request, CallOptions())
    assert pool.clock.now() - began >= 2.0
    assert pool.pacer.view("org:kaia:day").remaining == 6000 - 7


async def test_cancelling_anywhere_leaves_nothing_behind(pool, wire, signer):
    """Cancel at every step of a call in turn: no slot, quota turn or task may be left."""
    pipeline = Pipeline(pool, signer, judge_outreach)
    for steps in range(30):
        wire.answers.clear()
        signer.live = steps % 2 == 0
        wire.answer({}, 502).answer({}, 429).answer({"data": []})
        task = asyncio.create_task(pipeline.send(GET, CallOptions()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert idle(pool), steps


class Recorder(Observer):
    def __init__(self):
        self.seen = []

    def on_start(self, request):
        self.seen.append("start")

    def on_wait(self, request, reason, seconds):
        self.seen.append(f"wait {reason}")

    def on_attempt(self, request, attempt):
        self.seen.append(f"attempt {attempt.number} {attempt.status}")

    def on_end(self, request, error, seconds):
        self.seen.append(f"end {type(error).__name__}")


async def test_observers_see_every_step(pool, signer, wire):
    recorder = Recorder()
    signer.live = False
    wire.answer({}, 502).answer({"data": []})
    await Pipeline(pool, signer, judge_outreach, [recorder]).send(GET, CallOptions())
    assert recorder.seen[:2] == ["start", "wait token"]
    assert [step for step in recorder.seen if not step.startswith("wait quota")] == [
        "start",
        "wait token",
        "attempt 1 502",
        "wait backoff",
        "attempt 2 200",
        "end NoneType",
    ]


class Broken(Observer):
    def on_start(self, request):
        raise RuntimeError("on_start")

    def on_wait(self, request, reason, seconds):
        raise RuntimeError("on_wait")

    def on_attempt(self, request, attempt):
        raise RuntimeError("on_attempt")

    def on_end(self, request, error, seconds):
        raise RuntimeError("on_end")


async def test_an_observer_that_fails_changes_nothing(pool, signer, wire, caplog):
    """Its failure must neither hide an answer nor keep the slot that a wait ended with."""
    seen = Recorder()
    pipeline = Pipeline(pool, signer, judge_outreach, [Broken(), seen])
    signer.live = False
    for _ in range(6):
        wire.answer({"data": []})
    await asyncio.wait_for(asyncio.gather(*(pipeline.send(GET, CallOptions()) for _ in range(6))), 5)
    assert idle(pool)
    assert seen.seen.count("end NoneType") == 6
    told = {record.exc_info[1].args[0] for record in caplog.records}
    assert told == {"on_start", "on_wait", "on_attempt", "on_end"}


async def test_watching_sees_the_block_and_its_tasks_and_nothing_else(pipeline, wire):
    for _ in range(4):
        wire.answer({"data": []})
    await pipeline.send(GET, CallOptions())
    with watching() as calls:
        await asyncio.gather(*(pipeline.send(GET, CallOptions()) for _ in range(2)))
    await pipeline.send(GET, CallOptions())
    assert (len(calls), calls.attempts) == (2, 2)
    assert all(call.error is None for call in calls)
    assert "ok, 1 attempts" in repr(calls[0])
    assert calls.waited >= 0


async def test_watching_sees_failures(pipeline, wire):
    wire.fail(TimedOut("late"))
    with watching() as calls, pytest.raises(OutcomeUnknown):
        await pipeline.send(POST, CallOptions())
    assert isinstance(calls[0].error, OutcomeUnknown)
    assert calls[0].attempts[0].status is None


async def test_the_log_tells_what_happened_and_no_secret(pool, wire, signer, caplog):
    caplog.set_level(logging.DEBUG, "outreach_async")
    wire.answer({"errors": [{"id": "x", "detail": "refresh_token=canary Bearer canary"}]}, 502).answer({"data": []})
    await Pipeline(pool, signer, judge_outreach, [LogObserver()]).send(GET, CallOptions())
    assert any("attempt 1 failed" in line for line in caplog.messages)
    assert any("waits" in line and "backoff" in line for line in caplog.messages)
    assert caplog.messages[-1].startswith("GET /prospects/{id} done")
    assert not any("canary" in line or "t1" in line for line in caplog.messages)


async def test_a_pool_that_is_closed_refuses_by_name(pipeline, pool):
    from outreach_async.protocol.errors import ConfigurationError

    await pool.close()
    with pytest.raises(ConfigurationError, match="closed"):
        await pipeline.send(GET, CallOptions())
