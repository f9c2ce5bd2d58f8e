"""How a row becomes a record: one decoding of the row's own bytes, names shared between equal rows.

A row whose values have exactly the types that its class declares is decoded by a struct made from the same fields,
several times faster than the model itself validates; every other row goes to the model. A value of an unexpected
type does not stop anybody: it is kept as it came and its name is told.
"""

from __future__ import annotations

import logging
import types
import typing
from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar, Union, cast

import msgspec
from pydantic import ValidationError

from ..protocol.errors import DriftError, InvalidResponse
from ..protocol.jsonapi import Row, decode_object, normal_id
from .record import Record

OnDrift = Literal["keep", "raise"]

R = TypeVar("R", bound=Record)

_log = logging.getLogger("outreach_async.drift")
_set = object.__setattr__


class Shape(Generic[R]):
    """How rows of one record class are built."""

    __slots__ = ("_all", "_decoder", "_names", "_record", "_reported", "_validator")

    def __init__(self, record: type[R]) -> None:
        record.model_rebuild()
        self._record = record
        self._validator = record.__pydantic_validator__
        self._decoder = msgspec.json.Decoder(_struct(record))
        # Rows of one page have the same keys: one set of names serves them all, and saves 8 kB a row.
        self._all = set(record.model_fields) - {"id"}
        self._names = self._all
        self._reported: set[str] = set()

    def build(self, row: Row, on_drift: OnDrift = "keep") -> R:
        """Build the record of a row; it owns its bytes. Raises DriftError only for `on_drift="raise"`."""
        attributes = bytes(row.attributes)
        try:
            values = msgspec.structs.asdict(self._decoder.decode(attributes))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            record = self._validated(attributes, on_drift)
        else:
            record = self._filled(values)
        record.__dict__["id"] = normal_id(row.id)
        _set(record, "_attributes", attributes)
        _set(record, "_relationships", bytes(row.relationships))
        _set(record, "_meta", bytes(row.meta))
        return cast("R", record)

    def _filled(self, values: dict[str, Any]) -> Any:
        """Give a record of values that need no validation any more."""
        names = self._all
        if msgspec.UNSET in values.values():
            names = {name for name, value in values.items() if value is not msgspec.UNSET}
            names = self._names = self._names if names == self._names else names
            values = {name: value if name in names else None for name, value in values.items()}
        record = self._record.__new__(self._record)
        _set(record, "__dict__", values)
        _set(record, "__pydantic_fields_set__", names)
        _set(record, "__pydantic_extra__", None)
        _set(record, "__pydantic_private__", None)
        return record

    def _validated(self, attributes: bytes, on_drift: OnDrift) -> Any:
        try:
            return self._validator.validate_json(attributes)
        except ValidationError as error:
            return self._build_drifted(attributes, error, on_drift)

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
        _set(record, "_drifted", tuple(sorted(names.get(name) or name for name in kept)))
        self._report(wire)
        return record

    def _report(self, wire: tuple[str, ...]) -> None:
        for name in wire:
            if name not in self._reported:
                self._reported.add(name)
                _log.warning("%s.%s has an unexpected type; its value is kept raw", self._record.resource_type, name)


def _struct(record: type[Record]) -> type[msgspec.Struct]:
    """Give the struct of a record class's attributes: what was not sent is UNSET in it."""
    fields = {name: field for name, field in record.model_fields.items() if name != "id"}
    return msgspec.defstruct(
        record.__name__,
        [(name, _plain(field.annotation) | msgspec.UnsetType, msgspec.UNSET) for name, field in fields.items()],
        rename={name: field.alias or name for name, field in fields.items()},
        gc=False,
    )


def _plain(annotation: Any) -> Any:
    """Give a field's type for decoding: a text that may be any is not compared with those that are known."""
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    kept = tuple(part for part in typing.get_args(annotation) if typing.get_origin(part) is not Literal)
    return Union[kept]  # noqa: UP007  # built of what is left


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
