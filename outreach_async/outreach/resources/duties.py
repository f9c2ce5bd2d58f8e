"""Job duty (`/duties`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

from typing import ClassVar, Never

from ...protocol.query import Filter
from ..collection import Listable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record


class Duty(Record):
    """Job duty."""

    resource_type: ClassVar[str] = "duty"
    resource_path: ClassVar[str] = "/duties"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    duty_type: str | None = None
    symbolic_name: str | None = None


class DutyFilters(Params):
    """What a list of duties can be narrowed by."""

    id: Filter[int] = LEFT_OUT


class DutySorts(Sorts[Never]):
    """What a list of duties can be ordered by."""


collection = Listable(Duty, DutyFilters, DutySorts)
