"""Turns: who goes when, what a cancelled waiter leaves behind, and what waiting costs."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import gc
import tracemalloc
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.engine.pacer import Gate, Pacer, PacerStatistics
from outreach_async.engine.waiting_line import Lane
from outreach_async.protocol.errors import ConfigurationError, QuotaExhausted
from outreach_async.protocol.quota import Pace
from outreach_async.sandbox.clock import START, WoundClock

HOUR = 3600.0


def told(left: int, reset: float = START + HOUR) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "10000",
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(int(reset)),
    }


def pacer_with(slots: int = 40, pace: Pace | None = None) -> tuple[Pacer, WoundClock]:
    clock = WoundClock()
    return Pacer(clock, slots=slots, pace=pace or Pace()), clock


def open_gate(pacer: Pacer, left: int = 10_000, subject: str = "user") -> Gate:
    gate = pacer.gate((subject,))
    assert gate.try_acquire()
    gate.release(200, told(left))
    return gate


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Crowd:
    """Waiters with names; `served` has them in the order in which they got their turn."""

    def __init__(self) -> None:
        self.served: list[object] = []
        self.tasks: dict[object, asyncio.Task[float]] = {}

    async def join(
        self, gate: Gate, *names: object, lane: Lane = "bulk", patience: float | None = None
    ) -> list[asyncio.Task[float]]:
        for name in names:
            self.tasks[name] = asyncio.create_task(self._wait(gate, name, lane, patience))
        await settle()
        return [self.tasks[name] for name in names]

    async def _wait(self, gate: Gate, name: object, lane: Lane, patience: float | None) -> float:
        seconds = await gate.acquire(lane=lane, patience=patience)
        self.served.append(name)
        return seconds


@pytest.fixture
async def crowd() -> abc.AsyncIterator[Crowd]:
    crowd = Crowd()
    yield crowd
    for task in crowd.tasks.values():
        task.cancel()
    await asyncio.gather(*crowd.tasks.values(), return_exceptions=True)


async def test_a_turn_is_taken_at_once_where_there_is_one() -> None:
    pacer, _ = pacer_with(slots=2)
    gate = open_gate(pacer)
    assert await gate.acquire() == 0.0
    assert gate.try_acquire()
    assert not gate.try_acquire()
    assert pacer.statistics() == PacerStatistics(slots=2, busy=2, waiting=0, sleeping=0)


async def test_waiters_are_served_in_order(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    await crowd.join(gate, *range(20))
    for _ in range(20):
        gate.release()
        assert not gate.try_acquire()  # nobody passes those who wait
        await settle()
    assert crowd.served == list(range(20))


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_a_cancelled_waiter_harms_no_other(crowd: Crowd, cancelled: int) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    tasks = await crowd.join(gate, 0, 1, 2)
    tasks[cancelled].cancel()
    await settle()
    for _ in range(3):
        gate.release()
        await settle()
        if pacer.statistics().busy == 0:
            break
    assert crowd.served == [name for name in (0, 1, 2) if name != cancelled]
    assert pacer.statistics() == PacerStatistics(slots=1, busy=0, waiting=0, sleeping=0)


async def test_a_turn_given_to_a_waiter_that_is_cancelled_in_the_same_moment_goes_to_the_next(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer, left=3)
    assert gate.try_acquire()
    first, _ = await crowd.join(gate, "first", "second")
    gate.release(200, told(2))
    first.cancel()
    await settle()
    assert crowd.served == ["second"]
    view = pacer.view("user")
    assert view is not None
    assert (view.remaining, view.in_flight) == (1, 1)


async def test_a_turn_is_not_lost_on_one_that_was_cancelled_in_the_moment_before(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    first, _ = await crowd.join(gate, "first", "second")
    first.cancel()
    gate.release()
    await settle()
    assert crowd.served == ["second"]


async def test_a_slot_is_not_lost_on_the_only_waiter_cancelled_in_the_moment_before(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    (only,) = await crowd.join(gate, "only")
    only.cancel()
    gate.release()
    assert pacer.statistics().busy == 0
    await settle()
    assert gate.try_acquire()


async def test_a_turn_that_was_not_used_is_given_back_unspent(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer, left=1)
    assert gate.try_acquire()
    await crowd.join(gate, "next")
    gate.give_back()
    await settle()
    assert crowd.served == ["next"]


async def test_while_nothing_is_known_one_probes_for_all(crowd: Crowd) -> None:
    pacer, _ = pacer_with()
    gate = pacer.gate(("user",))
    await crowd.join(gate, *range(30))
    assert crowd.served == [0]
    gate.release()  # the probe fails, and hands over
    await settle()
    assert crowd.served == [0, 1]
    gate.release(200, told(9))
    await settle()
    assert crowd.served == list(range(11))
    assert pacer.statistics().waiting == 19


async def test_when_the_window_is_over_one_asks_and_the_others_follow(crowd: Crowd) -> None:
    pacer, clock = pacer_with()
    gate = open_gate(pacer, left=0)
    tasks = await crowd.join(gate, *range(5))
    assert pacer.statistics().sleeping == 1
    assert clock.sleeping == 1
    await clock.advance(HOUR - 1)
    assert crowd.served == []
    await clock.advance(5)
    assert crowd.served == [0]
    gate.release(200, told(9999, START + 2 * HOUR))
    await settle()
    assert crowd.served == [0, 1, 2, 3, 4]
    assert HOUR <= tasks[4].result() <= HOUR + 5
    assert clock.sleeping == 0


async def test_there_is_one_timer_for_all_and_only_while_somebody_waits_for_time(crowd: Crowd) -> None:
    pacer, clock = pacer_with()
    gates = [open_gate(pacer, left=0, subject=f"user {number}") for number in range(5)]
    assert clock.sleeping == 0
    for number, gate in enumerate(gates):
        await crowd.join(gate, number)
    assert clock.sleeping == 1
    assert pacer.statistics().sleeping == 5
    for task in crowd.tasks.values():
        task.cancel()
    await settle()
    assert clock.sleeping == 0
    assert pacer.statistics() == PacerStatistics(slots=40, busy=0, waiting=0, sleeping=0)


class StoppedClock:
    """Time is set; nobody is ever woken, as by a loop too busy to run its timers."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


async def test_nobody_passes_the_waiters_when_the_reset_is_over_and_the_timer_late(crowd: Crowd) -> None:
    clock = StoppedClock()
    gate = open_gate(Pacer(clock, slots=40, pace=Pace()), left=0)
    await crowd.join(gate, "first")
    clock.time += HOUR + 10
    assert not gate.try_acquire()
    await crowd.join(gate, "second")
    assert crowd.served == ["first"]


async def test_an_even_pace_lets_waiters_through_one_by_one(crowd: Crowd) -> None:
    pacer, clock = pacer_with(pace=Pace.even())
    gate = open_gate(pacer, left=3600)
    await crowd.join(gate, *range(10))
    await clock.advance(5.5)
    assert 5 <= len(crowd.served) <= 7
    await clock.advance(5)
    assert crowd.served == list(range(10))


async def test_interactive_work_passes_and_one_turn_in_ten_is_bulks(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    await crowd.join(gate, *[f"bulk {number}" for number in range(3)])
    await crowd.join(gate, *range(20), lane="interactive")
    for _ in range(23):
        gate.release()
        await settle()
    assert crowd.served[9] == "bulk 0"
    assert crowd.served[19] == "bulk 1"
    assert [name for name in crowd.served if isinstance(name, int)] == list(range(20))
    assert crowd.served[-1] == "bulk 2"


async def test_interactive_work_of_one_tenant_passes_bulk_work_of_another(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    ada, bob = open_gate(pacer, subject="ada"), open_gate(pacer, subject="bob")
    assert ada.try_acquire()
    await crowd.join(ada, *[f"bulk {number}" for number in range(3)])
    await crowd.join(bob, *range(12), lane="interactive")
    for _ in range(15):
        ada.release()
        await settle()
    assert crowd.served[9] == "bulk 0"
    assert crowd.served[:9] == list(range(9))


async def test_bulk_work_gets_its_turn_in_ten_at_a_gate_that_opens_now_and_then(crowd: Crowd) -> None:
    pacer, clock = pacer_with(slots=1, pace=Pace.even())
    slow, quick = open_gate(pacer, left=3600, subject="slow"), pacer.gate(())
    assert quick.try_acquire()
    await crowd.join(slow, "bulk")
    await crowd.join(slow, *range(12), lane="interactive")
    await crowd.join(quick, *[f"other {number}" for number in range(60)])
    for _ in range(60):
        quick.release()  # hands the slot to whoever is next: the slow gate once a second, else the quick one
        await settle()
        await clock.advance(0.3)
    assert crowd.served.index("bulk") < crowd.served.index(10)


async def test_tenants_take_turns(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    ada, bob = open_gate(pacer, subject="ada"), open_gate(pacer, subject="bob")
    assert ada.try_acquire()
    await crowd.join(ada, "a1", "a2", "a3")
    await crowd.join(bob, "b1", "b2", "b3")
    for _ in range(6):
        ada.release()
        await settle()
    assert crowd.served == ["a1", "b1", "a2", "b2", "a3", "b3"]


async def test_a_tenant_whose_quota_is_spent_holds_up_no_other(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    ada, bob = open_gate(pacer, left=0, subject="ada"), open_gate(pacer, subject="bob")
    await crowd.join(ada, "a1")
    await crowd.join(bob, "b1")
    assert crowd.served == ["b1"]


# Patience


async def test_a_wait_longer_than_the_patience_is_refused_at_once() -> None:
    pacer, _ = pacer_with(pace=Pace.burst(patience=60))
    gate = open_gate(pacer, left=0)
    with pytest.raises(QuotaExhausted) as caught:
        await gate.acquire()
    assert caught.value.resets_at == pytest.approx(START + HOUR, abs=2)
    assert "user" in str(caught.value)
    assert "60 min" in str(caught.value)
    assert pacer.statistics() == PacerStatistics(slots=40, busy=0, waiting=0, sleeping=0)


async def test_a_429_that_asks_for_too_much_sends_the_impatient_away(crowd: Crowd) -> None:
    pacer, clock = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    impatient = await crowd.join(gate, "a", "b", patience=30)
    await crowd.join(gate, "c", patience=HOUR)
    (cancelled,) = await crowd.join(gate, "d", patience=30)
    cancelled.cancel()
    gate.release(429, {"Retry-After": "600"})
    await settle()
    for task in impatient:
        error = task.exception()
        assert isinstance(error, QuotaExhausted)
        assert error.resets_at == pytest.approx(START + 600, abs=2)
    await clock.advance(610)
    assert crowd.served == ["c"]


async def test_patience_is_for_the_quota_not_for_slots(crowd: Crowd) -> None:
    pacer, clock = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    await crowd.join(gate, "a", patience=0)
    await clock.advance(100)
    gate.release()
    await settle()
    assert crowd.served == ["a"]


async def test_somebody_may_be_cancelled_and_sent_away_in_the_same_moment(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = open_gate(pacer)
    assert gate.try_acquire()
    (task,) = await crowd.join(gate, "a", patience=30)
    gate.release(429, {"Retry-After": "600"})
    task.cancel()
    await settle()
    assert task.cancelled()
    assert pacer.statistics() == PacerStatistics(slots=1, busy=0, waiting=0, sleeping=0)


# Several quotas for one call


def kaia(pacer: Pacer) -> Gate:
    pacer.declare("org:kaia", 3, 1.0)
    pacer.declare("org:kaia", 6000, 86_400.0)
    return pacer.gate(("user", "org:kaia"))


async def test_a_call_spends_from_every_quota_and_holds_none_while_it_waits(crowd: Crowd) -> None:
    pacer, clock = pacer_with()
    plain = open_gate(pacer, left=100)
    both = kaia(pacer)
    await crowd.join(both, *range(5))
    assert crowd.served == [0, 1, 2]
    user, org = pacer.view("user"), pacer.view("org:kaia")
    assert user is not None
    assert org is not None
    assert (user.remaining, org.remaining) == (97, 0)
    assert plain.try_acquire()
    for left in (96, 95, 94):
        both.release(200, told(left))
    await clock.advance(1.1)
    assert crowd.served == [0, 1, 2, 3, 4]


async def test_a_gate_hears_of_a_quota_it_shares_with_another(crowd: Crowd) -> None:
    pacer, _ = pacer_with()
    plain, both = pacer.gate(("user",)), kaia(pacer)
    assert plain.try_acquire()  # the probe
    await crowd.join(both, "a")
    assert crowd.served == []
    plain.release(200, told(5))
    await settle()
    assert crowd.served == ["a"]


async def test_a_429_of_the_declared_limit_does_not_stop_the_users_other_calls() -> None:
    pacer, clock = pacer_with()
    plain = open_gate(pacer, left=100)
    both = kaia(pacer)
    assert both.try_acquire()
    both.release(429, told(99) | {"Retry-After": "1"})
    assert not both.try_acquire()
    assert plain.try_acquire()
    plain.release(200, told(98))
    await clock.advance(1.1)
    assert both.try_acquire()
    both.release(429, told(0) | {"Retry-After": str(int(START + HOUR))})
    assert not plain.try_acquire()


async def test_calls_of_several_quotas_that_never_got_an_answer_are_settled_in_each() -> None:
    pacer, _ = pacer_with()
    open_gate(pacer, left=100)
    both = kaia(pacer)
    assert both.try_acquire()
    both.release()
    view = pacer.view("org:kaia")
    assert view is not None
    assert (view.remaining, view.in_flight) == (2, 0)


async def test_a_gate_without_quotas_hands_out_slots(crowd: Crowd) -> None:
    pacer, _ = pacer_with(slots=1)
    gate = pacer.gate(())
    await crowd.join(gate, "a", "b")
    assert crowd.served == ["a"]
    gate.release(200, told(0))
    await settle()
    assert crowd.served == ["a", "b"]


async def test_limits_are_declared_before_the_first_call() -> None:
    pacer, _ = pacer_with()
    gate = kaia(pacer)
    pacer.declare("org:kaia", 3, 1.0)
    assert pacer.gate(("user", "org:kaia")) is gate
    with pytest.raises(ConfigurationError):
        pacer.declare("org:kaia", 5, 1.0)
    with pytest.raises(ConfigurationError):
        pacer.declare("user", 5, 1.0)
    with pytest.raises(ConfigurationError):
        pacer.declare("other", 0, 1.0)
    assert pacer.view("nobody") is None


def test_a_pacer_needs_slots() -> None:
    with pytest.raises(ConfigurationError):
        pacer_with(slots=0)


# Nothing leaks


class Story:
    """Callers of two users, one of whom also spends from a declared limit, all through a few slots."""

    def __init__(self, slots: int, pace: Pace) -> None:
        self.clock = WoundClock()
        self.pacer = Pacer(self.clock, slots=slots, pace=pace)
        self.pacer.declare("org", 2, 10.0)
        self.gates = [self.pacer.gate(subjects) for subjects in (("ada",), ("bob",), ("ada", "org"))]
        self.tasks: list[asyncio.Task[None]] = []
        self.running: list[Gate] = []
        self.served = 0

    async def call(self, gate: Gate, lane: Lane) -> None:
        await gate.acquire(lane=lane)
        self.running.append(gate)
        self.served += 1

    def join(self, number: int, lane: Lane) -> None:
        self.tasks.append(asyncio.create_task(self.call(self.gates[number % 3], lane)))

    def cancel(self, number: int) -> None:
        if self.tasks:
            self.tasks[number % len(self.tasks)].cancel()

    def answer(self, number: int, status: int) -> None:
        if not self.running:
            return
        gate = self.running.pop(number % len(self.running))
        reset = (self.clock.now() // HOUR + 1) * HOUR
        if status == 0:
            gate.release()
        else:
            gate.release(status, told(5, reset) if status == 200 else {})

    async def finish(self) -> None:
        for _ in range(4 * len(self.tasks) + 4):
            await settle()
            while self.running:
                self.answer(0, 200)
            await self.clock.advance(HOUR)
        assert all(task.done() for task in self.tasks)


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 2), st.sampled_from(["interactive", "bulk"]), st.booleans()),
        st.tuples(st.just("cancel"), st.integers(0, 30), st.none(), st.booleans()),
        st.tuples(st.just("answer"), st.integers(0, 30), st.sampled_from([0, 200, 429, 502]), st.booleans()),
        st.tuples(st.just("pass"), st.integers(1, 4000), st.none(), st.just(value=True)),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=_steps, slots=st.integers(1, 4), pace=st.sampled_from([Pace.burst(patience=1e9), Pace.even(patience=1e9)]))
def test_whatever_is_cancelled_no_turn_is_lost_and_nobody_is_left_behind(
    steps: list[tuple[str, int, typing.Any, bool]], slots: int, pace: Pace
) -> None:
    async def run() -> None:
        story = Story(slots, pace)
        for kind, number, detail, quiet in steps:
            if kind == "join":
                story.join(number, detail)
            elif kind == "cancel":
                story.cancel(number)
            elif kind == "answer":
                story.answer(number, detail)
            else:
                await story.clock.advance(number)
            if quiet:  # else the next step comes in the same moment
                await settle()
        await story.finish()
        assert story.served == sum(not task.cancelled() for task in story.tasks)
        assert story.pacer.statistics() == PacerStatistics(slots=slots, busy=0, waiting=0, sleeping=0)
        assert story.clock.sleeping == 0
        assert all(view and not view.in_flight for view in map(story.pacer.view, ("ada", "bob", "org")))

    asyncio.run(run())


# What waiting costs


@pytest.mark.slow
async def test_a_hundred_thousand_wait_in_order() -> None:
    pacer, _ = pacer_with()
    gate, order = pacer.gate(("user",)), []
    assert gate.try_acquire()

    async def call(number: int) -> None:
        await gate.acquire()
        order.append(number)
        gate.release()

    tasks = [asyncio.create_task(call(number)) for number in range(100_000)]
    await asyncio.sleep(0)
    gate.release(200, told(1_000_000))
    await asyncio.gather(*tasks)
    assert order == list(range(100_000))
    assert pacer.statistics() == PacerStatistics(slots=40, busy=0, waiting=0, sleeping=0)


async def test_a_waiter_and_its_task_take_no_more_than_one_and_a_half_kilobytes() -> None:
    pacer, _ = pacer_with()
    gate = pacer.gate(("user",))
    assert gate.try_acquire()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tasks = [asyncio.create_task(gate.acquire()) for _ in range(10_000)]
        await asyncio.sleep(0)
        each = (tracemalloc.get_traced_memory()[0] - before) / len(tasks)
    finally:
        tracemalloc.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert each <= 1500
