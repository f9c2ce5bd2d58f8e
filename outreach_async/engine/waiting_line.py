"""The callers that wait at one gate: in order, by lane, each with the time until which it is patient.

A place in the line is a future: None when its turn has come, a number when the quota resets too late for it. Whether
there is a turn to give is not known here.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from typing import Literal

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, Lane] = ("interactive", "bulk")
IN_A_ROW = 9
"""Turns that interactive work gets in a row while bulk work waits; the next one is bulk's."""

Place = asyncio.Future[float | None]


class WaitingLine:
    """First come, first served within a lane. Leaving the middle of the line costs no more than leaving its end."""

    __slots__ = ("_in_a_row", "_lanes", "_soonest")

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[Place, float]] = {lane: OrderedDict() for lane in LANES}
        self._soonest = math.inf  # no deadline in the line is earlier
        self._in_a_row = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def has(self, lane: Lane) -> bool:
        """Tell whether somebody waits in the lane."""
        return bool(self._lanes[lane])

    def join(self, place: Place, lane: Lane, deadline: float) -> None:
        """Join the end of a lane."""
        self._lanes[lane][place] = deadline
        self._soonest = min(self._soonest, deadline)

    def leave(self, place: Place, lane: Lane) -> None:
        """Leave the line, from wherever one stands; nothing happens when one has left it already."""
        self._lanes[lane].pop(place, None)

    def next(self, lane: Lane) -> Place | None:
        """Take the first of a lane out of the line, or of bulk when interactive work had its turns in a row."""
        if lane == "interactive" and self._in_a_row >= IN_A_ROW and self._lanes["bulk"]:
            lane = "bulk"
        queue = self._lanes[lane]
        while queue:
            place, _ = queue.popitem(last=False)
            if not place.done():  # else cancelled, and its task has not run yet
                self._in_a_row = self._in_a_row + 1 if lane == "interactive" else 0
                return place
        return None

    def turn_away(self, resets_at: float) -> None:
        """Send off everybody whose patience ends before this time, and tell them the time."""
        if resets_at <= self._soonest:
            return
        self._soonest = math.inf
        for queue in self._lanes.values():
            for place, deadline in list(queue.items()):
                if deadline >= resets_at:
                    self._soonest = min(self._soonest, deadline)
                    continue
                del queue[place]
                if not place.done():
                    place.set_result(resets_at)
