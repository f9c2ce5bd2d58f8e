"""What a test holds of either simulated service: its log, its counts, its faults, its webhooks.

A fault waits for the next call that fits it. How calls travel is not known here.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import replace
from typing import Any

from ..engine.clock import Clock
from .faults import FOREVER, Drift, DriftKind, Fault, Faults
from .journal import Entry, Journal
from .webhook_sender import WebhookSender
from .webhook_sides import WebhookSide

Headers = tuple[tuple[str, str], ...]


class Side(WebhookSide):
    """What both services have in common."""

    def __init__(self, faults: Faults, journal: Journal, sender: WebhookSender, clock: abc.Callable[[], Clock]) -> None:
        super().__init__(sender, clock)
        self.faults = faults
        self.journal = journal

    def fail_next(
        self,
        status: int,
        times: int = 1,
        route: str | None = None,
        *,
        after: float | None = None,
        skip: int = 0,
        effect: bool = False,
        html: bool = False,
        body: str | None = None,
        headers: Headers = (),
    ) -> None:
        """Answer the next calls with this status, in the service's own words for it.

        `after` is the seconds a 429 or 503 tells to wait; `effect` lets the service do the work first; `html` and
        `body` replace the answer's body. `route` such as `POST /prospects` chooses the calls, `times` below zero is
        for ever, `skip` lets so many pass first.
        """
        fault = Fault(status=status, times=times, route=route, retry_after=after, skip=skip, effect=effect)
        self.faults.add(replace(fault, html=html, body=body, headers=headers))

    def cut_next(
        self, after: int = -1, times: int = 1, route: str | None = None, *, skip: int = 0, effect: bool = True
    ) -> None:
        """Break the connection after so many bytes of the answer's body, or before any byte of it.

        The service does its work first, unless `effect` is False: so a grant is given and its answer lost.
        """
        self.faults.add(Fault(cut=after, times=times, route=route, skip=skip, effect=effect))

    def refuse_next(self, times: int = 1, route: str | None = None) -> None:
        """Let the next connections fail before anything is sent; only in process, where there is none to drop."""
        self.faults.add(Fault(refuse=True, times=times, route=route))

    def slow_next(self, seconds: float, times: int = 1, route: str | None = None, *, skip: int = 0) -> None:
        """Hold the next answers back this long. The work is done at once."""
        self.faults.add(Fault(delay=seconds, times=times, route=route, skip=skip))

    def drift(
        self, kind: DriftKind, type: str = "", attribute: str = "", *, times: int = FOREVER, route: str | None = None
    ) -> None:
        """Change the documents from now on: an attribute's type, an enumeration's values, a field, an extra type."""
        self.faults.add(Fault(drift=Drift(kind, type, attribute), times=times, route=route))

    def heavy_pages(self, above: int, times: int = FOREVER, route: str | None = None) -> None:
        """Answer 502 to every list that asks for more rows than this, as the service does when a query is too heavy."""
        self.faults.add(Fault(above_rows=above, times=times, route=route))

    def heal(self) -> None:
        """Take back every fault that still waits, those of webhooks included."""
        self.faults.clear()
        self.sender.faults.clear()

    @property
    def requests(self) -> tuple[Entry, ...]:
        """Every request so far, the oldest first."""
        return tuple(self.journal.entries)

    @property
    def rate_limited(self) -> int:
        """How many requests were answered 429, the token endpoint's and the faults' included."""
        return sum(self.journal.rate_limited.values())

    @property
    def over_limit(self) -> int:
        """How many requests went over a limit: 429s that were no faults."""
        return self.journal.over_limit

    def statistics(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        told = {"faults": self.faults.hit, "faults_waiting": len(self.faults), "webhooks": self.webhook_statistics()}
        return self.journal.statistics() | told
