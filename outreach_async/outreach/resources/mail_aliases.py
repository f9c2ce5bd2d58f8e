"""Send-as alias (`/mailAliases`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Readable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .mailboxes import Mailbox


class MailAlias(Record):
    """Send-as alias."""

    resource_type: ClassVar[str] = "mailAlias"
    resource_path: ClassVar[str] = "/mailAliases"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    can_send: bool | None = None
    created_at: dt.datetime | None = None
    email: str | None = None
    email_hash: str | None = None
    updated_at: dt.datetime | None = None

    mailbox: ClassVar[ToOne[Mailbox]] = ToOne("mailbox")


class MailAliasFilters(Params, relations={"mailbox"}):
    """What a list of mail aliases can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    mailbox: Filter[Ref[Mailbox] | Mailbox | int] = LEFT_OUT


class MailAliasSorts(Sorts[Literal["created_at", "-created_at", "updated_at", "-updated_at"]]):
    """What a list of mail aliases can be ordered by."""


collection = Readable(MailAlias, MailAliasFilters, MailAliasSorts)
