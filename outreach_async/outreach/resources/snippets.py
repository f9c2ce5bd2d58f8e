"""Reusable text (`/snippets`).

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
    from .content_category_memberships import ContentCategoryMembership
    from .favorites import Favorite
    from .users import User


class Snippet(Record):
    """Reusable text."""

    resource_type: ClassVar[str] = "snippet"
    resource_path: ClassVar[str] = "/snippets"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    body_html: str | None = None
    body_text: str | None = None
    created_at: dt.datetime | None = None
    name: str | None = None
    share_type: Literal["private", "shared"] | str | None = None
    tags: list[str] | None = None
    updated_at: dt.datetime | None = None

    content_category_memberships: ClassVar[ToMany[ContentCategoryMembership]] = ToMany("contentCategoryMemberships")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class SnippetFilters(Params, relations={"content_category_memberships", "creator", "owner", "updater"}):
    """What a list of snippets can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    share_type: Filter[Literal["private", "shared"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    content_category_memberships: Filter[Ref[ContentCategoryMembership] | ContentCategoryMembership | int] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class SnippetSorts(
    Sorts[
        Literal["created_at", "-created_at", "name", "-name", "share_type", "-share_type", "updated_at", "-updated_at"]
    ]
):
    """What a list of snippets can be ordered by."""


class SnippetPatch(Params, relations={"content_category_memberships", "favorites", "owner"}):
    """What can be changed of a snippet."""

    body_html: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    share_type: Literal["private", "shared"] | str | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    content_category_memberships: abc.Iterable[Ref[ContentCategoryMembership] | ContentCategoryMembership] | None = (
        LEFT_OUT
    )
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class SnippetDraft(SnippetPatch):
    """A snippet to create."""


collection = Editable(Snippet, SnippetFilters, SnippetSorts, SnippetDraft, SnippetPatch)
