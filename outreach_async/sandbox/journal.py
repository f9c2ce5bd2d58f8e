"""What the simulated services saw: every request in order, and the counts a test or a demo asserts on."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from .calls import Call

# Enough for any test; a benchmark that sends more keeps the latest.
KEPT_ENTRIES = 100_000
_KEPT_TOKENS = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `subject` is what its quota is counted against, empty when nobody was recognised; `at` Unix time.

    The query of a sign-in is left out: it may hold secrets.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    subject: str
    at: float


class Journal:
    """The requests and counts of one service. `rate_limited` counts every 429 by its kind; `injected` are faults."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self.requests = 0
        self.statuses: Counter[int] = Counter()
        self.rate_limited: Counter[str] = Counter()
        self._tokens: set[bytes] = set()

    def note(self, call: Call, status: int, subject: str) -> None:
        """Remember one request."""
        query = () if call.path.startswith("/oauth") else call.query
        self.entries.append(Entry(call.method, call.path, query, status, subject, call.now))
        self.requests += 1
        self.statuses[status] += 1

    def saw_token(self, token: str) -> None:
        """Remember that this token was shown, known or not."""
        if len(self._tokens) < _KEPT_TOKENS:
            self._tokens.add(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest())

    @property
    def over_limit(self) -> int:
        """How many requests went over a limit: every 429 that was not a fault made on purpose."""
        return sum(count for kind, count in self.rate_limited.items() if kind != "injected")

    def statistics(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        return {
            "requests": self.requests,
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "rate_limited": dict(self.rate_limited),
            "over_limit": self.over_limit,
            "distinct_tokens": len(self._tokens),
        }
