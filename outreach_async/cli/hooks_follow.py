"""`hooks events --follow`: what is there, and then what is new at every further look.

An event is stored under a higher id than those before it, so those above the last one told are the new ones. It comes
into a state whatever its id: with a state, the newest of it are asked for at each look, and those are told that were
not among them at the look before.
"""

from __future__ import annotations

import collections.abc as abc
import math
from typing import TYPE_CHECKING

from .hooks_reach import Reading, View

if TYPE_CHECKING:
    from .hooks_events import Asked

AT_ONCE = 1_000
"""Events asked for at once; of a state, how many of its newest are watched."""


def looks(inbox: Reading, asked: Asked) -> abc.AsyncGenerator[list[View], None]:
    """Give what is there, then at every look what is new, oldest first; there may be nothing."""
    return _entering(inbox, asked) if asked.state else _stored(inbox, asked)


async def _stored(inbox: Reading, asked: Asked) -> abc.AsyncGenerator[list[View], None]:
    found = (await inbox.events(asked.listing()))[::-1]
    last = 0
    while True:
        yield found
        last = found[-1]["id"] if found else last
        found = await inbox.events(asked.listing(before=None, after=last, limit=AT_ONCE))


async def _entering(inbox: Reading, asked: Asked) -> abc.AsyncGenerator[list[View], None]:
    found = await _newest(inbox, asked, above=math.inf)
    later = sum(asked.before is not None and event["id"] >= asked.before for event in found)
    yield found[: later + asked.limit][::-1]
    while True:
        known = {event["id"] for event in found}
        # What stands below full listings may have been in the state for long.
        floor = found[-1]["id"] if found and len(found) % AT_ONCE == 0 else 0
        found = await _newest(inbox, asked, above=max(known, default=0))
        yield [event for event in reversed(found) if event["id"] > floor and event["id"] not in known]


async def _newest(inbox: Reading, asked: Asked, above: float) -> list[View]:
    """Give the newest, and more of them as long as all are `above` an id: so many have come since."""
    found = page = await inbox.events(asked.listing(before=None, limit=AT_ONCE))
    while len(page) == AT_ONCE and page[-1]["id"] > above:
        page = await inbox.events(asked.listing(before=page[-1]["id"], limit=AT_ONCE))
        found = found + page
    return found
