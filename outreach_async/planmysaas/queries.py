"""A list call that is not made yet: awaiting it gives the first page, iterating it walks them all."""

from __future__ import annotations

import collections.abc as abc
import contextlib
import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar, cast, overload

from ..protocol import paging
from ..protocol.errors import ConfigurationError, InvalidResponse
from ..protocol.messages import Request
from .caller import Caller
from .record import Record, build

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list call asks for; every method of `Query` gives a changed copy.

    `sized` says that this list is documented to take a `limit` parameter. It is sent unasked only there.
    """

    path: str
    scope: str
    filters: tuple[tuple[str, str], ...] = ()
    sized: bool = False
    size: int | None = None
    limit: int | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Give the query of the first page."""
        size = self.size
        if self.sized and self.limit is not None:
            size = max(1, min(self.limit, size or paging.MAX_PAGE_SIZE))
        return [*self.filters, *([] if size is None else [("limit", str(size))])]


class Page(abc.Sequence[R], Generic[R]):
    """The records of one answer. `next_cursor` is None on the last page."""

    __slots__ = ("_records", "next_cursor")

    def __init__(self, records: abc.Sequence[R], next_cursor: str | None) -> None:
        self._records = tuple(records)
        self.next_cursor = next_cursor

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"<Page of {len(self)} {'and more' if self.next_cursor else 'and no more'}>"


class Query(Generic[R]):
    """A list of records, as narrow as asked for. Immutable: each method gives a new query.

    `await query` gives the first `Page`; `async for record in query` walks every page.
    """

    __slots__ = ("_caller", "_plan", "_record")

    def __init__(self, caller: Caller, record: type[R], plan: Plan) -> None:
        self._caller = caller
        self._record = record
        self._plan = plan

    def page_size(self, rows: int) -> Self:
        """Ask for this many rows a page, 1 to 1,000, as `limit`; the server's own number unless said.

        Only the list of leads documents the parameter. Raises ConfigurationError out of bounds.
        """
        paging.check_page_size(rows)
        return self._with(size=rows)

    def limit(self, rows: int) -> Self:
        """Stop after this many rows, of all pages together. Raises ConfigurationError below 0."""
        if rows < 0:
            raise ConfigurationError(f"a limit of {rows} rows is less than none")
        return self._with(limit=rows)

    async def first(self) -> R | None:
        """Give the first record, or None."""
        async with contextlib.aclosing(self.limit(1).pages()) as pages:
            async for page in pages:
                if len(page):
                    return page[0]
        return None

    async def collect(self) -> list[R]:
        """Give all records as a list; they are all held in memory."""
        return [record async for record in self]

    async def pages(self) -> abc.AsyncGenerator[Page[R], None]:
        """Walk the pages. A page may be empty without being the last. `limit` ends the walk, but cuts no page.

        Raises InvalidResponse for a cursor that was sent before, ConfigurationError past 100,000 pages.
        """
        request: Request | None = self._first_request()
        seen: set[str] = set()
        left = self._plan.limit
        for _ in range(paging.MAX_PAGES):
            if request is None or (left is not None and left <= 0):
                return
            page = await self._fetch(request)
            if left is not None:
                left -= len(page)
            yield page
            request = paging.next_cursor(request, page.next_cursor, seen)
            seen.update(() if page.next_cursor is None else (page.next_cursor,))
        raise ConfigurationError(f"the walk did not end within {paging.MAX_PAGES} pages", hint="Narrow the filter.")

    def __await__(self) -> abc.Generator[Any, None, Page[R]]:
        return self._fetch(self._first_request()).__await__()

    async def __aiter__(self) -> abc.AsyncIterator[R]:
        left = self._plan.limit
        async with contextlib.aclosing(self.pages()) as pages:
            async for page in pages:
                for record in page if left is None else page[:left]:
                    yield record
                left = None if left is None else left - len(page)

    def _first_request(self) -> Request:
        plan = self._plan
        return self._caller.request("GET", plan.path, route=plan.path, scope=plan.scope, query=plan.pairs())

    async def _fetch(self, request: Request) -> Page[R]:
        answer = await self._caller.read(request)
        envelope = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {"data": answer}
        rows = envelope.get("data")
        if not isinstance(rows, list):
            raise InvalidResponse("the answer holds no list under data", request=request)
        records = [build(self._record, row, request, self._caller.on_drift) for row in rows]
        return Page(records, paging.cursor_of(envelope, request))

    def _with(self, **changes: Any) -> Self:
        return type(self)(self._caller, self._record, dataclasses.replace(self._plan, **changes))
