"""What is sent: numbered deliveries whose bodies tell the handler what to do with them, signed as bytes."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

SECRET = "secret-of-a-load"

ALWAYS = 1_000_000
"""As many tries as no handler gets."""

_FILLING = b"x" * 600
_NUMBER = re.compile(rb'"jobId": "(\d+)"')


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery. `number` is its own, `resource` the record it is about, `seconds` what its handler takes.

    The first `fails` tries raise, and the first `hangs` never end by themselves. The body of one that is not
    `readable` is cut short, and signed as it is.
    """

    number: int
    resource: int
    seconds: float = 0.0
    fails: int = 0
    hangs: int = 0
    readable: bool = True

    @property
    def poison(self) -> bool:
        """Whether it can never be handled."""
        return not self.readable or ALWAYS in (self.fails, self.hangs)

    @property
    def body(self) -> bytes:
        """The body, the same at every call."""
        whole = (
            b'{"data": {"type": "prospect", "id": %d, "attributes":'
            b' {"seconds": %.6f, "fails": %d, "hangs": %d, "notes": "%s"}},'
            b' "meta": {"eventName": "prospect.updated", "deliveredAt": "2026-01-05T12:30:00.000Z", "jobId": "%d"}}'
        ) % (self.resource, self.seconds, self.fails, self.hangs, _FILLING, self.number)
        return whole if self.readable else whole[:-1]

    @property
    def request(self) -> bytes:
        """The whole request, signed."""
        body = self.body
        signature = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
        return (
            b"POST /outreach HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\n"
            b"Outreach-Webhook-Signature: %s\r\nContent-Length: %d\r\n\r\n%s"
        ) % (signature.encode(), len(body), body)


def number_of(body: bytes) -> int:
    """Give the number of a body, readable or not."""
    found = _NUMBER.search(body)
    assert found is not None
    return int(found[1])
