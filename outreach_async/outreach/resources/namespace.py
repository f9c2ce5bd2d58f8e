"""The collections as attributes of the client. Each is loaded when it is first touched.

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..caller import Caller
    from . import account_notes as _account_notes
    from . import accounts as _accounts
    from . import audit_logs as _audit_logs
    from . import batch_items as _batch_items
    from . import batches as _batches
    from . import call_dispositions as _call_dispositions
    from . import call_purposes as _call_purposes
    from . import calls as _calls
    from . import compliance_requests as _compliance_requests
    from . import content_categories as _content_categories
    from . import content_category_memberships as _content_category_memberships
    from . import content_category_ownerships as _content_category_ownerships
    from . import custom_duties as _custom_duties
    from . import duties as _duties
    from . import email_addresses as _email_addresses
    from . import events as _events
    from . import favorites as _favorites
    from . import imports as _imports
    from . import kaia_recordings as _kaia_recordings
    from . import kaia_voice_imports as _kaia_voice_imports
    from . import mail_aliases as _mail_aliases
    from . import mailboxes as _mailboxes
    from . import mailings as _mailings
    from . import opportunities as _opportunities
    from . import opportunity_prospect_roles as _opportunity_prospect_roles
    from . import opportunity_stages as _opportunity_stages
    from . import org_settings as _org_settings
    from . import personas as _personas
    from . import phone_numbers as _phone_numbers
    from . import products as _products
    from . import profiles as _profiles
    from . import prospect_notes as _prospect_notes
    from . import prospects as _prospects
    from . import purchases as _purchases
    from . import recipients as _recipients
    from . import roles as _roles
    from . import rulesets as _rulesets
    from . import sequence_states as _sequence_states
    from . import sequence_steps as _sequence_steps
    from . import sequence_templates as _sequence_templates
    from . import sequences as _sequences
    from . import snippets as _snippets
    from . import stages as _stages
    from . import task_dispositions as _task_dispositions
    from . import task_priorities as _task_priorities
    from . import task_purposes as _task_purposes
    from . import tasks as _tasks
    from . import teams as _teams
    from . import templates as _templates
    from . import users as _users
    from . import webhooks as _webhooks

COLLECTIONS = frozenset(
    {
        "accounts",
        "account_notes",
        "audit_logs",
        "batches",
        "batch_items",
        "calls",
        "call_dispositions",
        "call_purposes",
        "compliance_requests",
        "content_categories",
        "content_category_memberships",
        "content_category_ownerships",
        "custom_duties",
        "duties",
        "email_addresses",
        "events",
        "favorites",
        "imports",
        "kaia_recordings",
        "kaia_voice_imports",
        "mail_aliases",
        "mailboxes",
        "mailings",
        "opportunities",
        "opportunity_prospect_roles",
        "opportunity_stages",
        "org_settings",
        "personas",
        "phone_numbers",
        "products",
        "profiles",
        "prospects",
        "prospect_notes",
        "purchases",
        "recipients",
        "roles",
        "rulesets",
        "sequences",
        "sequence_states",
        "sequence_steps",
        "sequence_templates",
        "snippets",
        "stages",
        "tasks",
        "task_dispositions",
        "task_priorities",
        "task_purposes",
        "teams",
        "templates",
        "users",
        "webhooks",
    }
)


class Namespace:
    """Every collection of the API, by its plural name."""

    _caller: Caller

    if TYPE_CHECKING:
        accounts = _accounts.collection
        account_notes = _account_notes.collection
        audit_logs = _audit_logs.collection
        batches = _batches.collection
        batch_items = _batch_items.collection
        calls = _calls.collection
        call_dispositions = _call_dispositions.collection
        call_purposes = _call_purposes.collection
        compliance_requests = _compliance_requests.collection
        content_categories = _content_categories.collection
        content_category_memberships = _content_category_memberships.collection
        content_category_ownerships = _content_category_ownerships.collection
        custom_duties = _custom_duties.collection
        duties = _duties.collection
        email_addresses = _email_addresses.collection
        events = _events.collection
        favorites = _favorites.collection
        imports = _imports.collection
        kaia_recordings = _kaia_recordings.collection
        kaia_voice_imports = _kaia_voice_imports.collection
        mail_aliases = _mail_aliases.collection
        mailboxes = _mailboxes.collection
        mailings = _mailings.collection
        opportunities = _opportunities.collection
        opportunity_prospect_roles = _opportunity_prospect_roles.collection
        opportunity_stages = _opportunity_stages.collection
        org_settings = _org_settings.collection
        personas = _personas.collection
        phone_numbers = _phone_numbers.collection
        products = _products.collection
        profiles = _profiles.collection
        prospects = _prospects.collection
        prospect_notes = _prospect_notes.collection
        purchases = _purchases.collection
        recipients = _recipients.collection
        roles = _roles.collection
        rulesets = _rulesets.collection
        sequences = _sequences.collection
        sequence_states = _sequence_states.collection
        sequence_steps = _sequence_steps.collection
        sequence_templates = _sequence_templates.collection
        snippets = _snippets.collection
        stages = _stages.collection
        tasks = _tasks.collection
        task_dispositions = _task_dispositions.collection
        task_priorities = _task_priorities.collection
        task_purposes = _task_purposes.collection
        teams = _teams.collection
        templates = _templates.collection
        users = _users.collection
        webhooks = _webhooks.collection
    else:

        def __getattr__(self, name: str) -> Any:
            if name not in COLLECTIONS:
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
            module = importlib.import_module(f".{name}", __package__)
            collection = module.collection.bound(self._caller)
            setattr(self, name, collection)
            return collection

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *COLLECTIONS])
