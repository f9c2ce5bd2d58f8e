"""The one place where the simulated organisation changes: every change is stamped, settled and announced.

Who is told of a change hears of it once it is stored. What a change of one type means for other rows stands in
`rules`; whether a caller may make it is not decided here.
"""

from __future__ import annotations

import collections.abc as abc
import heapq
import itertools
import random
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from .calls import Actor
from .catalogue import ResourceType, catalogue
from .relations import Inverse, Stored, Via, relations
from .store import Record, Ref, Store
from .switches import Switches
from .timestamps import stamp

Relations: TypeAlias = abc.Mapping[str, Ref | list[Ref] | None]
Values: TypeAlias = abc.Mapping[str, Any]
Job: TypeAlias = abc.Callable[[float], object]
_NOTHING: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a row: `created`, `updated`, `destroyed`, or a special action such as `finished`.

    `before` is None for what was created, `after` None for what was destroyed; both hold attributes and
    relationships that have a value. `now` is in Unix seconds.
    """

    type: str
    id: int
    action: str
    before: Record | None
    after: Record | None
    actor: Actor | None
    now: float

    def changed_attributes(self) -> dict[str, Any]:
        """Give the attributes that differ, as they are now; None for what was cleared."""
        old = self.before.attributes if self.before else _NOTHING
        new = self.after.attributes if self.after else _NOTHING
        return {name: new.get(name) for name in {**new, **old} if old.get(name) != new.get(name)}

    def changed_relationships(self) -> dict[str, Ref | None]:
        """Give the to-one relationships that differ, as they are now; None for what was cleared."""
        old = self.before.one if self.before else {}
        new = self.after.one if self.after else {}
        return {name: new.get(name) for name in {**new, **old} if old.get(name) != new.get(name)}


class Rules:
    """What a type does beyond being stored. The base does nothing."""

    defaults: ClassVar[Values] = _NOTHING

    def prepare(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Derive what follows from the row's own values, before it is stored. Raises Refused where a rule breaks."""

    def settle(self, org: Organisation, row: Record, before: Record | None, now: float) -> None:
        """Bring other rows in line, after it is stored and announced."""

    def clear(self, org: Organisation, row: Record, now: float) -> None:
        """Bring other rows in line with the row's end."""


class Organisation:
    """The rows of one simulated customer, with its listeners and its appointments."""

    def __init__(self, store: Store, switches: Switches, rules: abc.Mapping[str, Rules], *, seed: int) -> None:
        self.store = store
        self.switches = switches
        self._rules = rules
        self._none = Rules()
        self._random = random.Random(seed)  # noqa: S311  # a simulation's dice, the same for the same seed
        self._listeners: list[abc.Callable[[Change], None]] = []
        self._due: list[tuple[float, int, Job]] = []
        self._order = itertools.count()

    def on_change(self, listener: abc.Callable[[Change], None]) -> None:
        """Tell this function of every change from now on."""
        self._listeners.append(listener)

    def uuid(self) -> str:
        """Draw a UUID from the seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def later(self, at: float, job: Job) -> None:
        """Have something done when the time comes; it is given the time it was meant for."""
        heapq.heappush(self._due, (at, next(self._order), job))

    def tick(self, now: float) -> None:
        """Do everything that has come due."""
        while self._due and self._due[0][0] <= now:
            at, _, job = heapq.heappop(self._due)
            job(at)

    @property
    def next_due(self) -> float | None:
        """When the next appointment is, in Unix seconds; None when nothing is planned."""
        return self._due[0][0] if self._due else None

    def create(
        self, type: str, attributes: Values, related: Relations = _NOTHING, *, now: float, actor: Actor | None = None
    ) -> Record:
        """Add a row. Raises Refused where a rule of its type breaks."""
        kind = catalogue().types[type]
        rules = self._rules.get(type, self._none)
        row = Record(type, self.store.next_id(type), dict(rules.defaults), {}, {})
        row.set(attributes)
        self._hold(row, related)
        self._sign(kind, row, actor, now, new=True)
        rules.prepare(self, row, None, now)
        self.store.put(row)
        self._relate(row, related, now, actor)
        self.announce(Change(type, row.id, "created", None, row, actor, now))
        rules.settle(self, row, None, now)
        return self.row(row.ref)

    def update(
        self,
        ref: Ref,
        attributes: Values = _NOTHING,
        related: Relations = _NOTHING,
        *,
        now: float,
        actor: Actor | None = None,
        special: str = "",
    ) -> Record:
        """Change a row; a change that changes nothing leaves no trace. `special` is announced beside `updated`."""
        before = self.row(ref)
        row = self.row(ref)
        rules = self._rules.get(row.type, self._none)
        row.set(attributes)
        self._hold(row, related)
        rules.prepare(self, row, before, now)
        if row != before:
            self._sign(catalogue().types[row.type], row, actor, now, new=False)
            self.store.put(row)
            self.announce(Change(row.type, row.id, "updated", before, row, actor, now))
        self._relate(row, related, now, actor)
        if special:
            self.announce(Change(row.type, row.id, special, before, row, actor, now))
        if row != before:
            rules.settle(self, row, before, now)
        return self.row(ref)

    def count_up(self, ref: Ref | None, *names: str) -> None:
        """Add one to counters of a row: no `updatedAt`, nobody is told. Without a row nothing is counted."""
        if row := self.store.at(ref):
            known = catalogue().types[row.type].attributes
            row.set({name: row.attributes.get(name, 0) + 1 for name in names if name in known})
            self.store.put(row)

    def destroy(self, ref: Ref, *, now: float, actor: Actor | None = None) -> None:
        """Take a row away, with what cannot be without it; other rows forget it."""
        row = self.row(ref)
        self.store.remove(ref)
        self.announce(Change(row.type, row.id, "destroyed", row, None, actor, now))
        self._rules.get(row.type, self._none).clear(self, row, now)
        self._forget(ref)

    def row(self, ref: Ref) -> Record:
        """Give a copy of a row that is there. Raises KeyError when it is not."""
        row = self.store.at(ref)
        if row is None:
            raise KeyError(ref)
        return row

    def announce(self, change: Change) -> None:
        """Tell every listener."""
        for listener in self._listeners:
            listener(change)

    def _sign(self, kind: ResourceType, row: Record, actor: Actor | None, now: float, *, new: bool) -> None:
        times = ("createdAt", "updatedAt") if new else ("updatedAt",)
        row.set({name: stamp(now) for name in times if name in kind.attributes})
        if actor is None or actor.user_id is None:
            return
        for name in ("creator", "updater"):
            relationship = kind.relationships.get(name)
            if relationship and "user" in relationship.types and (new or name == "updater"):
                row.point(name, ("user", actor.user_id))

    def _hold(self, row: Record, related: Relations) -> None:
        for name, value in related.items():
            if not isinstance(value, list):
                row.point(name, value)
            elif not isinstance(relations().get((row.type, name)), Inverse | Via):
                row.many[name] = value

    def _relate(self, row: Record, related: Relations, now: float, actor: Actor | None) -> None:
        """Write to-many relationships that other rows hold."""
        for name, value in related.items():
            relation = relations().get((row.type, name))
            if not isinstance(value, list) or not isinstance(relation, Inverse | Via):
                continue
            current = set(relation.targets(self.store, row))
            for ref in current.symmetric_difference(value):
                self._join(relation, row.ref, ref, on=ref not in current, now=now, actor=actor)

    def _join(
        self, relation: Inverse | Via, owner: Ref, ref: Ref, *, on: bool, now: float, actor: Actor | None
    ) -> None:
        if isinstance(relation, Inverse):
            pointing: Ref | list[Ref] | None = owner if on else None
            if catalogue().types[relation.far].relationships[relation.name].many:
                rest = [other for other in self.row(ref).refs(relation.name) if other != owner]
                pointing = [*rest, owner] if on else rest
            self.update(ref, related={relation.name: pointing}, now=now, actor=actor)
        elif on:
            self.create(relation.join, {}, {relation.near: owner, relation.far: ref}, now=now, actor=actor)
        else:
            for row_id in set(self.store.holders(relation.join, relation.near, owner)):
                if ref in self.row((relation.join, row_id)).refs(relation.far):
                    self.destroy((relation.join, row_id), now=now, actor=actor)

    def _forget(self, ref: Ref) -> None:
        for kind in catalogue().types.values():
            for name, relationship in kind.relationships.items():
                if ref[0] not in relationship.types or not isinstance(relations()[kind.name, name], Stored):
                    continue
                for row_id in tuple(self.store.holders(kind.name, name, ref)):
                    row = self.row((kind.name, row_id))
                    row.one.pop(name, None)
                    if name in row.many:
                        row.many[name] = [other for other in row.many[name] if other != ref]
                    self.store.put(row)
