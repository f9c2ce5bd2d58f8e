"""What a test holds of a vendor's webhooks: what was sent, what is to go wrong, and forgeries to throw.

The same for both vendors; what makes their events happen differs.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import replace
from typing import Any

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError
from .webhook_faults import FORGERIES, LATE, Forgery, WebhookFault, WebhookFaultKind
from .webhook_ledger import Delivery, Message
from .webhook_sender import WebhookSender


class WebhookSide:
    """The webhooks of one vendor."""

    def __init__(self, sender: WebhookSender, clock: abc.Callable[[], Clock]) -> None:
        self.sender = sender
        self._clock = clock

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Every delivery so far with each of its tries, the oldest first."""
        return self.sender.ledger.entries

    def spoil_next(
        self,
        kind: WebhookFaultKind,
        times: int = 1,
        event: str = "*",
        *,
        skip: int = 0,
        seconds: float = LATE,
        forgery: Forgery = "wrong",
    ) -> None:
        """Do this to the next deliveries: drop, duplicate, reorder, delay, corrupt or forge them.

        `event` is a pattern such as `prospect.*`; `times` below zero is for ever, `skip` lets so many pass first;
        `seconds` is how late a delayed one is sent. A forgery follows the genuine delivery. Raises ConfigurationError.
        """
        self.sender.faults.add(WebhookFault(kind, event, times, skip, seconds, forgery))

    def forge(self, how: Forgery = "wrong") -> None:
        """Throw a forgery of the last delivery at its receiver. Raises ConfigurationError when nothing was sent."""
        if how not in FORGERIES:
            raise ConfigurationError(f"{how!r} is no forgery.", hint=f"There are {', '.join(FORGERIES)}.")
        self.sender.forge(self._sent(None), how)

    def replay(self, delivery: Delivery | None = None) -> None:
        """Send a delivery once more as somebody would who recorded it: the same body, under a new unsigned id.

        Unless one is given it is the last. Raises ConfigurationError when nothing was sent.
        """
        number = len(self.sender.ledger.entries)
        self.sender.replay(self._sent(delivery), lambda message: _renamed(message, f"replay-{number}"))

    def webhook_statistics(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        return self.sender.ledger.statistics() | {"faults_waiting": len(self.sender.faults)}

    def _sent(self, delivery: Delivery | None) -> Delivery:
        if delivery is not None and delivery.tries:
            return delivery
        found = None if delivery else next((one for one in reversed(self.deliveries) if one.tries), None)
        if found is None:
            raise ConfigurationError("Nothing was sent that could be imitated.", hint="Make an event happen first.")
        return found


def _renamed(message: Message, name: str) -> Message:
    ids = {"x-pms-event-id", "outreach-webhook-id"}
    headers = tuple((told, name if told.lower() in ids else value) for told, value in message.headers)
    return replace(message, headers=headers)
