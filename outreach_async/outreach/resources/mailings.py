"""One email, draft to delivered (`/mailings`).

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
    from .mailboxes import Mailbox
    from .opportunities import Opportunity
    from .prospects import Prospect
    from .recipients import Recipient
    from .sequence_states import SequenceState
    from .sequence_steps import SequenceStep
    from .sequences import Sequence
    from .tasks import Task
    from .templates import Template
    from .users import User


class Mailing(Record):
    """One email, draft to delivered."""

    resource_type: ClassVar[str] = "mailing"
    resource_path: ClassVar[str] = "/mailings"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    body_html: str | None = None
    body_text: str | None = None
    bounced_at: dt.datetime | None = None
    click_count: int | None = None
    clicked_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    error_backtrace: str | None = None
    error_reason: str | None = None
    follow_up_task_scheduled_at: dt.datetime | None = None
    follow_up_task_type: Literal["follow_up", "no_reply"] | str | None = None
    mailbox_address: str | None = None
    mailing_type: Literal["sequence", "single", "campaign"] | str | None = None
    marked_as_spam_at: dt.datetime | None = None
    message_id: str | None = None
    notify_thread_condition: Literal["always", "no_reply"] | str | None = None
    notify_thread_scheduled_at: dt.datetime | None = None
    notify_thread_status: Literal["pending", "sent", "skipped"] | str | None = None
    open_count: int | None = None
    opened_at: dt.datetime | None = None
    override_safety_settings: bool | None = None
    references: list[str] | None = None
    replied_at: dt.datetime | None = None
    retry_at: dt.datetime | None = None
    retry_count: int | None = None
    retry_interval: int | None = None
    scheduled_at: dt.datetime | None = None
    state: (
        Literal[
            "bounced",
            "delivered",
            "delivering",
            "drafted",
            "failed",
            "opened",
            "placeholder",
            "queued",
            "replied",
            "scheduled",
        ]
        | str
        | None
    ) = None
    state_changed_at: dt.datetime | None = None
    subject: str | None = None
    track_links: bool | None = None
    track_opens: bool | None = None
    unsubscribed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    attachments: ClassVar[ToMany[Record]] = ToMany("attachments")
    bcc_entities_id: ClassVar[ToOne[Record]] = ToOne("bccEntitiesId")
    calendar: ClassVar[ToOne[Record]] = ToOne("calendar")
    cc_entities_id: ClassVar[ToOne[Record]] = ToOne("ccEntitiesId")
    follow_up_sequence: ClassVar[ToOne[Sequence]] = ToOne("followUpSequence")
    mailbox: ClassVar[ToOne[Mailbox]] = ToOne("mailbox")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    prospects_ids: ClassVar[ToMany[Record]] = ToMany("prospectsIds")
    recipients: ClassVar[ToMany[Recipient]] = ToMany("recipients")
    schedule: ClassVar[ToOne[Record]] = ToOne("schedule")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_state: ClassVar[ToOne[SequenceState]] = ToOne("sequenceState")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    task: ClassVar[ToOne[Task]] = ToOne("task")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    template: ClassVar[ToOne[Template]] = ToOne("template")
    to_entities_id: ClassVar[ToOne[Record]] = ToOne("toEntitiesId")
    user: ClassVar[ToOne[User]] = ToOne("user")


class MailingFilters(
    Params,
    relations={
        "follow_up_sequence",
        "mailbox",
        "opportunity",
        "prospect",
        "sequence",
        "sequence_state",
        "sequence_step",
        "task",
        "template",
        "user",
    },
):
    """What a list of mailings can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    bounced_at: Filter[dt.date] = LEFT_OUT
    clicked_at: Filter[dt.date] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    delivered_at: Filter[dt.date] = LEFT_OUT
    mailing_type: Filter[Literal["sequence", "single", "campaign"] | str] = LEFT_OUT
    message_id: Filter[str] = LEFT_OUT
    notify_thread_scheduled_at: Filter[dt.date] = LEFT_OUT
    notify_thread_status: Filter[Literal["pending", "sent", "skipped"] | str] = LEFT_OUT
    opened_at: Filter[dt.date] = LEFT_OUT
    replied_at: Filter[dt.date] = LEFT_OUT
    retry_at: Filter[dt.date] = LEFT_OUT
    scheduled_at: Filter[dt.date] = LEFT_OUT
    state: Filter[
        Literal[
            "bounced",
            "delivered",
            "delivering",
            "drafted",
            "failed",
            "opened",
            "placeholder",
            "queued",
            "replied",
            "scheduled",
        ]
        | str
    ] = LEFT_OUT
    state_changed_at: Filter[dt.date] = LEFT_OUT
    unsubscribed_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    follow_up_sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    mailbox: Filter[Ref[Mailbox] | Mailbox | int] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    sequence_state: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    sequence_step: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    task: Filter[Ref[Task] | Task | int] = LEFT_OUT
    template: Filter[Ref[Template] | Template | int] = LEFT_OUT
    user: Filter[Ref[User] | User | int] = LEFT_OUT


class MailingSorts(
    Sorts[
        Literal[
            "bounced_at",
            "-bounced_at",
            "clicked_at",
            "-clicked_at",
            "created_at",
            "-created_at",
            "delivered_at",
            "-delivered_at",
            "mailing_type",
            "-mailing_type",
            "message_id",
            "-message_id",
            "notify_thread_scheduled_at",
            "-notify_thread_scheduled_at",
            "notify_thread_status",
            "-notify_thread_status",
            "opened_at",
            "-opened_at",
            "replied_at",
            "-replied_at",
            "retry_at",
            "-retry_at",
            "scheduled_at",
            "-scheduled_at",
            "state",
            "-state",
            "state_changed_at",
            "-state_changed_at",
            "unsubscribed_at",
            "-unsubscribed_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of mailings can be ordered by."""


class MailingPatch(
    Params,
    relations={
        "attachments",
        "follow_up_sequence",
        "mailbox",
        "prospect",
        "recipients",
        "schedule",
        "task",
        "template",
    },
):
    """What can be changed of a mailing."""

    body_html: str | None = LEFT_OUT
    follow_up_task_scheduled_at: dt.datetime | None = LEFT_OUT
    follow_up_task_type: Literal["follow_up", "no_reply"] | str | None = LEFT_OUT
    scheduled_at: dt.datetime | None = LEFT_OUT
    state: (
        Literal[
            "bounced",
            "delivered",
            "delivering",
            "drafted",
            "failed",
            "opened",
            "placeholder",
            "queued",
            "replied",
            "scheduled",
        ]
        | str
        | None
    ) = LEFT_OUT
    subject: str | None = LEFT_OUT
    track_links: bool | None = LEFT_OUT
    track_opens: bool | None = LEFT_OUT
    attachments: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    follow_up_sequence: Ref[Sequence] | Sequence | None = LEFT_OUT
    mailbox: Ref[Mailbox] | Mailbox | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    recipients: abc.Iterable[Ref[Recipient] | Recipient] | None = LEFT_OUT
    schedule: Ref[Record] | Record | None = LEFT_OUT
    task: Ref[Task] | Task | None = LEFT_OUT
    template: Ref[Template] | Template | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class MailingDraft(MailingPatch):
    """A mailing to create."""


collection = Lasting(Mailing, MailingFilters, MailingSorts, MailingDraft, MailingPatch)
