"""Sends one vendor's webhooks: takes parcels in, tries them when they are due, and keeps the ledger.

This is the part that waits. What follows from a try is the vendor's rule; how a request travels is the carrier's.
Parcels are tried in the order they came due, up to `webhook_parallel` at once; a wait between tries holds no place.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import heapq
import itertools
import logging
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..engine.clock import Clock
from .webhook_faults import OVERTAKEN, Forgery, WebhookFault, WebhookFaults, corrupted, forged
from .webhook_ledger import Copy, Delivery, Ledger, Message, Try
from .webhook_rules import Again, Outcome, Verdict
from .webhook_switches import WebhookSwitches

_log = logging.getLogger("outreach_async.sandbox.webhooks")

Write = abc.Callable[[int, float], Message]
"""Writes one try: its number, the first being 1, and the time in Unix seconds."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event for one address. `target` is the vendor's own name for the address; `at` is in Unix seconds."""

    event: str
    resource: str
    target: int
    url: str
    at: float
    write: Write = field(repr=False)


class Carrier(Protocol):
    """Takes one request to its address."""

    async def carry(self, message: Message, limit: float) -> Outcome:
        """Give what the request came to within `limit` seconds. Never raises for what the network does."""
        ...


class Vendor(Protocol):
    """Whose webhooks these are. It hands its parcels to `post`."""

    post: abc.Callable[[Parcel], None]

    @property
    def limit(self) -> float:
        """How long an answer is waited for, in seconds."""
        ...

    @property
    def switches(self) -> WebhookSwitches:
        """How unsettled points are read."""
        ...

    def refusal(self, target: int) -> str:
        """Say why nothing is sent to a target now; empty when it is."""
        ...

    def suspended(self, target: int, now: float) -> bool:
        """Tell whether the vendor sends nothing to a target for the time being."""
        ...

    def verdict(self, target: int, attempt: int, outcome: Outcome, now: float) -> Verdict:
        """Say what follows from a try."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    number: int
    parcel: Parcel
    copy: Copy = "genuine"
    attempt: int = 1


class WebhookSender:
    """The deliveries of one vendor. Between `start` and `stop` they are sent; else they are entered as unsent."""

    def __init__(self, vendor: Vendor, clock: abc.Callable[[], Clock], *, seed: int) -> None:
        vendor.post = self.post
        self._clock = clock
        self._vendor = vendor
        self._carrier: Carrier | None = None
        self._queue: list[tuple[float, int, _Job]] = []
        self._order = itertools.count()
        self._running: dict[asyncio.Task[None], _Job] = {}
        self._dispatcher: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self.faults = WebhookFaults(seed)
        self.ledger = Ledger()

    @property
    def pending(self) -> int:
        """How many deliveries are under way, or wait for a try."""
        return len(self._queue) + len(self._running)

    def post(self, parcel: Parcel) -> None:
        """Take a parcel; from here on it may go wrong as the faults say."""
        hit = self.faults.take(parcel.event, self._vendor.switches)
        faults: dict[str, WebhookFault] = {fault.kind: fault for fault in hit}
        spoiled = tuple(faults)
        number = self._enter(parcel, "genuine", spoiled)
        if "drop" in faults:
            self.ledger.settle(number, "dropped")
            return
        due = self._clock().now() + _lateness(faults)
        sent = replace(parcel, write=_corrupt(parcel.write)) if "corrupt" in faults else parcel
        self._push(due, _Job(number, sent))
        if "duplicate" in faults:
            self._push(due, _Job(self._enter(parcel, "duplicate", ()), parcel, "duplicate"))
        if fault := faults.get("forge"):
            self._push(due, _Job(self._enter(parcel, "forged", ()), _forge(parcel, fault.forgery), "forged"))

    def replay(self, delivery: Delivery, renamed: abc.Callable[[Message], Message]) -> None:
        """Send what was sent once more, as somebody would who had recorded it."""
        message = renamed(delivery.tries[-1].message)
        now = self._clock().now()
        parcel = Parcel(delivery.event, delivery.resource, 0, delivery.url, now, lambda *_: message)
        self._push(now, _Job(self._enter(parcel, "replayed", ()), parcel, "replayed"))

    def forge(self, delivery: Delivery, how: Forgery) -> None:
        """Send a forgery of what was sent."""
        message = forged(delivery.tries[-1].message, how)
        now = self._clock().now()
        parcel = Parcel(delivery.event, delivery.resource, 0, delivery.url, now, lambda *_: message)
        self._push(now, _Job(self._enter(parcel, "forged", ()), parcel, "forged"))

    def start(self, carrier: Carrier) -> None:
        """Send from now on. Needs a running loop."""
        self._carrier = carrier
        self._dispatcher = asyncio.get_running_loop().create_task(self._dispatch(carrier))

    def halt(self) -> tuple[asyncio.Task[None], ...]:
        """Send no more: what is under way is broken off and keeps its try. Gives the tasks that end now."""
        self._carrier = None
        tasks = (*self._running, *([self._dispatcher] if self._dispatcher else []))
        for task in tasks:
            task.cancel()
        self._dispatcher = None
        self._changed.set()
        return tasks

    async def stop(self) -> None:
        """Send no more, and wait until everything has ended. What still waits is tried after the next start."""
        await asyncio.gather(*self.halt(), return_exceptions=True)

    async def settled(self) -> None:
        """Wait until no delivery is under way or waits for a try."""
        while self._carrier is not None and self.pending:
            await self._change()

    async def quiet(self) -> bool:
        """Wait until no delivery is under way or due, and say whether one was. Tries may wait for their time."""
        waited = False
        while self._carrier is not None and (self._running or self._is_due()):
            waited = True
            await self._change()
        return waited

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _is_due(self) -> bool:
        return bool(self._queue) and self._queue[0][0] <= self._clock().now()

    def _enter(self, parcel: Parcel, copy: Copy, spoiled: tuple[str, ...]) -> int:
        return self.ledger.enter(parcel.event, parcel.resource, parcel.url, parcel.at, copy, spoiled)

    def _push(self, due: float, job: _Job) -> None:
        if self._carrier is None:
            self.ledger.settle(job.number, "unsent", "nobody sends")
            return
        heapq.heappush(self._queue, (due, next(self._order), job))
        self._wake.set()

    async def _dispatch(self, carrier: Carrier) -> None:
        while True:
            self._wake.clear()
            while self._has_room() and self._is_due():
                job = heapq.heappop(self._queue)[2]
                task = asyncio.create_task(self._handle(job, carrier))
                self._running[task] = job
                task.add_done_callback(self._ended)
            waiting = self._queue and self._has_room()
            await self._pause(self._queue[0][0] - self._clock().now() if waiting else None)

    def _has_room(self) -> bool:
        return len(self._running) < max(1, self._vendor.switches.webhook_parallel)

    async def _pause(self, seconds: float | None) -> None:
        """Wait for something to do, at most until the next try is due."""
        if seconds is None:
            await self._wake.wait()
            return
        waits = {asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(self._clock().sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        job = self._running.pop(task)
        if task.cancelled():
            heapq.heappush(self._queue, (self._clock().now(), next(self._order), job))
        elif error := task.exception():
            _log.error("delivery %d of %s: the receiver raised", job.number, job.parcel.event, exc_info=error)
            self.ledger.settle(job.number, "failed", f"the receiver raised {type(error).__name__}")
        self._wake.set()
        self._changed.set()

    async def _handle(self, job: _Job, carrier: Carrier) -> None:
        vendor, parcel, began = self._vendor, job.parcel, self._clock().now()
        own = job.copy in ("genuine", "duplicate")
        if own and (refusal := vendor.refusal(parcel.target)):
            self.ledger.settle(job.number, "unsent", refusal)
            return
        if own and vendor.suspended(parcel.target, began):
            self.ledger.settle(job.number, "suspended", "the webhook is disabled")
            return
        message = parcel.write(job.attempt, began)
        outcome = await carrier.carry(message, vendor.limit)
        self.ledger.tried(job.number, Try(began, message, outcome))
        if not own:
            self.ledger.settle(job.number, "answered" if isinstance(outcome, int) else "failed", str(outcome))
            return
        now = self._clock().now()
        verdict = vendor.verdict(parcel.target, job.attempt, outcome, now)
        if isinstance(verdict, Again):
            heapq.heappush(self._queue, (now + verdict.after, next(self._order), replace(job, attempt=job.attempt + 1)))
        else:
            self.ledger.settle(job.number, verdict.state, verdict.reason)


def _lateness(faults: abc.Mapping[str, WebhookFault]) -> float:
    late = faults["delay"].seconds if "delay" in faults else 0.0
    return late + (OVERTAKEN if "reorder" in faults else 0.0)


def _corrupt(write: Write) -> Write:
    return lambda attempt, now: corrupted(write(attempt, now))


def _forge(parcel: Parcel, how: Forgery) -> Parcel:
    write = parcel.write
    return replace(parcel, write=lambda attempt, now: forged(write(attempt, now), how))
