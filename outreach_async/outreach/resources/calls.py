"""Logged call (`/calls`).

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
    from .accounts import Account
    from .batches import Batch
    from .call_dispositions import CallDisposition
    from .call_purposes import CallPurpose
    from .opportunities import Opportunity
    from .phone_numbers import PhoneNumber
    from .prospects import Prospect
    from .sequence_states import SequenceState
    from .sequence_steps import SequenceStep
    from .sequences import Sequence
    from .tasks import Task
    from .users import User


class Call(Record):
    """Logged call."""

    resource_type: ClassVar[str] = "call"
    resource_path: ClassVar[str] = "/calls"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    answered_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    dialed_at: dt.datetime | None = None
    direction: Literal["inbound", "outbound"] | str | None = None
    external_vendor: str | None = None
    from_: str | None = None
    note: str | None = None
    outcome: Literal["Answered", "Not Answered"] | str | None = None
    recording_url: str | None = None
    returned_at: dt.datetime | None = None
    sequence_action: Literal["Advance", "Finish", "Finish - No Reply", "Finish - Replied"] | str | None = None
    should_record_call: bool | None = None
    state: str | None = None
    state_changed_at: dt.datetime | None = None
    tags: list[str] | None = None
    to: str | None = None
    uid: str | None = None
    updated_at: dt.datetime | None = None
    user_call_type: Literal["bridge", "voip"] | str | None = None
    vendor_call_id: str | None = None
    voicemail_recording_url: str | None = None

    associated_id: ClassVar[ToOne[Account | Opportunity]] = ToOne("associatedId")
    batches: ClassVar[ToMany[Batch]] = ToMany("batches")
    call_disposition: ClassVar[ToOne[CallDisposition]] = ToOne("callDisposition")
    call_purpose: ClassVar[ToOne[CallPurpose]] = ToOne("callPurpose")
    kaia_crm_recording: ClassVar[ToOne[Record]] = ToOne("kaiaCrmRecording")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    outbound_voicemail: ClassVar[ToOne[Record]] = ToOne("outboundVoicemail")
    phone: ClassVar[ToOne[Record]] = ToOne("phone")
    phone_number: ClassVar[ToOne[PhoneNumber]] = ToOne("phoneNumber")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_state: ClassVar[ToOne[SequenceState]] = ToOne("sequenceState")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    task: ClassVar[ToOne[Task]] = ToOne("task")
    user: ClassVar[ToOne[User]] = ToOne("user")


class CallFilters(
    Params,
    relations={
        "call_disposition",
        "call_purpose",
        "opportunity",
        "phone_number",
        "prospect",
        "sequence",
        "sequence_state",
        "sequence_step",
        "task",
        "user",
    },
):
    """What a list of calls can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    from_: Filter[str] = LEFT_OUT
    outcome: Filter[Literal["Answered", "Not Answered"] | str] = LEFT_OUT
    recording_url: Filter[str] = LEFT_OUT
    state: Filter[str] = LEFT_OUT
    to: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    user_call_type: Filter[Literal["bridge", "voip"] | str] = LEFT_OUT
    call_disposition: Filter[Ref[CallDisposition] | CallDisposition | int] = LEFT_OUT
    call_purpose: Filter[Ref[CallPurpose] | CallPurpose | int] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    phone_number: Filter[Ref[PhoneNumber] | PhoneNumber | int] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    sequence: Filter[Ref[Sequence] | Sequence | int] = LEFT_OUT
    sequence_state: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    sequence_step: Filter[Ref[SequenceStep] | SequenceStep | int] = LEFT_OUT
    task: Filter[Ref[Task] | Task | int] = LEFT_OUT
    user: Filter[Ref[User] | User | int] = LEFT_OUT


class CallSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "from_",
            "-from_",
            "outcome",
            "-outcome",
            "recording_url",
            "-recording_url",
            "state",
            "-state",
            "to",
            "-to",
            "updated_at",
            "-updated_at",
            "user_call_type",
            "-user_call_type",
        ]
    ]
):
    """What a list of calls can be ordered by."""


class CallPatch(
    Params,
    relations={
        "call_disposition",
        "call_purpose",
        "opportunity",
        "outbound_voicemail",
        "phone",
        "phone_number",
        "prospect",
        "sequence",
        "sequence_state",
        "sequence_step",
        "task",
        "user",
    },
):
    """What can be changed of a call."""

    answered_at: dt.datetime | None = LEFT_OUT
    completed_at: dt.datetime | None = LEFT_OUT
    dialed_at: dt.datetime | None = LEFT_OUT
    direction: Literal["inbound", "outbound"] | str | None = LEFT_OUT
    external_vendor: str | None = LEFT_OUT
    from_: str | None = LEFT_OUT
    note: str | None = LEFT_OUT
    outcome: Literal["Answered", "Not Answered"] | str | None = LEFT_OUT
    recording_url: str | None = LEFT_OUT
    returned_at: dt.datetime | None = LEFT_OUT
    sequence_action: Literal["Advance", "Finish", "Finish - No Reply", "Finish - Replied"] | str | None = LEFT_OUT
    should_record_call: bool | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    to: str | None = LEFT_OUT
    user_call_type: Literal["bridge", "voip"] | str | None = LEFT_OUT
    vendor_call_id: str | None = LEFT_OUT
    call_disposition: Ref[CallDisposition] | CallDisposition | None = LEFT_OUT
    call_purpose: Ref[CallPurpose] | CallPurpose | None = LEFT_OUT
    opportunity: Ref[Opportunity] | Opportunity | None = LEFT_OUT
    outbound_voicemail: Ref[Record] | Record | None = LEFT_OUT
    phone: Ref[Record] | Record | None = LEFT_OUT
    phone_number: Ref[PhoneNumber] | PhoneNumber | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    sequence: Ref[Sequence] | Sequence | None = LEFT_OUT
    sequence_state: Ref[SequenceState] | SequenceState | None = LEFT_OUT
    sequence_step: Ref[SequenceStep] | SequenceStep | None = LEFT_OUT
    task: Ref[Task] | Task | None = LEFT_OUT
    user: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class CallDraft(CallPatch):
    """A call to create."""


collection = Editable(Call, CallFilters, CallSorts, CallDraft, CallPatch)
