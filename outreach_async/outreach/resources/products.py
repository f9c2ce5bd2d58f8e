"""Catalogue product (`/products`).

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
from ..record import Record, Ref, ToMany, ToOne

if TYPE_CHECKING:
    from .purchases import Purchase
    from .users import User


class Product(Record):
    """Catalogue product."""

    resource_type: ClassVar[str] = "product"
    resource_path: ClassVar[str] = "/products"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    classification: str | None = None
    code: str | None = None
    created_at: dt.datetime | None = None
    deleted: bool | None = None
    description: str | None = None
    name: str | None = None
    product_family: str | None = None
    status: bool | None = None
    unit_of_measure: str | None = None
    updated_at: dt.datetime | None = None
    website: str | None = None

    creator: ClassVar[ToOne[User]] = ToOne("creator")
    owner: ClassVar[ToOne[User]] = ToOne("owner")
    purchases: ClassVar[ToMany[Purchase]] = ToMany("purchases")
    updater: ClassVar[ToOne[User]] = ToOne("updater")


class ProductFilters(Params):
    """What a list of products can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    classification: Filter[str] = LEFT_OUT
    code: Filter[str] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    name: Filter[str] = LEFT_OUT
    product_family: Filter[str] = LEFT_OUT
    status: Filter[bool] = LEFT_OUT
    unit_of_measure: Filter[str] = LEFT_OUT
    updated_at: Filter[dt.date] = LEFT_OUT
    website: Filter[str] = LEFT_OUT


class ProductSorts(
    Sorts[Literal["code", "-code", "created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"]]
):
    """What a list of products can be ordered by."""


class ProductPatch(Params, relations={"owner"}):
    """What can be changed of a product."""

    classification: str | None = LEFT_OUT
    code: str | None = LEFT_OUT
    deleted: bool | None = LEFT_OUT
    description: str | None = LEFT_OUT
    name: str | None = LEFT_OUT
    product_family: str | None = LEFT_OUT
    status: bool | None = LEFT_OUT
    unit_of_measure: str | None = LEFT_OUT
    website: str | None = LEFT_OUT
    owner: Ref[User] | User | None = LEFT_OUT
    custom: abc.Mapping[str, Any] = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class ProductDraft(ProductPatch):
    """A product to create."""


collection = Editable(Product, ProductFilters, ProductSorts, ProductDraft, ProductPatch)
