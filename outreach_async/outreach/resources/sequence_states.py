"""Enrollment of one prospect in one sequence (`/sequenceStates`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

from ...protocol.query import Filter
from ..collection import D, F, Replaceable, S
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .accounts import Account
    from .batch_items import BatchItem
    from .calls import Call
    from .mailboxes import Mailbox
    from .mailings import Mailing
    from .opportunities import Opportunity
    from .prospects import Prospect
    from .sequence_steps import SequenceStep
    from .sequences import Sequence
    from .tasks import Task
    from .users import User


class SequenceState(Record):
    """Enrollment of one prospect in one sequence."""

    resource_type: ClassVar[str] = "sequenceState"
    resource_path: ClassVar[str] = "/sequenceStates"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    active_at: dt.datetime | None = None
    bounce_count: int | None = None
    call_completed_at: dt.datetime | None = None
    click_count: int | None = None
    created_at: dt.datetime | None = None
    deliver_count: int | None = None
    error_reason: str | None = None
    failure_count: int | None = None
    negative_reply_count: int | None = None
    neutral_reply_count: int | None = None
    open_count: int | None = None
    opt_out_count: int | None = None
    pause_reason: str | None = None
    positive_reply_count: int | None = None
    replied_at: dt.datetime | None = None
    reply_count: int | None = None
    schedule_count: int | None = None
    state: str | None = None
    state_changed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    active_step_mailings: ClassVar[ToMany[Mailing]] = ToMany("activeStepMailings")
    active_step_tasks: ClassVar[ToMany[Task]] = ToMany("activeStepTasks")
    batch_item_creator: ClassVar[ToOne[BatchItem]] = ToOne("batchItemCreator")
    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    mailbox: ClassVar[ToOne[Mailbox]] = ToOne("mailbox")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_state_recipients: ClassVar[ToMany[Record]] = ToMany("sequenceStateRecipients")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    user: ClassVar[ToOne[User]] = ToOne("user")


class SequenceStateFilters(
    Params, relations={"account", "calls", "mailbox", "opportunity", "prospect", "sequence", "sequence_step", "tasks"}
):
    """What a list of sequence states can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    call_completed_at: Filter[dt.date] = LEFT_OUT
    click_count: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    deliver_count: Filter[int] = LEFT_OUT
    open_count: Filter[int] = LEFT_OUT
    pause_reason: Filter[str] = LEFT_OUT
    replied_at: Filter[dt.date] = LEFT_OUT
    reply_count: Filter[int] = LEFT_OUT
    state: Filter[str] = LEFT_OUT
    state_changed_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    calls: Filter[Ref[Call] | Call | int] = LEFT_OUT
    mailbox: Filter[Ref[Mailbox] | Mailbox | int] = LEFT_OUT
    mailbox__email: Filter[str] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    prospect__emails: Filter[str] = LEFT_OUT
    sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    sequence__click_count: Filter[int] = LEFT_OUT
    sequence__created_at: Filter[dt.date] = LEFT_OUT
    sequence__deliver_count: Filter[int] = LEFT_OUT
    sequence__enabled_at: Filter[dt.date] = LEFT_OUT
    sequence__last_used_at: Filter[dt.date] = LEFT_OUT
    sequence__locked_at: Filter[dt.date] = LEFT_OUT
    sequence__name: Filter[str] = LEFT_OUT
    sequence__open_count: Filter[int] = LEFT_OUT
    sequence__reply_count: Filter[int] = LEFT_OUT
    sequence__sales_motion: Filter[str] = LEFT_OUT
    sequence__share_type: Filter[Literal["private", "read_only", "shared"] | str] = LEFT_OUT
    sequence__throttle_capacity: Filter[int] = LEFT_OUT
    sequence__throttle_max_adds_per_day: Filter[int] = LEFT_OUT
    sequence__updated_at: Filter[dt.date] = LEFT_OUT
    sequence_step: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    sequence_step__created_at: Filter[dt.date] = LEFT_OUT
    sequence_step__date: Filter[dt.date] = LEFT_OUT
    sequence_step__order: Filter[int] = LEFT_OUT
    sequence_step__step_type: Filter[Literal["auto_email", "manual_email", "call", "task"] | str] = LEFT_OUT
    sequence_step__updated_at: Filter[dt.date] = LEFT_OUT
    tasks: Filter[Ref[Task] | Task | int] = LEFT_OUT
    tasks__due_at: Filter[dt.date] = LEFT_OUT


class SequenceStateSorts(
    Sorts[
        Literal[
            "call_completed_at",
            "-call_completed_at",
            "click_count",
            "-click_count",
            "created_at",
            "-created_at",
            "deliver_count",
            "-deliver_count",
            "open_count",
            "-open_count",
            "pause_reason",
            "-pause_reason",
            "replied_at",
            "-replied_at",
            "reply_count",
            "-reply_count",
            "state",
            "-state",
            "state_changed_at",
            "-state_changed_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of sequence states can be ordered by."""


class SequenceStateDraft(Params, relations={"mailbox", "prospect", "sequence", "sequence_state_recipients"}):
    """A sequence state to create."""

    mailbox: Ref[Mailbox] | Mailbox
    prospect: Ref[Prospect] | Prospect
    sequence: Ref[Sequence] | Sequence
    sequence_state_recipients: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class SequenceStates(Replaceable[SequenceState, F, S, D], Generic[F, S, D]):
    """Sequence states, and what can be done with one."""

    async def finish(self, record: SequenceState | Ref[SequenceState] | int, /) -> SequenceState:
        """Finish an active enrolment.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "finish")

    async def pause(self, record: SequenceState | Ref[SequenceState] | int, /) -> SequenceState:
        """Pause an active enrolment.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "pause")

    async def resume(self, record: SequenceState | Ref[SequenceState] | int, /) -> SequenceState:
        """Resume a paused enrolment.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "resume")


collection = SequenceStates(SequenceState, SequenceStateFilters, SequenceStateSorts, SequenceStateDraft)
