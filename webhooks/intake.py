"""The way of one delivery from its bytes to its answer: received, stored, answered. Every shell goes through here.

Nothing is answered 2xx before it is stored. What cannot be stored is pushed back in the way its vendor tries again:
Outreach's is held for up to the source's patience, since only silence earns its three quick retries; PlanMySaaS's is
answered 503 at once. Sockets are the shells' affair: they are told to abort, and do.
"""

from __future__ import annotations

import collections.abc as abc
import logging
import time

from outreach_async.engine.clock import Clock, SystemClock

from .deadlines import Deadlines
from .delivery import Delivery
from .inbox import Cause, Inbox, Receipt
from .inbox_errors import InboxError, InboxFull
from .metrics import Counts
from .receiver import STORED, Abort, Refusal, Reply, receive, refuse_head, unstorable
from .sources import Fields, Source
from .tally import Tally

PATIENT = 512
"""Deliveries that may wait for a store that refuses; further ones are pushed back at once."""

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
        self._patient = 0
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
        began = time.perf_counter()
        now = self.clock.now()
        received = receive(source, fields, body, now)
        self.tally.count(source, received)
        if isinstance(received, Refusal):
            return received.reply
        counts, name = self.counts, source.name
        counts.received_rate.note(now)
        receipt = await self._put(received, source.patience) or await self._insist(source, received)
        if receipt is None:
            return unstorable(source, owns_socket=owns_socket)
        if receipt.duplicate:
            counts.duplicates[name] += 1
        else:
            counts.stored[name] += 1
            if receipt.flags:
                counts.flagged[name] += 1
        counts.acks[name].observe(time.perf_counter() - began)
        return STORED

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

    async def _insist(self, source: Source, delivery: Delivery) -> Receipt | None:
        """Store what was refused once, as long as its vendor would rather wait than be refused."""
        receipt = None
        until = delivery.received_at + source.patience
        if source.retried_on != "silence" or self._patient >= PATIENT:
            return self._told(source, receipt)
        self._patient += 1
        try:
            while receipt is None and self.clock.now() + _AGAIN < until:
                await self.clock.sleep(_AGAIN)
                receipt = await self._put(delivery, until - self.clock.now())
        finally:
            self._patient -= 1
        return self._told(source, receipt)

    async def _put(self, delivery: Delivery, seconds: float) -> Receipt | None:
        try:
            # By the loop's own time: a disk that hangs does not hang by a wound clock.
            receipt = await self._deadlines.wait(self._inbox.put(delivery), seconds)
        except (InboxError, TimeoutError) as error:
            self._refused_at = self.clock.now()
            self._refusal = error if isinstance(error, InboxError) else InboxError("the store does not answer in time")
            return None
        self._refusal = None
        return receipt

    def _told(self, source: Source, receipt: Receipt | None) -> Receipt | None:
        if receipt is None and self._refusal:
            cause: Cause = "full" if isinstance(self._refusal, InboxFull) else "store"
            self.counts.unstored[source.name, cause] += 1
            _log.error("a delivery of %s could not be stored: %s", source.name, self._refusal)
        return receipt
