"""The writing half of an inbox's database: what one transaction does. Runs in one thread, whichever that is.

Knows tables and no event loop. Identity is checked and recorded in the transaction that stores the delivery, and a
span in which nothing could be stored is recorded in the first transaction that succeeds again.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from . import sqlite_rows as rows
from .checkpoints import Checkpoints
from .delivery import Delivery
from .effects import Hold, run_effect
from .inbox import ANY_HANDLER, DEPTH, Cause, Receipt, Settlement, T, Work
from .inbox_errors import InboxFull
from .jobs import AnyJob, Call, Effect, Put, Settle
from .key_index import KeyIndex
from .known_keys import Seen, first_copy, flags_of, put_on_file, put_with_copy
from .lateness import LATE, Lateness
from .sqlite_faults import explain, is_store_failure
from .sqlite_rows import DEAD, FINISHED, RETRYING, insert, number_of, update_in

SPARED = 86_400.0
"""Seconds between two heartbeats above which nothing is removed for its age for as long again."""

_PUT_EVENTS = (
    "INSERT INTO inbox_events(id, state, source, provider, event, resource, received_at, size, flags, unreadable)"
)
_PUT_BODIES = "INSERT INTO inbox_bodies(id, envelope, body)"
_PUT_WORK = (
    "INSERT OR REPLACE INTO inbox_work(event, handler, outcome, attempt, at, seconds, retry_at, hold_until, reason)"
)
_PUT_FAILURES = (
    "INSERT INTO inbox_failures(event, handler, outcome, attempt, at, seconds, retry_at, hold_until, reason, traceback)"
)
_PROLONG_GAP = (
    "UPDATE inbox_gaps SET ended_at = ? WHERE id = (SELECT max(id) FROM inbox_gaps)"
    " AND cause = ? AND ended_at = ? AND repaired_at IS NULL"
)
_PUT_GAP = "INSERT INTO inbox_gaps(started_at, ended_at, cause, detail) VALUES (?, ?, ?, ?)"


@dataclass(slots=True)
class Tally:
    """What the writer counts along: unfinished events, dead ones, and the last id given."""

    depth: int
    dead: int
    last_id: int


class Store:
    """One connection that writes. `now` gives Unix seconds."""

    def __init__(self, connection: sqlite3.Connection, now: abc.Callable[[], float], *, depth: int = DEPTH) -> None:
        self.connection = connection
        self._now = now
        self._depth = depth
        self._full_since: float | None = None
        self._hold: Hold | None = None
        self.failing_since: float | None = None
        self.failure = ""
        self.tally = self._count()
        self.keys = KeyIndex(connection, now())
        self.checkpoints = Checkpoints(connection, now())
        self._lateness = Lateness()

    @property
    def in_transaction(self) -> bool:
        """Whether the transaction is still open; some errors end it."""
        return self.connection.in_transaction

    @property
    def trouble(self) -> tuple[float | None, str]:
        """Since when it refuses, None while it does not; and what is wrong, also where it does not refuse for that."""
        if self.failing_since is not None:
            return self.failing_since, self.failure
        if (hold := self._hold) and hold.stuck:
            return hold.since, str(hold)
        return None, str(self.checkpoints)

    def close(self) -> None:
        """Close the connection, which moves the log into the file."""
        self.connection.close()

    def commit(self, jobs: abc.Sequence[AnyJob]) -> None:
        """Do these jobs in one durable transaction. When it raises, nothing of them was done."""
        for job in jobs:
            # It may have been tried before, together with one that was at fault.
            job.error = None
        before = replace(self.tally)
        full_since = self._full_since
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self._apply(jobs)
            self.connection.execute("COMMIT")
        except BaseException as error:
            self.tally, self._full_since = before, full_since
            self.keys.undone()
            self._undo()
            if is_store_failure(error):
                self.failure = explain(error)
                self.failing_since = self._now() if self.failing_since is None else self.failing_since
            raise
        self.keys.committed()
        self.failing_since, self.failure = None, ""

    def look(self) -> None:
        """Tell of a handler's function that holds up the writer. Called from another thread than that."""
        if hold := self._hold:
            hold.tell()

    def tend(self) -> None:
        """Do a little of what can be done at leisure; called between transactions."""
        now = self._now()
        if self.failing_since is not None:
            return
        self.checkpoints.look(now)
        if not self.keys.due(now):
            return
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.keys.step(now, forget=self.ages_out(now))
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            # Nothing was lost: the next transaction meets the same trouble and tells of it.
            self._undo()
        else:
            self.keys.stepped()

    def ages_out(self, now: float) -> bool:
        """Say whether something may be removed for its age by now: not while the clock may have jumped."""
        last = read_meta(self.connection, "heartbeat")
        # Right after the jump the heartbeat that takes note of it has yet to come.
        if last is not None and abs(now - last) > SPARED:
            return False
        return bool(now >= (read_meta(self.connection, "spared_until") or 0))

    def put(self, puts: abc.Sequence[Put]) -> None:
        """Store deliveries, each unless it is a copy or the inbox is full."""
        known = self.keys.known(job.texts for job in puts)
        stored: list[Put] = []
        filed: dict[str, Seen] = {}
        for job in puts:
            try:
                new = self._receive(job, known)
            except InboxFull as full:
                job.error = full
                continue
            known.update(new)
            filed.update(new)
            if not job.result.duplicate:
                stored.append(job)
        self.keys.file(filed)
        if stored:
            self._write(stored)

    def settle(self, settles: abc.Sequence[Settle]) -> None:
        """Record settlements, and the states of events whose claims end."""
        told = [(job.id, settlement) for job in settles for settlement in job.settlements]
        self._write_work(told)
        ended: dict[int, list[int]] = {}
        for job in settles:
            if job.state and job.end and (number := number_of(job.state, job.end)):
                ended.setdefault(number, []).append(job.id)
        for state, ids in ended.items():
            update_in(self.connection, "UPDATE inbox_events SET state = ? WHERE id IN", ids, state)
            self.tally.depth -= len(ids) * (state in FINISHED)
            self.tally.dead += len(ids) * (state == DEAD)

    def effect(self, id: int, settlement: Settlement, work: Work[T]) -> T:
        """Run a handler's function and record its settlement, both or neither."""
        self._hold = Hold(id, settlement.handler, self._now())
        try:
            return run_effect(self.connection, work, lambda: self._write_work([(id, settlement)]), settlement.handler)
        finally:
            self._hold = None

    def note_gap(self, start: float, end: float, cause: Cause, detail: str = "") -> None:
        """Record a span in which deliveries may have been lost, or prolong the one it goes on from.

        A clock that went back does not turn it round.
        """
        start, end = min(start, end), max(start, end)
        if self.connection.execute(_PROLONG_GAP, (end, cause, start)).rowcount == 0:
            self.connection.execute(_PUT_GAP, (start, end, cause, detail))

    def note_full(self) -> None:
        """Record until when deliveries were refused because the inbox was full, if they were."""
        if self._full_since is None:
            return
        now = self._now()
        self.note_gap(self._full_since, now, "full", f"{self._depth} events unfinished")
        self._full_since = now if self.tally.depth >= self._depth else None

    def _apply(self, jobs: abc.Sequence[AnyJob]) -> None:
        # Puts and settlements touch different events, so their order among each other means nothing.
        if self.failing_since is not None:
            self.note_gap(self.failing_since, self._now(), "store", self.failure)
        if puts := [job for job in jobs if isinstance(job, Put)]:
            self.put(puts)
        if settles := [job for job in jobs if isinstance(job, Settle)]:
            self.settle(settles)
        for job in jobs:
            if isinstance(job, Effect | Call):
                job.run(self)

    def _receive(self, job: Put, known: abc.Mapping[str, Seen]) -> dict[str, Seen]:
        """Decide what a delivery is, and give the texts it puts on file."""
        delivery = job.delivery
        if known.keys().isdisjoint(job.texts):
            job.result = self._accept(delivery, delivery.flags)
        elif (copy := first_copy(delivery, known)) is not None:
            job.result = Receipt(copy, duplicate=True)
            return put_with_copy(delivery, copy, known)
        else:
            job.result = self._accept(delivery, flags_of(delivery, known))
        return put_on_file(job.texts, job.result.id, delivery.received_at, known)

    def _accept(self, delivery: Delivery, flags: tuple[str, ...]) -> Receipt:
        """Give the receipt of a new event."""
        number = self._admit(delivery)
        return Receipt(number, flags=(*flags, LATE) if self._lateness.is_late(delivery) else flags)

    def _admit(self, delivery: Delivery) -> int:
        """Give a new event its id."""
        if delivery.unreadable:
            self.tally.dead += 1
        elif self.tally.depth < self._depth:
            self.tally.depth += 1
        else:
            self._full_since = delivery.received_at if self._full_since is None else self._full_since
            raise InboxFull(self._depth)
        self.tally.last_id += 1
        return self.tally.last_id

    def _write(self, stored: abc.Sequence[Put]) -> None:
        kept = [(job.result, job.delivery) for job in stored]
        insert(self.connection, _PUT_EVENTS, [rows.event_row(it.id, new, it.flags) for it, new in kept])
        insert(self.connection, _PUT_BODIES, [rows.body_row(it.id, new) for it, new in kept])
        self._write_work([(it.id, unreadable(new)) for it, new in kept if new.unreadable])
        self.note_full()

    def _write_work(self, told: abc.Sequence[tuple[int, Settlement]]) -> None:
        insert(self.connection, _PUT_WORK, [rows.work_row(*each) for each in told])
        failed = [(*rows.work_row(event, run), run.traceback) for event, run in told if run.outcome != "done"]
        insert(self.connection, _PUT_FAILURES, failed)

    def _undo(self) -> None:
        # A full disk or a failed read may have ended the transaction already.
        if self.connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def _count(self) -> Tally:
        ask = self.connection.execute
        low = read_meta(self.connection, "settled_to") or 0
        (pending,) = ask("SELECT COUNT(*) FROM inbox_events WHERE id > ? AND state IS NULL", (low,)).fetchone()
        (retrying,) = ask("SELECT COUNT(*) FROM inbox_events WHERE state = ?", (RETRYING,)).fetchone()
        (dead,) = ask("SELECT COUNT(*) FROM inbox_events WHERE state = ?", (DEAD,)).fetchone()
        (stored,) = ask("SELECT MAX(id) FROM inbox_events").fetchone()
        return Tally(pending + retrying, dead, max(stored or 0, read_meta(self.connection, "last_id") or 0))


def unreadable(delivery: Delivery) -> Settlement:
    """Give the settlement of a delivery that no handler can be given: it is dead on arrival."""
    return Settlement(handler=ANY_HANDLER, outcome="dead", at=delivery.received_at, reason=delivery.unreadable)


def read_meta(connection: sqlite3.Connection, name: str) -> Any:
    """Give what is kept beside the events; None when it was never written."""
    row = connection.execute("SELECT value FROM inbox_meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None
