"""What a received delivery can be refused for, below the one tree of errors of this project.

    OutreachError
      DeliveryError
        SignatureError       nobody who knows a live secret wrote this body
        MalformedDelivery    genuine perhaps, and not readable as an event
        TooLarge             the body passes the source's bound

The receiver answers with values and raises none of these; the functions `verify`, `parse` and `unwrap` raise them.
"""

from __future__ import annotations

from outreach_async.protocol.errors import OutreachError
from outreach_async.protocol.signature import Reason


class DeliveryError(OutreachError):
    """Base of what is wrong with a delivery that was received."""


class SignatureError(DeliveryError):
    """The signature does not hold: answer 401. `reason` is `absent`, `doubled`, `garbled` or `wrong`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(
            f"the webhook signature is {reason}",
            hint="Compare the secret with the one the webhook was made with, and verify the body as received.",
        )
        self.reason = reason


class MalformedDelivery(DeliveryError):
    """The body cannot be read as an event. Under a right signature it is still a delivery: keep it, answer 200."""


class TooLarge(DeliveryError):
    """The body has more than `limit` bytes: answer 413."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has more than {limit:,} bytes", hint="Raise the source's max_body.")
        self.limit = limit
