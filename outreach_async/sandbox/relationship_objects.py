"""Relationship objects in the three forms seen live, each written by a function made for it.

To-one `data`; a small to-many with `data`, `links.related` and a count; a large to-many with the link alone, which
leads to the related rows' collection, filtered. `dataInPayload` in the catalogue tells which.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TypeAlias
from urllib.parse import quote

import msgspec

from .catalogue import Relationship, ResourceType, catalogue
from .relations import Inverse, Relation, Stored, Via, relations
from .store import Record, Ref, Store
from .switches import Switches

Part: TypeAlias = abc.Callable[[Record], bytes]
_encode = msgspec.json.Encoder().encode


class RelationshipObjects:
    """Makes the writers of one type's relationship objects."""

    def __init__(self, store: Store, kind: ResourceType, origin: str, switches: Switches) -> None:
        self._store = store
        self._kind = kind
        self._base = f"{origin}/api/v2"
        self._identifiers = _Identifiers(b'"%d"' if switches.id_form == "string" else b"%d")
        self._to_one_links = switches.to_one_links

    def part(self, item: Relationship, *, in_full: bool) -> Part:
        """Give the writer of one relationship; `in_full` adds the data to what otherwise is a link alone."""
        relation = relations()[self._kind.name, item.name]
        key = f'"{item.name}":'.encode()
        if item.many and item.linked:
            return self._many(key, item, relation) if item.in_payload or in_full else self._link_alone(key, item)
        if item.in_payload or in_full:
            return self._one(key, item, relation)
        return self._one_as_link(key, item) if item.linked else lambda _: key + b"{}"

    def _one(self, key: bytes, item: Relationship, relation: Relation) -> Part:
        store, name, identifiers = self._store, item.name, self._identifiers
        start = key + b'{"data":'
        null = start + b"null}"

        def held(record: Record) -> bytes:
            ref = record.one.get(name)
            return null if ref is None else start + identifiers[ref[0]] % ref[1] + b"}"

        def derived(record: Record) -> bytes:
            refs = relation.targets(store, record)
            return start + identifiers[refs[0][0]] % refs[0][1] + b"}" if refs else null

        def with_link(record: Record) -> bytes:
            refs = relation.targets(store, record)
            data = identifiers[refs[0][0]] % refs[0][1] if refs else b"null"
            related = self._member(refs[0]) if refs else b"null"
            return start + data + b',"links":{"related":' + related + b"}}"

        if self._to_one_links:
            return with_link
        return held if isinstance(relation, Stored) and relation.name == name else derived

    def _one_as_link(self, key: bytes, item: Relationship) -> Part:
        def write(record: Record) -> bytes:
            ref = record.one.get(item.name)
            return key + (b'{"links":{"related":' + self._member(ref) + b"}}" if ref else b"{}")

        return write

    def _many(self, key: bytes, item: Relationship, relation: Relation) -> Part:
        store, identifiers = self._store, self._identifiers
        link = self._related(item)
        empty = key + b'{"data":[],' + link + b',"meta":{"count":0}}'
        full = key + b'{"data":[%b],' + link + b',"meta":{"count":%d}}'

        def read(record: Record) -> bytes:
            refs = relation.targets(store, record)
            data = b",".join([identifiers[kind] % row_id for kind, row_id in refs])
            return full % (data, record.id, len(refs)) if refs else empty % record.id

        if not isinstance(relation, Inverse) or relation.where:
            return read
        # The common case, and the one that a page of a thousand rows meets thousands of times.
        holders, near, identifier = store.index(relation.far, relation.name), relation.type, identifiers[relation.far]

        def pointed_at(record: Record) -> bytes:
            ids = holders.get((near, record.id))
            if ids is None:
                return empty % record.id
            return full % (b",".join([identifier % row_id for row_id in ids]), record.id, len(ids))

        return pointed_at

    def _link_alone(self, key: bytes, item: Relationship) -> Part:
        text = key + b"{" + self._related(item) + b"}"
        return lambda record: text % record.id

    def _member(self, ref: Ref) -> bytes:
        kind = catalogue().types.get(ref[0])
        return _encode(f"{self._base}/{kind.plural}/{ref[1]}" if kind else None)

    def _related(self, item: Relationship) -> bytes:
        """Give the link to a to-many's rows: their collection, filtered by what points back."""
        relation = relations()[self._kind.name, item.name]
        far = catalogue().types.get(item.types[0])
        plural = far.plural if far else f"{item.types[0]}s"
        query = quote(f"filter[{_pointing_back(self._kind, relation, far)}][id]=", safe="=")
        if isinstance(relation, Inverse) and relation.name == "target":
            # The target of a favorite can be of many types: it is told as two attributes.
            title = self._kind.name[:1].upper() + self._kind.name[1:]
            query = quote(f"filter[targetType]={title}&filter[targetId]=", safe="=&")
        text = f'"links":{{"related":"{self._base}/{plural}?{query}'
        return text.replace("%", "%%").encode() + b'%d"}'


class _Identifiers(dict[str, bytes]):
    """The text of a resource identifier, less its id, by type."""

    def __init__(self, id_form: bytes) -> None:
        super().__init__()
        self._id_form = id_form

    def __missing__(self, type: str) -> bytes:
        text = self[type] = b'{"type":"%b","id":%b}' % (type.encode(), self._id_form)
        return text


def _pointing_back(kind: ResourceType, relation: Relation, far: ResourceType | None) -> str:
    """Name the filter: what the far type calls its way back, else the type itself."""
    name = relation.name if isinstance(relation, Inverse) else kind.plural if isinstance(relation, Via) else ""
    back = far.relationships.get(name) if far else None
    usable = back is not None and len(back.types) == 1 and not {"id", "*"}.isdisjoint(back.filter_by)
    return name if usable else kind.name
