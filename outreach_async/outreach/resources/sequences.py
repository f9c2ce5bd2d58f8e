"""Multi-step cadence (`/sequences`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

from ...protocol.query import Filter
from ..collection import D, Editable, F, P, S
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .calls import Call
    from .content_category_memberships import ContentCategoryMembership
    from .mailings import Mailing
    from .rulesets import Ruleset
    from .sequence_states import SequenceState
    from .sequence_steps import SequenceStep
    from .tasks import Task
    from .users import User


class Sequence(Record):
    """Multi-step cadence."""

    resource_type: ClassVar[str] = "sequence"
    resource_path: ClassVar[str] = "/sequences"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    automation_percentage: float | None = None
    bounce_count: int | None = None
    click_count: int | None = None
    created_at: dt.datetime | None = None
    deliver_count: int | None = None
    description: str | None = None
    duration_in_days: int | None = None
    enabled: bool | None = None
    enabled_at: dt.datetime | None = None
    failure_count: int | None = None
    finish_on_reply: bool | None = None
    last_used_at: dt.datetime | None = None
    locked: bool | None = None
    locked_at: dt.datetime | None = None
    max_activations: int | None = None
    name: str | None = None
    negative_reply_count: int | None = None
    neutral_reply_count: int | None = None
    num_contacted_prospects: int | None = None
    num_replied_prospects: int | None = None
    open_count: int | None = None
    opt_out_count: int | None = None
    positive_reply_count: int | None = None
    primary_reply_action: Literal["finish", "continue", "pause"] | str | None = None
    primary_reply_pause_duration: int | None = None
    reply_count: int | None = None
    sales_motion: str | None = None
    schedule_count: int | None = None
    schedule_interval_type: Literal["calendar", "schedule"] | str | None = None
    secondary_reply_action: Literal["finish", "continue", "pause"] | str | None = None
    secondary_reply_pause_duration: int | None = None
    sequence_step_count: int | None = None
    sequence_type: Literal["date", "interval"] | str | None = None
    share_type: Literal["private", "read_only", "shared"] | str | None = None
    tags: list[str] | None = None
    throttle_capacity: int | None = None
    throttle_max_adds_per_day: int | None = None
    throttle_paused: bool | None = None
    throttle_paused_at: dt.datetime | None = None
    transactional: bool | None = None
    updated_at: dt.datetime | None = None

    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    content_category_memberships: ClassVar[ToMany[ContentCategoryMembership]] = ToMany("contentCategoryMemberships")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    ruleset: ClassVar[ToOne[Ruleset]] = ToOne("ruleset")
    schedule: ClassVar[ToOne[Record]] = ToOne("schedule")
    sequence_states: ClassVar[ToMany[SequenceState]] = ToMany("sequenceStates")
    sequence_steps: ClassVar[ToMany[SequenceStep]] = ToMany("sequenceSteps")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class SequenceFilters(
    Params,
    relations={
        "calls",
        "content_category_memberships",
        "creator",
        "owner",
        "ruleset",
        "sequence_states",
        "sequence_steps",
        "tasks",
        "updater",
    },
):
    """What a list of sequences can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    click_count: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    deliver_count: Filter[int] = LEFT_OUT
    enabled_at: Filter[dt.date] = LEFT_OUT
    last_used_at: Filter[dt.date] = LEFT_OUT
    locked_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    open_count: Filter[int] = LEFT_OUT
    reply_count: Filter[int] = LEFT_OUT
    sales_motion: Filter[str] = LEFT_OUT
    share_type: Filter[Literal["private", "read_only", "shared"] | str] = LEFT_OUT
    throttle_capacity: Filter[int] = LEFT_OUT
    throttle_max_adds_per_day: Filter[int] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    calls: Filter[Ref[Call] | Call | int] = LEFT_OUT
    content_category_memberships: Filter[Ref[ContentCategoryMembership] | ContentCategoryMembership | int] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    owner__email: Filter[str] = LEFT_OUT
    owner__first_name: Filter[str] = LEFT_OUT
    owner__last_name: Filter[str] = LEFT_OUT
    ruleset: Filter[Ref[Ruleset] | Ruleset | int] = LEFT_OUT
    sequence_states: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    sequence_steps: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    tasks: Filter[Ref[Task] | Task | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class SequenceSorts(
    Sorts[
        Literal[
            "click_count",
            "-click_count",
            "created_at",
            "-created_at",
            "deliver_count",
            "-deliver_count",
            "enabled_at",
            "-enabled_at",
            "last_used_at",
            "-last_used_at",
            "locked_at",
            "-locked_at",
            "name",
            "-name",
            "open_count",
            "-open_count",
            "reply_count",
            "-reply_count",
            "share_type",
            "-share_type",
            "throttle_capacity",
            "-throttle_capacity",
            "throttle_max_adds_per_day",
            "-throttle_max_adds_per_day",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of sequences can be ordered by."""


class SequencePatch(Params, relations={"owner", "ruleset", "schedule", "sequence_steps"}):
    """What can be changed of a sequence."""

    description: str | None = LEFT_OUT
    finish_on_reply: bool | None = LEFT_OUT
    max_activations: int | None = LEFT_OUT
    name: str | None = LEFT_OUT
    primary_reply_action: Literal["finish", "continue", "pause"] | str | None = LEFT_OUT
    primary_reply_pause_duration: int | None = LEFT_OUT
    sales_motion: str | None = LEFT_OUT
    schedule_interval_type: Literal["calendar", "schedule"] | str | None = LEFT_OUT
    secondary_reply_action: Literal["finish", "continue", "pause"] | str | None = LEFT_OUT
    secondary_reply_pause_duration: int | None = LEFT_OUT
    sequence_type: Literal["date", "interval"] | str | None = LEFT_OUT
    share_type: Literal["private", "read_only", "shared"] | str | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    throttle_capacity: int | None = LEFT_OUT
    throttle_max_adds_per_day: int | None = LEFT_OUT
    throttle_paused: bool | None = LEFT_OUT
    transactional: bool | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    ruleset: Ref[Ruleset] | Ruleset | None = LEFT_OUT
    schedule: Ref[Record] | Record | None = LEFT_OUT
    sequence_steps: abc.Iterable[Ref[SequenceStep] | SequenceStep] | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class SequenceDraft(SequencePatch):
    """A sequence to create."""


class Sequences(Editable[Sequence, F, S, D, P], Generic[F, S, D, P]):
    """Sequences, and what can be done with one."""

    async def activate(self, record: Sequence | Ref[Sequence] | int, /) -> Sequence:
        """Activate the sequence: its states begin to move and to send.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "activate")

    async def deactivate(self, record: Sequence | Ref[Sequence] | int, /) -> Sequence:
        """Deactivate the sequence.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "deactivate")

    async def lock(self, record: Sequence | Ref[Sequence] | int, /) -> Sequence:
        """Archive the sequence. Only one of the two published schemas lists this action.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "lock")

    async def unlock(self, record: Sequence | Ref[Sequence] | int, /) -> Sequence:
        """Take the sequence out of the archive. Only one of the two published schemas lists this action.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "unlock")


collection = Sequences(Sequence, SequenceFilters, SequenceSorts, SequenceDraft, SequencePatch)
