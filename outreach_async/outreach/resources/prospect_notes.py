"""Note on prospect (`/prospectNotes`).

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
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .opportunities import Opportunity
    from .prospects import Prospect
    from .users import User


class ProspectNote(Record):
    """Note on prospect."""

    resource_type: ClassVar[str] = "prospectNote"
    resource_path: ClassVar[str] = "/prospectNotes"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    message: str | None = None
    note_type: str | None = None
    pinned: bool | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")


class ProspectNoteFilters(Params, relations={"prospect"}):
    """What a list of prospect notes can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT


class ProspectNoteSorts(Sorts[Literal["created_at", "-created_at"]]):
    """What a list of prospect notes can be ordered by."""


class ProspectNotePatch(Params, relations={"prospect"}):
    """What can be changed of a prospect note."""

    message: str | None = LEFT_OUT
    note_type: str | None = LEFT_OUT
    opportunity_association_rule: str | None = LEFT_OUT
    pinned: bool | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class ProspectNoteDraft(ProspectNotePatch):
    """A prospect note to create."""


collection = Editable(ProspectNote, ProspectNoteFilters, ProspectNoteSorts, ProspectNoteDraft, ProspectNotePatch)
