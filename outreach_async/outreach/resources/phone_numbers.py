"""Phone row of a prospect (`/phoneNumbers`).

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


class PhoneNumber(Record):
    """Phone row of a prospect."""

    resource_type: ClassVar[str] = "phoneNumber"
    resource_path: ClassVar[str] = "/phoneNumbers"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    country_code: str | None = None
    created_at: dt.datetime | None = None
    extension: str | None = None
    number: str | None = None
    order: int | None = None
    phone_type: Literal["mobile", "work", "home", "voip", "other"] | str | None = None
    raw_number: str | None = None
    status: str | None = None
    status_changed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")


class PhoneNumberFilters(Params, relations={"prospect"}):
    """What a list of phone numbers can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    number: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    phone_type: Filter[Literal["mobile", "work", "home", "voip", "other"] | str] = LEFT_OUT
    status: Filter[str] = LEFT_OUT
    status_changed_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT


class PhoneNumberSorts(
    Sorts[
        Literal[
            "number",
            "-number",
            "order",
            "-order",
            "phone_type",
            "-phone_type",
            "status",
            "-status",
            "status_changed_at",
            "-status_changed_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of phone numbers can be ordered by."""


class PhoneNumberPatch(Params, relations={"prospect"}):
    """What can be changed of a phone number."""

    country_code: str | None = LEFT_OUT
    extension: str | None = LEFT_OUT
    number: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    phone_type: Literal["mobile", "work", "home", "voip", "other"] | str | None = LEFT_OUT
    raw_number: str | None = LEFT_OUT
    status: str | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class PhoneNumberDraft(PhoneNumberPatch):
    """A phone number to create."""


collection = Editable(PhoneNumber, PhoneNumberFilters, PhoneNumberSorts, PhoneNumberDraft, PhoneNumberPatch)
