"""Records: one row of the API as a whole, validated, frozen object.

Attributes are validated together when the row is reached. Relationships are read when touched. What the catalogue
does not know (custom fields, attributes newer than this release) is kept in the row's own bytes and read from there.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, overload

from pydantic import BaseModel, ConfigDict

from ..protocol.errors import ConfigurationError
from ..protocol.jsonapi import Identifier, Relationship, decode_object, decode_relationships, normal_id
from ..protocol.names import camel

R_co = TypeVar("R_co", bound="Record", covariant=True)


class Ref(Generic[R_co]):
    """A resource identifier: which record, without the record.

    `User.ref(42)` and `Ref(User, 42)` are checked by type; `Ref("widget", 1)` serves types without a class.
    Two refs are equal when type and id are. Raises ConfigurationError for what is no id.
    """

    __slots__ = ("id", "type")

    @overload
    def __init__(self: Ref[Record], kind: str, id: int | str) -> None: ...
    @overload
    def __init__(self, kind: type[R_co], id: int | str) -> None: ...
    def __init__(self, kind: Any, id: int | str) -> None:
        given: object = id
        if isinstance(given, bool) or not isinstance(given, int | str) or given == "":
            raise ConfigurationError(f"{given!r} is not a record's id", hint="Give an integer.")
        self.type: str = kind if isinstance(kind, str) else kind.resource_type
        self.id = cast("int", normal_id(given))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and (self.type, self.id) == (other.type, other.id)

    def __hash__(self) -> int:
        return hash((self.type, self.id))

    def __repr__(self) -> str:
        return f"Ref({self.type!r}, {self.id!r})"


class Related(Generic[R_co]):
    """A to-many relationship. `refs` is None where the payload holds only a link to the related collection.

    `api.related(...)` walks the collection behind `link`; `count` is None where it was not told.
    """

    __slots__ = ("count", "link", "refs")

    def __init__(self, refs: tuple[Ref[R_co], ...] | None, link: str | None, count: int | None) -> None:
        self.refs = refs
        self.link = link
        self.count = count

    def __iter__(self) -> abc.Iterator[Ref[R_co]]:
        return iter(self.refs or ())

    def __repr__(self) -> str:
        return f"Related(refs={self.refs!r}, link={self.link!r})"


class ToOne(Generic[R_co]):
    """Declares a to-one relationship by its wire name: reading it gives a `Ref`, or None."""

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: Record, owner: type) -> Ref[R_co] | None: ...
    def __get__(self, record: Record | None, owner: type) -> Self | Ref[R_co] | None:
        if record is None:
            return self
        data = record.relationship(self.name).data
        return _ref(data) if isinstance(data, Identifier) else None


class ToMany(Generic[R_co]):
    """Declares a to-many relationship by its wire name: reading it gives a `Related`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...
    @overload
    def __get__(self, record: Record, owner: type) -> Related[R_co]: ...
    def __get__(self, record: Record | None, owner: type) -> Self | Related[R_co]:
        if record is None:
            return self
        told = record.relationship(self.name)
        refs = tuple(map(_ref, told.data)) if isinstance(told.data, tuple) else None
        return Related(refs, told.link, told.count)


class Record(BaseModel):
    """Base of every resource. `id` is the wire's integer; attributes carry their Python names.

    `record["anyAttribute"]` reads an attribute by its wire or its Python name, whether or not a class knows it.
    The class tells its wire type, its path below `/api/v2`, and the levels of scope that exist for it.
    """

    model_config = ConfigDict(
        alias_generator=camel,
        defer_build=True,
        extra="ignore",
        frozen=True,
        protected_namespaces=(),
    )
    __slots__ = ("_attributes", "_drifted", "_links", "_meta", "_relationships")

    resource_type: ClassVar[str] = ""
    resource_path: ClassVar[str] = ""
    resource_scopes: ClassVar[frozenset[str]] = frozenset()

    id: int = 0

    if TYPE_CHECKING:
        _attributes: bytes
        _drifted: tuple[str, ...]
        _links: dict[str, Relationship]
        _meta: bytes
        _relationships: bytes

    @classmethod
    def ref(cls, id: int | str) -> Ref[Self]:
        """Give a reference to the record of this type with this id."""
        return Ref(cls, id)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of the attributes whose values had an unexpected type: those are kept as they came."""
        return getattr(self, "_drifted", ())

    @property
    def attributes(self) -> dict[str, Any]:
        """Every attribute as it came, by wire name, decoded anew at each call."""
        return decode_object(getattr(self, "_attributes", b"{}"))

    @property
    def custom(self) -> dict[str, Any]:
        """The organisation's custom fields, `custom1` to `custom150`, by wire name."""
        return {name: value for name, value in self.attributes.items() if _is_custom(name)}

    @property
    def extra(self) -> dict[str, Any]:
        """Attributes that this release does not know, by wire name, custom fields left out."""
        known = {field.alias for field in type(self).model_fields.values()}
        return {k: v for k, v in self.attributes.items() if k not in known and not _is_custom(k)}

    @property
    def meta(self) -> dict[str, Any]:
        """The row's own meta, such as `canWrite`, where the call asked for it."""
        return decode_object(getattr(self, "_meta", b"{}"))

    def relationship(self, name: str) -> Relationship:
        """Give a relationship by its wire name; one that tells nothing where the row has none of that name."""
        links = getattr(self, "_links", None)
        if links is None:
            links = decode_relationships(getattr(self, "_relationships", b"{}"))
            object.__setattr__(self, "_links", links)
        return links.get(name) or Relationship()

    def __getitem__(self, name: str) -> Any:
        attributes = self.attributes
        return attributes[name] if name in attributes else attributes[camel(name)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or type(self) is not type(other):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash((self.resource_type, self.id))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.resource_type, type(self), self._state())

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self

    def _state(self) -> tuple[Any, ...]:
        owned = (getattr(self, name, b"{}") for name in ("_attributes", "_relationships", "_meta"))
        return (self.__dict__, *owned, self.drifted)


def _restore(kind: str, record: type[Record], state: tuple[Any, ...]) -> Record:
    values, attributes, relationships, meta, drifted = state
    restored = record.model_construct(set(values), **values)
    for name, value in (("_attributes", attributes), ("_relationships", relationships), ("_meta", meta)):
        object.__setattr__(restored, name, value)
    object.__setattr__(restored, "_drifted", drifted)
    return restored


def _ref(data: Identifier) -> Ref[Any]:
    return Ref(data.type, cast("int", data.id))


def _is_custom(name: str) -> bool:
    return name.startswith("custom") and name[6:].isdigit()
