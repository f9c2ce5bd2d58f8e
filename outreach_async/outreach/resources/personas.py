"""Prospect persona (`/personas`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Editable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, ToMany

if TYPE_CHECKING:
    from .prospects import Prospect


class Persona(Record):
    """Prospect persona."""

    resource_type: ClassVar[str] = "persona"
    resource_path: ClassVar[str] = "/personas"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    description: str | None = None
    name: str | None = None
    updated_at: dt.datetime | None = None

    prospects: ClassVar[ToMany[Prospect]] = ToMany("prospects")


class PersonaFilters(Params):
    """What a list of personas can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class PersonaSorts(Sorts[Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]]):
    """What a list of personas can be ordered by."""


class PersonaPatch(Params):
    """What can be changed of a persona."""

    description: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class PersonaDraft(PersonaPatch):
    """A persona to create."""


collection = Editable(Persona, PersonaFilters, PersonaSorts, PersonaDraft, PersonaPatch)
