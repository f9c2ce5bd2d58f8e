"""Join between a step and a template (`/sequenceTemplates`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Never

from ...protocol.query import Filter
from ..collection import D, Editable, F, P, S
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .sequence_steps import SequenceStep
    from .templates import Template
    from .users import User


class SequenceTemplate(Record):
    """Join between a step and a template."""

    resource_type: ClassVar[str] = "sequenceTemplate"
    resource_path: ClassVar[str] = "/sequenceTemplates"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    bounce_count: int | None = None
    click_count: int | None = None
    created_at: dt.datetime | None = None
    deliver_count: int | None = None
    enabled: bool | None = None
    enabled_at: dt.datetime | None = None
    failure_count: int | None = None
    is_reply: bool | None = None
    negative_reply_count: int | None = None
    neutral_reply_count: int | None = None
    open_count: int | None = None
    opt_out_count: int | None = None
    positive_reply_count: int | None = None
    reply_count: int | None = None
    schedule_count: int | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    template: ClassVar[ToOne[Template]] = ToOne("template")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class SequenceTemplateFilters(Params, relations={"creator", "sequence_step", "template", "updater"}):
    """What a list of sequence templates can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    creator: Filter[Ref[User] | User | int] = LEFT_OUT
    sequence_step: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    sequence_step__created_at: Filter[dt.date] = LEFT_OUT
    sequence_step__date: Filter[dt.date] = LEFT_OUT
    sequence_step__order: Filter[int] = LEFT_OUT
    sequence_step__step_type: Filter[Literal["auto_email", "manual_email", "call", "task"] | str] = LEFT_OUT
    sequence_step__updated_at: Filter[dt.date] = LEFT_OUT
    template: Filter[Ref[Template] | Template | int] = LEFT_OUT
    updater: Filter[Ref[User] | User | int] = LEFT_OUT


class SequenceTemplateSorts(Sorts[Never]):
    """What a list of sequence templates can be ordered by."""


class SequenceTemplatePatch(Params, relations={"sequence_step", "template"}):
    """What can be changed of a sequence template."""

    is_reply: bool | None = LEFT_OUT
    sequence_step: Ref[SequenceStep] | SequenceStep | None = LEFT_OUT
    template: Ref[Template] | Template | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class SequenceTemplateDraft(SequenceTemplatePatch):
    """A sequence template to create."""


class SequenceTemplates(Editable[SequenceTemplate, F, S, D, P], Generic[F, S, D, P]):
    """Sequence templates, and what can be done with one."""

    async def activate(self, record: SequenceTemplate | Ref[SequenceTemplate] | int, /) -> SequenceTemplate:
        """Activate the template within its step.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "activate")

    async def deactivate(self, record: SequenceTemplate | Ref[SequenceTemplate] | int, /) -> SequenceTemplate:
        """Deactivate the template within its step.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "deactivate")


collection = SequenceTemplates(
    SequenceTemplate, SequenceTemplateFilters, SequenceTemplateSorts, SequenceTemplateDraft, SequenceTemplatePatch
)
