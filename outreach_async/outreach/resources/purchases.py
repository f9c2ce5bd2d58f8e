"""Purchased product (`/purchases`).

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
from ..record import Record, Ref, ToOne

if TYPE_CHECKING:
    from .accounts import Account
    from .products import Product
    from .users import User


class Purchase(Record):
    """Purchased product."""

    resource_type: ClassVar[str] = "purchase"
    resource_path: ClassVar[str] = "/purchases"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    currency: str | None = None
    description: str | None = None
    end_date: dt.date | None = None
    potential_quantity: float | None = None
    potential_value: float | None = None
    saturation: float | None = None
    source: str | None = None
    start_date: dt.date | None = None
    status: bool | None = None
    total_quantity: float | None = None
    total_value: float | None = None
    updated_at: dt.datetime | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    product: ClassVar[ToOne[Product]] = ToOne("product")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class PurchaseFilters(Params, relations={"account", "owner", "product"}):
    """What a list of purchases can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    currency: Filter[str] = LEFT_OUT
    end_date: Filter[dt.date] = LEFT_OUT
    potential_quantity: Filter[float] = LEFT_OUT
    potential_value: Filter[float] = LEFT_OUT
    saturation: Filter[float] = LEFT_OUT
    source: Filter[str] = LEFT_OUT
    start_date: Filter[dt.date] = LEFT_OUT
    status: Filter[bool] = LEFT_OUT
    total_quantity: Filter[float] = LEFT_OUT
    total_value: Filter[float] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT
    owner: Filter[Ref[User] | User | int] = LEFT_OUT
    product: Filter[Ref[Product] | Product | int] = LEFT_OUT


class PurchaseSorts(
    Sorts[
        Literal[
            "created_at",
            "-created_at",
            "end_date",
            "-end_date",
            "start_date",
            "-start_date",
            "updated_at",
            "-updated_at",
        ]
    ]
):
    """What a list of purchases can be ordered by."""


class PurchasePatch(Params, relations={"account", "owner", "product"}):
    """What can be changed of a purchase."""

    currency: str | None = LEFT_OUT
    description: str | None = LEFT_OUT
    end_date: dt.date | None = LEFT_OUT
    potential_quantity: float | None = LEFT_OUT
    potential_value: float | None = LEFT_OUT
    saturation: float | None = LEFT_OUT
    source: str | None = LEFT_OUT
    start_date: dt.date | None = LEFT_OUT
    status: bool | None = LEFT_OUT
    total_quantity: float | None = LEFT_OUT
    total_value: float | None = LEFT_OUT
    account: Ref[Account] | Account | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    product: Ref[Product] | Product | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class PurchaseDraft(PurchasePatch):
    """A purchase to create."""


collection = Editable(Purchase, PurchaseFilters, PurchaseSorts, PurchaseDraft, PurchasePatch)
