"""Address row of a prospect (`/emailAddresses`).

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
    from .prospects import Prospect


class EmailAddress(Record):
    """Address row of a prospect."""

    resource_type: ClassVar[str] = "emailAddress"
    resource_path: ClassVar[str] = "/emailAddresses"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    email: str | None = None
    email_type: Literal["work", "personal"] | str | None = None
    order: int | None = None
    status: str | None = None
    status_changed_at: dt.datetime | None = None
    unsubscribed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")


class EmailAddressFilters(Params, relations={"prospect"}):
    """What a list of email addresses can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    email: Filter[str] = LEFT_OUT
    email_type: Filter[Literal["work", "personal"] | str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    status: Filter[str] = LEFT_OUT
    status_changed_at: Filter[dt.date] = LEFT_OUT
    unsubscribed_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT


class EmailAddressSorts(
    Sorts[
        Literal[
            "email",
            "-email",
            "email_type",
            "-email_type",
            "order",
            "-order",
            "status",
            "-status",
            "status_changed_at",
            "-status_changed_at",
            "unsubscribed_at",
            "-unsubscribed_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of email addresses can be ordered by."""


class EmailAddressPatch(Params, relations={"prospect"}):
    """What can be changed of an email address."""

    email: str | None = LEFT_OUT
    email_type: Literal["work", "personal"] | str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    status: str | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class EmailAddressDraft(EmailAddressPatch):
    """An email address to create."""


collection = Editable(EmailAddress, EmailAddressFilters, EmailAddressSorts, EmailAddressDraft, EmailAddressPatch)
