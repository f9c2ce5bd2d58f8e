"""From a user's arguments to the parts of a JSON:API document that is written."""

from __future__ import annotations

import collections.abc as abc
from typing import Any

from ..protocol.errors import ConfigurationError
from ..protocol.jsonapi import Id, Identifier, normal_id
from ..protocol.names import camel
from .params import Params
from .record import Record, Ref

Linkage = Identifier | list[Identifier] | None

# Arguments of a draft or patch that hold attributes by their wire names instead of being one.
_BAGS = frozenset({"custom", "extra"})


def key_of(kind: str, record: object) -> Id:
    """Give the id that a record, a reference or a bare id stands for.

    Raises ConfigurationError when it is of another type than the collection's, or no id at all.
    """
    if isinstance(record, Ref | Record):
        found = record.type if isinstance(record, Ref) else record.resource_type
        if found != kind:
            raise ConfigurationError(f"a {found} was given where a {kind} was due")
        return record.id
    if isinstance(record, bool) or not isinstance(record, int | str):
        raise ConfigurationError(f"{record!r} is not a {kind}", hint="Give a record, a reference or an id.")
    return normal_id(record)


def split(params: Params) -> tuple[dict[str, Any], dict[str, Linkage]]:
    """Give the attributes and the relationships of a draft or patch, both by wire name."""
    attributes: dict[str, Any] = {}
    relationships: dict[str, Linkage] = {}
    for name, value in params.passed.items():
        if name in params.relations:
            relationships[camel(name)] = linkage(name, value)
        elif name in _BAGS:
            attributes.update(_bag(name, value))
        else:
            attributes[camel(name)] = value
    return attributes, relationships


def linkage(name: str, value: object) -> Linkage:
    """Give the linkage of a relationship: of a record or reference, of several, or none.

    Raises ConfigurationError for a bare id, which does not say its type.
    """
    if value is None:
        return None
    if isinstance(value, Ref):
        return Identifier(value.type, value.id)
    if isinstance(value, Record):
        return Identifier(value.resource_type, value.id)
    if isinstance(value, abc.Iterable) and not isinstance(value, str | bytes | abc.Mapping):
        found = [linkage(name, item) for item in value]
        if all(isinstance(item, Identifier) for item in found):
            return [item for item in found if isinstance(item, Identifier)]
    raise ConfigurationError(f"{name} needs a record or a reference, not {value!r}", hint="Such as User.ref(42).")


def _bag(name: str, value: object) -> abc.Mapping[str, Any]:
    if not isinstance(value, abc.Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError(f"{name} needs a mapping of wire names to values, not {type(value).__name__}")
    return value
