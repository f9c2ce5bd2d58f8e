"""Resource objects as the service writes them, built of ready fragments, and what they include.

Every attribute of the catalogue is there, null or an empty list where it has no value. The inside of
`meta.dataConnections` is not known, so the list is empty.
"""

from __future__ import annotations

import collections.abc as abc
from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec

from .catalogue import ResourceType, catalogue
from .parameters import Parameters
from .refusals import bad_include, unknown_field
from .relations import relations
from .relationship_objects import RelationshipObjects
from .store import Record, Ref, Store
from .switches import Switches

_encode = msgspec.json.Encoder().encode
_TEMPLATES_KEPT = 512
_NO_CONTACTS = _encode([[0, 0]] * 12)


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

    def rows(self, records: abc.Iterable[Record], view: View) -> list[bytes]:
        """Write rows as resource objects."""
        writers: dict[str, _Template] = {}
        written: list[bytes] = []
        for record in records:
            writer = writers.get(record.type)
            if writer is None:
                writer = writers[record.type] = self._template(record.type, view)
            written.append(writer.write(record))
        return written

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
        self._text_ids = switches.id_form == "string" or bool(kind.known_by)
        self._index = {name: place for place, name in enumerate(names)}
        self._keys = [f'"{name}":'.encode() for name in names]
        self._unset = [key + _unset(kind, name) for key, name in zip(self._keys, names, strict=True)]
        writer = RelationshipObjects(store, kind, view.origin, switches)
        full = view.in_full.get(kind.name, frozenset())
        self._parts = [
            writer.part(item, in_full=item.name in full)
            for item in kind.relationships.values()
            if fields is None or item.name in fields or item.name in full or switches.sparse_relationships == "all"
        ]
        self._known_by = kind.known_by
        self._head = b'{"type":"%b","id":%%b,"attributes":{' % kind.name.encode()
        self._link = f'}},"links":{{"self":"{view.origin}/api/v2/{kind.plural}/%b"}}'.encode()
        self._tail = _meta(kind, view) + b"}"

    def write(self, record: Record) -> bytes:
        values = self._unset.copy()
        index = self._index
        for name, value in record.attributes.items():
            if (place := index.get(name)) is not None:
                values[place] = self._keys[place] + _encode(value)
        row_id = record.attributes[self._known_by].encode() if self._known_by else b"%d" % record.id
        head = self._head % (b'"%b"' % row_id if self._text_ids else row_id)
        related = b",".join([part(record) for part in self._parts])
        return head + b",".join(values) + b'},"relationships":{' + related + self._link % row_id + self._tail


def _shown(kind: ResourceType, name: str, fields: tuple[str, ...] | None, switches: Switches) -> bool:
    attribute = kind.attributes[name]
    if attribute.write_only:
        return False
    if fields is not None:
        return name in fields
    return not attribute.hidden or (name == "contactHistogram" and switches.contact_histogram == "always")


def _unset(kind: ResourceType, name: str) -> bytes:
    """Give what stands for an attribute that has no value: a list of texts is empty, everything else is null."""
    if name == "contactHistogram":
        return _NO_CONTACTS
    return b"[]" if kind.attributes[name].kind == "array<string>" else b"null"


def _meta(kind: ResourceType, view: View) -> bytes:
    meta: dict[str, object] = {}
    if view.authorization_meta:
        meta.update((name, True) for name in ("canWrite", "canDelete") if name in kind.meta)
    if view.data_connections and "dataConnections" in kind.meta:
        meta["dataConnections"] = []
    return b',"meta":' + _encode(meta) if meta else b""
