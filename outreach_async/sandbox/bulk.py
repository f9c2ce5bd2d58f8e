"""What each bulk action does to one row."""

from __future__ import annotations

import collections.abc as abc
from typing import Any, TypeAlias

from .bodies import read_draft
from .calls import Actor
from .catalogue import ResourceType
from .enrolment import finish, pause
from .organisation import Organisation, Values
from .refusals import blank, invalid, unknown_attribute
from .store import Ref

Work: TypeAlias = abc.Callable[[Ref, float, Actor | None], object]
_ACTIVE = frozenset({"active", "pending", "paused"})


def work_of(org: Organisation, action: str, kind: ResourceType, given: Values) -> Work:
    """Give the work of a bulk action, its inputs checked once. Raises Refused where they will not do."""
    for prefix in ("prospects", "accounts", "account", "customObject"):
        if action.startswith(prefix):
            return _WORKS[action.removeprefix(prefix)](org, kind, given)
    raise AssertionError(action)


def _texts(given: Values, name: str) -> list[str]:
    value = given.get(name)
    if not isinstance(value, list) or not value:
        raise blank(name)
    return [str(item) for item in value]


def _named(org: Organisation, given: Values, name: str, type: str) -> Ref:
    value = given.get(name)
    if value is None:
        raise blank(name)
    ref = (type, int(value) if str(value).isdecimal() else 0)
    if not org.store.has(ref):
        raise invalid(f"Could not find '{type}' with ID '{value}'.")
    return ref


def _add_tags(org: Organisation, _: ResourceType, given: Values) -> Work:
    added = _texts(given, "tags")

    def work(ref: Ref, now: float, actor: Actor | None) -> None:
        tags = org.row(ref).attributes.get("tags", [])
        org.update(ref, {"tags": list(dict.fromkeys([*tags, *added]))}, now=now, actor=actor)

    return work


def _remove_tags(org: Organisation, _: ResourceType, given: Values) -> Work:
    removed = _texts(given, "tags")

    def work(ref: Ref, now: float, actor: Actor | None) -> None:
        tags = org.row(ref).attributes.get("tags", [])
        org.update(ref, {"tags": [tag for tag in tags if tag not in removed]}, now=now, actor=actor)

    return work


def _assignments(*, add: bool) -> abc.Callable[[Organisation, ResourceType, Values], Work]:
    def make(org: Organisation, _: ResourceType, given: Values) -> Work:
        users = [_named(org, {"userIds": user}, "userIds", "user") for user in _texts(given, "userIds")]

        def work(ref: Ref, now: float, actor: Actor | None) -> None:
            rest = [user for user in org.row(ref).refs("assignedUsers") if user not in users]
            org.update(ref, {}, {"assignedUsers": [*rest, *users] if add else rest}, now=now, actor=actor)

        return work

    return make


def _remove_all(org: Organisation, _: ResourceType, __: Values) -> Work:
    return lambda ref, now, actor: org.update(ref, {}, {"assignedUsers": []}, now=now, actor=actor)


def _assign(relationship: str, name: str, *, many: bool = False) -> abc.Callable[..., Work]:
    def make(org: Organisation, kind: ResourceType, given: Values) -> Work:
        far = _named(org, given, name, kind.relationships[relationship].types[0])

        def work(ref: Ref, now: float, actor: Actor | None) -> None:
            org.update(ref, {}, {relationship: [far] if many else far}, now=now, actor=actor)

        return work

    return make


def _modify(org: Organisation, kind: ResourceType, given: Values) -> Work:
    if "fieldName" in given or "field" in given:
        field = given.get("fieldName", given.get("field"))
        values: dict[str, Any] = {str(field): given.get("fieldValue", given.get("value"))}
    else:
        values = {name: value for name, value in given.items() if name != "ids"}
    if not values:
        raise blank("fieldName")
    for name in values:
        if name not in kind.attributes:
            raise unknown_attribute(name, kind.name)
    draft = read_draft(kind, {"attributes": values}, org.store, org.switches)
    return lambda ref, now, actor: org.update(ref, draft.attributes, now=now, actor=actor)


def _destroy(org: Organisation, _: ResourceType, __: Values) -> Work:
    return lambda ref, now, actor: org.destroy(ref, now=now, actor=actor)


def _enrol(org: Organisation, _: ResourceType, given: Values) -> Work:
    sequence = _named(org, given, "sequenceId", "sequence")
    mailbox = _named(org, given, "mailboxId", "mailbox")

    def work(ref: Ref, now: float, actor: Actor | None) -> None:
        related = {"prospect": ref, "sequence": sequence, "mailbox": mailbox}
        org.create("sequenceState", {}, related, now=now, actor=actor)

    return work


def _states(ending: abc.Callable[..., object], states: frozenset[str]) -> abc.Callable[..., Work]:
    def make(org: Organisation, _: ResourceType, __: Values) -> Work:
        def work(ref: Ref, now: float, actor: Actor | None) -> None:
            for row_id in tuple(org.store.holders("sequenceState", "prospect", ref)):
                state = org.row(("sequenceState", row_id))
                if state.attributes["state"] in states:
                    ending(org, state.ref, now, actor)

        return work

    return make


_WORKS: dict[str, abc.Callable[[Organisation, ResourceType, Values], Work]] = {
    "AddAssignments": _assignments(add=True),
    "AddTags": _add_tags,
    "AddToSequence": _enrol,
    "AssignAccount": _assign("account", "accountId"),
    "AssignOpportunity": _assign("opportunities", "opportunityId", many=True),
    "AssignOwner": _assign("owner", "ownerId"),
    "BulkDelete": _destroy,
    "BulkModify": _modify,
    "DestroyAll": _destroy,
    "FinishAll": _states(finish, _ACTIVE),
    "PauseAll": _states(pause, frozenset({"active"})),
    "RemoveAllAssignments": _remove_all,
    "RemoveAssignments": _assignments(add=False),
    "RemoveTags": _remove_tags,
}
