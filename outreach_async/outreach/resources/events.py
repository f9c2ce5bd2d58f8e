"""Append-only activity event (`/events`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Addable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .accounts import Account
    from .calls import Call
    from .mailings import Mailing
    from .opportunities import Opportunity
    from .prospects import Prospect
    from .sequence_steps import SequenceStep
    from .sequences import Sequence
    from .tasks import Task
    from .users import User


class Event(Record):
    """Append-only activity event."""

    resource_type: ClassVar[str] = "event"
    resource_path: ClassVar[str] = "/events"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    body: str | None = None
    created_at: dt.datetime | None = None
    event_at: dt.datetime | None = None
    external_url: str | None = None
    name: str | None = None
    payload: dict[str, Any] | None = None
    request_city: str | None = None
    request_device: str | None = None
    request_host: str | None = None
    request_proxied: bool | None = None
    request_region: str | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    call: ClassVar[ToOne[Call]] = ToOne("call")
    mailing: ClassVar[ToOne[Mailing]] = ToOne("mailing")
    note: ClassVar[ToOne[Record]] = ToOne("note")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    plugin: ClassVar[ToOne[Record]] = ToOne("plugin")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")
    sequence: ClassVar[ToOne[Sequence]] = ToOne("sequence")
    sequence_step: ClassVar[ToOne[SequenceStep]] = ToOne("sequenceStep")
    task: ClassVar[ToOne[Task]] = ToOne("task")
    user: ClassVar[ToOne[User]] = ToOne("user")


class EventFilters(Params, relations={"account", "call", "mailing", "opportunity", "prospect", "task", "user"}):
    """What a list of events can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    event_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    call: Filter[Ref[Call] | Call | int] = LEFT_OUT
    mailing: Filter[Ref[Mailing] | Mailing | int] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    task: Filter[Ref[Task] | Task | int] = LEFT_OUT
    user: Filter[Ref[User] | User | int] = LEFT_OUT


class EventSorts(Sorts[Literal["created_at", "-created_at", "event_at", "-event_at"]]):
    """What a list of events can be ordered by."""


class EventDraft(Params, relations={"account", "call", "mailing", "opportunity", "plugin", "prospect", "task", "user"}):
    """An event to create."""

    body: str | None = LEFT_OUT
    event_at: dt.datetime | None = LEFT_OUT
    external_url: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    payload: abc.Mapping[str, Any] | None = LEFT_OUT
    account: Ref[Account] | Account | None = LEFT_OUT
    call: Ref[Call] | Call | None = LEFT_OUT
    mailing: Ref[Mailing] | Mailing | None = LEFT_OUT
    opportunity: Ref[Opportunity] | Opportunity | None = LEFT_OUT
    plugin: Ref[Record] | Record | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    task: Ref[Task] | Task | None = LEFT_OUT
    user: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Addable(Event, EventFilters, EventSorts, EventDraft)
