"""Counts of what the receiver decided, since the process started: by source, by secret, by reason.

The counts by secret show a rotation: when the old one is used no more, it can be taken out. Every live secret is
there from the start, so that one nobody uses shows as zero and not as missing.
"""

from __future__ import annotations

import collections.abc as abc
from collections import Counter

from .delivery import Delivery
from .receiver import Refusal
from .sources import Source


class Tally:
    """Counts for metrics. The labels are the sources' and secrets' names and the receiver's own reasons."""

    def __init__(self, sources: abc.Iterable[Source]) -> None:
        self.verified: Counter[tuple[str, str]] = Counter()
        """Deliveries by source and by the name of the secret that verified them; empty for an unsigned source."""
        self.refused: Counter[tuple[str, str]] = Counter()
        """Requests that were no genuine deliveries, by source and reason."""
        self.unreadable: Counter[str] = Counter()
        """Genuine deliveries that no handler can be given, by source."""
        for source in sources:
            self.verified.update(
                {(source.name, name): 0 for name in (source.secrets.names if source.secrets else ("",))}
            )

    def count(self, source: Source, received: Delivery | Refusal) -> None:
        """Count one decision of the receiver."""
        if isinstance(received, Refusal):
            self.refused[source.name, received.reason] += 1
            return
        self.verified[source.name, received.secret] += 1
        if received.unreadable:
            self.unreadable[source.name] += 1

    def received(self, source: str) -> int:
        """Give how many requests came to a source, refused ones included."""
        counts = (*self.verified.items(), *self.refused.items())
        return sum(number for (name, _), number in counts if name == source)
