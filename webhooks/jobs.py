"""What is handed to the one writer of an inbox: each job's part of a transaction, and what came of it.

A job's `error` is its own, such as a full inbox: the rest of the transaction goes on without it. When a transaction
fails as a whole, nothing of any of its jobs was done.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
from typing import TYPE_CHECKING, Any, Generic

from .delivery import Delivery
from .effects import Overrun
from .inbox import End, Receipt, Settlement, State, T, Work
from .known_keys import texts_of

if TYPE_CHECKING:
    from .sqlite_store import Store


class Job(Generic[T]):
    """One thing to be done in the next transaction. `result` is set once it ran, `future` tells who waits."""

    __slots__ = ("error", "future", "result")
    result: T

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.future: asyncio.Future[T] | None = None


class Put(Job[Receipt]):
    """Store a delivery, or recognise it. The store writes those of one transaction together."""

    __slots__ = ("delivery", "texts")

    def __init__(self, delivery: Delivery) -> None:
        super().__init__()
        self.delivery = delivery
        self.texts = texts_of(delivery)


class Settle(Job[None]):
    """Record settlements of an event, and its new state once its claim ends. Written together too."""

    __slots__ = ("end", "id", "settlements", "state")

    def __init__(
        self, id: int, settlements: tuple[Settlement, ...], state: State | None, end: End | None = None
    ) -> None:
        super().__init__()
        self.result = None
        self.id = id
        self.settlements = settlements
        self.state: State | None = state
        self.end: End | None = end


class Effect(Job[T]):
    """Run a handler's function together with its settlement. What the function raises is this job's error."""

    __slots__ = ("id", "overrun", "settlement", "work")

    def __init__(self, id: int, settlement: Settlement, work: Work[T]) -> None:
        super().__init__()
        self.overrun: Overrun | None = None
        self.id = id
        self.settlement = settlement
        self.work = work

    def run(self, store: Store) -> None:
        """Run it in a savepoint."""
        if self.overrun:
            # It ended the transaction that it was in before, and is not to keep the others waiting for as long again.
            self.error = self.overrun
            return
        try:
            self.result = store.effect(self.id, self.settlement, self.work)
        except BaseException as error:
            self.overrun = error if isinstance(error, Overrun) else None
            # A full disk may have ended the whole transaction: then it is not only this job that failed.
            if not store.in_transaction:
                raise
            # Nothing a guest raises may end the writer's thread.
            self.error = error if isinstance(error, Exception) else RuntimeError(f"the function raised {error!r}")


class Call(Job[T]):
    """Anything else that one function of the store does. `after` is told of its result once that is durable."""

    __slots__ = ("after", "function")

    def __init__(self, function: abc.Callable[[Store], T], after: abc.Callable[[T], object] | None = None) -> None:
        super().__init__()
        self.function = function
        self.after = after

    def run(self, store: Store) -> None:
        """Call it."""
        self.result = self.function(store)


AnyJob = Job[Any]
