"""JSON:API documents as Outreach writes them.

Only the envelope is decoded: type, id, links. The attributes and relationships of a row stay slices of the body
until somebody reaches for them, since most of a page's cost is in values that nobody reads. Outreach departs from
JSON:API 1.0 in its ids, which are integers (Outreach, the published OpenAPI document), and in relationship objects
that may hold links only, or nothing.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import math
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from .errors import ConfigurationError, InvalidResponse
from .messages import Request
from .query import wire_value

Id = int | str

_NO_OBJECT = msgspec.Raw(b"{}")


@dataclass(frozen=True, slots=True)
class Identifier:
    """A resource identifier: `type` in the wire's singular camelCase, `id` an integer wherever the wire's is one."""

    type: str
    id: Id


class Row(msgspec.Struct):
    """One resource object. The raw fields are views of the body it came in: keep `bytes(raw)`, not the view."""

    type: str
    id: Id
    attributes: msgspec.Raw = _NO_OBJECT
    relationships: msgspec.Raw = _NO_OBJECT
    meta: msgspec.Raw = _NO_OBJECT


class Document(msgspec.Struct):
    """One answer's top level. `data` is a list for a collection, one row for a member, None where none was sent."""

    data: list[Row] | Row | None = None
    included: list[Row] | None = None
    links: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None

    @property
    def rows(self) -> list[Row]:
        """The rows, of a collection or of a single member alike."""
        if self.data is None:
            return []
        return self.data if isinstance(self.data, list) else [self.data]

    @property
    def next_url(self) -> str | None:
        """`links.next`, None on the last page: Outreach leaves `links` out altogether where nothing follows."""
        return _link((self.links or {}).get("next"))

    @property
    def count(self) -> int | None:
        """`meta.count`; None unless the request asked for it with `count=true`."""
        count = (self.meta or {}).get("count")
        return count if isinstance(count, int) else None

    @property
    def count_truncated(self) -> bool:
        """Whether the count stopped early: at 2,000,000, or at 0 under load."""
        return (self.meta or {}).get("count_truncated") is True


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship object. `data` is None both for a cleared to-one and where the payload carries no data.

    `told` says which: False means only a link, or nothing, was sent. `link` is the related collection's URL.
    """

    data: Identifier | tuple[Identifier, ...] | None = None
    told: bool = False
    link: str | None = None
    count: int | None = None


_documents = msgspec.json.Decoder(Document)
_relationships = msgspec.json.Decoder(dict[str, Any])
_objects = msgspec.json.Decoder(dict[str, Any])


def decode_document(body: bytes, request: Request | None = None) -> Document:
    """Decode an answer's envelope. Raises InvalidResponse for anything that is not a JSON:API document."""
    try:
        return _documents.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        _refuse(error, request)


def decode_object(raw: bytes | msgspec.Raw, request: Request | None = None) -> dict[str, Any]:
    """Decode one JSON object, such as a row's attributes. Raises InvalidResponse."""
    try:
        return _objects.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        _refuse(error, request)


def decode_relationships(raw: bytes | msgspec.Raw, request: Request | None = None) -> dict[str, Relationship]:
    """Decode a row's relationships, by wire name. Forms not known are kept as relationships that tell nothing."""
    return {name: relationship(value) for name, value in decode_object(raw, request).items()}


def relationship(value: object) -> Relationship:
    """Read one relationship object: JSON:API's form, or the flat identifier that webhook payloads carry."""
    if not isinstance(value, dict):
        return Relationship(told=True) if value is None else Relationship()
    if "data" not in value and "type" in value and "id" in value:
        return Relationship(data=identifier(value), told=True)
    links, meta = value.get("links"), value.get("meta")
    return Relationship(
        data=_linkage(value.get("data")),
        told="data" in value,
        link=_link(links.get("related")) if isinstance(links, dict) else None,
        count=meta.get("count") if isinstance(meta, dict) and isinstance(meta.get("count"), int) else None,
    )


def identifier(value: object) -> Identifier | None:
    """Read a resource identifier object; None when it is not one."""
    if not isinstance(value, dict):
        return None
    kind, key = value.get("type"), value.get("id")
    if not isinstance(kind, str) or isinstance(key, bool) or not isinstance(key, int | str):
        return None
    return Identifier(kind, normal_id(key))


def normal_id(key: Id) -> Id:
    """Give an id as the integer it stands for, or the text itself where it is none."""
    return int(key) if isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 20 else key


def encode_resource(
    kind: str,
    key: Id | None = None,
    *,
    attributes: abc.Mapping[str, Any],
    relationships: abc.Mapping[str, Identifier | abc.Sequence[Identifier] | None],
    meta: abc.Mapping[str, Any] | None = None,
) -> bytes:
    """Encode the body of a create (no key) or an update. Names are the wire's; None is sent as null.

    `meta` stands at the document's top, as `sendInvite` on users does. Raises ConfigurationError for a value JSON
    cannot carry, and for a datetime without a zone.
    """
    data: dict[str, Any] = {"type": kind}
    if key is not None:
        data["id"] = key
    if attributes:
        data["attributes"] = attributes
    if relationships:
        data["relationships"] = {name: {"data": _encode_linkage(value)} for name, value in relationships.items()}
    return encode_json({"data": data, "meta": meta} if meta else {"data": data})


def encode_json(value: object) -> bytes:
    """Encode plain values, datetimes and dates. Raises ConfigurationError for what JSON cannot carry."""
    try:
        return msgspec.json.encode(_plain(value))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"this value cannot be sent as JSON: {error}") from error


def _plain(value: object) -> object:
    """Give the value in JSON's own types: what msgspec would quietly turn into something else is refused."""
    if isinstance(value, dt.datetime | dt.date):
        return wire_value(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigurationError(f"{value} is not a JSON number", hint="Send None, or leave it out.")
    if isinstance(value, abc.Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def _linkage(value: object) -> Identifier | tuple[Identifier, ...] | None:
    if isinstance(value, list):
        return tuple(found for item in value if (found := identifier(item)) is not None)
    return identifier(value)


def _encode_linkage(value: Identifier | abc.Sequence[Identifier] | None) -> object:
    if value is None:
        return None
    if isinstance(value, Identifier):
        return {"type": value.type, "id": value.id}
    return [{"type": item.type, "id": item.id} for item in value]


def _link(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("href")
    return value if isinstance(value, str) else None


def _refuse(error: Exception, request: Request | None) -> NoReturn:
    raise InvalidResponse(
        f"the answer is not a JSON:API document: {error}",
        hint="A gateway may have answered in the API's place.",
        request=request,
    ) from error
