"""Between the inbox's values and the rows of its tables, and many rows in one statement.

The interpreter lets other threads run at every step of SQLite, and a busy event loop is slow to give the turn back:
one statement for many rows is what keeps group commit fast. Their numbers are round, so that a few prepared statements
serve every number of rows.
"""

from __future__ import annotations

import collections.abc as abc
import functools
import hashlib
import itertools
import sqlite3
from typing import Any, Literal, cast

import msgspec

from .delivery import Delivery, Key, Watch
from .inbox import UNCLAIMED, End, Settlement, State, Summary

RETRYING, DONE, DEAD, UNTAKEN = 1, 2, 3, 4
"""What stands in inbox_events for a state; nothing for a pending event. `UNTAKEN` is done too: no handler took it."""

FINISHED = (DONE, DEAD, UNTAKEN)
_STATES: dict[int | None, State] = {None: "pending", RETRYING: "retrying", DONE: "done", DEAD: "dead", UNTAKEN: "done"}
_NUMBERS: dict[State, tuple[int | None, ...]] = {
    state: tuple(number for number, each in _STATES.items() if each == state) for state in _STATES.values()
}

# Older SQLite takes 999 parameters in a statement.
_PARAMETERS = 900

Row = tuple[Any, ...]


_Envelope = tuple[tuple[tuple[str, str], ...], tuple[Key, ...], tuple[Watch, ...], str]
_envelope = msgspec.msgpack.Decoder(_Envelope)
_encode = msgspec.msgpack.Encoder().encode


@functools.lru_cache(maxsize=64)
def _rows(count: int, width: int) -> str:
    row = f"({','.join('?' * width)})"
    return ",".join([row] * count)


def in_runs(rows: list[Row], width: int) -> abc.Iterator[list[Row]]:
    """Cut rows into a few runs of round lengths, each within what one statement takes."""
    start, most = 0, _rounded(_PARAMETERS // width)
    while left := len(rows) - start:
        size = min(most, _rounded(left))
        yield rows[start : start + size]
        start += size


def _rounded(number: int) -> int:
    """Give the largest number up to this one that is nought but for its first three binary digits."""
    rest = max(0, number.bit_length() - 3)
    return number >> rest << rest


def insert(connection: sqlite3.Connection, head: str, rows: list[Row], tail: str = "") -> None:
    """Insert many rows; `head` ends before VALUES, `tail` follows the rows."""
    for run in in_runs(rows, len(rows[0])) if rows else ():
        statement = f"{head} VALUES {_rows(len(run), len(run[0]))} {tail}"
        try:
            connection.execute(statement, list(itertools.chain.from_iterable(run)))
        except UnicodeEncodeError:
            connection.execute(statement, [_clean(value) for row in run for value in row])


def select_in(connection: sqlite3.Connection, statement: str, values: abc.Iterable[object]) -> list[Row]:
    """Run a statement that ends in `IN` for many values."""
    found: list[Row] = []
    for run in in_runs([(value,) for value in values], 1):
        found += connection.execute(f"{statement} ({','.join('?' * len(run))})", [value for (value,) in run])
    return found


def update_in(connection: sqlite3.Connection, statement: str, values: abc.Iterable[object], *first: object) -> None:
    """Run a statement that takes the parameters `first`, ends in `IN` for many values, and gives nothing."""
    for run in in_runs([(value,) for value in values], 1):
        connection.execute(f"{statement} ({','.join('?' * len(run))})", [*first, *(value for (value,) in run)])


def state_of(number: int | None) -> State:
    """Give the state that stands in inbox_events as this number."""
    return _STATES[number]


def numbers_of(state: State) -> tuple[int | None, ...]:
    """Give the numbers that are read as a state."""
    return _NUMBERS[state]


def number_of(state: State, end: End) -> int | None:
    """Give what is to stand in inbox_events for the state that the end of a claim left."""
    return UNTAKEN if state == "done" and end == "unclaimed" else _NUMBERS[state][0]


def digest_of(text: str) -> bytes:
    """Give what stands for an identifying text on file."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def event_row(id: int, delivery: Delivery, flags: tuple[str, ...]) -> Row:
    """Give the row of inbox_events for a new delivery; what cannot be read is dead on arrival."""
    return (
        id,
        DEAD if delivery.unreadable else None,
        delivery.source,
        delivery.provider,
        delivery.event,
        delivery.resource,
        delivery.received_at,
        len(delivery.body),
        msgspec.json.encode(flags).decode() if flags else "[]",
        delivery.unreadable,
    )


def body_row(id: int, delivery: Delivery) -> Row:
    """Give the row of inbox_bodies for a new delivery."""
    try:
        envelope = _encode((delivery.headers, delivery.keys, delivery.watch, delivery.secret))
    except UnicodeEncodeError:
        headers = tuple((_clean(name), _clean(value)) for name, value in delivery.headers)
        envelope = _encode((headers, delivery.keys, delivery.watch, delivery.secret))
    return (id, envelope, delivery.body)


def _clean(value: object) -> object:
    """Give a value that can be stored: header bytes that are no valid text arrive as lone surrogates."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def delivery_of(row: Row) -> Delivery:
    """Make a delivery of its columns: those that `sqlite_reader` selects."""
    source, provider, event, resource, received_at, flags, unreadable, envelope, body = row
    headers, keys, watch, secret = _envelope.decode(envelope)
    return Delivery(
        source=source,
        provider=provider,
        event=event,
        resource=resource,
        received_at=received_at,
        body=body,
        headers=headers,
        keys=keys,
        watch=watch,
        flags=tuple(msgspec.json.decode(flags)),
        secret=secret,
        unreadable=unreadable,
    )


def work_row(event: int, settlement: Settlement) -> Row:
    """Give the row of inbox_work for a settlement: the event, then the settlement's own fields."""
    return (
        event,
        settlement.handler,
        settlement.outcome,
        settlement.attempt,
        settlement.at,
        settlement.seconds,
        settlement.retry_at,
        settlement.hold_until,
        settlement.reason,
    )


def settlement_of(row: Row) -> Settlement:
    """Make a settlement of its columns; the traceback is there with failed runs only."""
    handler, outcome, attempt, at, seconds, retry_at, hold_until, reason, *traceback = row
    return Settlement(
        handler=handler,
        outcome=cast(Literal["done", "retry", "dead"], outcome),
        attempt=attempt,
        at=at,
        seconds=seconds,
        retry_at=retry_at,
        hold_until=hold_until,
        reason=reason,
        traceback=traceback[0] if traceback else "",
    )


def summary_of(row: Row) -> Summary:
    """Make a summary of its columns."""
    number, state, source, provider, event, resource, received_at, flags, size, reason = row
    return Summary(
        id=number,
        state=state_of(state),
        source=source,
        provider=provider,
        event=event,
        resource=resource,
        received_at=received_at,
        flags=tuple(msgspec.json.decode(flags)),
        size=size,
        reason=reason or (UNCLAIMED if state == UNTAKEN else ""),
    )


def reason_of(state: int | None, work: abc.Iterable[Settlement]) -> str:
    """Give the reason of an event, as its summary has it."""
    told = [settlement for settlement in work if settlement.outcome != "done"]
    if told:
        return max(told, key=lambda settlement: settlement.at).reason
    return UNCLAIMED if state == UNTAKEN else ""
