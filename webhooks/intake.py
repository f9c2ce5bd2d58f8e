"""The way of one delivery from its bytes to its answer: received, stored, answered. Every shell goes through here.

Nothing is answered 2xx before it is stored. What cannot be stored is pushed back in the way its vendor tries again:
Outreach's is held for up to the source's patience, since only silence earns its three quick retries; PlanMySaaS's is
answered 503 at once. Sockets are the shells' affair: they are told to abort, and do.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import functools
import logging
import time

from outreach_async.engine.clock import Clock, SystemClock

from .deadlines import Deadlines
from .delivery import Delivery
from .inbox import Cause, Inbox, Receipt
from .inbox_errors import InboxError, InboxFull, InboxUnavailable
from .metrics import Counts
from .receiver import STORED, Abort, Refusal, Reply, receive, refuse_head, unstorable
from .sources import Fields, Source
from .tally import Tally

PATIENT = 512
"""Deliveries that may wait for a store that refuses; further ones are pushed back at once."""

Answer = abc.Callable[[Reply | Abort], object]

_AGAIN = 0.25
_RECENT = 10.0

_log = logging.getLogger("webhooks.intake")


class Intake:
    """Takes deliveries into one inbox. `clock` is replaced when the application starts with another one."""

    def __init__(self, sources: abc.Iterable[Source], inbox: Inbox) -> None:
        self.sources = {source.name: source for source in sources}
        self.tally = Tally(self.sources.values())
        self.counts = Counts(self.sources)
        self.clock: Clock = SystemClock()
        self._inbox = inbox
        self._deadlines = Deadlines()
        self._patient: set[asyncio.Task[None]] = set()
        self._refusal: InboxError | None = None
        self._refused_at = 0.0

    def refuse(self, source: Source, method: str, fields: Fields) -> Reply | None:
        """Say whether a request is refused by its head, so that its body need not be read."""
        refusal = refuse_head(source, method, fields)
        if refusal is None:
            return None
        self.tally.count(source, refusal)
        return refusal.reply

    async def take(self, source: Source, fields: Fields, body: bytes, *, owns_socket: bool) -> Reply | Abort:
        """Give the answer to a request that was not refused, once what it brought is durable.

        Raises nothing but cancellation.
        """
        answered: asyncio.Future[Reply | Abort] = asyncio.get_running_loop().create_future()

        def answer(reply: Reply | Abort) -> None:
            if not answered.done():
                answered.set_result(reply)

        self.begin(source, fields, body, answer, owns_socket=owns_socket)
        return await answered

    def begin(self, source: Source, fields: Fields, body: bytes, answer: Answer, *, owns_socket: bool) -> None:
        """Take a request that was not refused; `answer` is called with its answer, once, at once or later.

        The way of nearly all deliveries, so it makes no task. Raises nothing but what `answer` raises at once.
        """
        began = time.perf_counter()
        now = self.clock.now()
        received = receive(source, fields, body, now)
        self.tally.count(source, received)
        if isinstance(received, Refusal):
            answer(received.reply)
            return
        self.counts.received_rate.note(now)
        arrival = _Arrival(source, received, answer, owns_socket, began)
        stored = self._put(received)
        if stored.done():
            self._settle(arrival, stored)
        else:
            # By the loop's own time: a disk that hangs does not hang by a wound clock.
            self._deadlines.guard(stored, source.patience, functools.partial(self._settle, arrival))

    def trouble(self, depth: int) -> str:
        """Say why deliveries are refused just now, or were a moment ago; empty when they are not.

        `depth` is the inbox's present one.
        """
        refusal = self._refusal
        if refusal is None:
            return ""
        if isinstance(refusal, InboxFull):
            return refusal.message if depth >= refusal.depth else ""
        return refusal.message if self.clock.now() - self._refused_at < _RECENT else ""

    def _put(self, delivery: Delivery) -> asyncio.Future[Receipt]:
        try:
            return asyncio.ensure_future(self._inbox.put(delivery))
        except Exception as error:
            # An inbox of one's own may raise at once what it is to raise when it is awaited.
            refused: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused

    def _settle(self, arrival: _Arrival, stored: asyncio.Future[Receipt]) -> None:
        """Answer what was put; what was refused once goes on in a task of its own, if its vendor would rather wait."""
        self._deadlines.release(stored)
        told = self._told(stored)
        if isinstance(told, Receipt):
            self._acknowledge(arrival, told)
        elif arrival.source.retried_on != "silence" or len(self._patient) >= PATIENT:
            self._push_back(arrival, told)
        else:
            task = stored.get_loop().create_task(self._insist(arrival, told))
            self._patient.add(task)
            task.add_done_callback(self._patient.discard)

    async def _insist(self, arrival: _Arrival, refusal: InboxError) -> None:
        """Store what was refused once, as long as its vendor would rather wait than be refused."""
        until = arrival.delivery.received_at + arrival.source.patience
        while self.clock.now() + _AGAIN < until:
            await self.clock.sleep(_AGAIN)
            stored = self._put(arrival.delivery)
            await asyncio.wait((stored,), timeout=until - self.clock.now())
            told = self._told(stored)
            if isinstance(told, Receipt):
                self._acknowledge(arrival, told)
                return
            refusal = told
        self._push_back(arrival, refusal)

    def _told(self, stored: asyncio.Future[Receipt]) -> Receipt | InboxError:
        """Give what came of putting a delivery. It is waited for no longer."""
        if stored.cancel() or stored.cancelled():
            refusal: InboxError = InboxUnavailable("the store does not answer in time")
        elif (error := stored.exception()) is None:
            self._refusal = None
            return stored.result()
        elif isinstance(error, InboxError):
            refusal = error
        else:
            _log.error("the inbox failed", exc_info=error)
            refusal = InboxUnavailable(f"the inbox failed: {type(error).__name__}")
        self._refusal, self._refused_at = refusal, self.clock.now()
        return refusal

    def _acknowledge(self, arrival: _Arrival, receipt: Receipt) -> None:
        counts, name = self.counts, arrival.source.name
        if receipt.duplicate:
            counts.duplicates[name] += 1
        else:
            counts.stored[name] += 1
            if receipt.flags:
                counts.flagged[name] += 1
        counts.acks[name].observe(time.perf_counter() - arrival.began)
        arrival.answer(STORED)

    def _push_back(self, arrival: _Arrival, refusal: InboxError) -> None:
        source = arrival.source
        cause: Cause = "full" if isinstance(refusal, InboxFull) else "store"
        self.counts.unstored[source.name, cause] += 1
        _log.error("a delivery of %s could not be stored: %s", source.name, refusal)
        arrival.answer(unstorable(source, owns_socket=arrival.owns_socket))


class _Arrival:
    """One genuine delivery on its way into the inbox, and who is to be told what became of it."""

    __slots__ = ("answer", "began", "delivery", "owns_socket", "source")

    def __init__(self, source: Source, delivery: Delivery, answer: Answer, owns_socket: bool, began: float) -> None:
        self.source = source
        self.delivery = delivery
        self.answer = answer
        self.owns_socket = owns_socket
        self.began = began
