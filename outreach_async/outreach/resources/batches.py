"""Bulk job (`/batches`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal

from ...protocol.query import Filter
from ..collection import F, Readable, S
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .batch_items import BatchItem
    from .users import User


class Batch(Record):
    """Bulk job."""

    resource_type: ClassVar[str] = "batch"
    resource_path: ClassVar[str] = "/batches"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read", "write"})

    action: str | None = None
    canceled_at: dt.datetime | None = None
    confirm_count: int | None = None
    confirmed_at: dt.datetime | None = None
    confirmed_count_required: bool | None = None
    created_at: dt.datetime | None = None
    external_start_payload: str | None = None
    failures: int | None = None
    finished_at: dt.datetime | None = None
    payload: dict[str, Any] | None = None
    pending: int | None = None
    started_at: dt.datetime | None = None
    state: str | None = None
    summary: dict[str, Any] | None = None
    total: int | None = None
    updated_at: dt.datetime | None = None

    batch_items: ClassVar[ToMany[BatchItem]] = ToMany("batchItems")
    creator: ClassVar[ToOne[User]] = ToOne("creator")


class BatchFilters(Params):
    """What a list of batches can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    action: Filter[str] = LEFT_OUT
    state: Filter[str] = LEFT_OUT
    total: Filter[int] = LEFT_OUT


class BatchSorts(
    Sorts[Literal["created_at", "-created_at", "finished_at", "-finished_at", "state", "-state", "total", "-total"]]
):
    """What a list of batches can be ordered by."""


class Batches(Readable[Batch, F, S], Generic[F, S]):
    """Batches, and what can be done with one."""

    async def cancel(self, record: Batch | Ref[Batch] | int, /) -> Batch:
        """Cancel a batch that has not finished.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "cancel")

    async def confirm(self, record: Batch | Ref[Batch] | int, /, *, confirmed_count: int | None = None) -> Batch:
        """Confirm a batch that waits for it; `confirmed_count` where the batch demands the number.

        Raises Unprocessable when it cannot be done.
        """
        return await self._act(record, "confirm", confirmed_count=confirmed_count)


collection = Batches(Batch, BatchFilters, BatchSorts)
