"""Deliveries in memory between their receipt and their claim, so that most are never read back from the disk."""

from __future__ import annotations

import collections.abc as abc

from .delivery import Delivery

MOST_BYTES = 16 * 1024 * 1024
"""Bodies kept at most; those of other deliveries are read back."""


class Fresh:
    """Deliveries that were stored and never claimed, by the ids of their events."""

    def __init__(self) -> None:
        self._deliveries: dict[int, Delivery] = {}
        self._bytes = 0

    def add(self, id: int, delivery: Delivery) -> None:
        """Keep a delivery, if there is room."""
        size = len(delivery.body)
        if self._bytes + size <= MOST_BYTES:
            self._bytes += size
            self._deliveries[id] = delivery

    def take(self, ids: abc.Iterable[int]) -> list[Delivery] | None:
        """Give these deliveries and forget them; None when one of them is not here."""
        found = [self._deliveries.pop(each, None) for each in ids]
        kept = [delivery for delivery in found if delivery is not None]
        self._bytes -= sum(len(delivery.body) for delivery in kept)
        return kept if len(kept) == len(found) else None
