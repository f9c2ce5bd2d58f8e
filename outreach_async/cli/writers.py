"""The three formats a list is written in. Rows come page by page and go out page by page, but for a table.

A table and a JSON object hold all their rows at once, so their number is bounded by who uses them.
"""

from __future__ import annotations

import collections.abc as abc
import csv
import json
import sys
from typing import Any, Protocol

from .options import Format
from .output import Output
from .rows import Cells, Resource, cell, flat, headline, shown


class Writer(Protocol):
    """Takes pages of resources. `columns` were asked for by name; none leaves the choice to the writer."""

    def page(self, rows: abc.Sequence[Resource], included: abc.Sequence[Resource]) -> None:
        """Take the rows of one page, and what came along with them."""
        ...

    def end(self) -> None:
        """Write what is left."""
        ...


class JsonLines:
    """One resource a line, as the API has it; what was included follows its page as lines of its own."""

    def page(self, rows: abc.Sequence[Resource], included: abc.Sequence[Resource]) -> None:
        """Write the lines."""
        write = sys.stdout.write
        for row in (*rows, *included):
            write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")

    def end(self) -> None:
        """Do nothing: every line is out."""


class Csv:
    """A header and a line a row. Without `columns` they are those of the first page."""

    def __init__(self, output: Output, columns: abc.Sequence[str]) -> None:
        self._output = output
        self._columns = list(columns)
        self._write: Any = None
        self._late: set[str] = set()

    def page(self, rows: abc.Sequence[Resource], included: abc.Sequence[Resource]) -> None:
        """Write the rows' lines; what was included has no place in a table of one type."""
        flattened = [flat(row) for row in rows]
        if self._write is None:
            chosen = bool(self._columns)
            self._columns = self._columns or list(dict.fromkeys(name for row in flattened for name in row))
            self._write = csv.writer(sys.stdout, lineterminator="\n").writerow
            self._write(self._columns)
            self._known = None if chosen else set(self._columns)
        for row in flattened:
            self._write([cell(row.get(name)) for name in self._columns])
            if self._known is not None:
                self._late |= row.keys() - self._known

    def end(self) -> None:
        """Say what the header could not know of."""
        if self._late:
            self._output.note(f"left out, since the first page had no such column: {', '.join(sorted(self._late))}")


class Table:
    """A table for people: headline columns unless named, cells cut to what a screen holds."""

    def __init__(self, output: Output, columns: abc.Sequence[str]) -> None:
        self._output = output
        self._columns = columns
        self._rows: list[Cells] = []
        self._names: dict[tuple[str, Any], str] = {}

    def page(self, rows: abc.Sequence[Resource], included: abc.Sequence[Resource]) -> None:
        """Keep the rows, and the names of what came along."""
        self._names |= {(item["type"], item["id"]): name for item in included if (name := _name(item))}
        self._rows += [flat(row) | self._named(row) for row in rows]

    def end(self) -> None:
        """Print the table."""
        if not self._rows:
            self._output.say("no rows")
            return
        columns = list(self._columns) or headline(self._rows)
        self._output.table(columns, ([shown(row.get(name)) for name in columns] for row in self._rows))

    def _named(self, row: Resource) -> Cells:
        """Give the relationships whose record came along by that record's name."""
        named: Cells = {}
        for relation, value in (row.get("relationships") or {}).items():
            data = value.get("data") if isinstance(value, dict) else None
            if isinstance(data, dict) and (name := self._names.get((data.get("type", ""), data.get("id")))):
                named[relation] = f"{name} ({data.get('id')})"
        return named


class Collected:
    """Keeps the rows for the one JSON object that the command ends with."""

    def __init__(self) -> None:
        self.rows: list[Resource] = []
        self.included: list[Resource] = []

    def page(self, rows: abc.Sequence[Resource], included: abc.Sequence[Resource]) -> None:
        """Keep a page."""
        self.rows += rows
        self.included += included

    def end(self) -> None:
        """Do nothing: the command writes the object."""


def write_one(output: Output, resource: Resource, included: abc.Sequence[Resource], format: Format) -> None:
    """Write a single resource: for people as a list of what it holds."""
    if format is Format.table:
        cells = flat(resource)
        rows = [(name, shown(value, limit=200)) for name, value in cells.items() if value not in (None, [], {}, "")]
        output.table(["name", "value"], rows)
        return
    writer = JsonLines() if format is Format.jsonl else Csv(output, ())
    writer.page([resource], included)
    writer.end()


def _name(resource: Resource) -> str:
    attributes = resource.get("attributes") or {}
    whole = " ".join(filter(None, (attributes.get("firstName"), attributes.get("lastName"))))
    return str(attributes.get("name") or whole or attributes.get("email") or "")
