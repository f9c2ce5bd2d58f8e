"""What the simulated PlanMySaaS reads from a call: a lead's body, filters, limits and cursors; or how it refuses."""

from __future__ import annotations

import base64
import collections.abc as abc
import re
from typing import Any

import msgspec

from .planmysaas_data import Row

TEXT_FIELDS = ("firstName", "lastName", "company", "role", "linkedinUrl")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

_DEFAULT_LIMIT = 50
_MOST_ROWS = 200


class Refused(Exception):
    """The call ends with this status and text."""

    def __init__(self, status: int, text: str, headers: abc.Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = tuple(headers)


def read_lead(body: bytes) -> dict[str, str]:
    """Read the body of a lead's creation. A field required and missing is 400, one of a wrong type 422."""
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Refused(400, "Malformed JSON") from None
    for name in ("campaignId", "email"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise Refused(400, f"{name} is required")
    for name in TEXT_FIELDS:
        if not isinstance(given.get(name), str | None):
            raise Refused(422, f"{name} must be a string")
    return given


def filter_value(name: str, text: str) -> object:
    """Read the value of a filter."""
    return text == "true" if name == "needsAction" else text.lower()


def matches(value: object, wanted: object) -> bool:
    """Tell whether a row's value is the one wanted; case does not count."""
    return (value.lower() if isinstance(value, str) else value) == wanted


def read_limit(text: str | None) -> int:
    """Read `limit`: 50 unless given. No bound is documented; ours gives at most 200 rows and does not refuse more."""
    if text is None:
        return _DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit()) or not int(text):
        raise Refused(400, "limit must be a positive number")
    return min(int(text), _MOST_ROWS)


def cursor_after(last_id: str) -> str:
    """Give the cursor that continues after a row."""
    return base64.urlsafe_b64encode(last_id.encode()).rstrip(b"=").decode()


def rows_after(cursor: str, rows: abc.Mapping[str, Row]) -> list[Row]:
    """Give the rows that follow a cursor, in order; all of them without one."""
    if not cursor:
        return list(rows.values())
    ids = list(rows)
    for number, row_id in enumerate(ids):
        if cursor_after(row_id) == cursor:
            return [rows[later] for later in ids[number + 1 :]]
    raise Refused(400, "Invalid cursor")


def place(document: Row, where: str, cursor: str | None) -> None:
    """Put the next page's cursor where the switch says."""
    parent, dot, name = where.partition(".")
    if dot:
        document[parent] = {name: cursor}
    else:
        document[parent] = cursor
