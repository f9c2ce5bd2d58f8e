"""How rows hang together: which relationship is held by the row itself and which is read from others.

The catalogue declares relationships; only some can be stored without two rows telling different stories. The others
are the inverse of a stored one, lead through a joining row, or along a path of two. How a relationship is written in
a payload is not known here.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias

from .catalogue import Relationship, ResourceType, catalogue
from .store import Record, Ref, Store

# What a batch keeps about its rows for `prospect.batches` and its like; the payload of a batch does not show it.
BATCHED = "records"

Where: TypeAlias = abc.Callable[[Store, Record, int], bool]


class Relation(Protocol):
    """One relationship of one type, readable from both ends."""

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give what the record is related to."""
        ...

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give the ids of the records that are related to this."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """Held by the row itself, perhaps under another name."""

    type: str
    name: str

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give what the row holds."""
        return record.refs(self.name)

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give the rows that hold it."""
        return store.holders(self.type, self.name, ref)


@dataclass(frozen=True, slots=True)
class Inverse:
    """The rows of `far` that point back here under `name`, where `where` lets them count."""

    type: str
    far: str
    name: str
    where: Where | None = None

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give the rows that point at the record."""
        ids = store.holders(self.far, self.name, (self.type, record.id))
        where = self.where
        return [(self.far, far_id) for far_id in ids if where is None or where(store, record, far_id)]

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give the row that this one points at."""
        far = store.at(ref) if ref[0] == self.far else None
        owners = [owner_id for kind, owner_id in far.refs(self.name) if kind == self.type] if far else []
        if self.where is None:
            return owners
        found = [store.get(self.type, owner_id) for owner_id in owners]
        return [owner.id for owner in found if owner and ref in self.targets(store, owner)]


@dataclass(frozen=True, slots=True)
class Via:
    """The far ends of the joining rows that point here under `near` and there under `far`."""

    type: str
    join: str
    near: str
    far: str

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give the far ends, each once."""
        return _other_ends(store, self.join, (self.near, (self.type, record.id)), self.far)

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give the near ends."""
        return [owner_id for _, owner_id in _other_ends(store, self.join, (self.far, ref), self.near)]


@dataclass(frozen=True, slots=True)
class Along:
    """What a relationship of a related row leads to: the account of a task's prospect."""

    first: Relation
    second: Relation

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give the end of the path."""
        middle = [store.at(ref) for ref in self.first.targets(store, record)]
        return [ref for row in middle if row for ref in self.second.targets(store, row)]

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give where the path begins."""
        kind = _type_of(self.second)
        return [row for middle in self.second.holders(store, ref) for row in self.first.holders(store, (kind, middle))]


@dataclass(frozen=True, slots=True)
class Backward:
    """A relationship of another type, read from its far end: the mailings that list a recipient."""

    type: str
    relation: Relation

    def targets(self, store: Store, record: Record) -> abc.Sequence[Ref]:
        """Give the rows that list the record."""
        return [(self.type, row_id) for row_id in self.relation.holders(store, record.ref)]

    def holders(self, store: Store, ref: Ref) -> abc.Iterable[int]:
        """Give what the row lists."""
        owner = store.at(ref) if ref[0] == self.type else None
        return [row_id for _, row_id in self.relation.targets(store, owner)] if owner else []


@cache
def relations() -> abc.Mapping[tuple[str, str], Relation]:
    """Give every relationship of every type, by type and name."""
    types = catalogue().types.values()
    plain = {(kind.name, item.name): _plain(kind, item) for kind in types for item in kind.relationships.values()}
    return {**plain, **_SPECIAL, **_along(plain | _SPECIAL)}


def backlink(type: str, owner: str) -> Relation | None:
    """Give the way from rows of `type` to the rows of `owner` that list them, None when there is none.

    `links.related` filters by the owner's type even where the row itself has no such relationship, as in
    `/recipients?filter[mailing][id]=1`.
    """
    kinds = catalogue().types
    if owner not in kinds:
        return None
    listing = [item.name for item in kinds[owner].relationships.values() if item.many and type in item.types]
    listing.sort(key=lambda name: name != kinds[type].plural)
    return Backward(owner, relations()[owner, listing[0]]) if listing else None


def _plain(kind: ResourceType, item: Relationship) -> Relation:
    if item.name == "batches":
        return Inverse(kind.name, "batch", BATCHED)
    if item.many and len(item.types) == 1 and (far := catalogue().types.get(item.types[0])):
        for back in far.relationships.values():
            if not back.many and kind.name in back.types and back.name in (kind.name, "target", "content"):
                return Inverse(kind.name, far.name, back.name)
    return Stored(kind.name, item.name)


def _other_ends(store: Store, join: str, near: tuple[str, Ref], far: str) -> list[Ref]:
    rows = [store.get(join, row_id) for row_id in store.holders(join, *near)]
    return list(dict.fromkeys(ref for row in rows if row for ref in row.refs(far)))


def _type_of(relation: Relation) -> str:
    assert isinstance(relation, (Stored, Inverse, Via)), "a path has two parts"
    return relation.type


def _unfinished(store: Store, _: Record, state: int) -> bool:
    return store.column("sequenceState", "state").get(state) != "finished"


def _undelivered(store: Store, state: Record, mailing: int) -> bool:
    row = store.get("mailing", mailing)
    return row is not None and "deliveredAt" not in row.attributes and _at_step(state, row)


def _incomplete(store: Store, state: Record, task: int) -> bool:
    row = store.get("task", task)
    return row is not None and row.attributes.get("state") != "complete" and _at_step(state, row)


def _at_step(state: Record, row: Record) -> bool:
    return row.one.get("sequenceStep") == state.one.get("sequenceStep")


_SPECIAL: dict[tuple[str, str], Relation] = {
    ("prospect", "activeSequenceStates"): Inverse("prospect", "sequenceState", "prospect", _unfinished),
    ("prospect", "opportunities"): Via("prospect", "opportunityProspectRole", "prospect", "opportunity"),
    ("opportunity", "prospects"): Via("opportunity", "opportunityProspectRole", "opportunity", "prospect"),
    ("opportunity", "stage"): Stored("opportunity", "opportunityStage"),
    ("sequenceState", "activeStepMailings"): Inverse("sequenceState", "mailing", "sequenceState", _undelivered),
    ("sequenceState", "activeStepTasks"): Inverse("sequenceState", "task", "sequenceState", _incomplete),
    ("role", "childRoles"): Inverse("role", "role", "parentRole"),
    ("team", "users"): Inverse("team", "user", "teams"),
    ("team", "contentCategories"): Via("team", "contentCategoryOwnership", "owner", "contentCategory"),
    ("contentCategory", "teams"): Via("contentCategory", "contentCategoryOwnership", "contentCategory", "owner"),
}

_PATHS = {
    ("sequenceState", "account"): ("prospect", "account"),
    ("sequenceState", "user"): ("mailbox", "user"),
    ("task", "prospectAccount"): ("prospect", "account"),
    ("task", "prospectContacts"): ("prospect", "emailAddresses"),
    ("task", "prospectOwner"): ("prospect", "owner"),
    ("task", "prospectPhoneNumbers"): ("prospect", "phoneNumbers"),
    ("task", "prospectStage"): ("prospect", "stage"),
    ("task", "sequenceSequenceSteps"): ("sequence", "sequenceSteps"),
    ("task", "sequenceStateSequenceStep"): ("sequenceState", "sequenceStep"),
    ("task", "sequenceTemplateTemplate"): ("sequenceTemplate", "template"),
}


def _along(plain: abc.Mapping[tuple[str, str], Relation]) -> dict[tuple[str, str], Relation]:
    kinds = catalogue().types
    return {
        (kind, name): Along(plain[kind, first], plain[kinds[kind].relationships[first].types[0], second])
        for (kind, name), (first, second) in _PATHS.items()
    }
