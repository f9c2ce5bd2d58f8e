"""To/cc/bcc address row (`/recipients`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Never

from ...protocol.query import Filter
from ..collection import Editable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .prospects import Prospect
    from .users import User


class Recipient(Record):
    """To/cc/bcc address row."""

    resource_type: ClassVar[str] = "recipient"
    resource_path: ClassVar[str] = "/recipients"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    email_hash: str | None = None
    primary: bool | None = None
    recipient_type: Literal["bcc", "cc", "to"] | str | None = None
    updated_at: dt.datetime | None = None
    value: str | None = None

    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    user: ClassVar[ToOne[User]] = ToOne("user")


class RecipientFilters(Params):
    """What a list of recipients can be narrowed by."""

    id: Filter[int] = LEFT_OUT


class RecipientSorts(Sorts[Never]):
    """What a list of recipients can be ordered by."""


class RecipientPatch(Params, relations={"prospect", "user"}):
    """What can be changed of a recipient."""

    email_hash: str | None = LEFT_OUT
    primary: bool | None = LEFT_OUT
    recipient_type: Literal["bcc", "cc", "to"] | str | None = LEFT_OUT
    value: str | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    user: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class RecipientDraft(RecipientPatch):
    """A recipient to create."""


collection = Editable(Recipient, RecipientFilters, RecipientSorts, RecipientDraft, RecipientPatch)
