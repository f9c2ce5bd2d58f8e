"""Fixed priority list (`/taskPriorities`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Readable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, ToMany

if TYPE_CHECKING:
    from .sequence_steps import SequenceStep
    from .tasks import Task


class TaskPriority(Record):
    """Fixed priority list."""

    resource_type: ClassVar[str] = "taskPriority"
    resource_path: ClassVar[str] = "/taskPriorities"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    color: int | None = None
    created_at: dt.datetime | None = None
    name: str | None = None
    updated_at: dt.datetime | None = None
    weight: int | None = None

    sequence_steps: ClassVar[ToMany[SequenceStep]] = ToMany("sequenceSteps")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")


class TaskPriorityFilters(Params):
    """What a list of task priorities can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    weight: Filter[int] = LEFT_OUT


class TaskPrioritySorts(
    Sorts[Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at", "weight", "-weight"]]
):
    """What a list of task priorities can be ordered by."""


collection = Readable(TaskPriority, TaskPriorityFilters, TaskPrioritySorts)
