"""JSON:API documents as the service writes them, built of ready fragments: a row costs some dozen microseconds.

Relationship objects come in the three forms seen live: to-one `data`; a small to-many with `data`, `links.related`
and a count; a large to-many with the link alone. `dataInPayload` in the catalogue tells which. The inside of
`meta.dataConnections` is not known, so the list is empty.
"""

from __future__ import annotations

import collections.abc as abc
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

import msgspec

from .catalogue import Relationship, ResourceType, catalogue
from .parameters import Parameters
from .refusals import bad_include, unknown_field
from .relations import Inverse, Relation, Stored, Via, relations
from .store import Record, Ref, Store
from .switches import Switches

_encode = msgspec.json.Encoder().encode
_Part: TypeAlias = abc.Callable[[Record], bytes]
_TEMPLATES_KEPT = 512


@dataclass(frozen=True, slots=True)
class View:
    """How rows are written in one answer: where links stand, which fields, which meta, which relations in full."""

    origin: str
    fields: abc.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    authorization_meta: bool = False
    data_connections: bool = False
    in_full: abc.Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_view(kind: ResourceType, parameters: Parameters, origin: str) -> View:
    """Give the view that a call asks for. Raises Refused for fields and include paths that do not exist."""
    types = catalogue().types
    for name, fields in parameters.fields.items():
        known = types.get(name)
        if known is None:
            raise unknown_field("", name)
        for item in fields:
            if item not in known.relationships and (item not in known.attributes or known.attributes[item].write_only):
                raise unknown_field(item, name)
    in_full: dict[str, set[str]] = {}
    for path in parameters.include:
        reached = [kind]
        for part in path:
            having = [one for one in reached if part in one.relationships]
            if not having:
                raise bad_include(".".join(path), kind.name)
            for one in having:
                in_full.setdefault(one.name, set()).add(part)
            reached = [types[far] for one in having for far in one.relationships[part].types if far in types]
    full = {name: frozenset(names) for name, names in in_full.items()}
    return View(origin, parameters.fields, parameters.authorization_meta, parameters.data_connections, full)


class Documents:
    """Writes rows and finds what they include."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._templates: OrderedDict[tuple[object, ...], _Template] = OrderedDict()

    def row(self, record: Record, view: View) -> bytes:
        """Write one row as a resource object."""
        return self._template(record.type, view).write(record)

    def included(self, records: abc.Iterable[Record], paths: abc.Iterable[tuple[str, ...]]) -> list[Record]:
        """Give every row that the include paths lead to, once, without the rows they start from."""
        rows = list(records)
        start = {record.ref for record in rows}
        found: dict[Ref, Record] = {}
        for path in paths:
            reached = rows
            for part in path:
                refs = dict.fromkeys(ref for record in reached for ref in self._related(record, part))
                reached = [record for ref in refs if (record := found.get(ref) or self._store.at(ref))]
                found.update((record.ref, record) for record in reached)
        return [record for ref, record in found.items() if ref not in start]

    def _related(self, record: Record, name: str) -> abc.Sequence[Ref]:
        relation = relations().get((record.type, name))
        return relation.targets(self._store, record) if relation else ()

    def _template(self, type: str, view: View) -> _Template:
        fields = view.fields.get(type)
        full = view.in_full.get(type, frozenset())
        key = (type, view.origin, fields, full, view.authorization_meta, view.data_connections)
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = _Template(self._store, catalogue().types[type], view, self._switches)
            if len(self._templates) > _TEMPLATES_KEPT:
                self._templates.popitem(last=False)
        return template


class _Template:
    """One type's rows, written one way."""

    def __init__(self, store: Store, kind: ResourceType, view: View, switches: Switches) -> None:
        fields = view.fields.get(kind.name)
        names = [name for name in kind.attributes if _shown(kind, name, fields, switches)]
        self._text_ids = switches.id_form == "string"
        self._index = {name: place for place, name in enumerate(names)}
        self._keys = [f'"{name}":'.encode() for name in names]
        self._nulls = [key + b"null" for key in self._keys]
        writer = _Relationships(store, kind, view.origin, switches)
        full = view.in_full.get(kind.name, frozenset())
        self._parts = [
            writer.part(item, in_full=item.name in full)
            for item in kind.relationships.values()
            if fields is None or item.name in fields or item.name in full or switches.sparse_relationships == "all"
        ]
        self._head = b'{"type":"%b","id":%%b,"attributes":{' % kind.name.encode()
        self._link = f'}},"links":{{"self":"{view.origin}/api/v2/{kind.plural}/%d"}}'.encode()
        self._tail = _meta(kind, view) + b"}"

    def write(self, record: Record) -> bytes:
        values = self._nulls.copy()
        index = self._index
        for name, value in record.attributes.items():
            if (place := index.get(name)) is not None:
                values[place] = self._keys[place] + _encode(value)
        row_id = b"%d" % record.id
        head = self._head % (b'"%b"' % row_id if self._text_ids else row_id)
        related = b",".join([part(record) for part in self._parts])
        return head + b",".join(values) + b'},"relationships":{' + related + self._link % record.id + self._tail


class _Relationships:
    """Makes the writers of one type's relationship objects."""

    def __init__(self, store: Store, kind: ResourceType, origin: str, switches: Switches) -> None:
        self._store = store
        self._kind = kind
        self._base = f"{origin}/api/v2"
        self._id = b'"%d"' if switches.id_form == "string" else b"%d"
        self._to_one_links = switches.to_one_links

    def part(self, item: Relationship, *, in_full: bool) -> _Part:
        relation = relations()[self._kind.name, item.name]
        key = f'"{item.name}":'.encode()
        if item.many and item.linked:
            return self._many(key, item, relation) if item.in_payload or in_full else self._link_alone(key, item)
        if item.in_payload or in_full:
            return self._one(key, item, relation)
        return self._one_as_link(key, item) if item.linked else lambda _: key + b"{}"

    def _one(self, key: bytes, item: Relationship, relation: Relation) -> _Part:
        store, identifier, name = self._store, self._identifier, item.name
        end = b"}"

        def derived(record: Record) -> bytes:
            refs = relation.targets(store, record)
            return key + b'{"data":' + (identifier(refs[0]) if refs else b"null") + end

        def held(record: Record) -> bytes:
            ref = record.one.get(name)
            return key + b'{"data":' + (identifier(ref) if ref else b"null") + end

        def with_link(record: Record) -> bytes:
            refs = relation.targets(store, record)
            data = identifier(refs[0]) if refs else b"null"
            related = _encode(self._member(refs[0])) if refs and self._member(refs[0]) else b"null"
            return key + b'{"data":' + data + b',"links":{"related":' + related + b"}}"

        if self._to_one_links:
            return with_link
        return held if isinstance(relation, Stored) and relation.name == name else derived

    def _one_as_link(self, key: bytes, item: Relationship) -> _Part:
        def write(record: Record) -> bytes:
            ref = record.one.get(item.name)
            return key + (b'{"links":{"related":' + _encode(self._member(ref)) + b"}}" if ref else b"{}")

        return write

    def _many(self, key: bytes, item: Relationship, relation: Relation) -> _Part:
        store, identifier = self._store, self._identifier
        link = self._related(item)

        def write(record: Record) -> bytes:
            refs = relation.targets(store, record)
            data = b",".join([identifier(ref) for ref in refs])
            return b'%b{"data":[%b],%b,"meta":{"count":%d}}' % (key, data, link % record.id, len(refs))

        return write

    def _link_alone(self, key: bytes, item: Relationship) -> _Part:
        text = key + b"{" + self._related(item) + b"}"
        return lambda record: text % record.id

    def _identifier(self, ref: Ref) -> bytes:
        return b'{"type":"%b","id":%b}' % (ref[0].encode(), self._id % ref[1])

    def _member(self, ref: Ref) -> str:
        kind = catalogue().types.get(ref[0])
        return f"{self._base}/{kind.plural}/{ref[1]}" if kind else ""

    def _related(self, item: Relationship) -> bytes:
        """Give the link to a to-many's rows: their collection, filtered by what points back."""
        relation = relations()[self._kind.name, item.name]
        far = catalogue().types.get(item.types[0])
        plural = far.plural if far else f"{item.types[0]}s"
        query = quote(f"filter[{_pointing_back(self._kind, relation, far)}][id]=", safe="=")
        text = f'"links":{{"related":"{self._base}/{plural}?{query}'
        return text.replace("%", "%%").encode() + b'%d"}'


def _pointing_back(kind: ResourceType, relation: Relation, far: ResourceType | None) -> str:
    """Name the filter: what the far type calls its way back, else the type itself."""
    name = relation.name if isinstance(relation, Inverse) else kind.plural if isinstance(relation, Via) else ""
    back = far.relationships.get(name) if far else None
    usable = back is not None and len(back.types) == 1 and not {"id", "*"}.isdisjoint(back.filter_by)
    return name if usable else kind.name


def _shown(kind: ResourceType, name: str, fields: tuple[str, ...] | None, switches: Switches) -> bool:
    attribute = kind.attributes[name]
    if attribute.write_only:
        return False
    if fields is not None:
        return name in fields
    return not attribute.hidden or (name == "contactHistogram" and switches.contact_histogram == "always")


def _meta(kind: ResourceType, view: View) -> bytes:
    meta: dict[str, object] = {}
    if view.authorization_meta:
        meta.update((name, True) for name in ("canWrite", "canDelete") if name in kind.meta)
    if view.data_connections and "dataConnections" in kind.meta:
        meta["dataConnections"] = []
    return b',"meta":' + _encode(meta) if meta else b""
