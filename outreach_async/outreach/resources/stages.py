"""Prospect lifecycle stage (`/stages`).

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
    from .prospects import Prospect
    from .users import User


class Stage(Record):
    """Prospect lifecycle stage."""

    resource_type: ClassVar[str] = "stage"
    resource_path: ClassVar[str] = "/stages"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    color: str | None = None
    created_at: dt.datetime | None = None
    name: str | None = None
    order: int | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    prospects: ClassVar[ToMany[Prospect]] = ToMany("prospects")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class StageFilters(Params, relations={"prospects"}):
    """What a list of stages can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    prospects: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT


class StageSorts(
    Sorts[Literal["created_at", "-created_at", "name", "-name", "order", "-order", "updated_at", "-updated_at"]]
):
    """What a list of stages can be ordered by."""


class StagePatch(Params):
    """What can be changed of a stage."""

    color: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class StageDraft(StagePatch):
    """A stage to create."""


collection = Editable(Stage, StageFilters, StageSorts, StageDraft, StagePatch)
