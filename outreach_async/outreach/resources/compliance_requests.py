"""GDPR/CCPA deletion request (`/complianceRequests`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Addable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, ToOne

if TYPE_CHECKING:
    from .users import User


class ComplianceRequest(Record):
    """GDPR/CCPA deletion request."""

    resource_type: ClassVar[str] = "complianceRequest"
    resource_path: ClassVar[str] = "/complianceRequests"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    batch_compliance_request_uuid: str | None = None
    created_at: dt.datetime | None = None
    object_type: Literal["Prospect", "Recipient"] | str | None = None
    pii: dict[str, Any] | None = None
    request_object_id: str | None = None
    request_type: Literal["Delete"] | str | None = None
    requester_id: int | None = None
    state: Literal["pending", "running", "failed", "done"] | str | None = None
    updated_at: dt.datetime | None = None
    uuid: str | None = None

    requester: ClassVar[ToOne[User]] = ToOne("requester")


class ComplianceRequestFilters(Params):
    """What a list of compliance requests can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    state: Filter[Literal["pending", "running", "failed", "done"] | str] = LEFT_OUT
    uuid: Filter[str] = LEFT_OUT


class ComplianceRequestSorts(Sorts[Literal["state", "-state", "uuid", "-uuid"]]):
    """What a list of compliance requests can be ordered by."""


class ComplianceRequestDraft(Params):
    """A compliance request to create."""

    batch_compliance_request_uuid: str | None = LEFT_OUT
    object_type: Literal["Prospect", "Recipient"] | str | None = LEFT_OUT
    pii: abc.Mapping[str, Any] | None = LEFT_OUT
    request_object_id: str | None = LEFT_OUT
    request_type: Literal["Delete"] | str | None = LEFT_OUT
    requester_id: int | None = LEFT_OUT
    state: Literal["pending", "running", "failed", "done"] | str | None = LEFT_OUT
    uuid: str | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


collection = Addable(ComplianceRequest, ComplianceRequestFilters, ComplianceRequestSorts, ComplianceRequestDraft)
