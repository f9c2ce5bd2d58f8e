"""Admin audit record (`/auditLogs`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Listable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record


class AuditLog(Record):
    """Admin audit record. Its ids are texts on the wire, and stay texts."""

    resource_type: ClassVar[str] = "auditLog"
    resource_path: ClassVar[str] = "/auditLogs"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    action: str | None = None
    additional_info: list[Any] | None = None
    agent: dict[str, Any] | None = None
    changes: list[Any] | None = None
    event_name: str | None = None
    global_id: str | None = None
    org_id: str | None = None
    request_id: str | None = None
    result: Literal["completed", "pending", "failed"] | str | None = None
    timestamp: dt.datetime | None = None


class AuditLogFilters(Params):
    """What a list of audit logs can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    action: Filter[str] = LEFT_OUT
    event_name: Filter[str] = LEFT_OUT
    request_id: Filter[str] = LEFT_OUT
    result: Filter[Literal["completed", "pending", "failed"] | str] = LEFT_OUT
    timestamp: Filter[dt.date] = LEFT_OUT
    agent_email: str = LEFT_OUT
    agent_ip_address: str = LEFT_OUT


class AuditLogSorts(
    Sorts[
        Literal[
            "action",
            "-action",
            "event_name",
            "-event_name",
            "request_id",
            "-request_id",
            "result",
            "-result",
            "timestamp",
            "-timestamp",
        ]
    ]
):
    """What a list of audit logs can be ordered by."""


collection = Listable(AuditLog, AuditLogFilters, AuditLogSorts)
