"""Which unfinished event may be worked on next: pure, in memory, told the time.

Rules, in this order:

1. A lane's events are given out in the order of their ids, one at a time. The lane's head is its first event that has
   not left it; an event leaves when it is finished, and also when it waits for a retry that no longer holds the lane.
   One that left is retried outside of any order.
2. Events whose turn came are given out lowest id first. Of events that can be given out, one in `RETRY_TURN` is a
   retry, so that neither new events nor retries starve.
3. Once `ahead` was asked for, an event whose turn has not come is given out too: once when it is new, and again
   whenever a retry of it is due.

Decides nothing about handlers, knows no bodies and no disk. One event costs some 300 bytes, and the inbox bounds
their number.
"""

from __future__ import annotations

import bisect
import collections.abc as abc
import heapq
import itertools
import math
from typing import Literal

import msgspec

from .inbox import End, Settlement, State

RETRY_TURN = 4

_Place = Literal["waiting", "running", "ahead", "retrying"]


class Retry(msgspec.Struct, frozen=True, gc=False):
    """When a handler of an event is due again, and until when that holds the lane."""

    due: float
    hold: float = 0.0


class _Item(msgspec.Struct, eq=False, gc=False):
    id: int
    lane: str
    received_at: float
    covered: bool
    died: bool
    retries: dict[str, Retry]
    place: _Place = "waiting"
    visited: bool = False
    queue: list[int] | None = None
    left: frozenset[str] = frozenset()

    @property
    def due(self) -> float:
        return min((retry.due for retry in self.retries.values()), default=math.inf)

    @property
    def due_ahead(self) -> float:
        """When the event is to be given out before its turn: not for those it was given out for and that were left."""
        return min((retry.due for name, retry in self.retries.items() if name not in self.left), default=math.inf)

    @property
    def hold(self) -> float:
        return max((retry.hold for retry in self.retries.values()), default=0.0)


class Pick(msgspec.Struct, frozen=True, gc=False):
    """An event given out: its id, the handlers whose retry is not due, and whether its turn has not come."""

    id: int
    later: frozenset[str]
    ahead: bool


class Agenda:
    """Every unfinished event, and what is to be done about it when.

    `running` counts the events given out, `retrying` those of which every handler ran and some wait for another try.
    """

    def __init__(self) -> None:
        self.running = 0
        self.retrying = 0
        self._items: dict[int, _Item] = {}
        self._newest_at = -math.inf
        # Those received before one that was here already: delivered again, or by a clock that was set back.
        self._late: dict[int, float] = {}
        self._lanes: dict[str, list[int]] = {}
        self._fresh: list[int] = []
        self._again: list[int] = []
        self._timers: list[tuple[float, int]] = []
        self._gives_ahead = False
        self._turn = 0

    def __len__(self) -> int:
        return len(self._items)

    def ids(self) -> list[int]:
        """Give the unfinished events."""
        return list(self._items)

    @property
    def oldest_at(self) -> float | None:
        """When the event that has been here longest was received."""
        # All others came in the order of their receipt.
        first = (item.received_at for item in self._items.values() if item.id not in self._late)
        return min((*self._late.values(), *itertools.islice(first, 1)), default=None)

    def add(
        self,
        id: int,
        lane: str,
        received_at: float,
        now: float,
        *,
        retries: abc.Mapping[str, Retry] | None = None,
        covered: bool = False,
        died: bool = False,
    ) -> None:
        """Take in an event; an empty lane orders nothing. `covered` says that all its handlers ran before."""
        item = _Item(id, lane, received_at, covered, died, dict(retries or {}))
        self._items[id] = item
        if received_at < self._newest_at:
            self._late[id] = received_at
        else:
            self._newest_at = received_at
        self.retrying += covered
        if covered and item.hold <= now:
            item.lane = ""
        if item.lane:
            ids = self._lanes.setdefault(lane, [])
            # An event delivered again has a low id, and waits for the one that is at it now.
            engaged = bool(ids) and self._items[ids[0]].place in ("running", "retrying")
            bisect.insort(ids, id, lo=int(engaged))
        self._rest(item, now)

    def take(self, limit: int, now: float, *, ahead: bool = False) -> list[Pick]:
        """Give out at most `limit` events."""
        if ahead and not self._gives_ahead:
            self._gives_ahead = True
            for item in self._items.values():
                self._look(item, now)
        self._tick(now)
        picks: list[Pick] = []
        while len(picks) < limit and (given := self._next(now)):
            given.place = "running" if self._has_turn(given) else "ahead"
            self.running += 1
            later = frozenset(name for name, retry in given.retries.items() if retry.due > now)
            given.left = frozenset(given.retries) - later if given.retries else frozenset()
            picks.append(Pick(given.id, later, given.place == "ahead"))
        return picks

    def busy(self, now: float) -> bool:
        """Say whether an event is given out, or could be now."""
        self._tick(now)
        return self.running > 0 or any(self._first(queue, now) for queue in (self._fresh, self._again))

    def next_time(self) -> float | None:
        """Say when something may become possible by the passing of time alone; None for never."""
        while self._timers and self._timers[0][1] not in self._items:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def settle(self, id: int, settlements: abc.Iterable[Settlement]) -> None:
        """Note what became of handlers of an event that is given out."""
        item = self._items[id]
        for settlement in settlements:
            item.retries.pop(settlement.handler, None)
            if item.left:
                item.left -= {settlement.handler}
            if settlement.outcome == "retry":
                item.retries[settlement.handler] = Retry(settlement.retry_at, settlement.hold_until)
            item.died |= settlement.outcome == "dead"

    def verdict(self, id: int, end: End) -> State:
        """Say what state the event is in once its claim has ended so."""
        item = self._items[id]
        if end == "part" and not item.covered:
            return "pending"
        if item.retries:
            return "retrying"
        return "dead" if item.died else "done"

    def end(self, id: int, end: End, now: float) -> None:
        """End a claim."""
        item = self._items[id]
        state = self.verdict(id, end)
        self.running -= 1
        self.retrying += (state == "retrying") - item.covered
        item.covered = state == "retrying"
        item.visited = True
        if state in ("done", "dead"):
            del self._items[id]
            self._late.pop(id, None)
            self._leave(item, now)
        else:
            self._rest(item, now)

    def release(self, id: int, now: float) -> None:
        """Take an event back as it was before it was given out, but for what was settled."""
        self.running -= 1
        item = self._items[id]
        item.visited = item.visited and item.place != "ahead"
        item.left = frozenset()
        self._rest(item, now)

    def owe(self, id: int, handlers: abc.Iterable[str], now: float) -> None:
        """Note handlers that an event is owed to: due at once, and holding nothing."""
        if item := self._items.get(id):
            item.retries.update(dict.fromkeys(handlers, Retry(0.0)))
            self._look(item, now)

    def _rest(self, item: _Item, now: float) -> None:
        """Let an event wait, and see to it that it is looked at again when its time comes."""
        item.place = "retrying" if item.covered else "waiting"
        for retry in item.retries.values():
            for moment in (retry.due, retry.hold):
                if moment > now:
                    heapq.heappush(self._timers, (moment, item.id))
        self._look(item, now)

    def _look(self, item: _Item, now: float) -> None:
        """Queue an event that can be given out now; let one that no longer holds its lane leave it."""
        if item.place == "retrying" and item.lane and item.hold <= now:
            self._leave(item, now)
        queue = self._queue(item, now)
        if queue is not item.queue:
            item.queue = queue
            if queue is not None:
                heapq.heappush(queue, item.id)

    def _queue(self, item: _Item, now: float) -> list[int] | None:
        """Give the queue an event belongs to now; None when it has to wait."""
        if item.place == "retrying":
            # Without a retry only its end is left to be recorded: a transaction settled the last of its handlers.
            return self._again if not item.retries or item.due <= now else None
        if item.place != "waiting":
            return None
        if self._has_turn(item) or (self._gives_ahead and not item.visited):
            return self._fresh
        return self._again if self._gives_ahead and item.due_ahead <= now else None

    def _next(self, now: float) -> _Item | None:
        self._turn = (self._turn + 1) % RETRY_TURN
        for queue in (self._again, self._fresh) if self._turn == 0 else (self._fresh, self._again):
            if item := self._first(queue, now):
                heapq.heappop(queue)
                item.queue = None
                return item
        return None

    def _first(self, queue: list[int], now: float) -> _Item | None:
        """Give the first event of a queue that still belongs there."""
        while queue:
            item = self._items.get(queue[0])
            if item and item.queue is queue and self._queue(item, now) is not None:
                return item
            # Queued elsewhere meanwhile, or given out, or finished: only its id is left here.
            if item and item.queue is queue:
                item.queue = None
            heapq.heappop(queue)
        return None

    def _tick(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            if item := self._items.get(heapq.heappop(self._timers)[1]):
                self._look(item, now)

    def _has_turn(self, item: _Item) -> bool:
        return item.covered or not item.lane or self._lanes[item.lane][0] == item.id

    def _leave(self, item: _Item, now: float) -> None:
        if not item.lane:
            return
        lane, item.lane = item.lane, ""
        ids = self._lanes[lane]
        ids.remove(item.id)
        if not ids:
            del self._lanes[lane]
        else:
            self._look(self._items[ids[0]], now)
