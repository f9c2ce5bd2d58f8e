"""Prospects as the live service sends them: 95 attributes, 45 % of them filled, 16 relationships, 4.5 kB a row."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parent.parent / "tools" / "catalogue.json"
ORIGIN = "https://api.outreach.io"
_FILLED = 0.45
_ATTRIBUTES = 95
_RELATIONSHIPS = 16
_VALUES: dict[str, Any] = {
    "datetime": "2026-10-30T13:44:55.000Z",
    "date": "2026-10-30",
    "boolean": True,
    "array<string>": ["ada@example.com", "lovelace@example.com"],
    "array<object>": [[0, 0]] * 12,
}


def prospects(count: int) -> bytes:
    """Give the body of one page of this many prospects, the same at every call."""
    (kind,) = (entry for entry in json.loads(CATALOGUE.read_text())["resources"] if entry["type"] == "prospect")
    attributes = [a for a in kind["attributes"] if not a["name"][6:].isdigit()][:_ATTRIBUTES]
    relationships = kind["relationships"][:_RELATIONSHIPS]
    source = random.Random(1)
    rows = [_row(number, attributes, relationships, source) for number in range(1, count + 1)]
    return json.dumps({"data": rows, "links": {"next": f"{ORIGIN}/api/v2/prospects?page%5Bafter%5D=x"}}).encode()


def prospect() -> bytes:
    """Give the body of one prospect."""
    return json.dumps({"data": json.loads(prospects(1))["data"][0]}).encode()


def _row(number: int, attributes: list[Any], relationships: list[Any], source: random.Random) -> dict[str, Any]:
    return {
        "type": "prospect",
        "id": number,
        "attributes": {a["name"]: _value(a["type"], source) for a in attributes},
        "relationships": {r["name"]: _relationship(r, source) for r in relationships},
        "links": {"self": f"{ORIGIN}/api/v2/prospects/{number}"},
    }


def _value(kind: str, source: random.Random) -> Any:
    if source.random() > _FILLED:
        return None
    if kind == "integer":
        return source.randint(1, 1000)
    if kind == "number":
        return source.random()
    return _VALUES.get(kind) or "x" * source.randint(5, 30)


def _relationship(relation: dict[str, Any], source: random.Random) -> dict[str, Any]:
    if relation["toMany"]:
        return {"links": {"related": f"{ORIGIN}/api/v2/{relation['name']}?filter%5Bprospect%5D%5Bid%5D=1"}}
    return {"data": {"type": relation["types"][0], "id": source.randint(1, 999)}}
