"""The documents about the API itself: who the token is, the schemas, the fields of the organisation's own.

The shape of the root document is not known; ours names the user and the organisation. The schemas are cut down to
what the published ones are read for: attributes and flags, and paths.
"""

from __future__ import annotations

from typing import Any

from .calls import Actor
from .catalogue import Attribute, ResourceType, catalogue
from .organisation import Organisation

ORG = {"id": 1, "name": "Analytical Engines", "guid": "0b0f9c5e-5f0f-4c0e-9a53-6b1f3f6c0001"}
_JSON = {"integer": "number", "number": "number", "boolean": "boolean", "object": "object"}
# What the simulated administrator made of some custom fields; the others are plain texts.
_VALIDATIONS: dict[str, dict[str, Any]] = {
    "custom1": {"type": "string", "required": False, "label": "Segment", "definition": None},
    "custom2": {"type": "inclusion", "required": False, "label": "Tier", "definition": ["A", "B", "C"]},
    "custom3": {"type": "date", "required": False, "label": "Renewal", "definition": None},
    "custom4": {"type": "currency", "required": False, "label": "Budget", "definition": "USD"},
}
_OBJECTS = ("account", "opportunity", "product", "prospect", "purchase")


def root(org: Organisation, actor: Actor | None) -> dict[str, Any]:
    """Give the identity behind a token."""
    user = org.store.get("user", actor.user_id) if actor and actor.user_id else None
    known = {name: user.attributes.get(name) for name in ("email", "firstName", "lastName")} if user else {}
    return {"meta": {"org": ORG, "user": {"id": user.id, **known} if user else None}}


def field_types() -> dict[str, Any]:
    """Give the validations of custom fields, as `/types` does."""
    return {"data": [{"type": _title(name), "meta": {"validations": _VALIDATIONS}} for name in _OBJECTS]}


def hyper_schema(*, custom_objects: bool) -> dict[str, Any]:
    """Give the hyper-schema; custom objects only where the caller is known."""
    kinds = [kind for kind in catalogue().types.values() if custom_objects or "/" not in kind.plural]
    return {
        "$schema": "http://json-schema.org/draft-07/hyper-schema#",
        "definitions": {kind.name: _definition(kind) for kind in kinds},
        "type": "object",
    }


def openapi() -> dict[str, Any]:
    """Give the OpenAPI document; it never names custom objects."""
    paths: dict[str, dict[str, Any]] = {}
    for kind in catalogue().types.values():
        if "/" in kind.plural:
            continue
        for operation in sorted(kind.operations):
            method, path = _ROUTES[operation]
            paths.setdefault(f"/{kind.plural}{path}", {})[method] = {"tags": [_title(kind.name)], "responses": {}}
        for action in kind.actions:
            paths[f"/{kind.plural}/{{id}}/actions/{action}"] = {"post": {"tags": [_title(kind.name)], "responses": {}}}
        for action in kind.collection_actions:
            paths[f"/{kind.plural}/actions/{action}"] = {"post": {"tags": [_title(kind.name)], "responses": {}}}
    return {"openapi": "3.0.3", "info": {"title": "Outreach API (simulated)", "version": "2.0"}, "paths": paths}


_ROUTES = {
    "list": ("get", ""),
    "create": ("post", ""),
    "get": ("get", "/{id}"),
    "update": ("patch", "/{id}"),
    "delete": ("delete", "/{id}"),
}


def _definition(kind: ResourceType) -> dict[str, Any]:
    properties: dict[str, Any] = {name: _property(item) for name, item in kind.attributes.items()}
    for name, item in kind.relationships.items():
        properties[name] = {
            "data": item.in_payload,
            "links": item.linked,
            "readOnly": not item.writable,
            "anyOf": [{"$ref": f"#/definitions/{far}"} for far in item.types],
        }
    return {"type": "object", "definitions": properties}


def _property(item: Attribute) -> dict[str, Any]:
    kind = "array" if item.kind.startswith("array") else _JSON.get(item.kind, "string")
    schema: dict[str, Any] = {"type": kind, "filterable": item.filterable, "sortable": item.sortable}
    if item.kind in {"datetime", "date"}:
        schema["format"] = "date-time" if item.kind == "datetime" else "date"
    return schema if item.writable else {**schema, "readOnly": True}


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
