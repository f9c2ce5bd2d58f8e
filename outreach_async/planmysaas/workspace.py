"""Who a key is: its workspace and what it may do."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Self

from pydantic import Field, PrivateAttr

from ..protocol.errors import ErrorObject, Forbidden, InvalidResponse
from ..protocol.messages import NO_HEADERS, Request, Response
from ..protocol.scopes import RESERVED_PLANMYSAAS_SCOPES, explain, missing
from .caller import Caller, member
from .record import Record, Rows, build

LIVE_SCOPES = frozenset({"leads:read", "leads:write", "campaigns:read", "replies:read"})


class Workspace(Record):
    """The workspace that a key belongs to; all data is that workspace's."""

    id: str | None = None
    name: str | None = None
    created_at: dt.datetime | None = None


class Key(Record):
    """An API key, without its secret part. `prefix` is what the vendor's support asks for."""

    prefix: str | None = None
    scopes: Rows[str] = ()


class Me(Record):
    """The answer of `me()`: a workspace and a key."""

    workspace: Workspace = Field(default_factory=Workspace)
    key: Key = Field(default_factory=Key)

    _asked: Request = PrivateAttr()

    @property
    def scopes(self) -> frozenset[str]:
        """What the key may do. Raises InvalidResponse when the answer did not say."""
        told = self["key"]["scopes"] if "key" not in self.drifted else None
        if not isinstance(told, tuple) or "scopes" not in self.key.model_fields_set:
            raise InvalidResponse("the answer does not say which scopes the key has", request=self._asked)
        return frozenset(told)

    def require(self, *scopes: str) -> Self:
        """Raise Forbidden unless the key has all these scopes; nothing is sent.

        Scopes match exactly: `leads:write` does not include `leads:read` (PlanMySaaS, API reference).
        """
        granted = self.scopes
        for scope in scopes:
            if lacking := missing(granted, scope):
                told = ErrorObject(detail=explain(granted, scope).replace("the token", "the key"))
                raise Forbidden(
                    self._asked,
                    Response(403, NO_HEADERS, b""),
                    errors=(told,),
                    note=f"key {self.key.prefix}",
                    hint=_advice(scope),
                    missing=lacking,
                )
        return self


async def read_me(caller: Caller) -> Me:
    """Ask whose key this is. It needs no scope: the call to try a key with."""
    request = caller.request("GET", "/me", route="/me", scope=None)
    me = build(Me, member(await caller.read(request)), request, caller.on_drift)
    me._asked = request
    return me


def _advice(scope: str) -> str:
    if scope in RESERVED_PLANMYSAAS_SCOPES:
        return f"The vendor has reserved {scope}, and no endpoint uses it yet."
    if scope in LIVE_SCOPES:
        return "Make a key that has it; the scopes of a key that is there do not change by themselves."
    near = difflib.get_close_matches(scope, LIVE_SCOPES | RESERVED_PLANMYSAAS_SCOPES, n=1)
    return f"Did you mean {near[0]}?" if near else "No scope of that name is documented."
