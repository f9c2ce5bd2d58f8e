"""Texts from outside as a person may see them: secrets masked, nothing left that drives a terminal or a page.

A body is shown twice where it is JSON: laid out, and as it was received. Names and values are compared decoded, since
an escaped letter hides a name from a text search; where that finds a secret, the body as received is held
back. Escaping for HTML is the page's own affair. Bounded: what is shown of one text has a limit in characters.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any

from outreach_async.protocol.redaction import MASK, printable, redact

SHOWN = 64 * 1024
"""Characters of a body or a traceback that are shown."""

LAID_OUT = 128 * 1024
"""Bytes of the largest body that is laid out; a larger one is shown as received."""

_SECRET_NAME = re.compile(
    r"(?i)(?:.*[_-])?(?:secret|token|password|passphrase|api_?key|authorization|signature|private_?key|assertion"
    r"|credentials?)|[a-z]*(?:Secret|Token|Password|ApiKey|PrivateKey)"
)


@dataclass(frozen=True, slots=True)
class Body:
    """A body to show. `received` is empty when it is held back, `cut` says that not all of it is there."""

    size: int
    laid_out: str
    received: str
    masked: bool
    cut: bool


def line(text: str) -> str:
    """Give a text on one line: secrets masked, control characters escaped."""
    return printable(redact(text))


def lines(text: str, limit: int = SHOWN) -> str:
    """Give at most `limit` characters of a text of several lines: secrets masked, control characters escaped."""
    return _escaped(redact(text[:limit]))


def instant(at: float | None) -> str | None:
    """Give Unix seconds as ISO 8601 in UTC; None for no time, or for one that no calendar has."""
    if at is None:
        return None
    try:
        told = dt.datetime.fromtimestamp(at, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return told.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def body(raw: bytes) -> Body:
    """Give a body to show, whatever is in it."""
    text = raw.decode("utf-8", "replace")
    received = redact(text[:SHOWN])
    masked, cut = received != text[:SHOWN], len(text) > SHOWN
    laid_out, hidden = _laid_out(text) if len(raw) <= LAID_OUT else ("", False)
    return Body(
        size=len(raw),
        laid_out=_escaped(laid_out[:SHOWN]),
        received="" if hidden else _escaped(received),
        masked=masked or hidden,
        cut=cut or len(laid_out) > SHOWN,
    )


def _laid_out(text: str) -> tuple[str, bool]:
    """Give JSON laid out and masked, empty for what is none; and whether something had to be masked."""
    try:
        document = json.loads(text)
        masked = _masked(document)
        written, size = [], 0
        # Piece by piece: deep nesting is mostly indentation, and would fill the memory.
        for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(masked):
            written.append(piece)
            size += len(piece)
            if size > SHOWN:
                break
    except (ValueError, RecursionError):
        return "", False
    return redact("".join(written)), masked != document


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {redact(name): _member(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:
    if isinstance(value, str | int) and not isinstance(value, bool) and _SECRET_NAME.fullmatch(name):
        return MASK
    return _masked(value)


def _escaped(text: str) -> str:
    return "\n".join(_visible(text.expandtabs(4).split("\n")))


def _visible(texts: abc.Iterable[str]) -> abc.Iterator[str]:
    for text in texts:
        yield printable(text.removesuffix("\r"))
