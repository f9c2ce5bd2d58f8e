"""Group of users (`/teams`).

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
    from .batches import Batch
    from .content_categories import ContentCategory
    from .favorites import Favorite
    from .users import User


class Team(Record):
    """Group of users."""

    resource_type: ClassVar[str] = "team"
    resource_path: ClassVar[str] = "/teams"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    color: str | None = None
    created_at: dt.datetime | None = None
    name: str | None = None
    scim_external_id: str | None = None
    scim_source: str | None = None
    updated_at: dt.datetime | None = None

    batches: ClassVar[ToMany[Batch]] = ToMany("batches")
    content_categories: ClassVar[ToMany[ContentCategory]] = ToMany("contentCategories")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    role_assigned_users: ClassVar[ToMany[User]] = ToMany("roleAssignedUsers")
    team_memberships: ClassVar[ToMany[Record]] = ToMany("teamMemberships")
    team_records: ClassVar[ToMany[Record]] = ToMany("teamRecords")
    team_settings: ClassVar[ToOne[Record]] = ToOne("teamSettings")
    updater: ClassVar[ToOne[User]] = ToOne("updater")
    users: ClassVar[ToMany[User]] = ToMany("users")


class TeamFilters(Params, relations={"users"}):
    """What a list of teams can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    users: Filter[Ref[User] | User | int] = LEFT_OUT


class TeamSorts(Sorts[Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]]):
    """What a list of teams can be ordered by."""


class TeamPatch(
    Params, relations={"content_categories", "favorites", "team_memberships", "team_records", "team_settings", "users"}
):
    """What can be changed of a team."""

    color: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    scim_external_id: str | None = LEFT_OUT
    scim_source: str | None = LEFT_OUT
    content_categories: abc.Iterable[Ref[ContentCategory] | ContentCategory] | None = LEFT_OUT
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    team_memberships: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    team_records: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    team_settings: Ref[Record] | Record | None = LEFT_OUT
    users: abc.Iterable[Ref[User] | User] | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class TeamDraft(TeamPatch):
    """A team to create."""


collection = Editable(Team, TeamFilters, TeamSorts, TeamDraft, TeamPatch)
