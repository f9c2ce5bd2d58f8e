"""Deal stage (`/opportunityStages`).

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
    from .opportunities import Opportunity
    from .users import User


class OpportunityStage(Record):
    """Deal stage."""

    resource_type: ClassVar[str] = "opportunityStage"
    resource_path: ClassVar[str] = "/opportunityStages"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    color: str | None = None
    created_at: dt.datetime | None = None
    is_closed: bool | None = None
    name: str | None = None
    order: int | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    opportunities: ClassVar[ToMany[Opportunity]] = ToMany("opportunities")


class OpportunityStageFilters(Params):
    """What a list of opportunity stages can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    is_closed: Filter[bool] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class OpportunityStageSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "is_closed",
            "-is_closed",
            "name",
            "-name",
            "order",
            "-order",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of opportunity stages can be ordered by."""


class OpportunityStagePatch(Params):
    """What can be changed of an opportunity stage."""

    color: str | None = LEFT_OUT
    is_closed: bool | None = LEFT_OUT
    name: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class OpportunityStageDraft(OpportunityStagePatch):
    """An opportunity stage to create."""


collection = Editable(
    OpportunityStage, OpportunityStageFilters, OpportunityStageSorts, OpportunityStageDraft, OpportunityStagePatch
)
