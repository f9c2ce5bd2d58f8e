"""Person-on-deal join (`/opportunityProspectRoles`).

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


class OpportunityProspectRole(Record):
    """Person-on-deal join."""

    resource_type: ClassVar[str] = "opportunityProspectRole"
    resource_path: ClassVar[str] = "/opportunityProspectRoles"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    primary: bool | None = None
    role: str | None = None
    updated_at: dt.datetime | None = None

    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")
    prospect: ClassVar[ToOne[Prospect]] = ToOne("prospect")


class OpportunityProspectRoleFilters(Params, relations={"opportunity", "prospect"}):
    """What a list of opportunity prospect roles can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    role: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    opportunity: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    prospect: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT


class OpportunityProspectRoleSorts(
    Sorts[Literal["created_at", "-created_at", "role", "-role", "updated_at", "-updated_at"]]
):
    """What a list of opportunity prospect roles can be ordered by."""


class OpportunityProspectRolePatch(Params, relations={"opportunity", "prospect"}):
    """What can be changed of an opportunity prospect role."""

    primary: bool | None = LEFT_OUT
    role: str | None = LEFT_OUT
    opportunity: Ref[Opportunity] | Opportunity | None = LEFT_OUT
    prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class OpportunityProspectRoleDraft(OpportunityProspectRolePatch):
    """An opportunity prospect role to create."""


collection = Editable(
    OpportunityProspectRole,
    OpportunityProspectRoleFilters,
    OpportunityProspectRoleSorts,
    OpportunityProspectRoleDraft,
    OpportunityProspectRolePatch,
)
