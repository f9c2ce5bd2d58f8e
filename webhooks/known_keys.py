"""What the texts on file say of a new delivery: a copy of an older one, or a remarkable one.

The rules are those of `delivery`; both inboxes go by them. Knows no database.
"""

from __future__ import annotations

import collections.abc as abc

import msgspec

from .delivery import Delivery, Key, Watch


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A text on file: the event it came with last, when that was received, and when it may be forgotten."""

    event: int
    at: float
    until: float


Known = abc.Mapping[str, Seen]
Texts = abc.Mapping[str, float]


def first_copy(delivery: Delivery, known: Known) -> int | None:
    """Give the id of the event this delivery is a copy of; None when it is new."""
    for key in delivery.keys:
        if seen := _live(key, delivery, known):
            return seen.event
    return None


def flags_of(delivery: Delivery, known: Known) -> tuple[str, ...]:
    """Give the flags to store with a new delivery: its own, and those of the watched texts that are known."""
    flags = [*delivery.flags, *(watch.flag for watch in delivery.watch if _live(watch, delivery, known))]
    return tuple(dict.fromkeys(flags))


def put_on_file(texts: Texts, event: int, at: float, known: Known) -> dict[str, Seen]:
    """Give what is to be on file once a delivery is stored: each of its texts once, with the newer time."""
    filed: dict[str, Seen] = {}
    for text, horizon in texts.items():
        before = known.get(text)
        # A time far ahead is that of a clock that was wrong, and would hide this delivery from its own copies.
        if before and before.at - at < horizon:
            filed[text] = Seen(event, max(at, before.at), max(at + horizon, before.until))
        else:
            filed[text] = Seen(event, at, at + horizon)
    return filed


def put_with_copy(delivery: Delivery, event: int, known: Known) -> dict[str, Seen]:
    """Give what a duplicate adds for the first copy: those of its keys by which it would not have been known."""
    at = delivery.received_at
    return {key.text: Seen(event, at, at + key.horizon) for key in delivery.keys if not _live(key, delivery, known)}


def texts_of(delivery: Delivery) -> dict[str, float]:
    """Give every text that identifies a delivery, with the longest horizon asked for it."""
    texts = {key.text: key.horizon for key in delivery.keys}
    for watch in delivery.watch:
        texts[watch.text] = max(watch.horizon, texts.get(watch.text, 0.0))
    return texts


def _live(text: Key | Watch, delivery: Delivery, known: Known) -> Seen | None:
    seen = known.get(text.text)
    # What lies ahead of the delivery may be on file a little before it, since one that was refused is tried again
    # for seconds. Far ahead of it, another clock put it there: how old it is nobody knows, and what may be new is new.
    return seen if seen and abs(delivery.received_at - seen.at) < text.horizon else None
