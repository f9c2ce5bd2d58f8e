"""Meeting/call recording (`/kaiaRecordings`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Readable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, ToOne

if TYPE_CHECKING:
    from .accounts import Account
    from .opportunities import Opportunity
    from .users import User


class KaiaRecording(Record):
    """Meeting/call recording."""

    resource_type: ClassVar[str] = "kaiaRecording"
    resource_path: ClassVar[str] = "/kaiaRecordings"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    bot_in_meeting_seconds: str | None = None
    created_at: dt.datetime | None = None
    end_time: dt.datetime | None = None
    format: Literal["meeting", "call"] | str | None = None
    host: dict[str, Any] | None = None
    instance_id: str | None = None
    media_duration_seconds: str | None = None
    participant_count: int | None = None
    participants: list[Any] | None = None
    provider: str | None = None
    recording_url: str | None = None
    source_id: str | None = None
    start_time: dt.datetime | None = None
    state: Literal["UNKNOWN", "CREATED", "STARTED", "ENDED", "DROPPED", "DELETED"] | str | None = None
    title: str | None = None
    topics: list[Any] | None = None
    transcript_url: str | None = None
    updated_at: dt.datetime | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    owner: ClassVar[ToOne[User]] = ToOne("owner")


class KaiaRecordingFilters(Params):
    """What a list of kaia recordings can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    bot_in_meeting_seconds: Filter[str] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    end_time: Filter[dt.date] = LEFT_OUT
    format: Filter[Literal["meeting", "call"] | str] = LEFT_OUT
    instance_id: Filter[str] = LEFT_OUT
    media_duration_seconds: Filter[str] = LEFT_OUT
    provider: Filter[str] = LEFT_OUT
    source_id: Filter[str] = LEFT_OUT
    start_time: Filter[dt.date] = LEFT_OUT
    state: Filter[Literal["UNKNOWN", "CREATED", "STARTED", "ENDED", "DROPPED", "DELETED"] | str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class KaiaRecordingSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "end_time",
            "-end_time",
            "start_time",
            "-start_time",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of kaia recordings can be ordered by."""


collection = Readable(KaiaRecording, KaiaRecordingFilters, KaiaRecordingSorts)
