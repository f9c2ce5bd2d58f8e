"""Task reason taxonomy (`/taskPurposes`).

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
    from .tasks import Task
    from .users import User


class TaskPurpose(Record):
    """Task reason taxonomy."""

    resource_type: ClassVar[str] = "taskPurpose"
    resource_path: ClassVar[str] = "/taskPurposes"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    name: str | None = None
    order: int | None = None
    task_type: str | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")


class TaskPurposeFilters(Params):
    """What a list of task purposes can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    task_type: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class TaskPurposeSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "name",
            "-name",
            "order",
            "-order",
            "task_type",
            "-task_type",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of task purposes can be ordered by."""


class TaskPurposePatch(Params):
    """What can be changed of a task purpose."""

    name: str | None = LEFT_OUT
    order: int | None = LEFT_OUT
    task_type: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class TaskPurposeDraft(TaskPurposePatch):
    """A task purpose to create."""


collection = Editable(TaskPurpose, TaskPurposeFilters, TaskPurposeSorts, TaskPurposeDraft, TaskPurposePatch)
