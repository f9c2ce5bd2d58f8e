"""The order of a list, one page of it, and the links around that page.

A cursor holds the sort values and the id of the row it stands at, so paging stays right while rows come and go.
Cursors look as the real ones do, base64 of JSON; what is in the real ones is not known. Where both paging styles are
asked for, the cursor's wins: nobody knows what the service does.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc as abc
import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from .catalogue import ResourceType
from .parameters import Parameters
from .refusals import bad_page, bad_sort
from .store import Store
from .switches import Switches

DEFAULT_SIZE = 50
MOST_ROWS = 1000
MOST_OFFSET = 10_000
_DIGITS = 9  # no number of a page is longer than this
_Key = tuple[Any, ...]


class _Falling:
    """A sort key turned around."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Falling) and bool(self.key == other.key)

    def __lt__(self, other: _Falling) -> bool:
        return bool(other.key < self.key)

    __hash__ = None  # type: ignore[assignment]  # never a key of a mapping


class Order:
    """The order a list asked for: its sort keys, then the id. A row without the value comes before those with one."""

    def __init__(self, store: Store, kind: ResourceType, sort: abc.Sequence[str], switches: Switches) -> None:
        self._keys = [(name.removeprefix("-"), name.startswith("-")) for name in sort]
        for name, _ in self._keys:
            if not _sortable(kind, name, switches):
                raise bad_sort(name, kind.name)
        self._columns = [store.column(kind.name, name) if name != "id" else None for name, _ in self._keys]

    def arrange(self, ids: list[int]) -> list[int]:
        """Put ids, given in rising order, into this order."""
        # One stable pass for each key, the last first: many times as fast as comparing whole keys.
        for (_, falling), column in zip(reversed(self._keys), reversed(self._columns), strict=True):
            ids = sorted(ids, key=_rank(column), reverse=falling)
        return ids

    def values(self, row_id: int) -> list[Any]:
        """Give the sort values of a row, as a cursor carries them."""
        return [row_id if column is None else column.get(row_id) for column in self._columns]

    def key(self, row_id: int) -> _Key:
        """Give what a row is compared by."""
        return self.key_of(self.values(row_id), row_id)

    def key_of(self, values: abc.Sequence[Any], row_id: int) -> _Key:
        """Give what a row with these sort values is compared by."""
        parts: list[Any] = []
        for value, (_, falling) in zip(values, self._keys, strict=True):
            part = (value is not None, value)
            parts.append(_Falling(part) if falling else part)
        return (*parts, row_id)


def _rank(column: abc.Mapping[int, Any] | None) -> abc.Callable[[int], Any]:
    if column is None:
        return lambda row_id: row_id
    return lambda row_id: (True, column[row_id]) if row_id in column else (False, None)


@dataclass(frozen=True, slots=True)
class Window:
    """One page: its ids, and the page parameters of the pages around it, in the order their links are written."""

    ids: abc.Sequence[int]
    links: abc.Mapping[str, abc.Mapping[str, str]]


def window(ids: list[int], order: Order, parameters: Parameters, switches: Switches) -> Window:
    """Cut the page that was asked for. Raises Refused for page parameters that cannot be."""
    page = parameters.page
    cursor = "size" in page or "after" in page or "before" in page
    offset = not cursor and ("limit" in page or "offset" in page or switches.default_paging == "offset")
    cut = _by_offset(ids, page, switches) if offset else _by_cursor(ids, order, page, switches)
    rows = list(cut.ids)
    if switches.unsorted_rows:
        random.Random(len(rows)).shuffle(rows)  # noqa: S311  # disorder on request, the same each time
    links = cut.links if len(cut.links) > 1 or (not rows and switches.links_when_empty == "present") else {}
    return Window(rows, links)


def link(origin: str, plural: str, parameters: Parameters, page: abc.Mapping[str, str], switches: Switches) -> str:
    """Give the absolute URL of another page of the same list: every parameter again, and these page parameters."""
    pairs = [(key, value) for key, value in parameters.pairs if not key.startswith("page[")]
    pairs += [(f"page[{name}]", value) for name, value in page.items()]
    safe = "[]" if switches.link_brackets == "raw" else ""
    query = "&".join(f"{quote(key, safe=safe)}={quote(value, safe='')}" for key, value in pairs)
    return f"{origin}/api/v2/{plural}?{query}"


def _sortable(kind: ResourceType, name: str, switches: Switches) -> bool:
    if name == "id":
        return switches.sort_by_id == "accepted"
    attribute = kind.attributes.get(name)
    return attribute is not None and attribute.sortable


def _by_cursor(ids: list[int], order: Order, page: abc.Mapping[str, str], switches: Switches) -> Window:
    size = _number(page, "size", DEFAULT_SIZE, MOST_ROWS, switches)
    if "before" in page:
        end = _position(ids, order, page, "before")
        start = max(0, end - size)
    else:
        start = _position(ids, order, page, "after") if "after" in page else 0
        end = min(start + size, len(ids))
    rows = ids[start:end]
    sized = {"size": str(size)}
    links = {"first": sized}
    if start > 0 and rows:
        links["prev"] = {**sized, "before": _cursor(order, rows[0])}
    if end < len(ids) and rows:
        links["next"] = {**sized, "after": _cursor(order, rows[-1])}
    return Window(rows, links)


def _by_offset(ids: list[int], page: abc.Mapping[str, str], switches: Switches) -> Window:
    limit = _number(page, "limit", DEFAULT_SIZE, MOST_ROWS, switches)
    offset = _number(page, "offset", 0, MOST_OFFSET, switches)
    last = max(0, (len(ids) - 1) // limit * limit)
    starts = {"first": 0}
    if offset > 0:
        starts["prev"] = max(0, offset - limit)
    if offset + limit < len(ids):
        starts["next"] = offset + limit
    starts["last"] = last
    links = {name: {"limit": str(limit), "offset": str(start)} for name, start in starts.items()}
    rows = ids[offset : offset + limit]
    return Window(rows, links if len(rows) < len(ids) else {"first": links["first"]})


def _number(page: abc.Mapping[str, str], name: str, default: int, most: int, switches: Switches) -> int:
    text = page.get(name, str(default))
    least = 0 if name == "offset" else 1
    number = int(text[:_DIGITS]) if text.isascii() and text.isdecimal() else -1
    if number < least or (number > most and switches.page_over_limit == "refused"):
        raise bad_page(f"page[{name}]", f"has to be a number from {least} to {most}")
    return min(number, most)


def _cursor(order: Order, row_id: int) -> str:
    return base64.b64encode(msgspec.json.encode({"id": row_id, "values": order.values(row_id)})).decode()


def _position(ids: list[int], order: Order, page: abc.Mapping[str, str], name: str) -> int:
    bisect = bisect_left if name == "before" else bisect_right
    try:
        cursor = msgspec.json.decode(base64.b64decode(page[name], validate=True), type=_Cursor)
        return bisect(ids, order.key_of(cursor.values, cursor.id), key=order.key)
    except (binascii.Error, msgspec.DecodeError, TypeError, ValueError):
        raise bad_page(f"page[{name}]", "is not a cursor of this list") from None


class _Cursor(msgspec.Struct):
    id: int
    values: list[Any]
