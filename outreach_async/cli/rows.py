"""Rows as a command shows them: flattened to cells, headline columns chosen, secrets masked.

A row here is a resource object of the wire: `{"type", "id", "attributes", "relationships"}`, names as the API has
them. Where rows come from and where they go is not known here.
"""

from __future__ import annotations

import collections.abc as abc
import json
import re
from typing import Any, TypeAlias

from ..protocol.jsonapi import Identifier, relationship
from ..protocol.redaction import MASK

Resource: TypeAlias = abc.Mapping[str, Any]
Cells: TypeAlias = dict[str, Any]

_SECRET = re.compile(
    r"(?i)(secret|\w*password|\w*api_?key|cleanup_?token|access_?token|refresh_?token|client_?secret|private_?key)"
)
_SECRET_BYTES = re.compile(rb'(?i)"(?:[a-z]*_?secret|\w*password|\w*api_?key|\w*_?token|\w*private_?key)"\s*:\s*"')

# What people look for first, in the order of a table's columns.
_HEADLINE = (
    "name",
    "title",
    "subject",
    "firstName",
    "lastName",
    "email",
    "emails",
    "address",
    "number",
    "state",
    "status",
    "action",
    "resource",
    "url",
    "value",
    "classification",
    "campaignId",
    "createdAt",
    "updatedAt",
)
_COLUMNS = 7
_CELL = 60


def masked(value: Any) -> Any:
    """Give decoded JSON with the text of every secret in it masked: webhook secrets, passwords, tokens."""
    if isinstance(value, dict):
        return {name: MASK if _hides(name, item) else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def may_hold_secret(raw: bytes) -> bool:
    """Tell whether raw JSON names anything that `masked` would mask."""
    return _SECRET_BYTES.search(raw) is not None


def flat(resource: Resource) -> Cells:
    """Give a resource's id, attributes and related ids as one mapping; relationships that tell nothing are left out."""
    cells: Cells = {"id": resource.get("id")}
    cells |= resource.get("attributes") or {}
    for name, value in (resource.get("relationships") or {}).items():
        told = relationship(value)
        if told.told:
            data = told.data
            cells[name] = [item.id for item in data] if isinstance(data, tuple) else _id(data)
    return cells


def headline(rows: abc.Sequence[Cells]) -> list[str]:
    """Choose the columns of a table: the id, then those people look for, then any that has values."""
    held = dict.fromkeys(name for row in rows for name, value in row.items() if value not in (None, [], {}, ""))
    held.pop("id", None)
    if "name" in held:
        held.pop("firstName", None)
        held.pop("lastName", None)
    known = [name for name in _HEADLINE if name in held]
    others = [name for name in held if name not in _HEADLINE and not name.startswith("custom")]
    return ["id", *(known + others)[: _COLUMNS - 1]]


def shown(value: Any, *, limit: int = _CELL) -> str:
    """Write a value as a table's cell."""
    if isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        text = ", ".join(map(cell, value))
    else:
        text = cell(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cell(value: Any) -> str:
    """Write a value as a CSV cell: nothing for null, JSON for what is no scalar."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _id(data: Identifier | None) -> Any:
    return None if data is None else data.id


def _hides(name: str, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and _SECRET.fullmatch(name) is not None
