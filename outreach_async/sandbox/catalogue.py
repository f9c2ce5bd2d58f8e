"""What the simulated Outreach knows about its own resource types: names, kinds, flags and routes.

Read once from `catalogue.json`, which `tools/sandbox_catalogue.py` writes. What a record holds, and how types hang
together beyond their declared relationships, is not known here.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_CUSTOM_LENGTH = 32_000
# The organisation's own is kept beside the attributes of its settings: no payload shows it as one.
_UUIDS = {"auditLog": "globalId", "orgSetting": "guid"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. `values` lists what a write may hold, empty where the list is open; `hidden`: sent on request."""

    name: str
    kind: str
    writable: bool
    filterable: bool
    sortable: bool
    write_only: bool
    hidden: bool
    max_length: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship. `filter_by` names attributes of the related type; `*` stands for all that are filterable."""

    name: str
    types: tuple[str, ...]
    many: bool
    writable: bool
    in_payload: bool
    linked: bool
    filter_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """One action: the query parameters it takes, and the scopes it needs besides `<plural>.write`."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type and its routes. `experimental` names what only one of the published schemas lists.

    `known_by` is the attribute whose UUID stands for the id on the wire; empty where the id is the integer it is.
    """

    name: str
    plural: str
    known_by: str
    scope: str
    operations: frozenset[str]
    experimental: frozenset[str]
    meta: frozenset[str]
    attributes: abc.Mapping[str, Attribute]
    relationships: abc.Mapping[str, Relationship]
    actions: abc.Mapping[str, Action]
    collection_actions: abc.Mapping[str, Action]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every type by its name and by its path, and the webhook matrix: which resource sends which events."""

    types: abc.Mapping[str, ResourceType]
    by_plural: abc.Mapping[str, ResourceType]
    webhooks: abc.Mapping[str, frozenset[str]]


@cache
def catalogue() -> Catalogue:
    """Give the catalogue of the 51 public types, and of the one custom object the simulated organisation has."""
    document = msgspec.json.decode(Path(__file__).with_name("catalogue.json").read_bytes())
    types = {name: _type(name, about) for name, about in document["types"].items()}
    types[_CUSTOM_OBJECT.name] = _CUSTOM_OBJECT
    by_plural = {kind.plural: kind for kind in types.values()}
    return Catalogue(types, by_plural, {name: frozenset(actions) for name, actions in document["webhooks"].items()})


def _type(name: str, about: dict[str, Any]) -> ResourceType:
    plural: str = about["path"]
    values: dict[str, list[str]] = about["values"]
    attributes = [_attribute(item, text, values.get(item, ())) for item, text in about["attributes"].items()]
    custom = [_custom_attribute(number) for number in range(1, about["custom"] + 1)]
    return ResourceType(
        name,
        plural,
        _UUIDS[name] if about["idType"] == "uuid" else "",
        plural,
        frozenset(about["operations"].split()),
        frozenset(about["experimental"].split()),
        frozenset(about["meta"].split()),
        {item.name: item for item in _in_order(attributes, custom)},
        {item: _relationship(item, text) for item, text in about["relationships"].items()},
        {item: _action(item, action) for item, action in about["actions"].items()},
        {item: _action(item, action) for item, action in about["collectionActions"].items()},
    )


def _in_order(named: list[Attribute], custom: list[Attribute]) -> list[Attribute]:
    before = [item for item in named if item.name < "custom1"]
    return before + custom + [item for item in named if item.name > "custom1"]


def _attribute(name: str, text: str, values: abc.Iterable[str] = ()) -> Attribute:
    kind, letters, length = (*text.split(" "), "", "")[:3]
    return Attribute(
        name,
        kind,
        writable="w" in letters,
        filterable="f" in letters,
        sortable="s" in letters,
        write_only="x" in letters,
        hidden="h" in letters,
        max_length=int(length or 0),
        values=tuple(values),
    )


@cache
def _custom_attribute(number: int) -> Attribute:
    return _attribute(f"custom{number}", f"string w {_CUSTOM_LENGTH}")


def _relationship(name: str, text: str) -> Relationship:
    types, letters, filters = text.split(" ")
    return Relationship(
        name,
        () if types == "-" else tuple(types.split("|")),
        many="m" in letters,
        writable="w" in letters,
        in_payload="d" in letters,
        linked="l" in letters,
        filter_by=() if filters == "-" else tuple(filters.split(",")),
    )


def _action(name: str, about: dict[str, list[str]]) -> Action:
    return Action(name, tuple(about["required"]), tuple(about["optional"]), tuple(about["scopes"]))


def _custom_object() -> ResourceType:
    attributes = ("createdAt", "datetime fs"), ("name", "string wfs 255"), ("updatedAt", "datetime fs")
    relationships = [_relationship("account", "account wd id"), _relationship("owner", "user wd id")]
    return ResourceType(
        "vehicle",
        "customObjects/vehicle",
        "",
        "customObjectRecords",
        frozenset({"list", "create", "get", "update", "delete"}),
        frozenset(),
        frozenset(),
        {
            item.name: item
            for item in (*(_attribute(*pair) for pair in attributes), _attribute("wheels", "integer wfs"))
        },
        {item.name: item for item in relationships},
        {},
        {},
    )


# Custom objects are made by an organisation's administrator; this one is ours (Outreach, custom objects).
_CUSTOM_OBJECT = _custom_object()
