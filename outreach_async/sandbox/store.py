"""The simulated organisation's rows: kept as bytes, read as records, indexed by what lists ask for.

A row is packed because tens of thousands of them live here: as bytes they are small, and the collector does not walk
them. A column or an index is built when it is first asked for and kept up to date from then on. What a change means
for other rows is not known here.
"""

from __future__ import annotations

import collections.abc as abc
from bisect import bisect_left, insort
from typing import Any, TypeAlias

import msgspec

Ref: TypeAlias = tuple[str, int]
"""A resource identifier: type and id."""


class Record(msgspec.Struct, array_like=True, gc=False):
    """One row. Only what has a value is held: an attribute or a to-one relationship that is absent is null."""

    type: str
    id: int
    attributes: dict[str, Any]
    one: dict[str, Ref]
    many: dict[str, list[Ref]]

    @property
    def ref(self) -> Ref:
        """The row's identifier."""
        return (self.type, self.id)

    def refs(self, relationship: str) -> list[Ref]:
        """Give what the row itself holds under a relationship, to-one and to-many alike."""
        if (single := self.one.get(relationship)) is not None:
            return [single]
        return self.many.get(relationship, [])

    def set(self, values: abc.Mapping[str, object]) -> None:
        """Set attributes; None takes the value away."""
        for name, value in values.items():
            if value is None:
                self.attributes.pop(name, None)
            else:
                self.attributes[name] = value

    def point(self, relationship: str, ref: Ref | None) -> None:
        """Set a to-one relationship; None clears it."""
        if ref is None:
            self.one.pop(relationship, None)
        else:
            self.one[relationship] = ref


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Record).decode
_VALUE_MARK = "@"
_NO_IDS: list[int] = []


class Table:
    """The rows of one type. `ids` is in rising order; an id is never given twice."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.next_id = 1
        self._rows: dict[int, bytes] = {}
        self._columns: dict[str, dict[int, Any]] = {}
        self._indexes: dict[str, dict[Any, list[int]]] = {}

    def get(self, id: int) -> Record | None:
        """Give a copy of a row: changing it changes nothing until it is put back."""
        row = self._rows.get(id)
        return None if row is None else _unpack(row)

    def put(self, record: Record) -> None:
        """Add a row or replace it."""
        row_id = record.id
        if row_id not in self._rows:
            insort(self.ids, row_id)
            self.next_id = max(self.next_id, row_id + 1)
        elif self._indexes:
            self._forget(_unpack(self._rows[row_id]))
        self._rows[row_id] = _pack(record)
        for name, column in self._columns.items():
            if (value := record.attributes.get(name)) is None:
                column.pop(row_id, None)
            else:
                column[row_id] = value
        for name, index in self._indexes.items():
            for key in _keys(record, name):
                insort(index.setdefault(key, []), row_id)

    def remove(self, id: int) -> None:
        """Take a row away."""
        if self._indexes:
            self._forget(_unpack(self._rows[id]))
        del self._rows[id]
        del self.ids[bisect_left(self.ids, id)]
        for column in self._columns.values():
            column.pop(id, None)

    def column(self, name: str) -> abc.Mapping[int, Any]:
        """Give one attribute of every row that has it, by id. Read it before the next change."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = {}
            for row_id, row in self._rows.items():
                if (value := _unpack(row).attributes.get(name)) is not None:
                    column[row_id] = value
        return column

    def index(self, name: str) -> abc.Mapping[Any, list[int]]:
        """Give the ids of the rows that hold each reference of a relationship, or each text of `@attribute`."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = {}
            for row_id in self.ids:
                for key in _keys(_unpack(self._rows[row_id]), name):
                    index.setdefault(key, []).append(row_id)
        return index

    def _forget(self, record: Record) -> None:
        for name, index in self._indexes.items():
            for key in _keys(record, name):
                ids = index[key]
                del ids[bisect_left(ids, record.id)]
                if not ids:
                    del index[key]


def _keys(record: Record, index: str) -> abc.Sequence[Any]:
    if index[0] != _VALUE_MARK:
        return record.refs(index)
    value = record.attributes.get(index[1:])
    return () if value is None else (value.lower(),)


class Store:
    """Every table, and a `version` that rises with each change: what was worked out at one version holds at it."""

    def __init__(self, types: abc.Iterable[str]) -> None:
        self.version = 0
        self._tables = {name: Table() for name in types}

    def ids(self, type: str) -> abc.Sequence[int]:
        """Give the ids of a type in rising order."""
        return self._tables[type].ids

    def count(self, type: str) -> int:
        """Give the number of rows of a type."""
        return len(self._tables[type].ids)

    def next_id(self, type: str) -> int:
        """Give the id that the next new row of a type gets."""
        return self._tables[type].next_id

    def get(self, type: str, id: int) -> Record | None:
        """Give a copy of a row, None when there is none."""
        return self._tables[type].get(id)

    def at(self, ref: Ref | None) -> Record | None:
        """Give a copy of the row that a reference names; None for None, for no such row, and for no such type."""
        table = self._tables.get(ref[0]) if ref else None
        return table.get(ref[1]) if table and ref else None

    def has(self, ref: Ref) -> bool:
        """Tell whether the row that a reference names exists."""
        return self.at(ref) is not None

    def put(self, record: Record) -> None:
        """Add a row or replace it."""
        self.version += 1
        self._tables[record.type].put(record)

    def remove(self, ref: Ref) -> None:
        """Take a row away. Raises KeyError when there is none."""
        self.version += 1
        self._tables[ref[0]].remove(ref[1])

    def all(self, type: str) -> abc.Iterator[Record]:
        """Give every row of a type, oldest first; rows may be changed meanwhile."""
        table = self._tables[type]
        for row_id in tuple(table.ids):
            if (record := table.get(row_id)) is not None:
                yield record

    def column(self, type: str, name: str) -> abc.Mapping[int, Any]:
        """Give one attribute of every row that has it, by id."""
        return self._tables[type].column(name)

    def index(self, type: str, relationship: str) -> abc.Mapping[Ref, list[int]]:
        """Give the ids of the rows of a type by what they hold under a relationship; it stays up to date."""
        return self._tables[type].index(relationship)

    def holders(self, type: str, relationship: str, ref: Ref) -> abc.Sequence[int]:
        """Give the ids of the rows of a type that hold a reference under a relationship, in rising order."""
        return self._tables[type].index(relationship).get(ref, _NO_IDS)

    def having(self, type: str, attribute: str, text: str) -> abc.Sequence[int]:
        """Give the ids of the rows whose attribute is this text, whatever its case, in rising order."""
        return self._tables[type].index(_VALUE_MARK + attribute).get(text.lower(), _NO_IDS)
