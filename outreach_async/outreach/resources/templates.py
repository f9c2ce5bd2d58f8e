"""Reusable email (`/templates`).

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
    from .recipients import Recipient
    from .sequence_templates import SequenceTemplate
    from .users import User


class Template(Record):
    """Reusable email."""

    resource_type: ClassVar[str] = "template"
    resource_path: ClassVar[str] = "/templates"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    archived: bool | None = None
    archived_at: dt.datetime | None = None
    bcc_recipients: list[str] | None = None
    body_html: str | None = None
    body_text: str | None = None
    bounce_count: int | None = None
    cc_recipients: list[str] | None = None
    click_count: int | None = None
    created_at: dt.datetime | None = None
    deliver_count: int | None = None
    failure_count: int | None = None
    last_used_at: dt.datetime | None = None
    name: str | None = None
    negative_reply_count: int | None = None
    neutral_reply_count: int | None = None
    open_count: int | None = None
    opt_out_count: int | None = None
    positive_reply_count: int | None = None
    reply_count: int | None = None
    schedule_count: int | None = None
    share_type: Literal["read_only", "private", "shared"] | str | None = None
    subject: str | None = None
    tags: list[str] | None = None
    to_recipients: list[str] | None = None
    track_links: bool | None = None
    track_opens: bool | None = None
    updated_at: dt.datetime | None = None

    attachments: ClassVar[ToMany[Record]] = ToMany("attachments")
    content_category_memberships: ClassVar[ToMany[ContentCategoryMembership]] = ToMany("contentCategoryMemberships")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    recipients: ClassVar[ToMany[Recipient]] = ToMany("recipients")
    sequence_templates: ClassVar[ToMany[SequenceTemplate]] = ToMany("sequenceTemplates")
    stats_target: ClassVar[ToOne[Template]] = ToOne("statsTarget")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class TemplateFilters(Params, relations={"creator", "owner", "recipients", "updater"}):
    """What a list of templates can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    archived_at: Filter[dt.date] = LEFT_OUT
    click_count: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    deliver_count: Filter[int] = LEFT_OUT
    last_used_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    open_count: Filter[int] = LEFT_OUT
    reply_count: Filter[int] = LEFT_OUT
    share_type: Filter[Literal["read_only", "private", "shared"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    recipients: Filter[Ref[Recipient] | Recipient | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class TemplateSorts(
    Sorts[
        Literal[
            "archived_at",
            "-archived_at",
            "click_count",
            "-click_count",
            "created_at",
            "-created_at",
            "deliver_count",
            "-deliver_count",
            "last_used_at",
            "-last_used_at",
            "name",
            "-name",
            "open_count",
            "-open_count",
            "reply_count",
            "-reply_count",
            "share_type",
            "-share_type",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of templates can be ordered by."""


class TemplatePatch(
    Params, relations={"attachments", "content_category_memberships", "favorites", "owner", "stats_target"}
):
    """What can be changed of a template."""

    archived: bool | None = LEFT_OUT
    bcc_recipients: abc.Sequence[str] | None = LEFT_OUT
    body_html: str | None = LEFT_OUT
    cc_recipients: abc.Sequence[str] | None = LEFT_OUT
    name: str | None = LEFT_OUT
    share_type: Literal["read_only", "private", "shared"] | str | None = LEFT_OUT
    subject: str | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    to_recipients: abc.Sequence[str] | None = LEFT_OUT
    track_links: bool | None = LEFT_OUT
    track_opens: bool | None = LEFT_OUT
    attachments: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    content_category_memberships: abc.Iterable[Ref[ContentCategoryMembership] | ContentCategoryMembership] | None = (
        LEFT_OUT
    )
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    stats_target: Ref[Template] | Template | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class TemplateDraft(TemplatePatch):
    """A template to create."""


collection = Editable(Template, TemplateFilters, TemplateSorts, TemplateDraft, TemplatePatch)
