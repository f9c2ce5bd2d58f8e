"""Which type follows which rules; a type that is not here is stored and nothing more."""

from __future__ import annotations

from .activity import Calls, Mailboxes, Mailings, Opportunities, Tasks
from .administration import (
    Aliases,
    ComplianceRequests,
    Events,
    Pinned,
    Roles,
    Vehicles,
    VoiceImports,
    Webhooks,
)
from .content import Sequences, SequenceStates, SequenceSteps, SequenceTemplates, Templates, Texts
from .organisation import Rules
from .people import Accounts, EmailAddresses, Favorites, PhoneNumbers, Prospects, Recipients, Users

RULES: dict[str, Rules] = {
    "account": Accounts(),
    "accountNote": Pinned(),
    "call": Calls(),
    "complianceRequest": ComplianceRequests(),
    "emailAddress": EmailAddresses(),
    "event": Events(),
    "favorite": Favorites(),
    "kaiaVoiceImport": VoiceImports(),
    "mailAlias": Aliases(),
    "mailbox": Mailboxes(),
    "mailing": Mailings(),
    "opportunity": Opportunities(),
    "opportunityProspectRole": Roles(),
    "phoneNumber": PhoneNumbers(),
    "prospect": Prospects(),
    "prospectNote": Pinned(),
    "recipient": Recipients(),
    "sequence": Sequences(),
    "sequenceState": SequenceStates(),
    "sequenceStep": SequenceSteps(),
    "sequenceTemplate": SequenceTemplates(),
    "snippet": Texts(),
    "task": Tasks(),
    "template": Templates(),
    "user": Users(),
    "vehicle": Vehicles(),
    "webhook": Webhooks(),
}
