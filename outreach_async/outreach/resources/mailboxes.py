"""Connected sending/sync mailbox (`/mailboxes`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

from ...protocol.query import Filter
from ..collection import D, Editable, F, P, S
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .mail_aliases import MailAlias
    from .mailings import Mailing
    from .users import User


class Mailbox(Record):
    """Connected sending/sync mailbox."""

    resource_type: ClassVar[str] = "mailbox"
    resource_path: ClassVar[str] = "/mailboxes"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    auth_id: int | None = None
    created_at: dt.datetime | None = None
    editable: bool | None = None
    email: str | None = None
    email_hash: str | None = None
    email_provider: str | None = None
    email_signature: str | None = None
    ews_endpoint: str | None = None
    ews_ssl_verify_mode: int | None = None
    exchange_version: str | None = None
    imap_host: str | None = None
    imap_port: int | None = None
    imap_ssl: bool | None = None
    max_emails_per_day: int | None = None
    max_mailings_per_day: int | None = None
    max_mailings_per_week: int | None = None
    opt_out_message: str | None = None
    opt_out_signature: str | None = None
    prospect_email_exclusions: str | None = None
    provider_id: int | None = None
    provider_type: str | None = None
    send_disabled: bool | None = None
    send_errored_at: dt.datetime | None = None
    send_max_retries: int | None = None
    send_method: Literal["ews", "sendgrid", "smtp"] | str | None = None
    send_period: int | None = None
    send_requires_sync: bool | None = None
    send_success_at: dt.datetime | None = None
    send_threshold: int | None = None
    sendgrid_webhook_url: str | None = None
    smtp_host: str | None = None
    smtp_port: int | None = None
    smtp_ssl: bool | None = None
    smtp_username: str | None = None
    sync_active_frequency: int | None = None
    sync_disabled: bool | None = None
    sync_errored_at: dt.datetime | None = None
    sync_finished_at: dt.datetime | None = None
    sync_method: Literal["ews", "gmail_api", "imap"] | str | None = None
    sync_outreach_folder: bool | None = None
    sync_passive_frequency: int | None = None
    sync_success_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    user_id: int | None = None
    username: str | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    mail_aliases: ClassVar[ToMany[MailAlias]] = ToMany("mailAliases")
    mailings: ClassVar[ToMany[Mailing]] = ToMany("mailings")
    updater: ClassVar[ToOne[User]] = ToOne("updater")
    user: ClassVar[ToOne[User]] = ToOne("user")


class MailboxFilters(Params, relations={"user"}):
    """What a list of mailboxes can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    email: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    user_id: Filter[int] = LEFT_OUT
    user: Filter[Ref[User] | User | int] = LEFT_OUT


class MailboxSorts(
    Sorts[Literal["created_at", "-created_at", "email", "-email", "updated_at", "-updated_at", "user_id", "-user_id"]]
):
    """What a list of mailboxes can be ordered by."""


class MailboxPatch(Params, relations={"user"}):
    """What can be changed of a mailbox."""

    auth_id: int | None = LEFT_OUT
    email: str | None = LEFT_OUT
    email_hash: str | None = LEFT_OUT
    email_provider: str | None = LEFT_OUT
    email_signature: str | None = LEFT_OUT
    ews_endpoint: str | None = LEFT_OUT
    ews_ssl_verify_mode: int | None = LEFT_OUT
    exchange_version: str | None = LEFT_OUT
    imap_host: str | None = LEFT_OUT
    imap_port: int | None = LEFT_OUT
    imap_ssl: bool | None = LEFT_OUT
    max_emails_per_day: int | None = LEFT_OUT
    max_mailings_per_day: int | None = LEFT_OUT
    max_mailings_per_week: int | None = LEFT_OUT
    opt_out_message: str | None = LEFT_OUT
    opt_out_signature: str | None = LEFT_OUT
    password: str | None = LEFT_OUT
    prospect_email_exclusions: str | None = LEFT_OUT
    send_disabled: bool | None = LEFT_OUT
    send_max_retries: int | None = LEFT_OUT
    send_method: Literal["ews", "sendgrid", "smtp"] | str | None = LEFT_OUT
    send_period: int | None = LEFT_OUT
    send_requires_sync: bool | None = LEFT_OUT
    send_threshold: int | None = LEFT_OUT
    sendgrid_api_key: str | None = LEFT_OUT
    smtp_host: str | None = LEFT_OUT
    smtp_password: str | None = LEFT_OUT
    smtp_port: int | None = LEFT_OUT
    smtp_ssl: bool | None = LEFT_OUT
    smtp_username: str | None = LEFT_OUT
    sync_active_frequency: int | None = LEFT_OUT
    sync_disabled: bool | None = LEFT_OUT
    sync_method: Literal["ews", "gmail_api", "imap"] | str | None = LEFT_OUT
    sync_outreach_folder: bool | None = LEFT_OUT
    sync_passive_frequency: int | None = LEFT_OUT
    username: str | None = LEFT_OUT
    validate_send: bool | None = LEFT_OUT
    validate_sync: bool | None = LEFT_OUT
    user: Ref[User] | User | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class MailboxDraft(MailboxPatch):
    """A mailbox to create."""


class Mailboxes(Editable[Mailbox, F, S, D, P], Generic[F, S, D, P]):
    """Mailboxes, and what can be done with one."""

    async def link_ews_master_account(self, record: Mailbox | Ref[Mailbox] | int, /) -> Mailbox:
        """Link the mailbox to the organisation's Exchange master account.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "linkEwsMasterAccount")

    async def test_send(self, record: Mailbox | Ref[Mailbox] | int, /) -> Mailbox:
        """Test whether the mailbox can send.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "testSend")

    async def test_sync(self, record: Mailbox | Ref[Mailbox] | int, /) -> Mailbox:
        """Test whether the mailbox can be synchronised.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "testSync")

    async def unlink_ews_master_account(self, record: Mailbox | Ref[Mailbox] | int, /) -> Mailbox:
        """Unlink the mailbox from the organisation's Exchange master account.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "unlinkEwsMasterAccount")


collection = Mailboxes(Mailbox, MailboxFilters, MailboxSorts, MailboxDraft, MailboxPatch)
