"""The heart of the demo: every listable type copied at once, while a token dies and a connection breaks.

Two credentials share one pool, each with a quota of its own: what an installation may read it reads, the user reads
the rest. What was copied is compared, id by id, with what the sandbox holds.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, field
from typing import Any

from ..outreach.client import Outreach
from ..outreach.queries import Query
from ..outreach.resources import TYPES
from ..outreach.resources.namespace import COLLECTIONS
from ..protocol.names import camel
from ..protocol.scopes import covers
from ..sandbox.catalogue import catalogue
from ..sandbox.known_scopes import S2S_SCOPES
from ..sandbox.sandbox import Sandbox
from .demo_screen import Advance

PAGE_SIZE = 200
_AT_ONCE = 24
# Shares of all rows after which something goes wrong.
_TOKENS_DIE, _LINE_BREAKS = 0.25, 0.6
_BYTES_BEFORE_THE_CUT = 4000

CUSTOM_OBJECT = "customObjects/vehicle"


@dataclass(frozen=True, slots=True)
class Source:
    """One type to copy: its wire name, the collection's name, and the client that reads it."""

    type: str
    name: str
    client: Outreach

    def query(self) -> Query[Any, Any]:
        """Give the list of all its rows."""
        if self.name == CUSTOM_OBJECT:
            return self.client.collection(self.name).where()
        query: Query[Any, Any] = getattr(self.client, self.name).where()
        return query


@dataclass(slots=True)
class Copy:
    """What has been copied so far: the ids of each type."""

    sandbox: Sandbox
    tell: abc.Callable[[str], None]
    ids: dict[str, set[Any]] = field(default_factory=dict)
    rows: int = 0
    _mishaps: list[tuple[float, abc.Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mishaps = [(_TOKENS_DIE, self._revoke), (_LINE_BREAKS, self._cut)]

    async def run(self, sources: abc.Sequence[Source], advance: Advance) -> None:
        """Copy every source, many at once. Raises the first error that the client could not cure."""
        total = sum(len(self.listed(source.type)) for source in sources)

        async def copy(source: Source) -> None:
            ids = self.ids.setdefault(source.type, set())
            async for page in source.query().page_size(PAGE_SIZE).pages():
                ids.update(row.id for row in page.raw())
                self.rows += len(page)
                advance(source.type, len(page))
                self._go_wrong(self.rows / max(1, total))

        async for outcome in sources[0].client.map(copy, sources, concurrency=_AT_ONCE):
            if outcome.error is not None:
                raise outcome.error

    def listed(self, kind: str) -> set[Any]:
        """Give the ids of a type that the sandbox holds and lists: of accounts only those that are `named`."""
        store, known_by = self.sandbox.outreach.store, catalogue().types[kind].known_by
        if known_by:
            return set(store.column(kind, known_by).values())
        if kind != "account":
            return set(store.ids(kind))
        return {row_id for row_id, named in store.column(kind, "named").items() if named}

    def differences(self) -> list[str]:
        """Name the types whose copied ids are not those that the sandbox lists."""
        held = {kind: self.listed(kind) for kind in sorted(self.ids)}
        differing = [kind for kind, ids in held.items() if ids != self.ids[kind]]
        return [f"{kind}: {len(self.ids[kind])} copied, {len(held[kind])} held" for kind in differing]

    def _go_wrong(self, share: float) -> None:
        while self._mishaps and share >= self._mishaps[0][0]:
            self._mishaps.pop(0)[1]()

    def _revoke(self) -> None:
        died = self.sandbox.outreach.revoke_tokens()
        self.tell(f"! {died} access tokens revoked by the server")

    def _cut(self) -> None:
        self.sandbox.outreach.cut_next(after=_BYTES_BEFORE_THE_CUT)
        self.tell("! a connection is cut in the middle of an answer")


def sources(user: Outreach, install: Outreach) -> list[Source]:
    """Give every type that can be listed, with the client to list it by; the largest lists begin first."""
    kinds = {module: kind for kind, (module, _) in TYPES.items()}
    listable = [name for name in sorted(COLLECTIONS) if hasattr(getattr(user, name), "where")]
    found = [
        Source(kinds[name], name, install if covers(S2S_SCOPES, f"{camel(name)}.read") else user) for name in listable
    ]
    return [*found, Source("vehicle", CUSTOM_OBJECT, user)]
