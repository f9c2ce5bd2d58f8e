"""Company record (`/accounts`).

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
    from .favorites import Favorite
    from .prospects import Prospect
    from .purchases import Purchase
    from .tasks import Task
    from .teams import Team
    from .users import User


class Account(Record):
    """Company record."""

    resource_type: ClassVar[str] = "account"
    resource_path: ClassVar[str] = "/accounts"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    annual_revenue_range: str | None = None
    buyer_intent_score: float | None = None
    company_type: str | None = None
    created_at: dt.datetime | None = None
    custom_id: str | None = None
    description: str | None = None
    domain: str | None = None
    external_source: str | None = None
    followers: int | None = None
    founded_at: dt.datetime | None = None
    industry: str | None = None
    linked_in_employees: int | None = None
    linked_in_url: str | None = None
    locality: str | None = None
    naics_codes: list[str] | None = None
    name: str | None = None
    named: bool | None = None
    natural_name: str | None = None
    number_of_employees: int | None = None
    sharing_team_id: str | None = None
    sic_codes: list[str] | None = None
    tags: list[str] | None = None
    ticker_symbol: str | None = None
    touched_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    website_url: str | None = None

    assigned_teams: ClassVar[ToMany[Team]] = ToMany("assignedTeams")
    assigned_users: ClassVar[ToMany[User]] = ToMany("assignedUsers")
    batches: ClassVar[ToMany[Batch]] = ToMany("batches")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    default_plugin_mapping: ClassVar[ToOne[Record]] = ToOne("defaultPluginMapping")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    primary_record_team: ClassVar[ToOne[Team]] = ToOne("primaryRecordTeam")
    prospects: ClassVar[ToMany[Prospect]] = ToMany("prospects")
    purchases: ClassVar[ToMany[Purchase]] = ToMany("purchases")
    record_team_members: ClassVar[ToMany[User]] = ToMany("recordTeamMembers")
    record_teams: ClassVar[ToMany[Team]] = ToMany("recordTeams")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class AccountFilters(Params, relations={"owner"}):
    """What a list of accounts can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    buyer_intent_score: Filter[float] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    custom_id: Filter[str] = LEFT_OUT
    domain: Filter[str] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    named: Filter[bool] = LEFT_OUT
    sharing_team_id: Filter[str] = LEFT_OUT
    touched_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    q: str = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT


class AccountSorts(
    Sorts[
        Literal[
            "buyer_intent_score",
            "-buyer_intent_score",
            "created_at",
            "-created_at",
            "custom_id",
            "-custom_id",
            "domain",
            "-domain",
            "name",
            "-name",
            "named",
            "-named",
            "touched_at",
            "-touched_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of accounts can be ordered by."""


class AccountPatch(
    Params,
    relations={
        "assigned_teams",
        "assigned_users",
        "favorites",
        "owner",
        "primary_record_team",
        "record_team_members",
        "record_teams",
    },
):
    """What can be changed of an account."""

    annual_revenue_range: str | None = LEFT_OUT
    buyer_intent_score: float | None = LEFT_OUT
    company_type: str | None = LEFT_OUT
    custom_id: str | None = LEFT_OUT
    description: str | None = LEFT_OUT
    domain: str | None = LEFT_OUT
    external_source: str | None = LEFT_OUT
    followers: int | None = LEFT_OUT
    founded_at: dt.datetime | None = LEFT_OUT
    industry: str | None = LEFT_OUT
    linked_in_employees: int | None = LEFT_OUT
    linked_in_url: str | None = LEFT_OUT
    locality: str | None = LEFT_OUT
    naics_codes: abc.Sequence[str] | None = LEFT_OUT
    name: str | None = LEFT_OUT
    named: bool | None = LEFT_OUT
    natural_name: str | None = LEFT_OUT
    number_of_employees: int | None = LEFT_OUT
    sharing_team_id: str | None = LEFT_OUT
    sic_codes: abc.Sequence[str] | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    ticker_symbol: str | None = LEFT_OUT
    website_url: str | None = LEFT_OUT
    assigned_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    assigned_users: abc.Iterable[Ref[User] | User] | None = LEFT_OUT
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    primary_record_team: Ref[Team] | Team | None = LEFT_OUT
    record_team_members: abc.Iterable[Ref[User] | User] | None = LEFT_OUT
    record_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class AccountDraft(AccountPatch):
    """An account to create."""


collection = Editable(Account, AccountFilters, AccountSorts, AccountDraft, AccountPatch)
