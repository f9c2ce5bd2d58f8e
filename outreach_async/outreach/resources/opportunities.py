"""Deal (`/opportunities`).

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
    from .favorites import Favorite
    from .opportunity_stages import OpportunityStage
    from .prospects import Prospect
    from .teams import Team
    from .users import User


class Opportunity(Record):
    """Deal."""

    resource_type: ClassVar[str] = "opportunity"
    resource_path: ClassVar[str] = "/opportunities"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    amount: int | None = None
    amount_precise: str | None = None
    close_date: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency_type: str | None = None
    custom_id: str | None = None
    description: str | None = None
    external_created_at: dt.datetime | None = None
    external_updated_at: dt.datetime | None = None
    forecast_category: str | None = None
    lead_source: str | None = None
    lost_reason: str | None = None
    map_link: str | None = None
    map_next_steps: str | None = None
    map_status: str | None = None
    name: str | None = None
    next_step: str | None = None
    opportunity_type: str | None = None
    probability: int | None = None
    prospecting_rep_id: str | None = None
    record_type: str | None = None
    sharing_team_id: str | None = None
    tags: list[str] | None = None
    touched_at: dt.datetime | None = None
    trashed_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    assigned_teams: ClassVar[ToMany[Team]] = ToMany("assignedTeams")
    assigned_users: ClassVar[ToMany[User]] = ToMany("assignedUsers")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    default_plugin_mapping: ClassVar[ToOne[Record]] = ToOne("defaultPluginMapping")
    external_creator: ClassVar[ToOne[User]] = ToOne("externalCreator")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    opportunity_health_factors: ClassVar[ToMany[Record]] = ToMany("opportunityHealthFactors")
    opportunity_line_items: ClassVar[ToMany[Record]] = ToMany("opportunityLineItems")
    opportunity_stage: ClassVar[ToOne[OpportunityStage]] = ToOne("opportunityStage")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    primary_prospect: ClassVar[ToOne[Prospect]] = ToOne("primaryProspect")
    prospects: ClassVar[ToMany[Prospect]] = ToMany("prospects")
    stage: ClassVar[ToOne[OpportunityStage]] = ToOne("stage")
    territory: ClassVar[ToOne[Record]] = ToOne("territory")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class OpportunityFilters(
    Params, relations={"account", "opportunity_stage", "owner", "prospects", "stage", "territory"}
):
    """What a list of opportunities can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    custom_id: Filter[str] = LEFT_OUT
    external_created_at: Filter[dt.date] = LEFT_OUT
    forecast_category: Filter[str] = LEFT_OUT
    lead_source: Filter[str] = LEFT_OUT
    lost_reason: Filter[str] = LEFT_OUT
    map_link: Filter[str] = LEFT_OUT
    map_status: Filter[str] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    probability: Filter[int] = LEFT_OUT
    record_type: Filter[str] = LEFT_OUT
    sharing_team_id: Filter[str] = LEFT_OUT
    touched_at: Filter[dt.date] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    account__name: Filter[str] = LEFT_OUT
    opportunity_stage: Filter[Ref[OpportunityStage] | OpportunityStage | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    prospects: Filter[Ref[Prospect] | Prospect | int] = LEFT_OUT
    stage: Filter[Ref[OpportunityStage] | OpportunityStage | int] = LEFT_OUT
    territory: Filter[Ref[Record] | Record | int] = LEFT_OUT
    territory__name: Filter[str | int] = LEFT_OUT


class OpportunitySorts(
    Sorts[
        Literal[
            "amount",
            "-amount",
            "amount_precise",
            "-amount_precise",
            "close_date",
            "-close_date",
            "created_at",
            "-created_at",
            "custom_id",
            "-custom_id",
            "forecast_category",
            "-forecast_category",
            "lead_source",
            "-lead_source",
            "lost_reason",
            "-lost_reason",
            "map_status",
            "-map_status",
            "name",
            "-name",
            "probability",
            "-probability",
            "record_type",
            "-record_type",
            "touched_at",
            "-touched_at",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of opportunities can be ordered by."""


class OpportunityPatch(
    Params,
    relations={
        "account",
        "assigned_teams",
        "assigned_users",
        "external_creator",
        "favorites",
        "opportunity_health_factors",
        "opportunity_line_items",
        "opportunity_stage",
        "owner",
        "primary_prospect",
        "territory",
    },
):
    """What can be changed of an opportunity."""

    amount: int | None = LEFT_OUT
    amount_precise: str | None = LEFT_OUT
    close_date: dt.datetime | None = LEFT_OUT
    currency_type: str | None = LEFT_OUT
    custom_id: str | None = LEFT_OUT
    description: str | None = LEFT_OUT
    external_created_at: dt.datetime | None = LEFT_OUT
    external_updated_at: dt.datetime | None = LEFT_OUT
    forecast_category: str | None = LEFT_OUT
    lead_source: str | None = LEFT_OUT
    lost_reason: str | None = LEFT_OUT
    map_link: str | None = LEFT_OUT
    map_next_steps: str | None = LEFT_OUT
    map_status: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    next_step: str | None = LEFT_OUT
    opportunity_type: str | None = LEFT_OUT
    probability: int | None = LEFT_OUT
    prospecting_rep_id: str | None = LEFT_OUT
    record_type: str | None = LEFT_OUT
    sharing_team_id: str | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    trashed_at: dt.datetime | None = LEFT_OUT
    account: Ref[Account] | Account | None = LEFT_OUT
    assigned_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    assigned_users: abc.Iterable[Ref[User] | User] | None = LEFT_OUT
    external_creator: Ref[User] | User | None = LEFT_OUT
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    opportunity_health_factors: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    opportunity_line_items: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    opportunity_stage: Ref[OpportunityStage] | OpportunityStage | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    primary_prospect: Ref[Prospect] | Prospect | None = LEFT_OUT
    territory: Ref[Record] | Record | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class OpportunityDraft(OpportunityPatch):
    """An opportunity to create."""


collection = Editable(Opportunity, OpportunityFilters, OpportunitySorts, OpportunityDraft, OpportunityPatch)
