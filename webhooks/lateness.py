"""Which deliveries were sent before one of the same record that is here already: order is kept as received, and told.

Remembers, of the records that were heard of last, when the latest delivery of each was sent. Begins anew with the
process: what is noticed is a vendor's tries that overtook each other within seconds.
"""

from __future__ import annotations

from collections import OrderedDict

from .delivery import Delivery
from .instants import seconds_of

LATE = "late"
"""The flag of such a delivery."""

REMEMBERED = 10_000
"""Records remembered at most."""


class Lateness:
    """When the latest delivery of each record was sent."""

    def __init__(self) -> None:
        # As texts: most records are heard of once, and then nobody has to read them. The first one is found at once;
        # a plain dictionary would look through the places of those removed before.
        self._latest: OrderedDict[tuple[str, str], str] = OrderedDict()

    def is_late(self, delivery: Delivery) -> bool:
        """Say whether a later one of its record came before; take note of this one. The same one again is not late."""
        if not delivery.sent or not delivery.resource:
            return False
        record = (delivery.source, delivery.resource)
        latest = self._latest.get(record)
        if latest is not None:
            sent, before = seconds_of(delivery.sent), seconds_of(latest)
            if sent is None:
                return False
            if before is not None and sent < before:
                return True
        elif len(self._latest) >= REMEMBERED:
            self._latest.popitem(last=False)
        self._latest[record] = delivery.sent
        return False
