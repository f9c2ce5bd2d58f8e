"""Every resource type of the API. Each module is loaded when its class is first named.

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..record import Record
    from .account_notes import AccountNote as AccountNote
    from .accounts import Account as Account
    from .audit_logs import AuditLog as AuditLog
    from .batch_items import BatchItem as BatchItem
    from .batches import Batch as Batch
    from .call_dispositions import CallDisposition as CallDisposition
    from .call_purposes import CallPurpose as CallPurpose
    from .calls import Call as Call
    from .compliance_requests import ComplianceRequest as ComplianceRequest
    from .content_categories import ContentCategory as ContentCategory
    from .content_category_memberships import ContentCategoryMembership as ContentCategoryMembership
    from .content_category_ownerships import ContentCategoryOwnership as ContentCategoryOwnership
    from .custom_duties import CustomDuty as CustomDuty
    from .duties import Duty as Duty
    from .email_addresses import EmailAddress as EmailAddress
    from .events import Event as Event
    from .favorites import Favorite as Favorite
    from .imports import Import as Import
    from .kaia_recordings import KaiaRecording as KaiaRecording
    from .kaia_voice_imports import KaiaVoiceImport as KaiaVoiceImport
    from .mail_aliases import MailAlias as MailAlias
    from .mailboxes import Mailbox as Mailbox
    from .mailings import Mailing as Mailing
    from .opportunities import Opportunity as Opportunity
    from .opportunity_prospect_roles import OpportunityProspectRole as OpportunityProspectRole
    from .opportunity_stages import OpportunityStage as OpportunityStage
    from .org_settings import OrgSetting as OrgSetting
    from .personas import Persona as Persona
    from .phone_numbers import PhoneNumber as PhoneNumber
    from .products import Product as Product
    from .profiles import Profile as Profile
    from .prospect_notes import ProspectNote as ProspectNote
    from .prospects import Prospect as Prospect
    from .purchases import Purchase as Purchase
    from .recipients import Recipient as Recipient
    from .roles import Role as Role
    from .rulesets import Ruleset as Ruleset
    from .sequence_states import SequenceState as SequenceState
    from .sequence_steps import SequenceStep as SequenceStep
    from .sequence_templates import SequenceTemplate as SequenceTemplate
    from .sequences import Sequence as Sequence
    from .snippets import Snippet as Snippet
    from .stages import Stage as Stage
    from .task_dispositions import TaskDisposition as TaskDisposition
    from .task_priorities import TaskPriority as TaskPriority
    from .task_purposes import TaskPurpose as TaskPurpose
    from .tasks import Task as Task
    from .teams import Team as Team
    from .templates import Template as Template
    from .users import User as User
    from .webhooks import Webhook as Webhook

# The module and the class of every wire type.
TYPES: dict[str, tuple[str, str]] = {
    "account": ("accounts", "Account"),
    "accountNote": ("account_notes", "AccountNote"),
    "auditLog": ("audit_logs", "AuditLog"),
    "batch": ("batches", "Batch"),
    "batchItem": ("batch_items", "BatchItem"),
    "call": ("calls", "Call"),
    "callDisposition": ("call_dispositions", "CallDisposition"),
    "callPurpose": ("call_purposes", "CallPurpose"),
    "complianceRequest": ("compliance_requests", "ComplianceRequest"),
    "contentCategory": ("content_categories", "ContentCategory"),
    "contentCategoryMembership": ("content_category_memberships", "ContentCategoryMembership"),
    "contentCategoryOwnership": ("content_category_ownerships", "ContentCategoryOwnership"),
    "customDuty": ("custom_duties", "CustomDuty"),
    "duty": ("duties", "Duty"),
    "emailAddress": ("email_addresses", "EmailAddress"),
    "event": ("events", "Event"),
    "favorite": ("favorites", "Favorite"),
    "import": ("imports", "Import"),
    "kaiaRecording": ("kaia_recordings", "KaiaRecording"),
    "kaiaVoiceImport": ("kaia_voice_imports", "KaiaVoiceImport"),
    "mailAlias": ("mail_aliases", "MailAlias"),
    "mailbox": ("mailboxes", "Mailbox"),
    "mailing": ("mailings", "Mailing"),
    "opportunity": ("opportunities", "Opportunity"),
    "opportunityProspectRole": ("opportunity_prospect_roles", "OpportunityProspectRole"),
    "opportunityStage": ("opportunity_stages", "OpportunityStage"),
    "orgSetting": ("org_settings", "OrgSetting"),
    "persona": ("personas", "Persona"),
    "phoneNumber": ("phone_numbers", "PhoneNumber"),
    "product": ("products", "Product"),
    "profile": ("profiles", "Profile"),
    "prospect": ("prospects", "Prospect"),
    "prospectNote": ("prospect_notes", "ProspectNote"),
    "purchase": ("purchases", "Purchase"),
    "recipient": ("recipients", "Recipient"),
    "role": ("roles", "Role"),
    "ruleset": ("rulesets", "Ruleset"),
    "sequence": ("sequences", "Sequence"),
    "sequenceState": ("sequence_states", "SequenceState"),
    "sequenceStep": ("sequence_steps", "SequenceStep"),
    "sequenceTemplate": ("sequence_templates", "SequenceTemplate"),
    "snippet": ("snippets", "Snippet"),
    "stage": ("stages", "Stage"),
    "task": ("tasks", "Task"),
    "taskDisposition": ("task_dispositions", "TaskDisposition"),
    "taskPriority": ("task_priorities", "TaskPriority"),
    "taskPurpose": ("task_purposes", "TaskPurpose"),
    "team": ("teams", "Team"),
    "template": ("templates", "Template"),
    "user": ("users", "User"),
    "webhook": ("webhooks", "Webhook"),
}

_MODULES = {name: module for module, name in TYPES.values()}


def record_class(kind: str) -> type[Record]:
    """Give the class of a wire type; an untyped one for a type that has none."""
    if kind not in TYPES:
        from ..shapes import untyped

        return untyped(kind)
    module, name = TYPES[kind]
    found: type[Record] = getattr(importlib.import_module(f".{module}", __name__), name)
    return found


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
