"""What the inboxes of one process share: claims are lent from memory, everything else is a job for a store.

The agenda is told of an event once it is on disk, and of a settlement when it is handed in: a settlement that could
not be recorded is handed in again by the worker, or its claim is given back and its handlers run again.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import functools
import logging
from collections import Counter

from outreach_async.engine.clock import Clock, SystemClock
from outreach_async.protocol.errors import ConfigurationError

from . import owed_work, upkeep
from .agenda import Pick, Retry
from .delivery import Delivery
from .desk import Desk, lane_of, resumed
from .effects import check_work
from .fresh import Fresh
from .inbox import Claim, End, Entry, Gap, InboxStatistics, Listing, Receipt, Settlement, State, Summary, T, Work
from .inbox_errors import InboxClosed, InboxError, InboxUnavailable
from .jobs import AnyJob, Call, Effect, Job, Put, Settle
from .known_routes import KnownRoute, Lost
from .sqlite_faults import explain, is_store_failure
from .sqlite_reader import Reader, Unfinished
from .sqlite_store import Store

WAITING = 10_000
"""Jobs that may wait for the writer; deliveries beyond that are refused."""

GIVE_WAY = 0.025
"""Seconds that a claim waits for deliveries that are being written."""

_log = logging.getLogger("webhooks.inbox")


class LocalInbox:
    """An inbox of one process, but for how jobs reach the store and how it is read."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._clock: Clock = SystemClock()
        self._desk: Desk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._store: Store | None = None
        self._fresh = Fresh()
        self._lost: Lost | None = None
        self._waiting = self._putting = 0
        self._overrun_since: float | None = None
        self._calm = asyncio.Event()
        self._stored = self._duplicates = self._flagged = 0

    def check(self) -> None:
        """Refuse at once what opening would refuse: nothing, in memory."""

    def put(self, delivery: Delivery) -> abc.Awaitable[Receipt]:
        """Store a delivery, or recognise it. It is over once it is durable. Raises InboxFull, InboxUnavailable."""
        try:
            self._check_room()
            return self._hand_in(Put(delivery))
        except InboxError as refusal:
            refused: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            refused.set_exception(refusal)
            return refused

    async def introduce(self, routes: abc.Sequence[KnownRoute]) -> None:
        """Note which handlers there are; what those that went left is owed to them before anything is claimed."""
        self._lost = await self._hand_in(Call(lambda store: owed_work.introduce(store, routes))) or None

    async def cease(self) -> None:
        """Take note that no more deliveries come. In memory no gap outlives the process that would know of it."""

    async def claim(self, limit: int = 1, *, ahead: bool = False) -> tuple[Claim, ...]:
        """Wait for events that can be worked on, and lend at least one and at most `limit`."""
        desk = self._at_desk()
        if self._lost:
            await self._owe(desk, self._lost)
        await self._give_way(desk)
        picks = await desk.take(limit, ahead=ahead)
        try:
            claims = await self._claims(picks)
        except BaseException:
            desk.put_back(picks)
            raise
        return desk.lend(claims)

    async def settle(self, claim: Claim, *settlements: Settlement, end: End | None = None) -> None:
        """Record what became of handlers; with `end` the claim is over."""
        desk = self._at_desk()
        desk.check(claim)
        desk.settle(claim.id, settlements)
        state = desk.ending(claim.id, end) if end else None
        await self._hand_in(Settle(claim.id, settlements, state, end))

    async def transact(self, claim: Claim, settlement: Settlement, work: Work[T]) -> T:
        """Run `work` in the transaction that records the settlement; what it raises undoes both."""
        check_work(work)
        self._at_desk().check(claim)
        return await self._hand_in(Effect(claim.id, settlement, work))

    def release(self, claim: Claim) -> None:
        """Give a claim back unsettled; one that is over is left alone."""
        if self._desk:
            self._desk.release(claim)

    async def redeliver(self, id: int) -> bool:
        """Work on a finished event again: on its dead handlers, or on all when none died."""
        now = self._clock.now()

        def taken_up(found: tuple[str, str, float, list[str]] | None) -> None:
            if found and self._desk:
                source, resource, received_at, owed = found
                retries = dict.fromkeys(owed, Retry(0.0))
                self._desk.add(id, lane_of(source, resource), received_at, self._clock.now(), retries=retries)

        return await self._hand_in(Call(lambda store: upkeep.redeliver(store, id, now), taken_up)) is not None

    async def get(self, id: int) -> Entry | None:
        """Give one event whole; None when there is none."""
        return await self._read(lambda reader: reader.get(id))

    async def events(self, listing: Listing) -> tuple[Summary, ...]:
        """Give the events that a listing asks for."""
        return await self._read(lambda reader: reader.events(listing))

    async def counts(self) -> abc.Mapping[State, int]:
        """Count the events on file by their state."""
        return await self._read(lambda reader: reader.counts())

    async def purge(self, before: float) -> int:
        """Remove the finished events received before this time, dead ones included, and say how many."""
        return await self._remove("done", before) + await self._remove("dead", before)

    async def gaps(self) -> tuple[Gap, ...]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        return await self._read(lambda reader: reader.gaps())

    async def repaired(self, gap: int) -> bool:
        """Note that a gap's events were fetched by other means. False when it is not there or was repaired before."""
        now = self._clock.now()
        return await self._hand_in(Call(lambda store: upkeep.repaired(store, gap, now)))

    def statistics(self) -> InboxStatistics:
        """Say how it stands, without touching the disk."""
        agenda, store = self._at_desk().agenda, self._at_store()
        failing_since, failure = store.trouble
        return InboxStatistics(
            depth=len(agenda),
            bound=self._depth,
            running=agenda.running,
            retrying=agenda.retrying,
            dead=store.tally.dead,
            oldest_at=agenda.oldest_at,
            stored=self._stored,
            duplicates=self._duplicates,
            flagged=self._flagged,
            failing_since=failing_since,
            failure=failure,
            log_bytes=store.checkpoints.log_bytes,
        )

    async def quiet(self) -> None:
        """Wait until no event is running or can be run now; retries may still wait for their time."""
        await self._at_desk().quiet()

    async def _read(self, question: abc.Callable[[Reader], T]) -> T:
        """Ask the store something beside its writer. Raises InboxUnavailable."""
        raise NotImplementedError

    def _submit(self, job: AnyJob) -> None:
        """Have a job done; `_deliver` is to be called with it once it is durable, or failed."""
        raise NotImplementedError

    def _check_room(self) -> None:
        """Refuse a delivery while too much waits; the first one after that has the span recorded."""
        if self._waiting >= WAITING:
            if self._overrun_since is None:
                self._overrun_since = self._clock.now()
            raise InboxUnavailable("the inbox cannot keep up: too much waits to be written")
        self._note_overrun()

    def _note_overrun(self) -> None:
        """Have the span recorded in which deliveries were refused because too much waited, if there was one."""
        if self._overrun_since is None:
            return
        since, now, self._overrun_since = self._overrun_since, self._clock.now(), None
        noted = self._hand_in(Call(lambda store: store.note_gap(since, now, "store", "too much waited to be written")))
        noted.add_done_callback(functools.partial(self._overrun_noted, since))

    def _overrun_noted(self, since: float, noted: asyncio.Future[None]) -> None:
        """Keep a span in mind that could not be recorded."""
        if noted.cancelled() or noted.exception():
            self._overrun_since = since if self._overrun_since is None else min(since, self._overrun_since)

    def _hand_in(self, job: Job[T]) -> asyncio.Future[T]:
        """Have a job done, and give what to wait for."""
        self._at_desk()
        self._waiting += 1
        self._putting += isinstance(job, Put)
        assert self._loop is not None
        job.future = future = self._loop.create_future()
        self._submit(job)
        return future

    def _deliver(self, jobs: abc.Sequence[AnyJob], error: Exception | None) -> None:
        """Tell of a transaction's end. Whoever waits goes on after this, when the agenda knows too."""
        self._waiting -= len(jobs)
        self._putting -= sum(isinstance(job, Put) for job in jobs)
        if not self._putting:
            self._calm.set()
        now = self._clock.now()
        for job in jobs:
            refusal = refusal_of(error) if error else job.error
            future = job.future
            if future and not future.done() and refusal:
                future.set_exception(refusal)
            elif future and not future.done():
                future.set_result(job.result)
            if self._desk:
                self._note(self._desk, job, refusal is None, now)

    def _note(self, desk: Desk, job: AnyJob, committed: bool, now: float) -> None:
        if isinstance(job, Settle) and job.end:
            desk.ended(job.id, job.end, committed)
        elif not committed:
            return
        elif isinstance(job, Put):
            self._note_put(desk, job.delivery, job.result, now)
        elif isinstance(job, Effect):
            desk.settle(job.id, (job.settlement,))
        elif isinstance(job, Call) and job.after:
            job.after(job.result)

    def _note_put(self, desk: Desk, delivery: Delivery, receipt: Receipt, now: float) -> None:
        if receipt.duplicate:
            self._duplicates += 1
            return
        self._stored += 1
        self._flagged += bool(receipt.flags)
        if delivery.unreadable:
            return
        desk.add(receipt.id, lane_of(delivery.source, delivery.resource), delivery.received_at, now)
        self._fresh.add(receipt.id, delivery if receipt.flags == delivery.flags else delivery.flagged(receipt.flags))

    async def _give_way(self, desk: Desk) -> None:
        """Let deliveries go first: their answer has seconds, and work has none.

        No longer than `GIVE_WAY` at a time, and not at all once the inbox is half full.
        """
        if self._putting and len(desk.agenda) * 2 < self._depth:
            self._calm.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GIVE_WAY):
                    await self._calm.wait()

    async def _claims(self, picks: abc.Sequence[Pick]) -> tuple[Claim, ...]:
        # An event that is still fresh was never claimed, so nothing is on file about its handlers.
        if fresh := self._fresh.take(pick.id for pick in picks):
            return tuple(
                Claim(id=pick.id, delivery=delivery, ahead=pick.ahead)
                for pick, delivery in zip(picks, fresh, strict=True)
            )
        return await self._read(lambda reader: reader.claims(picks))

    async def _owe(self, desk: Desk, lost: Lost) -> None:
        """Write what is owed to the handlers that went, some at a time, so that deliveries get in between."""
        some = max(1, owed_work.OWED_AT_ONCE // len(lost))
        ids = [each for each in desk.agenda.ids() if each <= lost.until]
        told: Counter[str] = Counter()
        for start in range(0, len(ids), some):
            part, now = ids[start : start + some], self._clock.now()
            owe = functools.partial(owed_work.owe, ids=part, lost=lost, now=now)
            owed = await self._hand_in(Call(owe, self._note_owed))
            told.update(name for names in owed.values() for name in names)
        await self._hand_in(Call(owed_work.forget))
        self._lost = None
        for name, number in told.items():
            _log.warning(
                "the handler %s is gone, or takes less: it had not handled %d of the unfinished events", name, number
            )

    def _note_owed(self, owed: abc.Mapping[int, abc.Sequence[str]]) -> None:
        # What is fresh would be claimed as if nothing were on file about it.
        self._fresh.take(owed)
        for event, names in owed.items():
            self._at_desk().owe(event, names)

    async def _remove(self, state: State, before: float | None) -> int:
        """Remove the oldest events of a state, some at a time, so that deliveries get in between."""
        removed = 0
        while found := await self._hand_in(Call(lambda store: upkeep.remove(store, state, before))):
            removed += found
        return removed

    async def _start(self, clock: Clock, store: Store, unfinished: abc.Iterable[Unfinished]) -> None:
        """Begin to lend what is unfinished."""
        self._clock, self._store, self._desk = clock, store, Desk(clock)
        self._loop = asyncio.get_running_loop()
        self._fresh, self._lost, self._calm = Fresh(), None, asyncio.Event()
        self._waiting = self._putting = 0
        now = clock.now()
        for number, event in enumerate(unfinished, 1):
            retries = {each.handler: resumed(each, now) for each in event.work if each.outcome == "retry"}
            died = any(each.outcome == "dead" for each in event.work)
            lane = lane_of(event.source, event.resource)
            self._desk.add(event.id, lane, event.received_at, now, retries=retries, covered=event.covered, died=died)
            if number % 1_000 == 0:
                await asyncio.sleep(0)

    def _stop(self) -> None:
        if self._desk:
            self._desk.close()
        self._desk = None

    def _at_desk(self) -> Desk:
        if self._desk is None:
            raise InboxClosed
        return self._desk

    def _at_store(self) -> Store:
        if self._store is None:
            raise InboxClosed
        return self._store


def refusal_of(error: Exception) -> Exception:
    """Say what a failed transaction means to whoever handed in a job for it."""
    if isinstance(error, ConfigurationError):
        return error
    if is_store_failure(error):
        return InboxUnavailable(
            f"the inbox cannot be written: {explain(error)}", hint="It is tried again by itself with every delivery."
        )
    return InboxUnavailable(f"this could not be stored: {error!r}")
