"""User bookmark (`/favorites`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Replaceable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .users import User


class Favorite(Record):
    """User bookmark."""

    resource_type: ClassVar[str] = "favorite"
    resource_path: ClassVar[str] = "/favorites"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    target_id: int | None = None
    target_type: str | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    target: ClassVar[ToOne[Record]] = ToOne("target")
    user: ClassVar[ToOne[User]] = ToOne("user")


class FavoriteFilters(Params, relations={"user"}):
    """What a list of favorites can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    target_id: Filter[int] = LEFT_OUT
    target_type: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    user: Filter[Ref[User] | User | int] = LEFT_OUT


class FavoriteSorts(Sorts[Literal["created_at", "-created_at", "updated_at", "-updated_at"]]):
    """What a list of favorites can be ordered by."""


class FavoriteDraft(Params, relations={"target", "user"}):
    """A favorite to create."""

    target: Ref[Record] | Record | None = LEFT_OUT
    user: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Replaceable(Favorite, FavoriteFilters, FavoriteSorts, FavoriteDraft)
