"""Content folder (`/contentCategories`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Editable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .teams import Team
    from .users import User


class ContentCategory(Record):
    """Content folder."""

    resource_type: ClassVar[str] = "contentCategory"
    resource_path: ClassVar[str] = "/contentCategories"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    allow_sequences: bool | None = None
    allow_snippets: bool | None = None
    allow_templates: bool | None = None
    color: str | None = None
    created_at: dt.datetime | None = None
    name: str | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    teams: ClassVar[ToMany[Team]] = ToMany("teams")


class ContentCategoryFilters(Params):
    """What a list of content categories can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class ContentCategorySorts(Sorts[Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]]):
    """What a list of content categories can be ordered by."""


class ContentCategoryPatch(Params, relations={"teams"}):
    """What can be changed of a content category."""

    allow_sequences: bool | None = LEFT_OUT
    allow_snippets: bool | None = LEFT_OUT
    allow_templates: bool | None = LEFT_OUT
    color: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class ContentCategoryDraft(ContentCategoryPatch):
    """A content category to create."""


collection = Editable(
    ContentCategory, ContentCategoryFilters, ContentCategorySorts, ContentCategoryDraft, ContentCategoryPatch
)
