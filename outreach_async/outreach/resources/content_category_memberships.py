"""Content-in-folder join (`/contentCategoryMemberships`).

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
    from .content_categories import ContentCategory
    from .sequences import Sequence
    from .snippets import Snippet
    from .templates import Template
    from .users import User


class ContentCategoryMembership(Record):
    """Content-in-folder join."""

    resource_type: ClassVar[str] = "contentCategoryMembership"
    resource_path: ClassVar[str] = "/contentCategoryMemberships"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    content: ClassVar[ToOne[Sequence | Snippet | Template]] = ToOne("content")
    content_category: ClassVar[ToOne[ContentCategory]] = ToOne("contentCategory")
    creator: ClassVar[ToOne[User]] = ToOne("creator")


class ContentCategoryMembershipFilters(Params, relations={"content_category"}):
    """What a list of content category memberships can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    content_category: Filter[Ref[ContentCategory] | ContentCategory | int] = LEFT_OUT


class ContentCategoryMembershipSorts(Sorts[Literal["created_at", "-created_at", "updated_at", "-updated_at"]]):
    """What a list of content category memberships can be ordered by."""


class ContentCategoryMembershipDraft(Params, relations={"content", "content_category"}):
    """A content category membership to create."""

    content: Ref[Sequence | Snippet | Template] | Sequence | Snippet | Template | None = LEFT_OUT
    content_category: Ref[ContentCategory] | ContentCategory | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Replaceable(
    ContentCategoryMembership,
    ContentCategoryMembershipFilters,
    ContentCategoryMembershipSorts,
    ContentCategoryMembershipDraft,
)
