"""Note on account (`/accountNotes`).

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
    from .opportunities import Opportunity
    from .users import User


class AccountNote(Record):
    """Note on account."""

    resource_type: ClassVar[str] = "accountNote"
    resource_path: ClassVar[str] = "/accountNotes"
    resource_scopes: ClassVar[frozenset[str]] = frozenset({"delete", "read", "write"})

    created_at: dt.datetime | None = None
    message: str | None = None
    note_type: str | None = None
    pinned: bool | None = None

    account: ClassVar[ToOne[Account]] = ToOne("account")
    creator: ClassVar[ToOne[User]] = ToOne("creator")
    opportunity: ClassVar[ToOne[Opportunity]] = ToOne("opportunity")


class AccountNoteFilters(Params, relations={"account"}):
    """What a list of account notes can be narrowed by."""

    id: Filter[int] = LEFT_OUT
    created_at: Filter[dt.date] = LEFT_OUT
    account: Filter[Ref[Account] | Account | int] = LEFT_OUT


class AccountNoteSorts(Sorts[Literal["created_at", "-created_at"]]):
    """What a list of account notes can be ordered by."""


class AccountNotePatch(Params, relations={"account"}):
    """What can be changed of an account note."""

    message: str | None = LEFT_OUT
    note_type: str | None = LEFT_OUT
    opportunity_association_rule: str | None = LEFT_OUT
    pinned: bool | None = LEFT_OUT
    account: Ref[Account] | Account | None = LEFT_OUT
    extra: abc.Mapping[str, Any] = LEFT_OUT


class AccountNoteDraft(AccountNotePatch):
    """An account note to create."""


collection = Editable(AccountNote, AccountNoteFilters, AccountNoteSorts, AccountNoteDraft, AccountNotePatch)
