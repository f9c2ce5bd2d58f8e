"""What can be done with a resource type: a collection is composed of the capabilities that its type has.

The keywords of `where`, `create` and `update` come from the type's filter, draft and patch classes, so that each
collection has its own typed arguments without methods of its own.
"""

from __future__ import annotations

import collections.abc as abc
import copy
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast

from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.jsonapi import Row, decode_document, encode_resource
from ..protocol.messages import Request
from ..protocol.names import camel
from ..protocol.query import fields_parameters, path_segment, wire_value
from .caller import Caller, Pairs
from .params import Params, wire_path
from .queries import Plan, Query, Sorts
from .record import Record, Ref
from .shapes import shape
from .writing import key_of, split

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=str)
F = ParamSpec("F")
D = ParamSpec("D")
P = ParamSpec("P")


class Collection(Generic[R]):
    """Base of collections: which records, and through which client. What it can do, its capabilities add."""

    def __init__(
        self,
        record: type[R],
        *,
        filters: Any = None,
        sorts: type[Sorts[Any]] | None = None,
        draft: Any = None,
        patch: Any = None,
    ) -> None:
        self._record = record
        self._filters = filters
        self._sorts = sorts
        self._draft = draft
        self._patch = patch
        self._calls: Caller | None = None
        resource = record.resource_path.rpartition("/")[2]
        self._scopes = {level: f"{resource}.{level}" for level in record.resource_scopes}

    def bound(self, caller: Caller) -> Self:
        """Give this collection for a client's calls."""
        collection = copy.copy(self)
        collection._calls = caller
        return collection

    @property
    def _kind(self) -> str:
        return self._record.resource_type

    @property
    def _caller(self) -> Caller:
        if self._calls is None:
            raise ConfigurationError("this collection belongs to no client", hint="Reach it through an Outreach().")
        return self._calls

    def _scope(self, level: str) -> str | None:
        return self._scopes.get(level)

    def _member(
        self,
        method: str,
        record: object,
        level: str,
        *,
        action: str = "",
        query: Pairs = (),
        body: bytes | None = None,
    ) -> Request:
        path = self._record.resource_path
        segment = str(record) if type(record) is int else path_segment(key_of(self._kind, record))
        return self._caller.request(
            method,
            f"{path}/{segment}{action}",
            route=f"{path}/{{id}}{action}",
            scope=self._scope(level),
            query=query,
            body=body,
        )

    async def _one(self, request: Request) -> R:
        """Send a call whose answer is one record."""
        response = await self._caller.send(request)
        document = decode_document(response.body, request)
        if not isinstance(document.data, Row):
            raise InvalidResponse("the answer holds no record", request=request)
        return shape(self._record).build(document.data, self._caller.on_drift)

    async def _act(self, record: object, name: str, **parameters: Any) -> R:
        """Perform a member action; parameters travel in the query, None for those left out."""
        query = [(f"actionParams[{camel(k)}]", wire_value(v)) for k, v in parameters.items() if v is not None]
        return await self._one(self._member("POST", record, "write", action=f"/actions/{name}", query=query))

    def _body(self, params: Params, key: Any = None) -> bytes:
        attributes, relationships = split(params)
        return encode_resource(
            self._kind,
            key,
            attributes=attributes,
            relationships=relationships,
            meta=self._caller.meta or None,
        )


class _Lists(Collection[R], Generic[R, F, S]):
    def where(self, *args: F.args, **filters: F.kwargs) -> Query[R, S]:
        """List the records that match every filter given; none lists all. Makes no call by itself.

        Raises ConfigurationError for a filter the API does not have, or a value it cannot take.
        """
        params = cast("Params", self._filters(*args, **filters))
        chosen = tuple((wire_path(type(params), name), value) for name, value in params.passed.items())
        path = self._record.resource_path
        keys = self._sorts.keys() if self._sorts else None
        return Query(self._caller, self._record, Plan(path, self._scope("read"), keys, chosen))


class _Gets(Collection[R], Generic[R]):
    async def get(self, record: R | Ref[R] | int | str, /, *, fields: abc.Sequence[str] | None = None) -> R:
        """Read one record. `fields` limits the attributes sent, by their Python names. Raises NotFound."""
        query = fields_parameters({self._kind: fields}) if fields is not None else ()
        return await self._one(self._member("GET", record, "read", query=query))


class _Creates(Collection[R], Generic[R, D]):
    async def create(self, *args: D.args, **attributes: D.kwargs) -> R:
        """Create a record. Left out is not sent; None is sent as null.

        Raises Unprocessable for what a rule refuses, OutcomeUnknown when no answer told whether it was created.
        """
        params = cast("Params", self._draft(*args, **attributes))
        path = self._record.resource_path
        scope = self._scope("write")
        return await self._one(self._caller.request("POST", path, route=path, scope=scope, body=self._body(params)))


class _Updates(Collection[R], Generic[R, P]):
    async def update(self, record: R | Ref[R] | int | str, /, *args: P.args, **attributes: P.kwargs) -> R:
        """Change what is given of a record, and only that: None clears, silence keeps. Raises NotFound."""
        params = cast("Params", self._patch(*args, **attributes))
        body = self._body(params, key_of(self._kind, record))
        return await self._one(self._member("PATCH", record, "write", body=body))


class _Deletes(Collection[R], Generic[R]):
    async def delete(self, record: R | Ref[R] | int | str, /) -> None:
        """Delete a record. Raises NotFound when it was not there at the first try."""
        await self._caller.send(self._member("DELETE", record, "delete"))


class Listable(_Lists[R, F, S]):
    """A type whose records can be listed."""

    def __init__(self, record: type[R], filters: abc.Callable[F, Params], sorts: type[Sorts[S]], /) -> None:
        super().__init__(record, filters=filters, sorts=sorts)


class Gettable(_Gets[R]):
    """A type whose records can be read one at a time."""

    def __init__(self, record: type[R], /) -> None:
        super().__init__(record)


class Creatable(_Creates[R, D]):
    """A type whose records can only be created."""

    def __init__(self, record: type[R], draft: abc.Callable[D, Params], /) -> None:
        super().__init__(record, draft=draft)


class Adjustable(_Gets[R], _Updates[R, P], Generic[R, P]):
    """A type whose records are there: read and updated."""

    def __init__(self, record: type[R], patch: abc.Callable[P, Params], /) -> None:
        super().__init__(record, patch=patch)


class Readable(_Lists[R, F, S], _Gets[R], Generic[R, F, S]):
    """A type that is listed and read."""

    def __init__(self, record: type[R], filters: abc.Callable[F, Params], sorts: type[Sorts[S]], /) -> None:
        super().__init__(record, filters=filters, sorts=sorts)


class Addable(_Lists[R, F, S], _Gets[R], _Creates[R, D], Generic[R, F, S, D]):
    """A type that is listed, read and created."""

    def __init__(
        self,
        record: type[R],
        filters: abc.Callable[F, Params],
        sorts: type[Sorts[S]],
        draft: abc.Callable[D, Params],
        /,
    ) -> None:
        super().__init__(record, filters=filters, sorts=sorts, draft=draft)


class Attachable(_Lists[R, F, S], _Creates[R, D], _Deletes[R], Generic[R, F, S, D]):
    """A type that is listed, created and deleted."""

    def __init__(
        self,
        record: type[R],
        filters: abc.Callable[F, Params],
        sorts: type[Sorts[S]],
        draft: abc.Callable[D, Params],
        /,
    ) -> None:
        super().__init__(record, filters=filters, sorts=sorts, draft=draft)


class Replaceable(_Lists[R, F, S], _Gets[R], _Creates[R, D], _Deletes[R], Generic[R, F, S, D]):
    """A type that is listed, read, created and deleted, but not updated."""

    def __init__(
        self,
        record: type[R],
        filters: abc.Callable[F, Params],
        sorts: type[Sorts[S]],
        draft: abc.Callable[D, Params],
        /,
    ) -> None:
        super().__init__(record, filters=filters, sorts=sorts, draft=draft)


class Lasting(_Lists[R, F, S], _Gets[R], _Creates[R, D], _Updates[R, P], Generic[R, F, S, D, P]):
    """A type that is listed, read, created and updated, but not deleted."""

    def __init__(
        self,
        record: type[R],
        filters: abc.Callable[F, Params],
        sorts: type[Sorts[S]],
        draft: abc.Callable[D, Params],
        patch: abc.Callable[P, Params],
        /,
    ) -> None:
        super().__init__(record, filters=filters, sorts=sorts, draft=draft, patch=patch)


class Editable(Lasting[R, F, S, D, P], _Deletes[R], Generic[R, F, S, D, P]):
    """A type with everything: listed, read, created, updated and deleted."""
