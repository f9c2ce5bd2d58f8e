"""What `get` was asked for, read from the texts of the command line.

A type may be written as the API's type, its path or its Python name. A filter is `name=value` in the API's own short
grammar: `a,b` for any of them, `a..b` for a range (`neginf` and `inf` leave an end open), `__null__` and
`__notnull__`; `name==value` takes the value as it stands.
"""

from __future__ import annotations

import collections.abc as abc
import difflib
import keyword
from typing import Any

from ..protocol.errors import ConfigurationError
from ..protocol.names import camel, snake
from ..protocol.query import Range, any_of, is_empty, is_set

_TESTS = {"__null__": is_empty, "__notnull__": is_set}


def collection_name(asked: str) -> str:
    """Give the client's name of the collection that a text means: `sequence_states` for `sequenceState`.

    A path such as `customObjects/car` is given back as it is. Raises ConfigurationError for what no type is called.
    """
    if "/" in asked:
        return asked.strip("/")
    from ..outreach.resources import TYPES
    from ..outreach.resources.namespace import COLLECTIONS

    name = snake(asked.replace("-", "_").strip())
    singular = {snake(kind): module for kind, (module, _) in TYPES.items()}
    if name in COLLECTIONS or name in singular:
        return singular.get(name, name)
    near = difflib.get_close_matches(name, [*COLLECTIONS, *singular], n=1)
    hint = f"Did you mean {singular.get(near[0], near[0])}?" if near else "A type newer than this: `call GET /path`."
    raise ConfigurationError(f"there is no type {asked!r}", hint=hint)


def filters(texts: abc.Iterable[str]) -> dict[str, Any]:
    """Read `name=value` texts into the keyword arguments of `where`. Raises ConfigurationError."""
    found: dict[str, Any] = {}
    for path, value in _pairs(texts):
        found["__".join(map(_python_name, path))] = value[1:] if value[:1] == "=" else _meaning(value)
    return found


def plain_filters(texts: abc.Iterable[str]) -> dict[str, str]:
    """Read `name=value` texts by Python name, each value as it stands."""
    return {"__".join(map(snake, path)): value for path, value in _pairs(texts)}


def raw_filters(texts: abc.Iterable[str]) -> dict[str, str]:
    """Read `name=value` texts into query pairs, unchecked: for collections whose filters are not known here."""
    return {"filter" + "".join(f"[{camel(part)}]" for part in path): value for path, value in _pairs(texts)}


def sort_keys(texts: abc.Iterable[str]) -> list[str]:
    """Read sort keys, comma-separated or one at a time: `-updatedAt` or `-updated_at`."""
    return ["-" * key.startswith("-") + _python_name(key.removeprefix("-")) for key in _listed(texts)]


def fields(texts: abc.Iterable[str], own: str) -> dict[str, list[str]]:
    """Read `name,name` and `type:name,name` into the names of each type; without a type they are `own`'s."""
    found: dict[str, list[str]] = {}
    for text in texts:
        kind, colon, names = text.rpartition(":")
        listed = _listed([names])
        if (colon and not kind.strip()) or not listed:
            raise ConfigurationError(f"{text!r} names no fields", hint="Write name,name or type:name,name.")
        found.setdefault(snake(kind.strip()) if colon else own, []).extend(map(snake, listed))
    return found


def columns(chosen: abc.Mapping[str, abc.Sequence[str]], own: str) -> list[str]:
    """Give the wire names of the columns that named fields make, the id first; none when none were named."""
    named = [camel(name) for name in chosen.get(own, ())]
    return ["id", *named] if named else []


def includes(texts: abc.Iterable[str]) -> list[str]:
    """Read relationship paths, comma-separated or one at a time."""
    return _listed(texts)


def _python_name(name: str) -> str:
    name = snake(name)
    return f"{name}_" if keyword.iskeyword(name) else name


def _pairs(texts: abc.Iterable[str]) -> abc.Iterator[tuple[tuple[str, ...], str]]:
    seen = set()
    for text in texts:
        name, equals, value = text.partition("=")
        path = tuple(part.strip() for part in name.split("."))
        if not equals or not all(path):
            raise ConfigurationError(f"{text!r} is not a filter", hint="Write it as name=value.")
        if path in seen:
            raise ConfigurationError(f"{name} is filtered twice", hint="Write name=a,b for any of several values.")
        seen.add(path)
        yield path, value


def _meaning(value: str) -> Any:
    if value in _TESTS:
        return _TESTS[value]()
    if ".." in value:
        low, _, high = value.partition("..")
        ends = (None if low in ("", "neginf") else low, None if high in ("", "inf") else high)
        return Range(*ends)
    values = value.split(",")
    return values[0] if len(values) == 1 else any_of(*values)


def _listed(texts: abc.Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]
