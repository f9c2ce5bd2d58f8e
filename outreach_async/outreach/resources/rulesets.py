"""Sequence safety rules (`/rulesets`).

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
    from .sequences import Sequence
    from .stages import Stage
    from .task_priorities import TaskPriority
    from .users import User


class Ruleset(Record):
    """Sequence safety rules."""

    resource_type: ClassVar[str] = "ruleset"
    resource_path: ClassVar[str] = "/rulesets"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    apply_completed_stage_in: int | None = None
    auto_resume_ooto_prospects: bool | None = None
    auto_resume_ooto_prospects_expires_in: int | None = None
    auto_resume_ooto_prospects_in: int | None = None
    call_opt_out_action: str | None = None
    clicks_needed_before_call_task_created: int | None = None
    created_at: dt.datetime | None = None
    email_opt_out_action: str | None = None
    include_unsubscribe_links: bool | None = None
    meeting_booked_action: str | None = None
    minimum_prospect_touched_interval: int | None = None
    name: str | None = None
    ooto_auto_extraction_enabled: bool | None = None
    opens_needed_before_call_task_created: int | None = None
    permit_duplicate_prospects: Literal["allow", "disallow", "only_if_inactive"] | str | None = None
    sequence_exclusivity: Literal["all_sequences", "exclusive_sequences", "none"] | str | None = None
    sms_opt_out_action: str | None = None
    sms_received_action: str | None = None
    step_overrides_enabled: bool | None = None
    updated_at: dt.datetime | None = None

    bounced_stage: ClassVar[ToOne[Stage]] = ToOne("bouncedStage")
    call_task_priority: ClassVar[ToOne[TaskPriority]] = ToOne("callTaskPriority")
    call_task_priority_from_clicks: ClassVar[ToOne[TaskPriority]] = ToOne("callTaskPriorityFromClicks")
    call_task_priority_from_opens: ClassVar[ToOne[TaskPriority]] = ToOne("callTaskPriorityFromOpens")
    completed_stage: ClassVar[ToOne[Stage]] = ToOne("completedStage")
    delivered_stage: ClassVar[ToOne[Stage]] = ToOne("deliveredStage")
    finished_stage: ClassVar[ToOne[Stage]] = ToOne("finishedStage")
    opted_out_stage: ClassVar[ToOne[Stage]] = ToOne("optedOutStage")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    replied_stage: ClassVar[ToOne[Stage]] = ToOne("repliedStage")
    sequences: ClassVar[ToMany[Sequence]] = ToMany("sequences")
    started_stage: ClassVar[ToOne[Stage]] = ToOne("startedStage")


class RulesetFilters(
    Params,
    relations={
        "bounced_stage",
        "call_task_priority",
        "call_task_priority_from_clicks",
        "call_task_priority_from_opens",
        "completed_stage",
        "delivered_stage",
        "finished_stage",
        "opted_out_stage",
        "owner",
        "replied_stage",
        "sequences",
        "started_stage",
    },
):
    """What a list of rulesets can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    auto_resume_ooto_prospects: Filter[bool] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    include_unsubscribe_links: Filter[bool] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    permit_duplicate_prospects: Filter[Literal["allow", "disallow", "only_if_inactive"] | str] = LEFT_OUT
    sequence_exclusivity: Filter[Literal["all_sequences", "exclusive_sequences", "none"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    bounced_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    call_task_priority: Filter[Ref[TaskPriority] | TaskPriority | int] = LEFT_OUT
    call_task_priority_from_clicks: Filter[Ref[TaskPriority] | TaskPriority | int] = LEFT_OUT
    call_task_priority_from_opens: Filter[Ref[TaskPriority] | TaskPriority | int] = LEFT_OUT
    completed_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    delivered_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    finished_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    opted_out_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    replied_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    sequences: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    started_stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT


class RulesetSorts(
    Sorts[
        Literal[
            "auto_resume_ooto_prospects",
            "-auto_resume_ooto_prospects",
            "created_at",
            "-created_at",
            "include_unsubscribe_links",
            "-include_unsubscribe_links",
            "name",
            "-name",
            "permit_duplicate_prospects",
            "-permit_duplicate_prospects",
            "sequence_exclusivity",
            "-sequence_exclusivity",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of rulesets can be ordered by."""


class RulesetPatch(
    Params,
    relations={
        "bounced_stage",
        "call_task_priority",
        "call_task_priority_from_clicks",
        "call_task_priority_from_opens",
        "completed_stage",
        "delivered_stage",
        "finished_stage",
        "opted_out_stage",
        "owner",
        "replied_stage",
        "started_stage",
    },
):
    """What can be changed of a ruleset."""

    apply_completed_stage_in: int | None = LEFT_OUT
    auto_resume_ooto_prospects: bool | None = LEFT_OUT
    auto_resume_ooto_prospects_expires_in: int | None = LEFT_OUT
    auto_resume_ooto_prospects_in: int | None = LEFT_OUT
    call_opt_out_action: str | None = LEFT_OUT
    clicks_needed_before_call_task_created: int | None = LEFT_OUT
    email_opt_out_action: str | None = LEFT_OUT
    include_unsubscribe_links: bool | None = LEFT_OUT
    meeting_booked_action: str | None = LEFT_OUT
    minimum_prospect_touched_interval: int | None = LEFT_OUT
    name: str | None = LEFT_OUT
    ooto_auto_extraction_enabled: bool | None = LEFT_OUT
    opens_needed_before_call_task_created: int | None = LEFT_OUT
    permit_duplicate_prospects: Literal["allow", "disallow", "only_if_inactive"] | str | None = LEFT_OUT
    sequence_exclusivity: Literal["all_sequences", "exclusive_sequences", "none"] | str | None = LEFT_OUT
    sms_opt_out_action: str | None = LEFT_OUT
    sms_received_action: str | None = LEFT_OUT
    step_overrides_enabled: bool | None = LEFT_OUT
    bounced_stage: Ref[Stage] | Stage | None = LEFT_OUT
    call_task_priority: Ref[TaskPriority] | TaskPriority | None = LEFT_OUT
    call_task_priority_from_clicks: Ref[TaskPriority] | TaskPriority | None = LEFT_OUT
    call_task_priority_from_opens: Ref[TaskPriority] | TaskPriority | None = LEFT_OUT
    completed_stage: Ref[Stage] | Stage | None = LEFT_OUT
    delivered_stage: Ref[Stage] | Stage | None = LEFT_OUT
    finished_stage: Ref[Stage] | Stage | None = LEFT_OUT
    opted_out_stage: Ref[Stage] | Stage | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    replied_stage: Ref[Stage] | Stage | None = LEFT_OUT
    started_stage: Ref[Stage] | Stage | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class RulesetDraft(RulesetPatch):
    """A ruleset to create."""


collection = Editable(Ruleset, RulesetFilters, RulesetSorts, RulesetDraft, RulesetPatch)
