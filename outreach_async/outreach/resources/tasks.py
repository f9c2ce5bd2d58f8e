"""To-do for a rep (`/tasks`).

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
    from .accounts import Account
    from .calls import Call
    from .email_addresses import EmailAddress
    from .mailings import Mailing
    from .opportunities import Opportunity
    from .phone_numbers import PhoneNumber
    from .prospects import Prospect
    from .sequence_states import SequenceState
    from .sequence_steps import SequenceStep
    from .sequence_templates import SequenceTemplate
    from .sequences import Sequence
    from .stages import Stage
    from .task_dispositions import TaskDisposition
    from .task_priorities import TaskPriority
    from .task_purposes import TaskPurpose
    from .teams import Team
    from .templates import Template
    from .users import User


class Task(Record):
    """To-do for a rep."""

    resource_type: ClassVar[str] = "task"
    resource_path: ClassVar[str] = "/tasks"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    action: Literal["action_item", "call", "email", "in_person"] | str | None = None
    autoskip_at: dt.datetime | None = None
    compiled_sequence_template_html: str | None = None
    completed: bool | None = None
    completed_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    note: str | None = None
    opportunity_association: Literal["recent_created", "recent_updated", "noop"] | str | None = None
    scheduled_at: dt.datetime | None = None
    state: Literal["pending", "incomplete", "complete"] | str | None = None
    state_changed_at: dt.datetime | None = None
    task_type: (
        Literal[
            "follow_up",
            "manual",
            "no_reply",
            "sequence_click",
            "sequence_open",
            "sequence_step_call",
            "sequence_step_email",
            "sequence_step_linkedin_interact_with_post",
            "sequence_step_linkedin_other",
            "sequence_step_linkedin_send_connection_request",
            "sequence_step_linkedin_send_message",
            "sequence_step_linkedin_view_profile",
            "sequence_step_sms",
            "sequence_step_task",
            "touch",
        ]
        | str
        | None
    ) = None
    updated_at: dt.datetime | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    call: ClassVar[ToOne[Call]] = ToOne("call")
    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    completer: ClassVar[ToOne[User]] = ToOne("completer")
    creator: ClassVar[ToOne[SequenceStep | Stage | User]] = ToOne("creator")
    default_plugin_mapping: ClassVar[ToOne[Record]] = ToOne("defaultPluginMapping")
    mailing: ClassVar[ToOne[Mailing]] = ToOne("mailing")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    prospect_account: ClassVar[ToOne[Account]] = ToOne("prospectAccount")
    prospect_contacts: ClassVar[ToMany[EmailAddress]] = ToMany("prospectContacts")
    prospect_owner: ClassVar[ToOne[User]] = ToOne("prospectOwner")
    prospect_phone_numbers: ClassVar[ToMany[PhoneNumber]] = ToMany("prospectPhoneNumbers")
    prospect_stage: ClassVar[ToOne[Stage]] = ToOne("prospectStage")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_sequence_steps: ClassVar[ToMany[SequenceStep]] = ToMany("sequenceSequenceSteps")
    sequence_state: ClassVar[ToOne[SequenceState]] = ToOne("sequenceState")
    sequence_state_sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStateSequenceStep")
    sequence_state_sequence_step_overrides: ClassVar[ToMany[Record]] = ToMany("sequenceStateSequenceStepOverrides")
    sequence_state_starting_template: ClassVar[ToOne[Template]] = ToOne("sequenceStateStartingTemplate")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    sequence_step_override_templates: ClassVar[ToMany[Template]] = ToMany("sequenceStepOverrideTemplates")
    sequence_template: ClassVar[ToOne[SequenceTemplate]] = ToOne("sequenceTemplate")
    sequence_template_template: ClassVar[ToOne[Template]] = ToOne("sequenceTemplateTemplate")
    subject: ClassVar[ToOne[Account | Opportunity | Prospect]] = ToOne("subject")
    task_disposition: ClassVar[ToOne[TaskDisposition]] = ToOne("taskDisposition")
    task_priority: ClassVar[ToOne[TaskPriority]] = ToOne("taskPriority")
    task_purpose: ClassVar[ToOne[TaskPurpose]] = ToOne("taskPurpose")
    task_theme: ClassVar[ToOne[Record]] = ToOne("taskTheme")
    team: ClassVar[ToOne[Team]] = ToOne("team")
    template: ClassVar[ToOne[Template]] = ToOne("template")


class TaskFilters(
    Params,
    relations={
        "account",
        "call",
        "calls",
        "completer",
        "mailing",
        "mailings",
        "opportunity",
        "owner",
        "prospect",
        "sequence",
        "sequence_sequence_steps",
        "sequence_state",
        "sequence_step",
        "sequence_template",
        "task_priority",
        "template",
    },
):
    """What a list of tasks can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    autoskip_at: Filter[dt.date] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    due_at: Filter[dt.date] = LEFT_OUT
    scheduled_at: Filter[dt.date] = LEFT_OUT
    state: Filter[Literal["pending", "incomplete", "complete"] | str] = LEFT_OUT
    state_changed_at: Filter[dt.date] = LEFT_OUT
    task_type: Filter[
        Literal[
            "follow_up",
            "manual",
            "no_reply",
            "sequence_click",
            "sequence_open",
            "sequence_step_call",
            "sequence_step_email",
            "sequence_step_linkedin_interact_with_post",
            "sequence_step_linkedin_other",
            "sequence_step_linkedin_send_connection_request",
            "sequence_step_linkedin_send_message",
            "sequence_step_linkedin_view_profile",
            "sequence_step_sms",
            "sequence_step_task",
            "touch",
        ]
        | str
    ] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    call: Filter[Ref[Call] | Call | int] = LEFT_OUT
    calls: Filter[Ref[Call] | Call | int] = LEFT_OUT
    completer: Filter[Ref[User] | User | int] = LEFT_OUT
    mailing: Filter[Ref[Mailing] | Mailing | int] = LEFT_OUT
    mailings: Filter[Ref[Mailing] | Mailing | int] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    owner__email: Filter[str] = LEFT_OUT
    owner__first_name: Filter[str] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    prospect__by_persona_id: Filter[str | int] = LEFT_OUT
    prospect__by_stage_id: Filter[str | int] = LEFT_OUT
    prospect__created_at: Filter[dt.date] = LEFT_OUT
    prospect__first_name: Filter[str] = LEFT_OUT
    prospect__tags: Filter[str] = LEFT_OUT
    prospect__title: Filter[str] = LEFT_OUT
    prospect__updated_at: Filter[dt.date] = LEFT_OUT
    sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    sequence__tags: Filter[str] = LEFT_OUT
    sequence_sequence_steps: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    sequence_state: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    sequence_step: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    sequence_step__step_type: Filter[Literal["auto_email", "manual_email", "call", "task"] | str] = LEFT_OUT
    sequence_template: Filter[Ref[SequenceTemplate] | SequenceTemplate | int] = LEFT_OUT
    task_priority: Filter[Ref[TaskPriority] | TaskPriority | int] = LEFT_OUT
    task_priority__name: Filter[str] = LEFT_OUT
    template: Filter[Ref[Template] | Template | int] = LEFT_OUT


class TaskSorts(
    Sorts[
        Literal[
            "autoskip_at",
            "-autoskip_at",
            "created_at",
            "-created_at",
            "due_at",
            "-due_at",
            "scheduled_at",
            "-scheduled_at",
            "state",
            "-state",
            "state_changed_at",
            "-state_changed_at",
            "task_type",
            "-task_type",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of tasks can be ordered by."""


class TaskPatch(
    Params, relations={"owner", "subject", "task_disposition", "task_priority", "task_purpose", "task_theme", "team"}
):
    """What can be changed of a task."""

    action: Literal["action_item", "call", "email", "in_person"] | str | None = LEFT_OUT
    autoskip_at: dt.datetime | None = LEFT_OUT
    due_at: dt.datetime | None = LEFT_OUT
    note: str | None = LEFT_OUT
    opportunity_association: Literal["recent_created", "recent_updated", "noop"] | str | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    subject: Ref[Account | Opportunity | Prospect] | Account | Opportunity | Prospect | None = LEFT_OUT
    task_disposition: Ref[TaskDisposition] | TaskDisposition | None = LEFT_OUT
    task_priority: Ref[TaskPriority] | TaskPriority | None = LEFT_OUT
    task_purpose: Ref[TaskPurpose] | TaskPurpose | None = LEFT_OUT
    task_theme: Ref[Record] | Record | None = LEFT_OUT
    team: Ref[Team] | Team | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class TaskDraft(TaskPatch):
    """A task to create."""


class Tasks(Editable[Task, F, S, D, P], Generic[F, S, D, P]):
    """Tasks, and what can be done with one."""

    async def advance(self, record: Task | Ref[Task] | int, /) -> Task:
        """Advance the enrolment that a sequence-step task belongs to.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "advance")

    async def deliver(self, record: Task | Ref[Task] | int, /) -> Task:
        """Schedule the task's mailing for delivery.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "deliver")

    async def log_meet_in_person(
        self,
        record: Task | Ref[Task] | int,
        /,
        *,
        task_disposition_id: int,
        task_purpose_id: int | None = None,
        completion_note: str | None = None,
    ) -> Task:
        """Complete an in-person meeting task with its disposition.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(
            record,
            "logMeetInPerson",
            task_disposition_id=task_disposition_id,
            task_purpose_id=task_purpose_id,
            completion_note=completion_note,
        )

    async def mark_complete(
        self,
        record: Task | Ref[Task] | int,
        /,
        *,
        completion_note: str | None = None,
        completion_action: Literal["finish_no_reply", "finish_replied"] | str | None = None,
    ) -> Task:
        """Complete the task.

        For tasks of a sequence step, `completion_action` finishes the enrolment (`finish_no_reply`,
        `finish_replied`); anything else advances it.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(
            record, "markComplete", completion_note=completion_note, completion_action=completion_action
        )

    async def reassign_owner(self, record: Task | Ref[Task] | int, /, *, owner_id: int) -> Task:
        """Give the task to another user.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "reassignOwner", owner_id=owner_id)

    async def reschedule(self, record: Task | Ref[Task] | int, /, *, due_at: dt.datetime) -> Task:
        """Set when the task is due.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "reschedule", due_at=due_at)

    async def snooze(
        self,
        record: Task | Ref[Task] | int,
        /,
        *,
        due_at: dt.datetime | None = None,
        mark_as_urgent: bool | None = None,
    ) -> Task:
        """Put the task off until `due_at`, or by one day from now or from when it was due.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "snooze", due_at=due_at, mark_as_urgent=mark_as_urgent)

    async def update_note(self, record: Task | Ref[Task] | int, /, *, note: str) -> Task:
        """Replace the task's note.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "updateNote", note=note)

    async def update_opportunity_association(
        self, record: Task | Ref[Task] | int, /, *, opportunity_association: str
    ) -> Task:
        """Set how the task is associated with an opportunity.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "updateOpportunityAssociation", opportunity_association=opportunity_association)


collection = Tasks(Task, TaskFilters, TaskSorts, TaskDraft, TaskPatch)
