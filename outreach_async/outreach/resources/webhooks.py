"""Outbound notification subscription (`/webhooks`).

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
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .users import User


class Webhook(Record):
    """Outbound notification subscription."""

    resource_type: ClassVar[str] = "webhook"
    resource_path: ClassVar[str] = "/webhooks"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    action: str | None = None
    active: bool | None = None
    created_at: dt.datetime | None = None
    disabled_reason: str | None = None
    disabled_since: dt.datetime | None = None
    disabled_until: dt.datetime | None = None
    payload_version: Literal[1, 2] | str | None = None
    resource: str | None = None
    secret: str | None = None
    updated_at: dt.datetime | None = None
    url: str | None = None
    cleanup_token: str | None = None
    creator_app_id: str | None = None
    creator_app_name: str | None = None

    authorizer: ClassVar[ToOne[User]] = ToOne("authorizer")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class WebhookFilters(Params, relations={"creator", "updater"}):
    """What a list of webhooks can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    action: Filter[str] = LEFT_OUT
    active: Filter[bool] = LEFT_OUT
    resource: Filter[str] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class WebhookSorts(Sorts[Literal["action", "-action", "active", "-active", "resource", "-resource"]]):
    """What a list of webhooks can be ordered by."""


class WebhookPatch(Params, relations={"authorizer"}):
    """What can be changed of a webhook."""

    action: str | None = LEFT_OUT
    active: bool | None = LEFT_OUT
    payload_version: Literal[1, 2] | str | None = LEFT_OUT
    resource: str | None = LEFT_OUT
    secret: str | None = LEFT_OUT
    url: str | None = LEFT_OUT
    authorizer: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class WebhookDraft(Params, relations={"authorizer"}):
    """A webhook to create."""

    action: str | None = LEFT_OUT
    active: bool | None = LEFT_OUT
    payload_version: Literal[1, 2] | str | None = LEFT_OUT
    resource: str | None = LEFT_OUT
    secret: str | None = LEFT_OUT
    url: str
    authorizer: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Editable(Webhook, WebhookFilters, WebhookSorts, WebhookDraft, WebhookPatch)
