"""How a payload of Outreach is read: what it is about, what changed, who did it, when it was sent.

Reads both payload versions, and relationships both in the flat form seen in the wild
(`{"owner": {"type": "owner", "id": 2}}`, typed by the relation's name) and in JSON:API's. A value that is not of the
type the catalogue gives it is handed on as it came. The classes of the single events are generated and stand in
`outreach_events`.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import keyword
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from outreach_async.outreach.record import Record, Ref
from outreach_async.protocol.jsonapi import Identifier, identifier, relationship
from outreach_async.protocol.names import snake

from .events import Event

if TYPE_CHECKING:
    from outreach_async.outreach.client import Outreach


class OutreachEvent(Event):
    """An event of an Outreach record. Its subclasses name the record and type what changed."""

    provider = "outreach"
    resource_type: ClassVar[str] = ""
    collection: ClassVar[str] = ""
    instants: ClassVar[frozenset[str]] = frozenset()
    days: ClassVar[frozenset[str]] = frozenset()
    targets: ClassVar[abc.Mapping[str, str]] = {}

    @classmethod
    def problem(cls, document: abc.Mapping[str, Any]) -> str:
        """Say what a payload lacks to be this event: the id of its record."""
        return id_problem(document)

    @property
    def ref(self) -> Ref[Record]:
        """The record it is about."""
        return Ref(self.resource_type, member(self.document, "data")["id"])

    @property
    def changed(self) -> abc.Mapping[str, Any]:
        """The attributes and relationships the payload carries, by their Python names: absent is not null.

        Set ones for a created record, changed ones for an updated one, the last known ones for a destroyed one.
        Outreach leaves out some changes, those of a prospect's e-mail addresses, tags and phones among them:
        `fetch` reads the record itself.
        """
        return self._changed

    @property
    def before(self) -> abc.Mapping[str, Any] | None:
        """The values before the change, where the webhook has payload version 2; else None."""
        return self._before

    @property
    def custom(self) -> dict[str, Any]:
        """The custom fields the payload carries, `custom1` to `custom150`, by wire name."""
        return {name: value for name, value in self.changed.items() if is_custom(name)}

    @property
    def actor(self) -> Ref[Record] | None:
        """Who caused it, where the payload tells: a user, as a rule."""
        told = identifier(member(self.document, "meta").get("actor"))
        return Ref(told.type[:1].lower() + told.type[1:], _id(told)) if told else None

    @property
    def delivered_at(self) -> dt.datetime | None:
        """When Outreach sent it, in the zone it tells; None where it does not say so."""
        return delivered_at(self.document)

    @property
    def job_id(self) -> str:
        """Outreach's own name for the job behind the delivery; empty where it tells none. It names no event."""
        return str(member(self.document, "meta").get("jobId") or "")

    async def fetch(self, api: Outreach) -> Record:
        """Read the record as it is now. Raises NotFound for one that was destroyed."""
        record: Record = await getattr(api, self.collection).get(self.ref)
        return record

    @cached_property
    def _changed(self) -> dict[str, Any]:
        return self._values(member(self.document, "data"))

    @cached_property
    def _before(self) -> dict[str, Any] | None:
        told = self.document.get("beforeUpdate")
        return self._values(told) if isinstance(told, dict) else None

    def _values(self, resource: abc.Mapping[str, Any]) -> dict[str, Any]:
        values = {python_name(k): self._attribute(k, v) for k, v in member(resource, "attributes").items()}
        for name, value in member(resource, "relationships").items():
            told, found = self._related(name, value)
            if told:
                values[python_name(name)] = found
        return values

    def _attribute(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and (name in self.instants or name in self.days):
            read = dt.datetime if name in self.instants else dt.date
            try:
                return read.fromisoformat(value)
            except ValueError:
                return value
        return value

    def _related(self, name: str, value: object) -> tuple[bool, Ref[Record] | tuple[Ref[Record], ...] | None]:
        """Give whether the payload tells this relationship, and what it tells."""
        link = relationship({"data": value} if isinstance(value, list) else value)
        data = link.data
        if isinstance(data, tuple):
            return True, tuple(self._ref(name, one) for one in data)
        return link.told, self._ref(name, data) if data else None

    def _ref(self, name: str, told: Identifier) -> Ref[Record]:
        # The flat form gives the relation's name for a type.
        return Ref(self.targets.get(name, told.type) if told.type == name else told.type, _id(told))


def delivered_at(document: abc.Mapping[str, Any]) -> dt.datetime | None:
    """Read `meta.deliveredAt`; None where it tells no time."""
    return read_instant(member(document, "meta").get("deliveredAt"))


def read_instant(told: object) -> dt.datetime | None:
    """Read a time in ISO 8601. Lifecycle webhooks were seen without a zone: those are taken for UTC."""
    try:
        instant = dt.datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return instant.replace(tzinfo=dt.UTC) if instant and instant.tzinfo is None else instant


def id_problem(document: abc.Mapping[str, Any]) -> str:
    """Say that `data.id` is missing or no id; empty when it is one."""
    data = document.get("data")
    told = data.get("id") if isinstance(data, dict) else None
    return "" if told and isinstance(told, int | str) and told is not True else "the payload has no data.id"


def member(document: abc.Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give an object inside a document; an empty one where it is missing or something else."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=4096)
def python_name(wire: str) -> str:
    """Give the Python name of an attribute: `firstName` is `first_name`, `from` is `from_`."""
    name = snake(wire)
    return f"{name}_" if keyword.iskeyword(name) else name


def is_custom(name: str) -> bool:
    """Say whether this is one of the organisation's own fields, `custom1` to `custom150`."""
    return name.startswith("custom") and name[6:].isdigit()


def _id(told: Identifier) -> Any:
    """Give the id as `Ref` takes it: integers as a rule, and a text where the wire tells one."""
    return told.id
