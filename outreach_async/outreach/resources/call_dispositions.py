"""Call outcome taxonomy (`/callDispositions`).

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


class CallDisposition(Record):
    """Call outcome taxonomy."""

    resource_type: ClassVar[str] = "callDisposition"
    resource_path: ClassVar[str] = "/callDispositions"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    name: str | None = None
    order: int | None = None
    outcome: Literal["Answered", "Not Answered"] | str | None = None
    updated_at: dt.datetime | None = None

    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    creator: ClassVar[ToOne[User]] = ToOne("creator")


class CallDispositionFilters(Params):
    """What a list of call dispositions can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    outcome: Filter[Literal["Answered", "Not Answered"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class CallDispositionSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "name",
            "-name",
            "order",
            "-order",
            "outcome",
            "-outcome",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of call dispositions can be ordered by."""


class CallDispositionPatch(Params):
    """What can be changed of a call disposition."""

    name: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    outcome: Literal["Answered", "Not Answered"] | str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class CallDispositionDraft(CallDispositionPatch):
    """A call disposition to create."""


collection = Editable(
    CallDisposition, CallDispositionFilters, CallDispositionSorts, CallDispositionDraft, CallDispositionPatch
)
