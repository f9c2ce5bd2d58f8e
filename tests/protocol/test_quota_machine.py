"""A quota against a simulated server with a fixed window: answers late, lost and out of order."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from email.utils import formatdate

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outreach_async.protocol.quota import Pace, Quota

START = 1_700_000_000.0
LENGTH = 10.0


@dataclass
class Server:
    """Counts in fixed windows; tells its quota in one of the forms seen."""

    limit: int
    phase: float
    form: str
    dated: bool
    used: dict[int, int] = field(default_factory=dict)
    refused: int = 0

    def window(self, now: float) -> int:
        return math.floor((now - self.phase) / LENGTH)

    def ends(self, window: int) -> float:
        return (window + 1) * LENGTH + self.phase

    def answer(self, now: float) -> tuple[int, dict[str, str]]:
        window = self.window(now)
        used = self.used.get(window, 0)
        granted = used < self.limit
        self.used[window] = used + granted
        self.refused += not granted
        left, ends = self.limit - self.used[window], math.ceil(self.ends(window))
        reset = {
            "epoch": str(ends),
            "delta": str(math.ceil(self.ends(window) - now)),
            "iso": dt.datetime.fromtimestamp(ends, dt.UTC).isoformat(),
            "merged": f"{ends}, {ends + 86_400}",
        }[self.form]
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": f"{left}, {left + 999}" if self.form == "merged" else str(left),
            "X-RateLimit-Reset": reset,
        }
        if self.dated or self.form == "delta":
            headers["Date"] = formatdate(math.floor(now), usegmt=True)
        if not granted:
            headers["Retry-After"] = reset
        return (200 if granted else 429), headers


class QuotaMachine(RuleBasedStateMachine):
    """One spender alone: never refused while it knows what is left, whatever happens to its answers; never stuck."""

    others = False

    @initialize(
        limit=st.integers(1, 12),
        phase=st.sampled_from([0.0, 0.3, 0.999]),
        form=st.sampled_from(["epoch", "delta", "iso", "merged"]),
        dated=st.booleans(),
        pace=st.sampled_from([Pace.burst(), Pace.burst(reserve=2), Pace.even()]),
        into=st.floats(0, LENGTH),
    )
    def begin(self, limit: int, phase: float, form: str, dated: bool, pace: Pace, into: float) -> None:
        self.now = START + into
        self.server = Server(limit, phase, form, dated)
        self.quota = Quota("user", pace)
        self.travelling: list[bool] = []  # whether each was sent knowing what is left
        self.lost = self.refused_knowing = 0
        self.answers: list[tuple[float, int, dict[str, str]]] = []
        self.warned_until = -math.inf

    @rule()
    def send(self) -> None:
        if self.quota.wait(self.now) == 0.0:
            assert self.now >= self.warned_until, "sent although the server said to wait"
            self.travelling.append(self.quota.view(self.now).remaining is not None)
            self.quota.spend(self.now)

    @rule()
    def send_all(self) -> None:
        for _ in range(20):
            self.send()

    @rule()
    def take_back(self) -> None:
        if self.quota.wait(self.now) == 0.0:
            self.quota.spend(self.now)
            self.quota.refund()

    @precondition(lambda self: self.travelling)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        knowing = self.travelling.pop(data.draw(st.integers(0, len(self.travelling) - 1)))
        status, headers = self.server.answer(self.now)
        self.refused_knowing += knowing and status == 429
        self.answers.append((self.now, status, headers))

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._deliver(data.draw(st.integers(0, len(self.answers) - 1)))

    def _deliver(self, index: int) -> None:
        at, status, headers = self.answers.pop(index)
        self.quota.observe(self.now, status, headers)
        if status == 429:
            self.warned_until = max(self.warned_until, self.server.ends(self.server.window(at)))

    @precondition(lambda self: self.travelling)
    @rule(data=st.data())
    def lose_the_request(self, data: st.DataObject) -> None:
        self.travelling.pop(data.draw(st.integers(0, len(self.travelling) - 1)))
        self.quota.settle(self.now)

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def lose_the_answer(self, data: st.DataObject) -> None:
        self.answers.pop(data.draw(st.integers(0, len(self.answers) - 1)))
        self.quota.settle(self.now)
        self.lost += 1

    @rule(seconds=st.floats(0.001, 3.0) | st.floats(5.0, 25.0))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def wait_as_told(self) -> None:
        wait = self.quota.wait(self.now)
        if wait < math.inf:
            self.now += wait

    @precondition(lambda self: self.others)
    @rule(calls=st.integers(1, 12))
    def somebody_else_spends(self, calls: int) -> None:
        window = self.server.window(self.now)
        self.server.used[window] = min(self.server.limit, self.server.used.get(window, 0) + calls)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        if hasattr(self, "quota"):
            assert self.quota.in_flight == len(self.travelling) + len(self.answers)

    @invariant()
    def one_spender_is_never_refused(self) -> None:
        if hasattr(self, "server") and not self.others:
            assert self.refused_knowing == 0
            # A probe goes out unknowing; it can only be too much where the answer to an earlier one was lost.
            assert self.server.refused <= self.lost

    def teardown(self) -> None:
        if not hasattr(self, "quota"):
            return
        while self.travelling:
            self.travelling.pop()
            self.answers.append((self.now, *self.server.answer(self.now)))
        while self.answers:
            self._deliver(0)
        served = 0
        for _ in range(12):
            wait = self.quota.wait(self.now)
            assert wait <= 2 * LENGTH + 2, "stuck, although nothing is under way"
            self.now += wait
            if self.quota.wait(self.now) == 0.0:
                self.quota.spend(self.now)
                self.quota.observe(self.now, *self.server.answer(self.now))
                served += 1
        assert served >= 5


class ManySpenders(QuotaMachine):
    """Somebody else spends too: after a refusal nothing is sent before the time it told, and nobody gets stuck."""

    others = True


QuotaMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
ManySpenders.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOneSpender = QuotaMachine.TestCase
TestManySpenders = ManySpenders.TestCase
