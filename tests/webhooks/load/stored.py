"""What the inbox's file holds in the end: each event's number, state and tries, and when it let its resource go on."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tests.webhooks.load.deliveries import number_of
from webhooks.inbox import State
from webhooks.sqlite_rows import state_of

# A resource goes on once its head is given up, or once what the head's first failure granted it is over.
_EVENTS = """
SELECT id, state, resource, received_at, body, coalesce(tries, 0), coalesce(min(ended, coalesce(held, ended)), 0)
FROM inbox_events JOIN inbox_bodies USING(id) LEFT JOIN (
  SELECT event AS id, COUNT(*) AS tries, max(at) AS ended, min(nullif(hold_until, 0)) AS held
  FROM inbox_failures GROUP BY event
) USING(id) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One event on file. `failures` counts its failed runs; `released_at` is when it held up its resource no more."""

    id: int
    number: int
    state: State
    resource: str
    received_at: float
    failures: int = 0
    released_at: float = 0.0


def read(inbox: Path) -> list[Stored]:
    """Give every event of an inbox, in the order received."""
    with contextlib.closing(sqlite3.connect(f"file:{inbox}?mode=ro", uri=True)) as connection:
        return [
            Stored(event, number_of(body), state_of(state), resource, received_at, failures, released_at)
            for event, state, resource, received_at, body, failures, released_at in connection.execute(_EVENTS)
        ]
