"""Org-defined duty (create only) (`/customDuties`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
from typing import Any, ClassVar

from ..collection import Creatable
from ..params import LEFT_OUT, Params
from ..record import Record


class CustomDuty(Record):
    """Org-defined duty (create only)."""

    resource_type: ClassVar[str] = "customDuty"
    resource_path: ClassVar[str] = "/customDuties"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"write"})

    duty_type: str | None = None
    name: str | None = None


class CustomDutyDraft(Params):
    """A custom duty to create."""

    duty_type: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Creatable(CustomDuty, CustomDutyDraft)
