"""Permission bundle (`/profiles`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Editable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record


class Profile(Record):
    """Permission bundle."""

    resource_type: ClassVar[str] = "profile"
    resource_path: ClassVar[str] = "/profiles"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    is_admin: bool | None = None
    name: str | None = None
    special_id: str | None = None
    updated_at: dt.datetime | None = None


class ProfileFilters(Params):
    """What a list of profiles can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    special_id: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT


class ProfileSorts(Sorts[Literal["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]]):
    """What a list of profiles can be ordered by."""


class ProfilePatch(Params):
    """What can be changed of a profile."""

    name: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class ProfileDraft(ProfilePatch):
    """A profile to create."""


collection = Editable(Profile, ProfileFilters, ProfileSorts, ProfileDraft, ProfilePatch)
