"""A collection of any type, known or not: names are the wire's own and nothing is checked."""

from __future__ import annotations

import collections.abc as abc
from typing import Any

from ..protocol.jsonapi import encode_resource
from ..protocol.names import camel
from .collection import Collection
from .queries import Plan, Query
from .record import Record, Ref
from .writing import key_of, linkage

_NONE: abc.Mapping[str, Any] = {}


class OpenCollection(Collection[Record]):
    """Lists, reads and writes records of any type by wire names: for custom objects and for what is newer than this.

    Scopes are not checked before a call, since the scope of a type not known is not known either.
    """

    def where(self, **filters: Any) -> Query[Record, str]:
        """List the records whose attributes match; `since`, `any_of` and the others work as on typed collections."""
        chosen = tuple(((camel(name),), value) for name, value in filters.items())
        plan = Plan(self._record.resource_path, None, None, chosen)
        return Query(self._caller, self._record, plan)

    def filter(self, filters: abc.Mapping[str, object]) -> Query[Record, str]:
        """List by filters as the wire writes them: `{"filter[amount]": "1000..inf"}`."""
        return self.where().filter(filters)

    async def get(self, record: Record | Ref[Record] | int | str, /) -> Record:
        """Read one record. Raises NotFound."""
        return await self._one(self._member("GET", record, "read"))

    async def create(
        self,
        attributes: abc.Mapping[str, Any] = _NONE,
        relationships: abc.Mapping[str, Record | Ref[Record] | abc.Sequence[Ref[Record]] | None] = _NONE,
    ) -> Record:
        """Create a record from attributes and relationships by wire name."""
        path = self._record.resource_path
        body = self._document(None, attributes, relationships)
        return await self._one(self._caller.request("POST", path, route=path, scope=None, body=body))

    async def update(
        self,
        record: Record | Ref[Record] | int | str,
        attributes: abc.Mapping[str, Any] = _NONE,
        relationships: abc.Mapping[str, Record | Ref[Record] | abc.Sequence[Ref[Record]] | None] = _NONE,
    ) -> Record:
        """Change what is given of a record, and only that."""
        key = key_of(self._kind, record)
        body = self._document(key, attributes, relationships)
        return await self._one(self._member("PATCH", record, "write", body=body))

    async def delete(self, record: Record | Ref[Record] | int | str, /) -> None:
        """Delete a record."""
        await self._caller.send(self._member("DELETE", record, "delete"))

    async def act(self, record: Record | Ref[Record] | int | str, action: str, /, **parameters: Any) -> Record:
        """Perform a member action by its wire name, such as `markComplete`."""
        return await self._act(record, action, **parameters)

    def _document(self, key: Any, attributes: abc.Mapping[str, Any], relationships: abc.Mapping[str, Any]) -> bytes:
        links = {name: linkage(name, value) for name, value in relationships.items()}
        kind = self._kind
        return encode_resource(kind, key, attributes=attributes, relationships=links, meta=self._caller.meta or None)
