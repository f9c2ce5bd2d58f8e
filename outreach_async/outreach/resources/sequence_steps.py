"""Ordered step of a sequence (`/sequenceSteps`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Lasting
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .call_purposes import CallPurpose
    from .calls import Call
    from .mailings import Mailing
    from .sequence_templates import SequenceTemplate
    from .sequences import Sequence
    from .task_priorities import TaskPriority
    from .tasks import Task
    from .users import User


class SequenceStep(Record):
    """Ordered step of a sequence."""

    resource_type: ClassVar[str] = "sequenceStep"
    resource_path: ClassVar[str] = "/sequenceSteps"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    bounce_count: int | None = None
    click_count: int | None = None
    created_at: dt.datetime | None = None
    date: dt.date | None = None
    deliver_count: int | None = None
    display_name: str | None = None
    failure_count: int | None = None
    interval: int | None = None
    negative_reply_count: int | None = None
    neutral_reply_count: int | None = None
    open_count: int | None = None
    opt_out_count: int | None = None
    order: int | None = None
    positive_reply_count: int | None = None
    reply_count: int | None = None
    schedule_count: int | None = None
    step_type: Literal["auto_email", "manual_email", "call", "task"] | str | None = None
    task_autoskip_delay: int | None = None
    task_note: str | None = None
    updated_at: dt.datetime | None = None

    call_purpose: ClassVar[ToOne[CallPurpose]] = ToOne("callPurpose")
    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    schedule: ClassVar[ToOne[Record]] = ToOne("schedule")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_templates: ClassVar[ToMany[SequenceTemplate]] = ToMany("sequenceTemplates")
    task_priority: ClassVar[ToOne[TaskPriority]] = ToOne("taskPriority")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class SequenceStepFilters(
    Params,
    relations={
        "call_purpose",
        "calls",
        "creator",
        "sequence",
        "sequence_templates",
        "task_priority",
        "tasks",
        "updater",
    },
):
    """What a list of sequence steps can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    date: Filter[dt.date] = LEFT_OUT
    order: Filter[int] = LEFT_OUT
    step_type: Filter[Literal["auto_email", "manual_email", "call", "task"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    call_purpose: Filter[Ref[CallPurpose] | CallPurpose | int] = LEFT_OUT
    calls: Filter[Ref[Call] | Call | int] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    sequence__enabled_at: Filter[dt.date] = LEFT_OUT
    sequence__name: Filter[str] = LEFT_OUT
    sequence_templates: Filter[Ref[SequenceTemplate] | SequenceTemplate | int] = LEFT_OUT
    task_priority: Filter[Ref[TaskPriority] | TaskPriority | int] = LEFT_OUT
    tasks: Filter[Ref[Task] | Task | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class SequenceStepSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "date",
            "-date",
            "order",
            "-order",
            "step_type",
            "-step_type",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of sequence steps can be ordered by."""


class SequenceStepPatch(Params, relations={"call_purpose", "schedule", "sequence", "task_priority"}):
    """What can be changed of a sequence step."""

    date: dt.date | None = LEFT_OUT
    interval: int | None = LEFT_OUT
    order: int | None = LEFT_OUT
    step_type: Literal["auto_email", "manual_email", "call", "task"] | str | None = LEFT_OUT
    task_autoskip_delay: int | None = LEFT_OUT
    task_note: str | None = LEFT_OUT
    call_purpose: Ref[CallPurpose] | CallPurpose | None = LEFT_OUT
    schedule: Ref[Record] | Record | None = LEFT_OUT
    sequence: Ref[Sequence] | Sequence | None = LEFT_OUT
    task_priority: Ref[TaskPriority] | TaskPriority | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class SequenceStepDraft(SequenceStepPatch):
    """A sequence step to create."""


collection = Lasting(SequenceStep, SequenceStepFilters, SequenceStepSorts, SequenceStepDraft, SequenceStepPatch)
