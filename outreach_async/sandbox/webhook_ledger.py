"""What the simulated vendors sent: every delivery with each of its tries, as frozen entries.

Knows nothing of how a body is written, nor when a try is due.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .webhook_rules import Outcome

Copy = Literal["genuine", "duplicate", "forged", "replayed"]
State = Literal["waiting", "delivered", "failed", "answered", "suspended", "dropped", "unsent"]

KEPT_DELIVERIES = 20_000


@dataclass(frozen=True, slots=True)
class Message:
    """One request to a receiver. The headers hold secrets, so neither they nor the body are printed."""

    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Give a header by its name, whatever its case; empty when there is none."""
        return next((value for told, value in self.headers if told.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a delivery: when it began (Unix seconds), what was sent, what it came to."""

    at: float
    message: Message
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of one event to one address.

    `copy` tells the vendor's own from what was added on purpose. `spoiled` names what was done to it on purpose, in
    order. `state`: `waiting` for a try, `delivered` or `failed` as the vendor counts it, `answered` for what is not
    the vendor's own, `suspended` where the webhook took none, `dropped` on purpose, `unsent` where nobody sends.
    """

    number: int
    event: str
    resource: str
    url: str
    at: float
    copy: Copy = "genuine"
    spoiled: tuple[str, ...] = ()
    state: State = "waiting"
    reason: str = ""
    tries: tuple[Try, ...] = ()

    @property
    def statuses(self) -> tuple[Outcome, ...]:
        """The outcome of each try, in order."""
        return tuple(one.outcome for one in self.tries)

    @property
    def accepted(self) -> bool:
        """Whether a receiver took it: answered with a status of the 200s."""
        return bool(self.tries) and isinstance(last := self.tries[-1].outcome, int) and 200 <= last < 300

    def plain(self) -> dict[str, Any]:
        """Give the entry as plain values, without bodies and headers."""
        return {
            "number": self.number,
            "event": self.event,
            "resource": self.resource,
            "url": self.url,
            "at": self.at,
            "copy": self.copy,
            "spoiled": list(self.spoiled),
            "state": self.state,
            "reason": self.reason,
            "accepted": self.accepted,
            "tries": [{"at": one.at, "outcome": one.outcome} for one in self.tries],
        }


class Ledger:
    """The latest deliveries of one vendor, oldest first, and the counts of all."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, Delivery] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._made = 0
        self.tries = 0

    @property
    def entries(self) -> tuple[Delivery, ...]:
        """Every delivery that is kept, the oldest first."""
        return tuple(self._entries.values())

    def enter(self, event: str, resource: str, url: str, at: float, copy: Copy, spoiled: tuple[str, ...]) -> int:
        """Enter a delivery that waits for its first try, and give its number."""
        self._made += 1
        self._entries[self._made] = Delivery(self._made, event, resource, url, at, copy, spoiled)
        self._counts["waiting"] += 1
        self._counts[copy] += 1
        while len(self._entries) > KEPT_DELIVERIES:
            self._entries.popitem(last=False)
        return self._made

    def tried(self, number: int, one: Try) -> None:
        """Note a try."""
        self.tries += 1
        if entry := self._entries.get(number):
            self._entries[number] = replace(entry, tries=(*entry.tries, one))

    def settle(self, number: int, state: State, reason: str = "") -> None:
        """Note that there will be no more tries."""
        self._counts["waiting"] -= 1
        self._counts[state] += 1
        if entry := self._entries.get(number):
            self._entries[number] = replace(entry, state=state, reason=reason)

    def statistics(self) -> dict[str, int]:
        """Count the deliveries by their state and by what they are, and the tries."""
        return {"deliveries": self._made, "tries": self.tries} | {k: v for k, v in sorted(self._counts.items()) if v}
