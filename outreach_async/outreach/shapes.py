"""How a row becomes a record: one validation of the row's own bytes, names shared between equal rows.

A value of an unexpected type does not stop anybody: it is kept as it came and its name is told.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar, cast

from pydantic import ValidationError

from ..protocol.errors import DriftError, InvalidResponse
from ..protocol.jsonapi import Row, decode_object, normal_id
from .record import Record

OnDrift = Literal["keep", "raise"]

R = TypeVar("R", bound=Record)

_log = logging.getLogger("outreach_async.drift")


class Shape(Generic[R]):
    """How rows of one record class are built."""

    __slots__ = ("_names", "_record", "_reported", "_validator")

    def __init__(self, record: type[R]) -> None:
        record.model_rebuild()
        self._record = record
        self._validator = record.__pydantic_validator__
        self._names: set[str] = set()
        self._reported: set[str] = set()

    def build(self, row: Row, on_drift: OnDrift = "keep") -> R:
        """Build the record of a row; it owns its bytes. Raises DriftError only for `on_drift="raise"`."""
        attributes = bytes(row.attributes)
        try:
            record = self._validator.validate_json(attributes)
        except ValidationError as error:
            record = self._build_drifted(attributes, error, on_drift)
        # Rows of one page have the same keys: one set of names serves them all, and saves 8 kB a row.
        if record.__pydantic_fields_set__ == self._names:
            object.__setattr__(record, "__pydantic_fields_set__", self._names)
        else:
            self._names = record.__pydantic_fields_set__
        record.__dict__["id"] = normal_id(row.id)
        object.__setattr__(record, "_attributes", attributes)
        object.__setattr__(record, "_relationships", bytes(row.relationships))
        object.__setattr__(record, "_meta", bytes(row.meta))
        return cast("R", record)

    def _build_drifted(self, attributes: bytes, error: ValidationError, on_drift: OnDrift) -> Any:
        values = decode_object(attributes)
        wire = tuple(dict.fromkeys(str(fault["loc"][0]) for fault in error.errors() if fault["loc"]))
        if not wire:
            raise InvalidResponse(f"a row's attributes cannot be read: {error.errors()[0]['msg']}") from error
        if on_drift == "raise":
            raise DriftError(f"{self._record.resource_type}: unexpected types in {', '.join(wire)}", names=wire)
        kept = {name: values.pop(name) for name in wire if name in values}
        record = self._validator.validate_python(values)
        names = {field.alias: name for name, field in self._record.model_fields.items()}
        for name, value in kept.items():
            record.__dict__[names.get(name, name)] = value
        object.__setattr__(record, "_drifted", tuple(sorted(names.get(name) or name for name in kept)))
        self._report(wire)
        return record

    def _report(self, wire: tuple[str, ...]) -> None:
        for name in wire:
            if name not in self._reported:
                self._reported.add(name)
                _log.warning("%s.%s has an unexpected type; its value is kept raw", self._record.resource_type, name)


_shapes: dict[type[Record], Shape[Any]] = {}


def shape(record: type[R]) -> Shape[R]:
    """Give the one shape of a record class, built when first asked for."""
    found = _shapes.get(record)
    if found is None:
        found = _shapes[record] = Shape(record)
    return found


@lru_cache(maxsize=256)
def untyped(kind: str, path: str = "") -> type[Record]:
    """Give a record class for a wire type that has none: every attribute is in `record["name"]`."""
    namespace = {"resource_type": kind, "resource_path": path, "__module__": __name__, "__slots__": ()}
    return cast("type[Record]", type("Record", (Record,), namespace))
