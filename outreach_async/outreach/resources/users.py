"""Seat in the org (`/users`).

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
    from .batches import Batch
    from .content_categories import ContentCategory
    from .content_category_ownerships import ContentCategoryOwnership
    from .favorites import Favorite
    from .mailboxes import Mailbox
    from .profiles import Profile
    from .recipients import Recipient
    from .roles import Role
    from .teams import Team


class User(Record):
    """Seat in the org."""

    resource_type: ClassVar[str] = "user"
    resource_path: ClassVar[str] = "/users"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    accounts_view_id: int | None = None
    activity_notifications_disabled: bool | None = None
    bounce_warning_email_enabled: bool | None = None
    bridge_phone: str | None = None
    bridge_phone_extension: str | None = None
    calls_view_id: int | None = None
    controlled_tab_default: str | None = None
    created_at: dt.datetime | None = None
    current_sign_in_at: dt.datetime | None = None
    daily_digest_email_enabled: bool | None = None
    default_ruleset_id: int | None = None
    duties: dict[str, Any] | None = None
    email: str | None = None
    enable_voice_recordings: bool | None = None
    engagement_emails_enabled: bool | None = None
    first_name: str | None = None
    inbound_bridge_phone: str | None = None
    inbound_bridge_phone_extension: str | None = None
    inbound_call_behavior: Literal["inbound_bridge", "inbound_voicemail"] | str | None = None
    inbound_phone_type: Literal["bridge", "voip", "bridge_and_voip"] | str | None = None
    inbound_voicemail_custom_message_text: str | None = None
    inbound_voicemail_message_text_voice: Literal["man", "woman"] | str | None = None
    inbound_voicemail_prompt_type: Literal["automated", "recorded", "off"] | str | None = None
    kaia_recordings_view_id: int | None = None
    keep_bridge_phone_connected: bool | None = None
    last_name: str | None = None
    last_sign_in_at: dt.datetime | None = None
    locked: bool | None = None
    mailbox_error_email_enabled: bool | None = None
    meeting_engagement_notification_enabled: bool | None = None
    name: str | None = None
    notifications_enabled: bool | None = None
    oce_click_to_dial_everywhere: bool | None = None
    oce_gmail_toolbar: bool | None = None
    oce_gmail_tracking_state: str | None = None
    oce_salesforce_email_decorating: bool | None = None
    oce_salesforce_phone_decorating: bool | None = None
    oce_universal_task_flow: bool | None = None
    oce_window_mode: bool | None = None
    opportunities_view_id: int | None = None
    password_expires_at: dt.datetime | None = None
    phone_country_code: str | None = None
    phone_number: str | None = None
    phone_type: Literal["bridge", "voip"] | str | None = None
    plugin_alert_notification_enabled: bool | None = None
    preferred_voice_region: str | None = None
    prefers_local_presence: bool | None = None
    prospects_view_id: int | None = None
    reports_team_perf_view_id: int | None = None
    reports_view_id: int | None = None
    scim_external_id: str | None = None
    scim_source: str | None = None
    sender_notifications_excluded: bool | None = None
    tasks_view_id: int | None = None
    teams_view_id: int | None = None
    texting_email_notifications: bool | None = None
    title: str | None = None
    unknown_reply_email_enabled: bool | None = None
    updated_at: dt.datetime | None = None
    user_guid: str | None = None
    username: str | None = None
    users_view_id: int | None = None
    voicemail_notification_enabled: bool | None = None
    weekly_digest_email_enabled: bool | None = None

    batches: ClassVar[ToMany[Batch]] = ToMany("batches")
    calendar: ClassVar[ToOne[Record]] = ToOne("calendar")
    content_categories: ClassVar[ToMany[ContentCategory]] = ToMany("contentCategories")
    content_category_ownerships: ClassVar[ToMany[ContentCategoryOwnership]] = ToMany("contentCategoryOwnerships")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    direct_assigned_teams: ClassVar[ToMany[Team]] = ToMany("directAssignedTeams")
    favorites: ClassVar[ToMany[Favorite]] = ToMany("favorites")
    job_role: ClassVar[ToOne[Record]] = ToOne("jobRole")
    mailbox: ClassVar[ToOne[Mailbox]] = ToOne("mailbox")
    mailboxes: ClassVar[ToMany[Mailbox]] = ToMany("mailboxes")
    outbound_voicemails: ClassVar[ToMany[Record]] = ToMany("outboundVoicemails")
    phone: ClassVar[ToOne[Record]] = ToOne("phone")
    phones: ClassVar[ToMany[Record]] = ToMany("phones")
    profile: ClassVar[ToOne[Profile]] = ToOne("profile")
    recipients: ClassVar[ToMany[Recipient]] = ToMany("recipients")
    role: ClassVar[ToOne[Role]] = ToOne("role")
    role_assigned_teams: ClassVar[ToMany[Team]] = ToMany("roleAssignedTeams")
    sms_phone: ClassVar[ToOne[Record]] = ToOne("smsPhone")
    teams: ClassVar[ToMany[Team]] = ToMany("teams")
    updater: ClassVar[ToOne[User]] = ToOne("updater")
    voicemail_prompts: ClassVar[ToMany[Record]] = ToMany("voicemailPrompts")


class UserFilters(Params, relations={"profile", "role", "teams"}):
    """What a list of users can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    current_sign_in_at: Filter[dt.date] = LEFT_OUT
    email: Filter[str] = LEFT_OUT
    first_name: Filter[str] = LEFT_OUT
    last_name: Filter[str] = LEFT_OUT
    locked: Filter[bool] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    username: Filter[str] = LEFT_OUT
    profile: Filter[Ref[Profile] | Profile | int] = LEFT_OUT
    role: Filter[Ref[Role] | Role | int] = LEFT_OUT
    teams: Filter[Ref[Team] | Team | int] = LEFT_OUT


class UserSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "current_sign_in_at",
            "-current_sign_in_at",
            "email",
            "-email",
            "first_name",
            "-first_name",
            "last_name",
            "-last_name",
            "locked",
            "-locked",
            "updated_at",
            "-updated_at",
            "username",
            "-username",
        ]
    ]
):
    """What a list of users can be ordered by."""


class UserPatch(
    Params,
    relations={
        "calendar",
        "content_categories",
        "content_category_ownerships",
        "direct_assigned_teams",
        "favorites",
        "job_role",
        "mailbox",
        "mailboxes",
        "outbound_voicemails",
        "phone",
        "phones",
        "profile",
        "recipients",
        "role",
        "role_assigned_teams",
        "sms_phone",
        "teams",
        "voicemail_prompts",
    },
):
    """What can be changed of a user."""

    accounts_view_id: int | None = LEFT_OUT
    activity_notifications_disabled: bool | None = LEFT_OUT
    bounce_warning_email_enabled: bool | None = LEFT_OUT
    bridge_phone: str | None = LEFT_OUT
    bridge_phone_extension: str | None = LEFT_OUT
    calls_view_id: int | None = LEFT_OUT
    controlled_tab_default: str | None = LEFT_OUT
    daily_digest_email_enabled: bool | None = LEFT_OUT
    default_ruleset_id: int | None = LEFT_OUT
    duties: abc.Mapping[str, Any] | None = LEFT_OUT
    enable_voice_recordings: bool | None = LEFT_OUT
    engagement_emails_enabled: bool | None = LEFT_OUT
    first_name: str | None = LEFT_OUT
    inbound_bridge_phone: str | None = LEFT_OUT
    inbound_bridge_phone_extension: str | None = LEFT_OUT
    inbound_call_behavior: Literal["inbound_bridge", "inbound_voicemail"] | str | None = LEFT_OUT
    inbound_phone_type: Literal["bridge", "voip", "bridge_and_voip"] | str | None = LEFT_OUT
    inbound_voicemail_custom_message_text: str | None = LEFT_OUT
    inbound_voicemail_message_text_voice: Literal["man", "woman"] | str | None = LEFT_OUT
    inbound_voicemail_prompt_type: Literal["automated", "recorded", "off"] | str | None = LEFT_OUT
    job_role_by_name: str | None = LEFT_OUT
    kaia_recordings_view_id: int | None = LEFT_OUT
    keep_bridge_phone_connected: bool | None = LEFT_OUT
    last_name: str | None = LEFT_OUT
    locked: bool | None = LEFT_OUT
    mailbox_error_email_enabled: bool | None = LEFT_OUT
    meeting_engagement_notification_enabled: bool | None = LEFT_OUT
    notifications_enabled: bool | None = LEFT_OUT
    oce_click_to_dial_everywhere: bool | None = LEFT_OUT
    oce_gmail_toolbar: bool | None = LEFT_OUT
    oce_gmail_tracking_state: str | None = LEFT_OUT
    oce_salesforce_email_decorating: bool | None = LEFT_OUT
    oce_salesforce_phone_decorating: bool | None = LEFT_OUT
    oce_universal_task_flow: bool | None = LEFT_OUT
    oce_window_mode: bool | None = LEFT_OUT
    opportunities_view_id: int | None = LEFT_OUT
    phone_country_code: str | None = LEFT_OUT
    phone_number: str | None = LEFT_OUT
    phone_type: Literal["bridge", "voip"] | str | None = LEFT_OUT
    plugin_alert_notification_enabled: bool | None = LEFT_OUT
    preferred_voice_region: str | None = LEFT_OUT
    prefers_local_presence: bool | None = LEFT_OUT
    prospects_view_id: int | None = LEFT_OUT
    reports_team_perf_view_id: int | None = LEFT_OUT
    reports_view_id: int | None = LEFT_OUT
    scim_external_id: str | None = LEFT_OUT
    scim_source: str | None = LEFT_OUT
    sender_notifications_excluded: bool | None = LEFT_OUT
    tasks_view_id: int | None = LEFT_OUT
    teams_view_id: int | None = LEFT_OUT
    texting_email_notifications: bool | None = LEFT_OUT
    title: str | None = LEFT_OUT
    unknown_reply_email_enabled: bool | None = LEFT_OUT
    username: str | None = LEFT_OUT
    users_view_id: int | None = LEFT_OUT
    voicemail_notification_enabled: bool | None = LEFT_OUT
    weekly_digest_email_enabled: bool | None = LEFT_OUT
    calendar: Ref[Record] | Record | None = LEFT_OUT
    content_categories: abc.Iterable[Ref[ContentCategory] | ContentCategory] | None = LEFT_OUT
    content_category_ownerships: abc.Iterable[Ref[ContentCategoryOwnership] | ContentCategoryOwnership] | None = (
        LEFT_OUT
    )
    direct_assigned_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    favorites: abc.Iterable[Ref[Favorite] | Favorite] | None = LEFT_OUT
    job_role: Ref[Record] | Record | None = LEFT_OUT
    mailbox: Ref[Mailbox] | Mailbox | None = LEFT_OUT
    mailboxes: abc.Iterable[Ref[Mailbox] | Mailbox] | None = LEFT_OUT
    outbound_voicemails: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    phone: Ref[Record] | Record | None = LEFT_OUT
    phones: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    profile: Ref[Profile] | Profile | None = LEFT_OUT
    recipients: abc.Iterable[Ref[Recipient] | Recipient] | None = LEFT_OUT
    role: Ref[Role] | Role | None = LEFT_OUT
    role_assigned_teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    sms_phone: Ref[Record] | Record | None = LEFT_OUT
    teams: abc.Iterable[Ref[Team] | Team] | None = LEFT_OUT
    voicemail_prompts: abc.Iterable[Ref[Record] | Record] | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class UserDraft(UserPatch):
    """A user to create."""

    email: str | None = LEFT_OUT


collection = Lasting(User, UserFilters, UserSorts, UserDraft, UserPatch)
