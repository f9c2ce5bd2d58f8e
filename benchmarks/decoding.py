"""What a page costs to receive, to validate and to keep, against `orjson.loads` of the same bytes."""

from __future__ import annotations

import collections.abc as abc
import gc
import tracemalloc

import orjson

from outreach_async.outreach.page import Page
from outreach_async.outreach.resources import Prospect, record_class
from outreach_async.protocol.jsonapi import decode_document

from .measure import Figure, cpu, ratio
from .payloads import prospects

ROWS = 1000
ROUNDS = 15


def page(body: bytes) -> Page[Prospect]:
    """Receive a page and reach no row."""
    return Page(decode_document(body), Prospect, record_class=record_class)


def read_five(body: bytes) -> None:
    """Validate every row and read five fields of each."""
    for record in page(body).records():
        _ = record.first_name, record.last_name, record.emails, record.title, record.updated_at


def figures() -> abc.Iterator[Figure]:
    """Give the decoding and memory figures."""
    body = prospects(ROWS)
    read_five(body)
    received, validated = [], []
    for _ in range(ROUNDS):
        reference = cpu(lambda: orjson.loads(body), 2)
        received.append((reference, cpu(lambda: page(body), 2)))
        validated.append((reference, cpu(lambda: read_five(body), 2)))
    yield ratio("1000-row page received, no row reached / orjson.loads", received, 0.12)
    yield ratio("1000-row page, every row validated, five fields read / orjson.loads", validated, 0.80)
    in_page, alone = _bytes_per_row(body)
    yield Figure(
        "bytes per row, in a page", in_page, "<= 6,000", in_page <= 6_000, note=f"{len(body) / ROWS:,.0f} on the wire"
    )
    yield Figure("bytes per row, reached and kept alone", alone, "<= 13,000", alone <= 13_000)


def _bytes_per_row(body: bytes) -> tuple[float, float]:
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        own = bytes(bytearray(body))
        received = page(own)
        del own
        in_page = tracemalloc.get_traced_memory()[0] - before
        kept = list(received.records())
        del received
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        del kept
        gc.collect()
        alone = held - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return in_page / ROWS, alone / ROWS
