"""Slots, and whose turn it is to get one: gates in rotation, interactive work first, one turn in ten for bulk.

One rule keeps it simple: after every change, either no slot is free, or nobody who waits could go. What a gate needs
besides a slot is its own business; here it is only asked for how long it stays closed.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Protocol

from .alarm import Alarm
from .clock import Clock
from .waiting_line import IN_A_ROW, LANES, Lane, WaitingLine


class Door(Protocol):
    """A gate, as far as turns are concerned."""

    line: WaitingLine

    def wait(self, now: float) -> float:
        """Give the seconds until time alone opens the gate: 0 when it is open, infinity when only an answer can."""
        ...

    def least_wait(self, now: float) -> float:
        """Give the part of the wait that no answer can shorten."""
        ...

    def let_through(self, lane: Lane, now: float) -> None:
        """Give the slot there is to the first who waits in the lane."""
        ...


class Turns:
    """Hands slots to gates. `free` is the number of slots nobody uses, `waiting` the number of callers in lines."""

    __slots__ = ("_alarm", "_clock", "_in_a_row", "_lines", "free", "slots", "waiting")

    def __init__(self, clock: Clock, slots: int) -> None:
        self.slots = slots
        self.free = slots
        self.waiting = 0
        self._clock = clock
        # Doors whose waiters may be able to go. One found closed leaves, until somebody tells it to look again.
        self._lines: dict[Lane, OrderedDict[Door, None]] = {lane: OrderedDict() for lane in LANES}
        self._in_a_row = 0
        self._alarm: Alarm[Door] = Alarm(clock, self.look_again)

    @property
    def sleeping(self) -> int:
        """Doors that wait for time to pass."""
        return len(self._alarm)

    def arrived(self, door: Door) -> None:
        """Take note of one more waiter at a door."""
        self.waiting += 1
        self._line_up(door)
        self._hand_out()

    def left(self, door: Door) -> None:
        """Take note of one waiter less, for whatever reason."""
        self.waiting -= 1
        if not door.line:
            self._forget(door)

    def look_again(self, *groups: list[Door]) -> None:
        """Hand out what has come free, to these doors too: what they wait for may have changed."""
        for doors in groups:
            for door in doors:
                self._line_up(door)
        self._hand_out()

    def _hand_out(self) -> None:
        if not self.free:
            return
        now = self._clock.now()
        while self.free and (lane := self._next_lane()):
            door, _ = self._lines[lane].popitem(last=False)
            wait = door.wait(now)
            if wait > 0:
                self._put_to_sleep(door, now, wait)
                continue
            self._in_a_row = self._in_a_row + 1 if lane == "interactive" else 0
            door.let_through(lane, now)
            self._line_up(door)

    def _next_lane(self) -> Lane | None:
        bulk, interactive = self._lines["bulk"], self._lines["interactive"]
        if interactive and (not bulk or self._in_a_row < IN_A_ROW):
            return "interactive"
        return "bulk" if bulk else None

    def _line_up(self, door: Door) -> None:
        for lane, line in self._lines.items():
            if door.line.has(lane):
                line.setdefault(door)
            else:
                line.pop(door, None)

    def _put_to_sleep(self, door: Door, now: float, wait: float) -> None:
        for line in self._lines.values():
            line.pop(door, None)
        door.line.turn_away(now + door.least_wait(now))
        if door.line and wait < math.inf:
            self._alarm.set(door, now + wait)

    def _forget(self, door: Door) -> None:
        for line in self._lines.values():
            line.pop(door, None)
        self._alarm.drop(door)
