"""One page of a list: rows as slices until they are reached, and the records that came along."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast, overload

from ..protocol.errors import ConfigurationError
from ..protocol.jsonapi import Document, Id, Row, normal_id
from .record import Record, Ref
from .shapes import OnDrift, Shape, shape

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


class Count(int):
    """How many rows match. `truncated` says that the server stopped counting, so the number means nothing exact."""

    truncated: bool

    def __new__(cls, value: int, *, truncated: bool = False) -> Count:
        """Make a count."""
        count = super().__new__(cls, value)
        count.truncated = truncated
        return count


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row, undecoded: its JSON objects as bytes of their own."""

    type: str
    id: Id
    attributes: bytes
    relationships: bytes


class Page(Generic[R]):
    """The rows of one answer. Indexing and iterating give records; each is built once, when reached.

    `find` gives a record that `include` brought along. `next_url` is None on the last page.
    """

    __slots__ = ("__weakref__", "_document", "_included", "_on_drift", "_record_class", "_rows", "_shape")

    def __init__(
        self,
        document: Document,
        record: type[R],
        *,
        record_class: abc.Callable[[str], type[Record]],
        on_drift: OnDrift = "keep",
    ) -> None:
        self._document = document
        self._rows: list[Row | R] = cast("list[Row | R]", document.rows)
        self._shape: Shape[R] = shape(record)
        self._record_class = record_class
        self._on_drift: OnDrift = on_drift
        self._included: dict[tuple[str, Id], Row | Record] | None = None

    @property
    def next_url(self) -> str | None:
        """The server's link to the next page, not yet compared with our origin."""
        return self._document.next_url

    @property
    def count(self) -> Count | None:
        """The number of all matching rows; None unless the list was asked with `count=true`."""
        count = self._document.count
        return None if count is None else Count(count, truncated=self._document.count_truncated)

    @property
    def included(self) -> tuple[Record, ...]:
        """Every record that `include` brought along."""
        return tuple(self._along(key) for key in self._index())

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> R:
        found = self._rows[index]
        if isinstance(found, Row):
            found = self._rows[index] = self._shape.build(found, self._on_drift)
        return found

    def __iter__(self) -> abc.Iterator[R]:
        return map(self.__getitem__, range(len(self._rows)))

    def __repr__(self) -> str:
        return f"<Page of {len(self._rows)} {'and more' if self.next_url else 'and no more'}>"

    def records(self) -> abc.Iterator[R]:
        """Give each row's record without keeping it: for walks that never come back."""
        build, on_drift = self._shape.build, self._on_drift
        for row in self._rows:
            yield build(row, on_drift) if isinstance(row, Row) else row

    def raw(self) -> abc.Iterator[RawRow]:
        """Give the rows undecoded, for copies that need no records. Raises ConfigurationError once one was reached."""
        for row in self._rows:
            if not isinstance(row, Row):
                raise ConfigurationError("a record of this page was reached", hint="Read raw() before any record.")
            yield RawRow(row.type, normal_id(row.id), bytes(row.attributes), bytes(row.relationships))

    @overload
    def find(self, ref: None) -> None: ...
    @overload
    def find(self, ref: Ref[R_co]) -> R_co | None: ...
    @overload
    def find(self, ref: Ref[R_co] | None) -> R_co | None: ...
    def find(self, ref: Any) -> Any:
        """Give the included record that a reference names; None when it did not come along."""
        key = (ref.type, ref.id) if ref is not None else None
        return self._along(key) if key in self._index() else None

    def _index(self) -> dict[tuple[str, Id], Row | Record]:
        if self._included is None:
            rows = self._document.included or []
            self._included = {(row.type, normal_id(row.id)): row for row in rows}
        return self._included

    def _along(self, key: Any) -> Record:
        index = self._index()
        found = index[key]
        if isinstance(found, Row):
            found = index[key] = shape(self._record_class(found.type)).build(found, self._on_drift)
        return found
