"""Request bodies read strictly: what the type does not have, or does not let anybody write, is refused.

A value of a wrong kind is a 422 whose text is ours: only `can't be blank` and the length error are known by letter.
Ids are taken as integers and, unless switched off, as texts of digits, as live clients send them.
"""

from __future__ import annotations

import collections.abc as abc
import math
from dataclasses import dataclass
from typing import Any

import msgspec

from .catalogue import Attribute, Relationship, ResourceType, catalogue
from .organisation import Relations, Values
from .refusals import bad_body, invalid, invalid_value, too_long, unknown_attribute, unknown_relationship
from .store import Record, Ref, Store
from .switches import Switches
from .timestamps import is_date, read_instant, to_second

BIGGEST = 2**63


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body asks to write."""

    attributes: Values
    related: Relations
    meta: Values


def read_data(body: bytes) -> dict[str, Any]:
    """Give the `data` object of a JSON:API body. Raises Refused when there is none."""
    try:
        document = msgspec.json.decode(body)
        msgspec.msgpack.encode(document)  # what rows are kept in has no integers beyond 64 bits
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_body("is not valid JSON") from None
    except OverflowError:
        raise bad_body("has a number out of range") from None
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise bad_body("does not have a 'data' object")
    return data


def cleanup_token(body: bytes) -> str:
    """Give the cleanup token in a body, as an attribute or plainly; empty when there is none. Raises Refused."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_body("is not valid JSON") from None
    for step in ("data", "attributes"):
        told = told.get(step, told) if isinstance(told, dict) else {}
    return str(told.get("cleanupToken", "")) if isinstance(told, dict) else ""


def check_identity(kind: ResourceType, data: Values, record: Record | None) -> None:
    """Refuse a body whose `type` (and, on an update, `id`) is not that of its URL."""
    if data.get("type") != kind.name:
        raise bad_body(f"has the type '{data.get('type')}', expected '{kind.name}'")
    if record is None:
        return
    expected = {str(record.id), str(record.attributes.get(kind.known_by, record.id))}
    if str(data.get("id")) not in expected:
        raise bad_body(f"has the id '{data.get('id')}', expected '{max(expected, key=len)}'")


def read_draft(kind: ResourceType, data: Values, store: Store, switches: Switches) -> Draft:
    """Give the attributes and relationships of a resource object, checked. Raises Refused."""
    attributes: dict[str, Any] = {}
    for name, value in _object(data, "attributes").items():
        attribute = kind.attributes.get(name)
        if attribute is None or not attribute.writable:
            raise unknown_attribute(name, kind.name)
        attributes[name] = None if value is None else read_value(attribute, value)
    related: dict[str, Ref | list[Ref] | None] = {}
    for name, value in _object(data, "relationships").items():
        relationship = kind.relationships.get(name)
        if relationship is None or not relationship.writable:
            raise unknown_relationship(name, kind.name)
        if isinstance(value, dict) and "data" in value:
            related[name] = _linkage(relationship, value["data"], store, switches)
    return Draft(attributes, related, _object(data, "meta"))


def read_value(attribute: Attribute, value: Any) -> Any:
    """Give a value as the organisation keeps it. Raises Refused for one that the attribute cannot hold."""
    reader = _READERS.get(attribute.kind)
    if reader is not None:
        return reader(attribute, value)
    holder, what = (dict, "an object") if attribute.kind == "object" else (list, "a list")
    if not isinstance(value, holder):
        raise invalid_value(attribute.name, f"must be {what}")
    if attribute.kind == "array<string>" and not all(isinstance(item, str) for item in value):
        raise invalid_value(attribute.name, "must be a list of strings")
    return value


def _text(attribute: Attribute, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise invalid_value(attribute.name, "is not a string")
    text = value if isinstance(value, str) else str(value)
    if attribute.max_length and len(text) > attribute.max_length:
        raise too_long()
    if attribute.values and text not in attribute.values:
        raise invalid_value(attribute.name, "is not included in the list")
    return text


def _integer(attribute: Attribute, value: Any) -> int:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) >= BIGGEST:
        raise invalid_value(attribute.name, "is not a number")
    if attribute.values and number not in map(int, attribute.values):
        raise invalid_value(attribute.name, "is not included in the list")
    return number


def _number(attribute: Attribute, value: Any) -> float:
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        raise invalid_value(attribute.name, "is not a number")
    return number


def _boolean(attribute: Attribute, value: Any) -> bool:
    known = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise invalid_value(attribute.name, "is not a boolean")
    return known


def _time(attribute: Attribute, value: Any) -> str:
    text = value if isinstance(value, str) else ""
    instant = read_instant(text)
    if instant is None:
        raise invalid_value(attribute.name, "is not a valid date")
    if attribute.kind == "date":
        return text if is_date(text) else instant[:10]
    return to_second(instant)


_READERS: abc.Mapping[str, abc.Callable[[Attribute, Any], Any]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "datetime": _time,
    "date": _time,
}


def _object(data: Values, name: str) -> dict[str, Any]:
    value = data.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_body(f"has '{name}' that are not an object")
    return value or {}


def _linkage(relationship: Relationship, value: Any, store: Store, switches: Switches) -> Ref | list[Ref] | None:
    if relationship.many:
        if not isinstance(value, list):
            raise bad_body(f"has a relationship '{relationship.name}' whose data is not a list")
        return [_ref(relationship, item, store, switches) for item in value]
    return None if value is None else _ref(relationship, value, store, switches)


def _ref(relationship: Relationship, value: Any, store: Store, switches: Switches) -> Ref:
    kind, row_id = (value.get("type"), value.get("id")) if isinstance(value, dict) else (None, None)
    if not isinstance(kind, str) or kind not in relationship.types:
        raise bad_body(f"has a relationship '{relationship.name}' of the type '{kind}'")
    pointer = f"/data/relationships/{relationship.name}"
    if isinstance(row_id, str) and row_id.isascii() and row_id.isdecimal() and switches.string_ids == "accepted":
        row_id = int(row_id[:18])
    if isinstance(row_id, bool) or not isinstance(row_id, int):
        raise invalid(f"The id of '{relationship.name}' is not an integer.", pointer)
    ref = (kind, row_id)
    if kind in catalogue().types and not store.has(ref):
        raise invalid(f"Could not find '{kind}' with ID '{row_id}'.", pointer)
    return ref
