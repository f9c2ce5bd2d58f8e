"""Call reason taxonomy (`/callPurposes`).

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
from ..record import Record, ToMany, ToOne

if TYPE_CHECKING:
    from .calls import Call
    from .users import User


class CallPurpose(Record):
    """Call reason taxonomy."""

    resource_type: ClassVar[str] = "callPurpose"
    resource_path: ClassVar[str] = "/callPurposes"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    name: str | None = None
    order: int | None = None
    updated_at: dt.datetime | None = None

    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    creator: ClassVar[ToOne[User]] = ToOne("creator")


class CallPurposeFilters(Params):
    """What a list of call purposes can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class CallPurposeSorts(
    Sorts[Literal["created_at", "-created_at", "name", "-name", "order", "-order", "updated_at", "-updated_at"]]
):
    """What a list of call purposes can be ordered by."""


class CallPurposePatch(Params):
    """What can be changed of a call purpose."""

    name: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class CallPurposeDraft(CallPurposePatch):
    """A call purpose to create."""


collection = Editable(CallPurpose, CallPurposeFilters, CallPurposeSorts, CallPurposeDraft, CallPurposePatch)
