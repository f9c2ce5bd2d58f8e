"""Events: what handlers are given, and the registry that finds the class of one by its name.

A class is registered by naming its event where it is declared: `class ProspectMerged(ProspectEvent,
name="prospect.merged")` makes an event typed that this release does not know yet. Events that no class names are
`UnknownEvent`, never an error.

JSON is read strictly: no NaN or infinities, no bad UTF-8, no lone surrogates, no byte order mark, nothing deeper than
the interpreter's own limit, no number that Python or a double cannot hold. Of doubled keys the last one counts.
Knows nothing of signatures, stores and retries.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import hashlib
import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import msgspec

from outreach_async.protocol.errors import ConfigurationError

from .delivery import Delivery
from .errors import MalformedDelivery

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

_decode = msgspec.json.Decoder().decode

_classes: dict[tuple[str, str], type[Event]] = {}
# A delivery read back from an inbox may be the first to need its vendor's classes.
_modules = {"outreach": ".outreach", "outreach-lifecycle": ".outreach", "planmysaas": ".planmysaas"}


class Context(Protocol):
    """What the worker lends an event while one handler runs."""

    @property
    def handler(self) -> str:
        """The name of the handler that runs."""
        ...

    @property
    def attempt(self) -> int:
        """Which try of this handler this is: 1 for the first."""
        ...

    async def transaction(self, work: abc.Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the inbox's own transaction, together with this handler's settlement."""
        ...


class Event:
    """One event, whoever sent it.

    `document` is the decoded body. `delivery` is the delivery as it was stored, its raw body and headers included.
    """

    provider: ClassVar[str] = ""
    event_name: ClassVar[str] = ""

    def __init__(self, delivery: Delivery, document: abc.Mapping[str, Any]) -> None:
        self.delivery = delivery
        self.document = document
        self._context: Context | None = None

    def __init_subclass__(cls, *, name: str = "", **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls.event_name = name
        if name:
            _classes[cls.provider, name] = cls

    @classmethod
    def problem(cls, document: abc.Mapping[str, Any]) -> str:
        """Say why a body cannot be read as this event; empty when it can."""
        return ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or '?'} {self.delivery.resource or '-'}>"

    @property
    def name(self) -> str:
        """The event's name as the body tells it, `prospect.created`; empty when it tells none."""
        return self.delivery.event

    @property
    def source(self) -> str:
        """The configured name of the source it came from."""
        return self.delivery.source

    @property
    def flags(self) -> tuple[str, ...]:
        """What was remarkable about the delivery, such as `same-id-other-body`."""
        return self.delivery.flags

    @property
    def key(self) -> str:
        """A text that stays the same over every retry and redelivery of this event.

        Hand it to the outside as an idempotency key: a handler may run more than once.
        """
        keys = self.delivery.keys
        return keys[0].text if keys else f"{self.source}/digest/{hashlib.sha256(self.delivery.body).hexdigest()}"

    @cached_property
    def received_at(self) -> dt.datetime:
        """When it was received, in UTC."""
        return dt.datetime.fromtimestamp(self.delivery.received_at, dt.UTC)

    @property
    def attempt(self) -> int:
        """Which try of the running handler this is: 1 for the first."""
        return self._context.attempt if self._context else 1

    def bound(self, context: Context) -> Self:
        """Give this event for one run of one handler. The worker calls it; the decoded body is shared."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._context = context
        return copy

    async def transaction(self, work: abc.Callable[[sqlite3.Connection], T]) -> T:
        """Write to the inbox's database and settle this handler, both or neither.

        `work` is an ordinary function of a connection. It runs once per commit, in the inbox's writer thread, while
        every other delivery waits: keep it under 250 milliseconds. The connection has `execute`, `executemany` and
        `cursor` until `work` returns, so fetch rows in there. What `work` raises undoes what it wrote. Raises
        ConfigurationError for an event that no worker handed out, and when `work` does what would end the
        transaction, change the connection for others or touch the inbox's own tables.
        """
        if self._context is None:
            raise ConfigurationError(
                "this event was not handed out by a worker", hint="Call transaction() inside a handler of Webhooks."
            )
        return await self._context.transaction(work)


class UnknownEvent(Event):
    """An event that this release has no class for. Its body is in `document`."""


def event_class(provider: str, name: str) -> type[Event]:
    """Give the class of an event: the one with this name, else its family's (`install.*`), else UnknownEvent."""
    if module := _modules.get(provider):
        importlib.import_module(module, __package__)
        # The inbox's own thread may ask at the same time.
        _modules.pop(provider, None)
    found = _classes.get((provider, name))
    return found or _classes.get((provider, f"{name.partition('.')[0]}.*")) or UnknownEvent


def event_names(kinds: tuple[type[Event], ...]) -> tuple[tuple[str, str], ...]:
    """Give the events that these classes stand for, their families included, by provider and name."""
    return tuple(sorted(place for place, kind in _classes.items() if issubclass(kind, kinds)))


def parse(delivery: Delivery) -> Event:
    """Give the typed event of a stored delivery. Raises MalformedDelivery where its body cannot be read."""
    if delivery.unreadable:
        raise MalformedDelivery(delivery.unreadable)
    kind, document = event_class(delivery.provider, delivery.event), read_document(delivery.body)
    if problem := kind.problem(document):
        raise MalformedDelivery(problem)
    return kind(delivery, document)


def read_document(body: bytes) -> dict[str, Any]:
    """Decode a body that has to be one JSON object. Raises MalformedDelivery, and nothing else."""
    try:
        document = _decode(body)
    except (ValueError, RecursionError) as error:
        # The decoder names the byte, never its value, so no person's data gets into the reason.
        raise MalformedDelivery(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise MalformedDelivery(f"the body is JSON, and no object: {type(document).__name__}")
    return document
