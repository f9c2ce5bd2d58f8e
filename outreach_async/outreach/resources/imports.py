"""CSV/upsert job (`/imports`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from ..collection import Gettable
from ..record import Record, ToOne

if TYPE_CHECKING:
    from .users import User


class Import(Record):
    """CSV/upsert job."""

    resource_type: ClassVar[str] = "import"
    resource_path: ClassVar[str] = "/imports"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    created_at: dt.datetime | None = None
    dupe_method: str | None = None
    dupes: int | None = None
    error_reason: str | None = None
    external_id: str | None = None
    external_name: str | None = None
    external_type: str | None = None
    failures: int | None = None
    file_name: str | None = None
    file_size: int | None = None
    frequency: str | None = None
    import_type: str | None = None
    load_from_plugin: bool | None = None
    mappings: dict[str, Any] | None = None
    plugin_id: int | None = None
    prospect_owner_id: int | None = None
    recurring: bool | None = None
    report_instance_id: str | None = None
    scheduled_at: dt.datetime | None = None
    source: str | None = None
    stage_id: int | None = None
    state: str | None = None
    state_changed_at: dt.datetime | None = None
    synced_until: dt.datetime | None = None
    time_zone: str | None = None
    total: int | None = None
    updated_at: dt.datetime | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")


collection = Gettable(Import)
