"""Writes the sandbox's own catalogue from `tools/catalogue.json`, small enough to ship and to read at every start.

One attribute is one text, `datetime wfs`: its type, then a letter for each of writable, filterable, sortable,
write-only (x) and hidden unless asked for (h), then its greatest length. One relationship is another: its types, the
letters many (m), writable, data in the payload (d), links (l), then what it can be filtered by.
Scopes are not written down: they follow from path and method, which is checked here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("catalogue.json")
TARGET = Path(__file__).parents[1] / "outreach_async" / "sandbox" / "catalogue.json"

_CUSTOM = re.compile(r"custom\d+")
_LEVELS = {"GET": "read", "POST": "write", "PATCH": "write", "DELETE": "delete"}
_HIDDEN = {("prospect", "contactHistogram"), ("kaiaRecording", "topics"), ("kaiaRecording", "transcriptUrl")}
# Values that live payloads contradict: the documented list is not a closed one.
_OPEN = {"outcome", "sendMethod", "action", "callsOptStatus", "emailsOptStatus"}


def compact(catalogue: dict[str, Any]) -> dict[str, Any]:
    """Give the sandbox's form of the catalogue. Raises ValueError where a scope does not follow from its route."""
    return {
        "types": {kind["type"]: _type(kind) for kind in catalogue["resources"]},
        "webhooks": catalogue["webhookMatrix"],
    }


def written(document: dict[str, Any]) -> str:
    """Give the text of the file: one line for each attribute and relationship, so that a change can be read."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _type(kind: dict[str, Any]) -> dict[str, Any]:
    plural = kind["path"].removeprefix("/")
    for endpoint in kind["endpoints"]:
        _check_scopes(endpoint, plural)
    crud = [endpoint for endpoint in kind["endpoints"] if "kind" not in endpoint and endpoint["action"] != "cleanup"]
    attributes = [item for item in kind["attributes"] if not _CUSTOM.fullmatch(item["name"])]
    return {
        "path": plural,
        "idType": kind.get("idType", "integer"),
        "operations": " ".join(endpoint["action"] for endpoint in crud),
        "experimental": " ".join(e["action"] for e in kind["endpoints"] if e.get("experimental")),
        "meta": " ".join(kind.get("resourceMeta", {})),
        "custom": len(kind["attributes"]) - len(attributes),
        "attributes": {item["name"]: _attribute(kind["type"], item) for item in attributes},
        "values": {item["name"]: item["enum"] for item in attributes if "enum" in item and item["name"] not in _OPEN},
        "relationships": {item["name"]: _relationship(item) for item in kind["relationships"]},
        "actions": {e["action"]: _action(e) for e in kind["endpoints"] if e.get("kind") == "member"},
        "collectionActions": {e["action"]: _action(e) for e in kind["endpoints"] if e.get("kind") in _COLLECTION},
    }


_COLLECTION = {"bulk", "collection"}


def _check_scopes(endpoint: dict[str, Any], plural: str) -> None:
    expected = f"{plural}.{_LEVELS[endpoint['method']]}"
    if endpoint["scopes"] and expected not in endpoint["scopes"]:
        raise ValueError(f"{endpoint['method']} {endpoint['path']} needs {endpoint['scopes']}, not {expected}")


def _attribute(kind: str, item: dict[str, Any]) -> str:
    flags = {
        "w": not item["readOnly"],
        "f": item["filterable"],
        "s": item["sortable"],
        "x": item.get("writeOnly", False),
        "h": (kind, item["name"]) in _HIDDEN,
    }
    letters = "".join(letter for letter, on in flags.items() if on)
    # Some lists of values are longer than the length the schema gives with them: those lengths are not lengths.
    length = str(item["maxLength"]) if item.get("maxLength") and "enum" not in item else ""
    return f"{item['type']} {letters} {length}".rstrip()


def _relationship(item: dict[str, Any]) -> str:
    flags = {"m": item["toMany"], "w": not item["readOnly"], "d": item["dataInPayload"], "l": item["relatedLink"]}
    letters = "".join(letter for letter, on in flags.items() if on)
    by = {"none": "-", "unspecified": "id", "any-filterable": "*"}
    filters = item["filterBy"] if isinstance(item["filterBy"], list) else [by[item["filterBy"]]]
    return f"{'|'.join(item['types']) or '-'} {letters or '-'} {','.join(filters)}"


def _action(endpoint: dict[str, Any]) -> dict[str, Any]:
    plural = endpoint["path"].split("/")[1]
    return {
        "required": endpoint.get("requiredActionParams", []),
        "optional": endpoint.get("optionalActionParams", []),
        "scopes": [scope for scope in endpoint["scopes"] if scope != f"{plural}.write"],
    }


if __name__ == "__main__":
    TARGET.write_text(written(compact(json.loads(SOURCE.read_text()))))
