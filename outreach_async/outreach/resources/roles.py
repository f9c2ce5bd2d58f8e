"""Hierarchy node (`/roles`).

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
from ..record import Record, Ref, ToMany, ToOne


class Role(Record):
    """Hierarchy node."""

    resource_type: ClassVar[str] = "role"
    resource_path: ClassVar[str] = "/roles"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    external_id: str | None = None
    name: str | None = None
    updated_at: dt.datetime | None = None

    child_roles: ClassVar[ToMany[Role]] = ToMany("childRoles")
    parent_role: ClassVar[ToOne[Role]] = ToOne("parentRole")


class RoleFilters(Params, relations={"parent_role"}):
    """What a list of roles can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    external_id: Filter[str] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    parent_role: Filter[Ref[Role] | Role | int] = LEFT_OUT


class RoleSorts(
    Sorts[
        Literal[
            "created_at", "-created_at", "external_id", "-external_id", "name", "-name", "updated_at", "-updated_at"
        ]
    ]
):
    """What a list of roles can be ordered by."""


class RolePatch(Params, relations={"parent_role"}):
    """What can be changed of a role."""

    external_id: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    parent_role: Ref[Role] | Role | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class RoleDraft(RolePatch):
    """A role to create."""


collection = Editable(Role, RoleFilters, RoleSorts, RoleDraft, RolePatch)
