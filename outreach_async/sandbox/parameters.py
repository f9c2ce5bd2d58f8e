"""The query of one call, taken apart: `filter[account][id]=1` is a filter of the path `account`, `id`.

Live clients send brackets raw or encoded and some repeat every key, so a key that comes twice counts once: the last
value stands, and only a key ending in `[]` collects. What a name means for a resource type is not known here.
"""

from __future__ import annotations

import collections.abc as abc
import re
from dataclasses import dataclass

from .refusals import bad_filter

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_BOUNDS = frozenset({"gte", "lte"})
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its path, and what was asked of it. `classic` values may hold commas and `..`; others stand."""

    path: Path
    classic: str | None = None
    values: tuple[str, ...] = ()
    low: str | None = None
    high: str | None = None

    @property
    def name(self) -> str:
        """The path as a caller writes it."""
        return f"filter[{']['.join(self.path)}]"


@dataclass(frozen=True, slots=True)
class Parameters:
    """A query taken apart. `pairs` is the query without its repetitions, in order."""

    pairs: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, ...]
    fields: abc.Mapping[str, tuple[str, ...]]
    include: tuple[Path, ...]
    page: abc.Mapping[str, str]
    count: bool | None
    authorization_meta: bool
    data_connections: bool
    action: abc.Mapping[str, str]
    action_filters: tuple[Filter, ...]


def read_parameters(query: abc.Iterable[tuple[str, str]]) -> Parameters:
    """Take a decoded query apart. Raises Refused for a filter in no known grammar."""
    pairs = _without_repetitions(query)
    single: dict[str, str] = {}
    nested: dict[str, list[tuple[Path, str]]] = {}
    for key, value in pairs:
        if (match := _KEY.fullmatch(key)) is None:
            continue
        name, rest = match.groups()
        if rest:
            nested.setdefault(name, []).append((tuple(_PART.findall(rest)), value))
        else:
            single[name] = value
    new = _flag(single.get("newFilterSyntax")) is True
    action = nested.get("actionParams", [])
    return Parameters(
        pairs,
        read_filters(nested.get("filter", []), new=new),
        _names(single.get("sort", "")),
        {path[0]: _names(value) for path, value in nested.get("fields", []) if len(path) == 1},
        tuple(tuple(path.split(".")) for path in _names(single.get("include", ""))),
        {path[0]: value for path, value in nested.get("page", []) if len(path) == 1},
        _flag(single.get("count")),
        _flag(single.get("provideAuthorizationMeta")) is True,
        _flag(single.get("provideDataConnections")) is True,
        {path[0]: value for path, value in action if len(path) == 1},
        read_filters([(path[1:], value) for path, value in action if path[0] == "filter" and path[1:]], new=True),
    )


def read_filters(pairs: abc.Iterable[tuple[Path, str]], *, new: bool) -> tuple[Filter, ...]:
    """Give the filters of `path, value` pairs, in the classic grammar or the new one.

    The actions of batches take their filters in the new grammar without saying so. Raises Refused for a path that
    neither grammar has.
    """
    found: dict[Path, dict[str, list[str]]] = {}
    for full, value in pairs:
        last = full[-1]
        marked = last == "" or (new and last in _BOUNDS)
        path, place = (full[:-1], last or "[]") if marked else (full, "")
        if not path or "" in path or (place == "[]" and not new):
            raise bad_filter("filter" + "".join(f"[{part}]" for part in full))
        found.setdefault(path, {}).setdefault(place, []).append(value)
    return tuple(_filter(path, places, new=new) for path, places in found.items())


def _filter(path: Path, places: abc.Mapping[str, list[str]], *, new: bool) -> Filter:
    plain: list[str] = places.get("", [])
    if not new:
        return Filter(path, classic=plain[-1])
    return Filter(
        path,
        values=(*places.get("[]", ()), *plain),
        low=places["gte"][-1] if "gte" in places else None,
        high=places["lte"][-1] if "lte" in places else None,
    )


def _without_repetitions(query: abc.Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    kept: dict[tuple[str, str], str] = {}
    for key, value in query:
        kept[(key, value if key.endswith("[]") else "")] = value
    return tuple((key, value) for (key, _), value in kept.items())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _flag(text: str | None) -> bool | None:
    return None if text is None else text.lower() in {"true", "1"}
