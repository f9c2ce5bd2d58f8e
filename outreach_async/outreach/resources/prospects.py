"""Person record (`/prospects`).

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
    from .calls import Call
    from .email_addresses import EmailAddress
    from .favorites import Favorite
    from .mailings import Mailing
    from .opportunities import Opportunity
    from .opportunity_prospect_roles import OpportunityProspectRole
    from .personas import Persona
    from .phone_numbers import PhoneNumber
    from .sequence_states import SequenceState
    from .stages import Stage
    from .tasks import Task
    from .teams import Team
    from .users import User


class Prospect(Record):
    """Person record."""

    resource_type: ClassVar[str] = "prospect"
    resource_path: ClassVar[str] = "/prospects"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    added_at: dt.datetime | None = None
    address_city: str | None = None
    address_country: str | None = None
    address_state: str | None = None
    address_street: str | None = None
    address_street2: str | None = None
    address_zip: str | None = None
    angel_list_url: str | None = None
    available_at: dt.datetime | None = None
    call_opted_out: bool | None = None
    calls_opt_status: Literal["opted_in", "opted_out", "null"] | str | None = None
    calls_opted_at: dt.datetime | None = None
    campaign_name: str | None = None
    click_count: int | None = None
    company: str | None = None
    contact_histogram: list[Any] | None = None
    created_at: dt.datetime | None = None
    date_of_birth: dt.date | None = None
    degree: str | None = None
    email_opted_out: bool | None = None
    emails: list[str] | None = None
    emails_opt_status: Literal["opted_in", "opted_out", "null"] | str | None = None
    emails_opted_at: dt.datetime | None = None
    engaged_at: dt.datetime | None = None
    engaged_score: float | None = None
    event_name: str | None = None
    external_id: str | None = None
    external_owner: str | None = None
    external_source: str | None = None
    facebook_url: str | None = None
    first_name: str | None = None
    gender: str | None = None
    github_url: str | None = None
    github_username: str | None = None
    google_plus_url: str | None = None
    graduation_date: dt.date | None = None
    home_phones: list[str] | None = None
    job_start_date: dt.date | None = None
    last_name: str | None = None
    linked_in_connections: int | None = None
    linked_in_id: str | None = None
    linked_in_slug: str | None = None
    linked_in_url: str | None = None
    middle_name: str | None = None
    mobile_phones: list[str] | None = None
    name: str | None = None
    nickname: str | None = None
    occupation: str | None = None
    open_count: int | None = None
    opted_out: bool | None = None
    opted_out_at: dt.datetime | None = None
    other_phones: list[str] | None = None
    personal_note1: str | None = None
    personal_note2: str | None = None
    preferred_contact: str | None = None
    quora_url: str | None = None
    region: str | None = None
    reply_count: int | None = None
    school: str | None = None
    score: float | None = None
    sharing_team_id: str | None = None
    source: str | None = None
    specialties: str | None = None
    stack_overflow_id: str | None = None
    stack_overflow_url: str | None = None
    tags: list[str] | None = None
    time_zone: str | None = None
    time_zone_iana: str | None = None
    time_zone_inferred: str | None = None
    title: str | None = None
    touched_at: dt.datetime | None = None
    trashed_at: dt.datetime | None = None
    twitter_url: str | None = None
    twitter_username: str | None = None
    updated_at: dt.datetime | None = None
    voip_phones: list[str] | None = None
    website_url1: str | None = None
    website_url2: str | None = None
    website_url3: str | None = None
    work_phones: list[str] | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    active_sequence_states: ClassVar[ToMany[SequenceState]] = ToMany("activeSequenceStates")
    assigned_teams: ClassVar[ToMany[Team]] = ToMany("assignedTeams")
    assigned_users: ClassVar[ToMany[User]] = ToMany("assignedUsers")
    batches: ClassVar[ToMany[Batch]] = ToMany("batches")
    calls: ClassVar[ToMany[Call]] = ToMany("calls")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    default_plugin_mapping: ClassVar[ToOne[Record]] = ToOne("defaultPluginMapping")
    email_addresses: ClassVar[ToMany[EmailAddress]] = ToMany("emailAddresses")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    opportunities: ClassVar[ToMany[Opportunity]] = ToMany("opportunities")
    opportunity_prospect_roles: ClassVar[ToMany[OpportunityProspectRole]] = ToMany("opportunityProspectRoles")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    persona: ClassVar[ToOne[Persona]] = ToOne("persona")
    phone_numbers: ClassVar[ToMany[PhoneNumber]] = ToMany("phoneNumbers")
    sequence_states: ClassVar[ToMany[SequenceState]] = ToMany("sequenceStates")
    stage: ClassVar[ToOne[Stage]] = ToOne("stage")
    tasks: ClassVar[ToMany[Task]] = ToMany("tasks")
    trashed_by_account: ClassVar[ToOne[Account]] = ToOne("trashedByAccount")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class ProspectFilters(
    Params,
    relations={"account", "active_sequence_states", "opportunities", "owner", "persona", "sequence_states", "stage"},
):
    """What a list of prospects can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    emails: Filter[str] = LEFT_OUT
    engaged_at: Filter[dt.date] = LEFT_OUT
    engaged_score: Filter[float] = LEFT_OUT
    external_source: Filter[str] = LEFT_OUT
    first_name: Filter[str] = LEFT_OUT
    github_username: Filter[str] = LEFT_OUT
    last_name: Filter[str] = LEFT_OUT
    linked_in_id: Filter[str] = LEFT_OUT
    linked_in_slug: Filter[str] = LEFT_OUT
    sharing_team_id: Filter[str] = LEFT_OUT
    stack_overflow_id: Filter[str] = LEFT_OUT
    time_zone: Filter[str] = LEFT_OUT
    title: Filter[str] = LEFT_OUT
    touched_at: Filter[dt.date] = LEFT_OUT
    twitter_username: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    q: str = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    account__custom_id: Filter[str] = LEFT_OUT
    account__name: Filter[str] = LEFT_OUT
    account__named: Filter[bool] = LEFT_OUT
    account__updated_at: Filter[dt.date] = LEFT_OUT
    active_sequence_states: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    active_sequence_states__state: Filter[str] = LEFT_OUT
    opportunities: Filter[Ref[Opportunity] | Opportunity | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    persona: Filter[Ref[Persona] | Persona | int] = LEFT_OUT
    sequence_states: Filter[Ref[SequenceState] | SequenceState | int] = LEFT_OUT
    sequence_states__state: Filter[str] = LEFT_OUT
    stage: Filter[Ref[Stage] | Stage | int] = LEFT_OUT
    stage__name: Filter[str] = LEFT_OUT


class ProspectSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "engaged_at",
            "-engaged_at",
            "engaged_score",
            "-engaged_score",
            "external_source",
            "-external_source",
            "first_name",
            "-first_name",
            "github_username",
            "-github_username",
            "last_name",
            "-last_name",
            "linked_in_id",
            "-linked_in_id",
            "linked_in_slug",
            "-linked_in_slug",
            "stack_overflow_id",
            "-stack_overflow_id",
            "title",
            "-title",
            "touched_at",
            "-touched_at",
            "twitter_username",
            "-twitter_username",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of prospects can be ordered by."""


class ProspectPatch(
    Params,
    relations={
        "account",
        "assigned_teams",
        "assigned_users",
        "email_addresses",
        "favorites",
        "opportunities",
        "opportunity_prospect_roles",
        "owner",
        "persona",
        "phone_numbers",
        "stage",
        "trashed_by_account",
    },
):
    """What can be changed of a prospect."""

    added_at: dt.datetime | None = LEFT_OUT
    address_city: str | None = LEFT_OUT
    address_country: str | None = LEFT_OUT
    address_state: str | None = LEFT_OUT
    address_street: str | None = LEFT_OUT
    address_street2: str | None = LEFT_OUT
    address_zip: str | None = LEFT_OUT
    angel_list_url: str | None = LEFT_OUT
    available_at: dt.datetime | None = LEFT_OUT
    call_opted_out: bool | None = LEFT_OUT
    calls_opt_status: Literal["opted_in", "opted_out", "null"] | str | None = LEFT_OUT
    campaign_name: str | None = LEFT_OUT
    company: str | None = LEFT_OUT
    date_of_birth: dt.date | None = LEFT_OUT
    degree: str | None = LEFT_OUT
    email_opted_out: bool | None = LEFT_OUT
    emails: abc.Sequence[str] | None = LEFT_OUT
    emails_opt_status: Literal["opted_in", "opted_out", "null"] | str | None = LEFT_OUT
    event_name: str | None = LEFT_OUT
    external_id: str | None = LEFT_OUT
    external_owner: str | None = LEFT_OUT
    external_source: str | None = LEFT_OUT
    facebook_url: str | None = LEFT_OUT
    first_name: str | None = LEFT_OUT
    gender: str | None = LEFT_OUT
    github_url: str | None = LEFT_OUT
    github_username: str | None = LEFT_OUT
    google_plus_url: str | None = LEFT_OUT
    graduation_date: dt.date | None = LEFT_OUT
    home_phones: abc.Sequence[str] | None = LEFT_OUT
    job_start_date: dt.date | None = LEFT_OUT
    last_name: str | None = LEFT_OUT
    linked_in_connections: int | None = LEFT_OUT
    linked_in_id: str | None = LEFT_OUT
    linked_in_url: str | None = LEFT_OUT
    middle_name: str | None = LEFT_OUT
    mobile_phones: abc.Sequence[str] | None = LEFT_OUT
    nickname: str | None = LEFT_OUT
    occupation: str | None = LEFT_OUT
    opted_out: bool | None = LEFT_OUT
    other_phones: abc.Sequence[str] | None = LEFT_OUT
    personal_note1: str | None = LEFT_OUT
    personal_note2: str | None = LEFT_OUT
    preferred_contact: str | None = LEFT_OUT
    quora_url: str | None = LEFT_OUT
    region: str | None = LEFT_OUT
    school: str | None = LEFT_OUT
    score: float | None = LEFT_OUT
    sharing_team_id: str | None = LEFT_OUT
    source: str | None = LEFT_OUT
    specialties: str | None = LEFT_OUT
    stack_overflow_id: str | None = LEFT_OUT
    stack_overflow_url: str | None = LEFT_OUT
    tags: abc.Sequence[str] | None = LEFT_OUT
    time_zone: str | None = LEFT_OUT
    title: str | None = LEFT_OUT
    trashed_at: dt.datetime | None = LEFT_OUT
    twitter_url: str | None = LEFT_OUT
    twitter_username: str | None = LEFT_OUT
    voip_phones: abc.Sequence[str] | None = LEFT_OUT
    website_url1: str | None = LEFT_OUT
    website_url2: str | None = LEFT_OUT
    website_url3: str | None = LEFT_OUT
    work_phones: abc.Sequence[str] | None = LEFT_OUT
    account: Ref[Account] | Account | None = LEFT_OUT
    assigned_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    assigned_users: abc.Iterable[Ref[User] | User] | None = LEFT_OUT
    email_addresses: abc.Iterable[Ref[EmailAddress] | EmailAddress] | None = LEFT_OUT
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    opportunities: abc.Iterable[Ref[Opportunity] | Opportunity] | None = LEFT_OUT
    opportunity_prospect_roles: abc.Iterable[Ref[OpportunityProspectRole] | OpportunityProspectRole] | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    persona: Ref[Persona] | Persona | None = LEFT_OUT
    phone_numbers: abc.Iterable[Ref[PhoneNumber] | PhoneNumber] | None = LEFT_OUT
    stage: Ref[Stage] | Stage | None = LEFT_OUT
    trashed_by_account: Ref[Account] | Account | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class ProspectDraft(ProspectPatch):
    """A prospect to create."""


collection = Editable(Prospect, ProspectFilters, ProspectSorts, ProspectDraft, ProspectPatch)
