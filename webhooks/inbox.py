"""What an inbox promises, and the values it speaks in.

An inbox keeps every delivery once, until each of its handlers is settled: done, or dead with a reason. Three words
run through all of it. A *claim* is one event lent to a worker; no other claim of it is given out meanwhile. A
*settlement* is what became of one run of one handler. A *lane* is one resource of one source: its events are claimed
in the order received, one at a time, while other lanes go on.

Order within a lane. The next event of a lane is claimed once the one before it is finished, or waits for a retry
beyond its `hold_until`. A retry of an `ordered` handler holds the lane for that handler's retry window, a retry of
another handler does not hold it at all. With `ahead=True` a claim may also be of an event whose turn has not come:
only handlers that opted out of the order may be run for it.

Times are Unix seconds by the clock the inbox was opened with. Those on file are wall times, and a clock that jumped
between two runs can make a retry earlier, or later by no more than the delay it was given.

Knows no handler, no vendor, no HTTP. The errors it may raise are in `inbox_errors`.
"""

from __future__ import annotations

import collections.abc as abc
import sqlite3
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from outreach_async.engine.clock import Clock

from .delivery import Delivery

if TYPE_CHECKING:
    from .known_routes import KnownRoute

T = TypeVar("T")
Work = abc.Callable[[sqlite3.Connection], T]

State = Literal["pending", "retrying", "done", "dead"]
"""Of an event: `retrying` when all its handlers ran and some wait for another try, `dead` when one was given up."""

Outcome = Literal["done", "retry", "dead"]

Cause = Literal["stopped", "store", "full"]
"""Why nothing could be stored for a while: no process ran, the store failed, the inbox was at its bound."""

End = Literal["whole", "part", "unclaimed"]
"""How a claim ends: every handler of the event has been told, or only those that opted out of the order, or the event
has none."""

UNCLAIMED = "no handler takes it"
"""The reason of an event that is done without a handler."""

ANY_HANDLER = ""
"""The handler name of a settlement that is about the event as a whole: unreadable, or not to be routed."""

DEPTH = 100_000
"""Unfinished events an inbox takes, unless told otherwise."""

LAST_ID = 2**63 - 1
"""The highest id an event could have; there is none with a higher one."""

LISTED = 1_000
"""Events one listing gives at most."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A delivery is on disk. `id` is the event's, of the first copy for a `duplicate`; `flags` are those stored."""

    id: int
    duplicate: bool = False
    flags: tuple[str, ...] = ()


class Settlement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of one run of one handler.

    `attempt` counts from 1; 0 is of no run, but of work that is owed to a handler which is gone. `at` is when the run
    ended, `seconds` how long it took. A `retry` is due at `retry_at` and holds its lane until `hold_until`, zero for
    not at all. `reason` is one line, `traceback` is kept with failed runs only; both are redacted by whoever made
    them.
    """

    handler: str
    outcome: Outcome
    attempt: int = 1
    at: float
    seconds: float = 0.0
    retry_at: float = 0.0
    hold_until: float = 0.0
    reason: str = ""
    traceback: str = ""


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event lent to a worker.

    `work` is the latest settlement of every handler that ran before; `later` names those whose retry is not due yet.
    `ahead` says that the event's turn in its lane has not come. `fence` tells this claim from an earlier one of the
    same event, for inboxes shared by several processes.
    """

    id: int
    delivery: Delivery
    work: tuple[Settlement, ...] = ()
    later: frozenset[str] = frozenset()
    ahead: bool = False
    fence: int = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the inbox keeps it. `work` is the latest settlement per handler, `failures` every failed run.

    `reason` is why it is dead or tried again, or done without a handler.
    """

    id: int
    state: State
    delivery: Delivery
    work: tuple[Settlement, ...] = ()
    failures: tuple[Settlement, ...] = ()
    reason: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One event in a listing, without its body. `reason` is as in `Entry`; `size` is in bytes."""

    id: int
    state: State
    source: str
    provider: str
    event: str
    resource: str
    received_at: float
    flags: tuple[str, ...]
    size: int
    reason: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to list. Empty texts mean any.

    Newest first, and those with an id below `before`; with `after`, oldest first and those above it, which is how
    new events are followed. `limit` is at most `LISTED`.
    """

    state: State | None = None
    source: str = ""
    event: str = ""
    resource: str = ""
    before: int | None = None
    after: int | None = None
    limit: int = 100


class Gap(msgspec.Struct, frozen=True):
    """A span in which deliveries may have been lost. `repaired_at` is when a reconciliation covered it."""

    id: int
    start: float
    end: float
    cause: Cause
    detail: str = ""
    repaired_at: float | None = None


class InboxStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How the inbox stands, and what it counted since it was opened.

    `depth` counts unfinished events, of which there may be `bound`; `running` and `retrying` are among them. `dead`
    counts all on file. `oldest_at` is when the unfinished event that waits longest was received. `failing_since` is
    set while the store refuses; `failure` says what is wrong with it, also where deliveries are stored nevertheless.
    `log_bytes` is the size of the log beside the file, as of the last minute.
    """

    depth: int
    bound: int
    running: int
    retrying: int
    dead: int
    oldest_at: float | None
    stored: int
    duplicates: int
    flagged: int
    failing_since: float | None = None
    failure: str = ""
    log_bytes: int = 0


class Inbox(Protocol):
    """Keeps deliveries until they are handled.

    Every method but `release` and `statistics` may raise InboxUnavailable; then nothing of that call was done, or it
    is not known to have been done.
    """

    def check(self) -> None:
        """Refuse at once what opening would refuse, without taking hold of it. Raises ConfigurationError."""
        ...

    async def open(self, clock: Clock) -> None:
        """Take hold of it and load what is unfinished. Raises ConfigurationError, InboxHeld."""
        ...

    async def introduce(self, routes: abc.Sequence[KnownRoute]) -> None:
        """Note which handlers there are: once it is open, before deliveries are put.

        What the handlers on file took, did not settle and do not take any more is then owed to them, as a retry with
        the attempt 0 in the claims of the unfinished events that came while they were there.
        """
        ...

    async def close(self) -> None:
        """Commit what was handed in and let go. Unfinished events are claimed again after the next opening."""
        ...

    async def cease(self) -> None:
        """Take note that no more deliveries come: from now until the next opening nobody listens.

        Work goes on. Called before `close`, which does it where nobody did.
        """
        ...

    def put(self, delivery: Delivery) -> abc.Awaitable[Receipt]:
        """Store a delivery, or recognise it. It is over once it is durable. Raises InboxFull.

        A coroutine or a future; what it raises it raises when it is awaited.
        """
        ...

    async def claim(self, limit: int = 1, *, ahead: bool = False) -> tuple[Claim, ...]:
        """Wait for events that can be worked on, and lend at least one and at most `limit`."""
        ...

    async def settle(self, claim: Claim, *settlements: Settlement, end: End | None = None) -> None:
        """Record what became of handlers. With `end` the claim is over, and the event finished if nothing is left.

        Recording the same twice does no harm, so it can be repeated after InboxUnavailable. Raises ClaimLost.
        """
        ...

    async def transact(self, claim: Claim, settlement: Settlement, work: Work[T]) -> T:
        """Run `work` in the transaction that records the settlement; what it raises undoes both.

        Raises ConfigurationError for what `work` may not do, ClaimLost, and whatever `work` raises.
        """
        ...

    def release(self, claim: Claim) -> None:
        """Give a claim back unsettled; the event can be claimed again at once. One that is over is left alone."""
        ...

    async def redeliver(self, id: int) -> bool:
        """Work on a finished event again: on its dead handlers, or on all when none died.

        It is owed to those of the dead ones that were introduced once and are gone. False when there is no such
        event, or it is not finished.
        """
        ...

    async def get(self, id: int) -> Entry | None:
        """Give one event whole; None when there is none."""
        ...

    async def events(self, listing: Listing) -> tuple[Summary, ...]:
        """Give the events that a listing asks for."""
        ...

    async def counts(self) -> abc.Mapping[State, int]:
        """Count the events on file by their state."""
        ...

    async def purge(self, before: float) -> int:
        """Remove the finished events received before this time, dead ones included, and say how many."""
        ...

    async def gaps(self) -> tuple[Gap, ...]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        ...

    async def repaired(self, gap: int) -> bool:
        """Note that a gap's events were fetched by other means. False when it is not there or was repaired before."""
        ...

    def statistics(self) -> InboxStatistics:
        """Say how it stands, without touching the disk."""
        ...

    async def quiet(self) -> None:
        """Wait until no event is running or can be run now; retries may still wait for their time."""
        ...


@runtime_checkable
class Findable(Protocol):
    """What an inbox may do besides, when one process holds it: have that process found by others."""

    def announce(self, admin: str) -> None:
        """Tell others where the holder's admin interface answers: a URL, as it is reached from this machine."""
        ...

    def is_held_as(self, identity: str) -> bool:
        """Say whether this is the inbox that others know by this name, and held here."""
        ...


@runtime_checkable
class Inherited(Protocol):
    """What an inbox may do besides, when the generations of a server hold it one after the other."""

    def generation_of(self, parent: int) -> None:
        """Tell others which process would start the holder again. Said before the inbox is opened."""
        ...

    def queued_at(self, queue: str) -> None:
        """Tell in which queue connections wait while nobody accepts them. Said before the inbox is opened.

        The span since anybody accepted them then ends with `accepting`, and not with the opening.
        """
        ...

    async def accepting(self) -> None:
        """Take note that connections are accepted from now on. Raises InboxUnavailable."""
        ...

    def yielding(self) -> None:
        """Take note that from now on none are, and that the next generation takes them from the same queue.

        Deliveries on open connections may still be put. Said before `cease`.
        """
        ...


PROMISED = tuple(name for name, member in vars(Inbox).items() if callable(member) and not name.startswith("_"))
"""The names of an inbox's methods."""
