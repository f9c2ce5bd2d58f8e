"""The scopes the simulated Outreach knows, for users' grants and for installations (its extensibility SDK's lists)."""

from __future__ import annotations

import collections.abc as abc

from ..protocol.scopes import covers

_LEVELS = {"a": "all", "d": "delete", "r": "read", "w": "write", "g": "aggregate"}

_OAUTH = """
accounts:adrw accountNotes:adrw auditLogs:r batches:arw batchItems:arw calls:adrw callDispositions:adrw
callPurposes:adrw complianceRequests:arw contentCategories:adrw contentCategoryMemberships:adrw
contentCategoryOwnerships:adrw customObjectRecords:adrw duties:r emailAddresses:adrw events:arw favorites:adrw
imports:arw jobRoles:arw kaiaRecordings:r kaiaVoiceImports:w mailboxes:adrw mailings:arw mailAliases:r
opportunities:adrw opportunityProspectRoles:adrw opportunityStages:adrw orgSettings:arw personas:adrw
phoneNumbers:adrw products:adrw profiles:adrw prospects:adrw prospectNotes:adrw purchases:adrw recipients:adrw
recordActorAssignments:adrw roles:adrw rulesets:adrw sequences:adrw sequenceStates:adrw sequenceSteps:adrw
sequenceTemplates:adrw snippets:adrw stages:adrw tasks:adrw taskDispositions:adrw taskPriorities:r taskPurposes:adrw
teams:adrwg templates:adrw users:arwg webhooks:adrw
"""
_S2S = """
accounts:adrw auditLogs:r calls:adrw events:arw imports:arw kaiaRecordings:r mailings:r opportunities:adrw
prospects:adrw sequences:adrw sequenceStates:adrw snippets:r tasks:adrw templates:r users:r webhooks:adrw
"""


def _spelled(compact: str) -> frozenset[str]:
    pairs = (item.split(":") for item in compact.split())
    return frozenset(f"{resource}.{_LEVELS[letter]}" for resource, letters in pairs for letter in letters)


def narrowest(scopes: abc.Set[str]) -> frozenset[str]:
    """Leave out what an `all` of the same resource covers; `aggregate` is a level of its own kind and stays."""
    return frozenset(
        scope
        for scope in scopes
        if scope.endswith((".all", ".aggregate")) or f"{scope.partition('.')[0]}.all" not in scopes
    )


def allowed(configured: abc.Set[str], asked: abc.Set[str]) -> bool:
    """Tell whether an application may ask for these scopes: each is configured, or covered by what is."""
    return all(scope in configured or covers(configured, scope) for scope in asked)


OAUTH_SCOPES = _spelled(_OAUTH) | {"scim"}
S2S_SCOPES = _spelled(_S2S)
EVERYTHING = narrowest(OAUTH_SCOPES)
