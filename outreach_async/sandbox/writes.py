"""Creates, updates and deletes as callers may make them: what they require, who they are made for.

Which attributes a create requires is not published. Required here is what the guides and live answers tell: the three
parts of a sequence state, the name of what has one, a webhook's url, a task's action, owner and subject. A server
token has no user, so what is somebody's by default has to name the user then.
"""

from __future__ import annotations

from typing import Any

from .administration import OWNER
from .bodies import Draft, check_identity, read_data, read_draft
from .calls import Actor, Call
from .catalogue import ResourceType
from .organisation import Organisation, Relations, Values
from .refusals import bad_body, blank, contact_exists, invalid_value
from .store import Record

_NAMED = (
    "account",
    "callDisposition",
    "callPurpose",
    "contentCategory",
    "customDuty",
    "event",
    "opportunity",
    "opportunityStage",
    "persona",
    "product",
    "profile",
    "role",
    "ruleset",
    "sequence",
    "snippet",
    "stage",
    "taskDisposition",
    "taskPurpose",
    "team",
    "template",
)
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_NAMED, ("name",)),
    "emailAddress": ("email",),
    "kaiaVoiceImport": ("callId", "recordingUrl"),
    "mailbox": ("email",),
    "recipient": ("value",),
    "sequenceStep": ("stepType",),
    "task": ("action",),
    "user": ("email",),
    "webhook": ("url",),
}
_RELATIONSHIPS: dict[str, tuple[str, ...]] = {
    "accountNote": ("account",),
    "contentCategoryMembership": ("content", "contentCategory"),
    "contentCategoryOwnership": ("contentCategory", "owner"),
    "emailAddress": ("prospect",),
    "favorite": ("target", "user"),
    "mailing": ("mailbox", "prospect"),
    "opportunityProspectRole": ("opportunity", "prospect"),
    "phoneNumber": ("prospect",),
    "prospectNote": ("prospect",),
    "sequenceState": ("prospect", "sequence", "mailbox"),
    "sequenceStep": ("sequence",),
    "sequenceTemplate": ("sequenceStep", "template"),
    "task": ("owner", "subject"),
    "webhook": ("authorizer",),
}
# Whose it is when the caller does not say: the token's user.
_MINE = {"call": "user", "favorite": "user", "webhook": "authorizer"}
# The names under which a compliance request was seen to be sent, beside the schema's own.
_SNAKE = {"request_type": "requestType", "object_type": "objectType", "request_object_id": "requestObjectId"}


def create(org: Organisation, kind: ResourceType, call: Call) -> Record:
    """Create what the body describes. Raises Refused."""
    data = read_data(call.body)
    if kind.name == "complianceRequest":
        return _compliance_request(org, data, call)
    check_identity(kind, data, None)
    draft = read_draft(kind, data, org.store, org.switches)
    related = _with_user(kind, draft.related, call.actor)
    _require(kind, draft.attributes, related)
    attributes = {name: value for name, value in draft.attributes.items() if not kind.attributes[name].write_only}
    if kind.name == "webhook" and call.actor:
        attributes |= {OWNER: call.actor.client_id, "creatorAppId": call.actor.client_id or None}
    if kind.name == "phoneNumber" and not (attributes.get("number") or attributes.get("rawNumber")):
        raise blank("number")
    return org.create(kind.name, attributes, related, now=call.now, actor=call.actor)


def update(org: Organisation, kind: ResourceType, row: Record, call: Call) -> Record:
    """Change what the body names, and nothing else. Raises Refused."""
    data = read_data(call.body)
    check_identity(kind, data, row)
    draft = read_draft(kind, data, org.store, org.switches)
    attributes = {name: value for name, value in draft.attributes.items() if not kind.attributes[name].write_only}
    for name in _ATTRIBUTES.get(kind.name, ()):
        if name in attributes and attributes[name] in (None, ""):
            raise blank(name)
    for name in _RELATIONSHIPS.get(kind.name, ()):
        if name in draft.related and draft.related[name] is None:
            raise blank(name, relationship=True)
    if kind.name == "user" and attributes.get("email", row.attributes.get("email")) != row.attributes.get("email"):
        raise invalid_value("email", "cannot be changed")
    if (
        kind.name == "prospect"
        and org.switches.noop_patch == "refused"
        and _same(row, Draft(attributes, draft.related, {}))
    ):
        raise contact_exists()
    return org.update(row.ref, attributes, draft.related, now=call.now, actor=call.actor)


def _with_user(kind: ResourceType, related: Relations, actor: Actor | None) -> Relations:
    mine = _MINE.get(kind.name)
    if mine and actor and actor.user_id is not None:
        return {mine: ("user", actor.user_id), **related}
    return related


def _require(kind: ResourceType, attributes: Values, related: Relations) -> None:
    for name in _ATTRIBUTES.get(kind.name, ()):
        if attributes.get(name) in (None, ""):
            raise blank(name)
    for name in _RELATIONSHIPS.get(kind.name, ()):
        if related.get(name) is None:
            raise blank(name, relationship=True)


def _same(row: Record, draft: Draft) -> bool:
    texts = all(row.attributes.get(name) == value for name, value in draft.attributes.items())
    return texts and all(row.one.get(name) == ref for name, ref in draft.related.items())


def _compliance_request(org: Organisation, data: dict[str, Any], call: Call) -> Record:
    """Read the one body that is not of its own schema: attributes in snake_case, by e-mail address."""
    given = data.get("attributes")
    if not isinstance(given, dict):
        raise bad_body("does not have attributes")
    values = {_SNAKE.get(name, name): value for name, value in given.items()}
    known = ("requestType", "objectType", "requestObjectId", "pii")
    attributes = {name: values[name] for name in known if values.get(name) is not None}
    email = values.get("request_object_email")
    if isinstance(email, str):
        attributes.setdefault("pii", {"email": email})
        attributes.setdefault("requestObjectId", email)
    if attributes.get("objectType") not in {"Prospect", "Recipient"}:
        raise invalid_value("objectType", "is not included in the list")
    if attributes.get("requestType", "Delete") != "Delete":
        raise invalid_value("requestType", "is not included in the list")
    user = call.actor.user_id if call.actor else None
    related: Relations = {"requester": ("user", user)} if user else {}
    return org.create("complianceRequest", {**attributes, "requesterId": user}, related, now=call.now, actor=call.actor)
