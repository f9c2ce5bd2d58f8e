"""One row of a bulk job (`/batchItems`).

Generated from the catalogue by tools/generate_resources.py: change the catalogue, not this file.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, Literal

from ...protocol.query import Filter
from ..collection import Readable
from ..params import LEFT_OUT, Params
from ..queries import Sorts
from ..record import Record, ToOne

if TYPE_CHECKING:
    from .batches import Batch


class BatchItem(Record):
    """One row of a bulk job."""

    resource_type: ClassVar[str] = "batchItem"
    resource_path: ClassVar[str] = "/batchItems"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"read"})

    batch_id: int | None = None
    created_at: dt.datetime | None = None
    data: str | None = None
    failed: bool | None = None
    info: str | None = None
    state: str | None = None

    batch: ClassVar[ToOne[Batch]] = ToOne("batch")


class BatchItemFilters(Params):
    """What a list of batch items can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    batch_id: Filter[int] = LEFT_OUT
    failed: Filter[bool] = LEFT_OUT
    state: Filter[str] = LEFT_OUT


class BatchItemSorts(Sorts[Literal["batch_id", "-batch_id", "failed", "-failed", "state", "-state"]]):
    """What a list of batch items can be ordered by."""


collection = Readable(BatchItem, BatchItemFilters, BatchItemSorts)
