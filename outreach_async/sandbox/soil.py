"""What rows are planted with: one call to put a row down, times in their order, choices from the seed."""

from __future__ import annotations

import collections.abc as abc
import random
import uuid
from typing import Any, TypeVar

from .catalogue import catalogue
from .store import Record, Ref, Store
from .timestamps import seconds, stamp

T = TypeVar("T")
# Two years of moments, a few hours apart: imports leave many rows with one and the same time, and so do these.
_NEWEST = seconds("2025-12-31T00:00:00.000Z")
_MOMENTS = 4096
_APART = 15_413.0
MOMENTS = tuple(stamp(_NEWEST - _APART * (_MOMENTS - 1 - place)) for place in range(_MOMENTS))


class Soil:
    """An empty store and the dice."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self.store = store
        self.dice = dice
        self.random = dice.random
        times = ("createdAt", "updatedAt")
        types = catalogue().types.values()
        self._timeless = {kind.name: [name for name in times if name not in kind.attributes] for kind in types}

    def row(
        self,
        type: str,
        attributes: dict[str, Any],
        one: dict[str, Ref] | None = None,
        many: dict[str, list[Ref]] | None = None,
        *,
        id: int = 0,
    ) -> int:
        """Put a row down and give its id."""
        row_id = id or self.store.next_id(type)
        for name in self._timeless.get(type, ()):
            attributes.pop(name, None)
        self.store.put(Record(type, row_id, attributes, one or {}, many or {}))
        return row_id

    def times(self, place: float) -> dict[str, Any]:
        """Give `createdAt` and `updatedAt`, created at this place between the first moment (0) and the last (1)."""
        created = int(place * (_MOMENTS - 1))
        updated = created + int(self.random() ** 2 * (_MOMENTS - created))
        return {"createdAt": MOMENTS[created], "updatedAt": MOMENTS[updated]}

    def pick(self, options: abc.Sequence[T]) -> T:
        """Choose one."""
        return options[int(self.random() * len(options))]

    def any(self, type: str) -> Ref:
        """Choose a row of a type that has some."""
        return (type, self.pick(self.store.ids(type)))

    def one_in(self, number: int) -> bool:
        """Say yes once in so many times."""
        return self.random() * number < 1

    def uuid(self) -> str:
        """Draw a UUID."""
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
