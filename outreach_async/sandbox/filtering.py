"""Which rows a list call asks for: both filter grammars, over attributes, related ids and related attributes.

Different filters all have to hold; of one filter's values any one may. What the catalogue does not flag filterable is
refused. `filter[q]` is read as far as it is known: the beginning of a word, `_exact_`, `_NULL_`, `_NOTNULL_`, and
`,customN` to name the field. The order of the rows is not decided here.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from typing import Any

from .catalogue import Attribute, Relationship, ResourceType, catalogue
from .parameters import Filter
from .refusals import bad_filter
from .relations import Relation, backlink, relations
from .store import Store
from .timestamps import is_date, read_instant

_NULL = "__null__"
_NOT_NULL = "__notnull__"
_BIGGEST = 2**63
_ID = Attribute("id", "integer", False, True, True, False, False, 0, ())  # noqa: FBT003
# Filters over a related row that are named for a relationship of that row, not for an attribute.
_BY_RELATED = {"byPersonaId": "persona", "byStageId": "stage"}
# Filters of audit logs, which look into the `agent` object.
_AGENT = {"agentEmail": "email", "agentIpAddress": "ipAddress"}
_ADDRESSES = frozenset({"email", "emails"})  # compared without case
_SEARCHED = {
    "prospect": ("firstName", "lastName", "name", "emails", "company"),
    "account": ("name", "naturalName", "domain"),
}


@dataclass(frozen=True, slots=True)
class Test:
    """What one filter asks of a value: one of these, within one of these ranges, none, or any."""

    values: frozenset[Any]
    ranges: tuple[tuple[Any, Any], ...]
    null: bool
    not_null: bool

    def accepts(self, value: Any) -> bool:
        """Tell whether a value passes; a list passes when one of its items does."""
        if value is None:
            return self.null
        if isinstance(value, list):
            return any(self.accepts(item) for item in value) or (self.null and not value)
        if self.not_null or value in self.values:
            return True
        return any((low is None or value >= low) and (high is None or value <= high) for low, high in self.ranges)


def select(store: Store, kind: ResourceType, filters: abc.Iterable[Filter], *, open_top: bool = False) -> list[int]:
    """Give the ids that pass every filter, in rising order. With `open_top` the upper ends of ranges are ignored.

    Raises Refused for a filter that the type does not have, and for a value that cannot be read.
    """
    passing = [_matching(store, kind, item, open_top=open_top) for item in filters]
    return [row_id for row_id in store.ids(kind.name) if all(row_id in ids for ids in passing)]


def _matching(store: Store, kind: ResourceType, item: Filter, *, open_top: bool) -> abc.Set[int]:
    name, *rest = item.path
    if not rest:
        if name == "q" and kind.name in _SEARCHED:
            return _search(store, kind.name, item)
        if kind.name == "auditLog" and name in _AGENT:
            return _agents(store, _AGENT[name], _test(item, _ID, kind="string"))
        attribute = _filterable(kind, name)
        if attribute is None:
            raise bad_filter(item.name)
        read_as = "string" if kind.known_by and attribute is _ID else ""
        return _by_attribute(store, kind, attribute, _test(item, attribute, open_top=open_top, kind=read_as))
    if len(rest) == 1:
        return _by_related(store, kind, item, open_top=open_top)
    raise bad_filter(item.name)


def _filterable(kind: ResourceType, name: str) -> Attribute | None:
    if name == "id":
        return _ID
    attribute = kind.attributes.get(name)
    return attribute if attribute and attribute.filterable else None


def _by_attribute(store: Store, kind: ResourceType, attribute: Attribute, test: Test) -> abc.Set[int]:
    ids = store.ids(kind.name)
    if attribute is _ID and not kind.known_by:
        return {row_id for row_id in ids if test.accepts(row_id)}
    column = store.column(kind.name, kind.known_by if attribute is _ID else attribute.name)
    if attribute.name in _ADDRESSES:
        passing = {row_id for row_id, value in column.items() if test.accepts(_lower(value))}
    else:
        passing = {row_id for row_id, value in column.items() if test.accepts(value)}
    return passing | (set(ids) - column.keys()) if test.null else passing


def _by_related(store: Store, kind: ResourceType, item: Filter, *, open_top: bool) -> abc.Set[int]:
    name, by = item.path
    relationship = kind.relationships.get(name)
    relation = relations().get((kind.name, name)) or backlink(kind.name, name)
    if relation is None or (relationship and not _allowed(relationship, by)):
        raise bad_filter(item.name)
    far_types = relationship.types if relationship else (name,)
    if by == "id":
        return _by_related_id(store, kind, relation, far_types, _test(item, _ID, open_top=open_top))
    found: set[int] = set()
    for far_type in far_types:
        far = catalogue().types[far_type]
        path = (_BY_RELATED[by], "id") if by in _BY_RELATED else (by,)
        inner = Filter(path, item.classic, item.values, item.low, item.high)
        for far_id in _far_matching(store, far, inner, open_top=open_top):
            found.update(relation.holders(store, (far_type, far_id)))
    return found


def _allowed(relationship: Relationship, by: str) -> bool:
    if by in relationship.filter_by or (by == "id" and "*" in relationship.filter_by):
        return True
    far = catalogue().types.get(relationship.types[0]) if "*" in relationship.filter_by else None
    return far is not None and _filterable(far, by) is not None


def _far_matching(store: Store, far: ResourceType, item: Filter, *, open_top: bool) -> abc.Set[int]:
    if len(item.path) == 2:
        return _by_related(store, far, item, open_top=open_top)
    # The related types' own flags do not count here: `filter[prospect][tags]` works, `filter[tags]` does not.
    attribute = far.attributes[item.path[0]]
    return _by_attribute(store, far, attribute, _test(item, attribute, open_top=open_top))


def _by_related_id(
    store: Store, kind: ResourceType, relation: Relation, far_types: tuple[str, ...], test: Test
) -> abc.Set[int]:
    found: set[int] = set()
    if test.null or test.not_null:
        related = {row.id for row in store.all(kind.name) if relation.targets(store, row)}
        found = (set(store.ids(kind.name)) - related) if test.null else related
    for far_type in far_types:
        wanted = set(test.values)
        if test.ranges and far_type in catalogue().types:
            wanted.update(far_id for far_id in store.ids(far_type) if test.accepts(far_id))
        for far_id in wanted:
            found.update(relation.holders(store, (far_type, far_id)))
    return found


def _lower(value: Any) -> Any:
    return [item.lower() for item in value] if isinstance(value, list) else value.lower()


def _search(store: Store, type: str, item: Filter) -> abc.Set[int]:
    text, _, field = (item.classic if item.classic is not None else ",".join(item.values)).partition(",")
    fields = (field,) if field else _SEARCHED[type]
    if field and field not in catalogue().types[type].attributes:
        raise bad_filter(item.name)
    columns = [store.column(type, name) for name in fields]
    if text in {"_NULL_", "_NOTNULL_"}:
        having = set().union(*columns)
        return having if text == "_NOTNULL_" else set(store.ids(type)) - having
    exact = text.startswith("_exact_")
    wanted = text.removeprefix("_exact_").lower()
    return {row_id for column in columns for row_id, value in column.items() if _found(wanted, value, exact=exact)}


def _found(wanted: str, value: Any, *, exact: bool) -> bool:
    texts = [str(item).lower() for item in (value if isinstance(value, list) else [value])]
    if exact:
        return wanted in texts
    return any(text.startswith(wanted) or f" {wanted}" in text for text in texts)


def _agents(store: Store, key: str, test: Test) -> abc.Set[int]:
    column = store.column("auditLog", "agent")
    return {row_id for row_id, agent in column.items() if test.accepts(agent.get(key))}


def _test(item: Filter, attribute: Attribute, *, open_top: bool = False, kind: str = "") -> Test:
    read = _Reader(item, kind or attribute.kind, attribute.name)
    plain = list(item.values) if item.classic is None else item.classic.split(",")
    ranges = [] if item.low is None and item.high is None else [(read(item.low), read(item.high))]
    values = []
    for text in plain:
        low, dots, high = text.partition("..") if item.classic is not None else (text, "", "")
        if dots:
            ranges.append((None if low == "neginf" else read(low), None if high == "inf" else read(high)))
        elif text not in {_NULL, _NOT_NULL}:
            values.append(read(text))
    bounds = tuple((low, None if open_top else high) for low, high in ranges)
    return Test(frozenset(values), bounds, _NULL in plain, _NOT_NULL in plain)


class _Reader:
    """Reads the texts of one filter as values of one kind."""

    def __init__(self, item: Filter, kind: str, name: str) -> None:
        self._name = item.name
        self._kind = kind
        self._lower = name in _ADDRESSES

    def __call__(self, text: str | None) -> Any:
        if text is None:
            return None
        try:
            value = self._read(text)
        except ValueError:
            value = None
        if value is None:
            raise bad_filter(self._name, f"cannot hold '{text}', which is not a {self._kind}")
        return value

    def _read(self, text: str) -> Any:
        match self._kind:
            case "integer":
                return number if abs(number := int(text)) < _BIGGEST else None
            case "number":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}.get(text.lower())
            case "datetime":
                return read_instant(text)
            case "date":
                return text if is_date(text) else (read_instant(text) or "")[:10] or None
            case _:
                return text.lower() if self._lower else text
