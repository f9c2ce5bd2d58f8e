"""Fills an inbox's file with finished events of all ages, by the store's own jobs in large groups."""

from __future__ import annotations

import collections.abc as abc
import contextlib
import os
import random
from pathlib import Path

from webhooks.delivery import HORIZON, Delivery, Key
from webhooks.group_commit import AT_ONCE
from webhooks.inbox import Settlement
from webhooks.jobs import Put, Settle
from webhooks.sqlite_schema import open_for_writing
from webhooks.sqlite_store import Store

KEEP = HORIZON / 3
"""How long the inbox keeps finished events here, in seconds: the keys of those removed have two thirds to go."""

_RECORDS = 50_000
_FILLING = random.Random(1).randbytes(350).hex().encode()


def made(number: int, at: float) -> Delivery:
    """Give the delivery of this number; those of one number are copies."""
    return Delivery(
        source="outreach",
        provider="outreach",
        event="prospect.updated",
        resource=f"prospect/{number % _RECORDS + 1}",
        received_at=at,
        body=b'{"data": {"type": "prospect", "id": %d, "attributes": {"notes": "%s"}}}' % (number, _FILLING),
        keys=(Key(f"outreach/digest/{number:064x}"),),
    )


def fill(path: Path, rows: int, now: float) -> None:
    """Store and settle events 1 to `rows`, received over the last two keeping times: half of them are past theirs."""
    with contextlib.closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        store = Store(connection, lambda: now, depth=AT_ONCE)
        for first in range(1, rows + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, rows + 1))
            _store(store, [Put(made(each, now - _age(each, rows))) for each in numbers])
        while store.keys.due(now):
            store.tend()
    # What is measured next would otherwise wait for all of this to reach the disk.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def old(rows: int, passed: float) -> int:
    """Count the events past their keeping time, so many seconds after the filling."""
    return sum(_age(each, rows) + passed > KEEP for each in range(1, rows + 1))


def _age(number: int, rows: int) -> float:
    return 2 * KEEP * (rows - number + 0.5) / rows


def _store(store: Store, puts: abc.Sequence[Put]) -> None:
    store.commit(puts)
    settles = []
    for job in puts:
        done = Settlement(handler="app:handle", outcome="done", at=job.delivery.received_at)
        settles.append(Settle(job.result.id, (done,), "done", "whole"))
    store.commit(settles)
    store.tend()
