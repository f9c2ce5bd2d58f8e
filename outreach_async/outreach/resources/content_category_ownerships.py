"""Folder-owner join (`/contentCategoryOwnerships`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Attachable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .content_categories import ContentCategory
    from .teams import Team
    from .users import User


class ContentCategoryOwnership(Record):
    """Folder-owner join."""

    resource_type: ClassVar[str] = "contentCategoryOwnership"
    resource_path: ClassVar[str] = "/contentCategoryOwnerships"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    content_category: ClassVar[ToOne[ContentCategory]] = ToOne("contentCategory")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    owner: ClassVar[ToOne[Team]] = ToOne("owner")


class ContentCategoryOwnershipFilters(Params, relations={"content_category"}):
    """What a list of content category ownerships can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    content_category: Filter[Ref[ContentCategory] | ContentCategory | int] = LEFT_OUT


class ContentCategoryOwnershipSorts(Sorts[Literal["created_at", "-created_at", "updated_at", "-updated_at"]]):
    """What a list of content category ownerships can be ordered by."""


class ContentCategoryOwnershipDraft(Params, relations={"content_category", "owner"}):
    """A content category ownership to create."""

    content_category: Ref[ContentCategory] | ContentCategory | None = LEFT_OUT
    owner: Ref[Team] | Team | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Attachable(
    ContentCategoryOwnership,
    ContentCategoryOwnershipFilters,
    ContentCategoryOwnershipSorts,
    ContentCategoryOwnershipDraft,
)
