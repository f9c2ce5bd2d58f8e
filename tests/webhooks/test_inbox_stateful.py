"""Any sequence of calls, crashes and hours keeps the contract: a model of the inbox says what may be lent when."""

from __future__ import annotations

import asyncio
import math
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from outreach_async.sandbox.clock import WoundClock
from tests.webhooks.kept import Backend, Memory, Sqlite, delivery, told
from webhooks.delivery import Key
from webhooks.desk import resumed
from webhooks.inbox import Claim, End, Inbox, Listing, Outcome, Receipt, Settlement
from webhooks.inbox_errors import InboxFull

DEPTH = 12
HANDLERS = ("strict", "second", "free")


@dataclass
class Model:
    """What the model knows of one event."""

    lane: str
    state: str = "waiting"
    covered: bool = False
    visited: bool = False
    left: bool = False
    passed: set[str] = field(default_factory=set)
    work: dict[str, Settlement] = field(default_factory=dict)
    retries: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        return self.state not in ("done", "dead")

    def due(self, now: float) -> bool:
        return any(due <= now for due, _ in self.retries.values())

    def due_ahead(self, now: float) -> bool:
        return any(due <= now for name, (due, _) in self.retries.items() if name not in self.passed)

    def hold(self) -> float:
        return max((hold for _, hold in self.retries.values()), default=0.0)


class InboxMachine(RuleBasedStateMachine):
    """Puts, claims, settles, gives back, delivers again, lets time pass, and crashes."""

    backend: type[Backend] = Memory
    claims = Bundle("claims")

    @initialize(ahead=st.booleans())
    def start(self, ahead: bool) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.kept = self.backend(Path(self.folder.name))
        self.clock = WoundClock()
        self.ahead = ahead
        self.gives_ahead = False
        self.inbox: Inbox = self.runner.run(self.kept.open(self.clock, depth=DEPTH))
        self.events: dict[int, Model] = {}
        self.known: dict[int, int] = {}
        self.lent: dict[int, Claim] = {}

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.inbox.close())
            self.runner.close()
            self.folder.cleanup()

    @rule(number=st.integers(1, 30), resource=st.sampled_from(["", "a/1", "a/2"]))
    def put(self, number: int, resource: str) -> None:
        keys = (Key(f"digest/{number}", math.inf),)
        new = delivery(number, resource=resource, keys=keys, at=self.clock.now())

        async def put() -> Receipt:
            return await self.inbox.put(new)

        try:
            receipt = self.runner.run(put())
        except InboxFull:
            assert self.depth() == DEPTH
            assert number not in self.known
            return
        assert receipt.duplicate == (number in self.known)
        if receipt.duplicate:
            assert receipt.id == self.known[number]
        else:
            assert receipt.id > max(self.events, default=0)
            assert self.depth() < DEPTH
            self.known[number] = receipt.id
            self.events[receipt.id] = Model(lane=resource)

    @rule(target=claims, limit=st.integers(1, 4))
    def claim(self, limit: int):
        self.gives_ahead |= self.ahead
        expected = self.possible()
        got = self.runner.run(self._claim(limit, bool(expected)))
        assert len(got) == min(limit, len(expected))
        for claim in got:
            model = self.events[claim.id]
            assert claim.id in expected
            assert claim.ahead == expected[claim.id]
            assert {work.handler: work for work in claim.work} == model.work
            assert claim.later == {name for name, (due, _) in model.retries.items() if due > self.clock.now()}
            model.state = "ahead" if claim.ahead else "running"
            model.passed = model.retries.keys() - claim.later
            self.lent[claim.id] = claim
        return multiple(*got)

    @rule(
        claim=claims,
        outcomes=st.dictionaries(st.sampled_from(HANDLERS), st.sampled_from(["done", "retry", "dead"])),
        wait=st.sampled_from([0.0, 5.0, 50.0]),
        hold=st.sampled_from([0.0, 20.0]),
        whole=st.booleans(),
        ends=st.booleans(),
    )
    def settle(
        self, claim: Claim, outcomes: dict[str, Outcome], wait: float, hold: float, whole: bool, ends: bool
    ) -> None:
        if self.lent.get(claim.id) is not claim:
            return
        model, now = self.events[claim.id], self.clock.now()
        # Only handlers that opted out of the order are run ahead of it, and those hold nothing.
        hold = 0.0 if claim.ahead else hold
        made = [
            told(name, outcome, at=now, retry_at=now + wait, hold_until=hold and now + wait + hold)
            for name, outcome in outcomes.items()
            if name not in model.work or model.work[name].outcome == "retry"
        ]
        for settlement in made:
            model.work[settlement.handler] = settlement
            model.retries.pop(settlement.handler, None)
            model.passed.discard(settlement.handler)
            if settlement.outcome == "retry":
                model.retries[settlement.handler] = (settlement.retry_at, settlement.hold_until)
        end: End | None = None
        if ends:
            end = "whole" if whole or not claim.ahead else "part"
        self.runner.run(self.inbox.settle(claim, *made, end=end))
        if end:
            del self.lent[claim.id]
            self.finish(model, end)

    def finish(self, model: Model, end: End) -> None:
        model.visited = True
        if end == "part":
            model.state = "waiting"
        elif model.retries:
            model.state, model.covered = "retrying", True
            self.pass_holds()
        else:
            model.state = "dead" if any(work.outcome == "dead" for work in model.work.values()) else "done"

    @rule(claim=consumes(claims))
    def give_back(self, claim: Claim) -> None:
        self.inbox.release(claim)
        if self.lent.get(claim.id) is claim:
            del self.lent[claim.id]
            model = self.events[claim.id]
            model.visited = model.visited and model.state != "ahead"
            model.state = "retrying" if model.covered else "waiting"
            model.passed = set()
            self.pass_holds()

    @rule(which=st.integers(0, 40))
    def deliver_again(self, which: int) -> None:
        model = self.events.get(which)
        finished = model is not None and not model.unfinished
        assert self.runner.run(self.inbox.redeliver(which)) == finished
        if model and finished:
            dead = [name for name, work in model.work.items() if work.outcome == "dead"]
            for name in dead or list(model.work):
                del model.work[name]
            model.state, model.covered, model.visited, model.left = "waiting", False, False, False

    @rule(seconds=st.sampled_from([1.0, 10.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.runner.run(self.clock.advance(seconds))
        self.pass_holds()

    @rule(jump=st.sampled_from([0.0, 30.0, 90_000.0, -90_000.0]))
    def open_again(self, jump: float) -> None:
        self.runner.run(self.inbox.close())
        self.clock = WoundClock(self.clock.now() + jump)
        self.inbox = self.runner.run(self.kept.open(self.clock, depth=DEPTH))
        self.gives_ahead = False
        self.lent.clear()
        for model in self.events.values():
            if not model.unfinished:
                continue
            model.state, model.visited, model.left = ("retrying" if model.covered else "waiting"), False, False
            model.passed = set()
            for name in model.retries:
                again = resumed(model.work[name], self.clock.now())
                model.retries[name] = (again.due, again.hold)
        self.pass_holds()

    @invariant()
    def it_stands_as_the_model_says(self) -> None:
        if not hasattr(self, "inbox"):
            return
        stand = self.inbox.statistics()
        assert stand.depth == self.depth()
        assert stand.running == len(self.lent)
        assert stand.dead == sum(model.state == "dead" for model in self.events.values())
        listed = {summary.id: summary.state for summary in self.runner.run(self.inbox.events(Listing(limit=1000)))}
        assert listed == {one: self.filed(model) for one, model in self.events.items()}

    def filed(self, model: Model) -> str:
        if not model.unfinished:
            return model.state
        return "retrying" if model.covered else "pending"

    def depth(self) -> int:
        return sum(model.unfinished for model in self.events.values())

    def pass_holds(self) -> None:
        for model in self.events.values():
            model.left |= model.state == "retrying" and model.hold() <= self.clock.now()

    def possible(self) -> dict[int, bool]:
        """Give what can be lent now, and whether that is ahead of its turn."""
        now, found = self.clock.now(), {}
        for one, model in self.events.items():
            if model.state == "retrying" and model.due(now):
                found[one] = False
            if model.state == "waiting":
                if self.has_turn(one, model):
                    found[one] = False
                elif self.gives_ahead and (not model.visited or model.due_ahead(now)):
                    found[one] = True
        return found

    def has_turn(self, one: int, model: Model) -> bool:
        if not model.lane:
            return True
        for other, rival in self.events.items():
            if other != one and rival.lane == model.lane and rival.unfinished and not rival.left:
                engaged = rival.state in ("running", "retrying")
                if other < one or engaged:
                    return False
        return True

    async def _claim(self, limit: int, possible: bool) -> tuple[Claim, ...]:
        claiming = asyncio.ensure_future(self.inbox.claim(limit, ahead=self.ahead))
        if possible:
            return await asyncio.wait_for(claiming, 5)
        for _ in range(3):
            await asyncio.sleep(0)
        if claiming.done():
            return claiming.result()
        claiming.cancel()
        await asyncio.wait({claiming})
        return ()


class SqliteMachine(InboxMachine):
    """The same on disk."""

    backend = Sqlite


quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
TestInMemory = InboxMachine.TestCase
TestInMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=quiet)
TestOnDisk = SqliteMachine.TestCase
TestOnDisk.settings = settings(max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=quiet)
