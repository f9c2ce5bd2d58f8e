"""A list call that is not made yet: awaiting it gives the first page, iterating it walks them all."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar, get_args
from urllib.parse import parse_qsl

from msgspec.structs import replace

from ..protocol import paging
from ..protocol.errors import ConfigurationError, ServerFault
from ..protocol.jsonapi import decode_document
from ..protocol.messages import Request
from ..protocol.query import encode, encode_filters, fields_parameters, include_value, sort_value
from .caller import Caller
from .page import Count, Page, RawRow
from .record import Record

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=str)

DEFAULT_PAGE_SIZE = 500
_HEAVY = frozenset({502, 504})


class Sorts(Generic[S]):
    """Carries the sort keys of a type as a Literal, for checkers; `keys` gives them at run time."""

    @classmethod
    def keys(cls) -> frozenset[str]:
        """Give the keys a list can be sorted by, `-updated_at` beside `updated_at`."""
        literals = (get_args(base) for base in getattr(cls, "__orig_bases__", ()))
        return frozenset(key for literal in literals if literal for key in get_args(literal[0]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list call asks for; every method of `Query` gives a changed copy."""

    path: str
    scope: str | None
    sort_keys: frozenset[str] | None
    filters: tuple[tuple[tuple[str, ...], object], ...] = ()
    raw: tuple[tuple[str, str], ...] = ()
    sort: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    fields: abc.Mapping[str, abc.Sequence[str]] = dataclasses.field(default_factory=dict)
    size: int = DEFAULT_PAGE_SIZE
    limit: int | None = None
    offset: int | None = None

    def pairs(self, *, size: int | None = None, count: bool = False) -> list[tuple[str, str]]:
        """Give the query of the first page. Without `count` the server is told not to count."""
        pairs = [*encode_filters(self.filters), *self.raw]
        if self.sort:
            pairs.append(("sort", sort_value(self.sort)))
        if self.include:
            pairs.append(("include", include_value(self.include)))
        pairs += fields_parameters(self.fields)
        wanted = size or (self.size if self.limit is None else max(1, min(self.size, self.limit)))
        if self.offset is None:
            pairs.append(("page[size]", str(wanted)))
        else:
            pairs += [("page[limit]", str(wanted)), ("page[offset]", str(self.offset))]
        if not any(name == "count" for name, _ in pairs):
            pairs.append(("count", "true" if count else "false"))
        return pairs


class Query(Generic[R, S]):
    """A list of records, as narrow as asked for. Immutable: each method gives a new query.

    `await query` gives the first `Page`; `async for record in query` walks every page. A page that is too heavy for
    the server (502, 504) is asked for again at half the size.
    """

    __slots__ = ("_caller", "_plan", "_record")

    def __init__(self, caller: Caller, record: type[R], plan: Plan) -> None:
        self._caller = caller
        self._record = record
        self._plan = plan

    def sort(self, *keys: S) -> Self:
        """Order by these keys, `-` before a key meaning descending. Raises ConfigurationError for others."""
        allowed = self._plan.sort_keys
        for key in keys:
            if allowed is not None and key not in allowed:
                kind = self._record.resource_type
                raise ConfigurationError(f"{kind} cannot be sorted by {key!r}", hint=f"By {_listed(allowed)}.")
        return self._with(sort=(*self._plan.sort, *keys))

    def include(self, *paths: str) -> Self:
        """Bring related records along, such as `account` or `account.owner`; find them with `Page.find`."""
        return self._with(include=(*self._plan.include, *paths))

    def fields(self, **names: abc.Sequence[str]) -> Self:
        """Send only these attributes, by resource type: `fields(account=["name"], user=["email"])`."""
        return self._with(fields={**self._plan.fields, **names})

    def filter(self, filters: abc.Mapping[str, object]) -> Self:
        """Add filters as the wire writes them, unchecked: `{"filter[amount]": "1000..inf"}` or `{"amount": 5}`."""
        pairs = tuple((k if "[" in k else f"filter[{k}]", str(v)) for k, v in filters.items())
        return self._with(raw=(*self._plan.raw, *pairs))

    def page_size(self, rows: int) -> Self:
        """Ask for this many rows a page, 1 to 1,000; 500 unless said (Outreach, making requests).

        Raises ConfigurationError out of bounds.
        """
        paging.check_page_size(rows)
        return self._with(size=rows)

    def limit(self, rows: int) -> Self:
        """Stop after this many rows, of all pages together. Raises ConfigurationError below 0."""
        if rows < 0:
            raise ConfigurationError(f"a limit of {rows} rows is less than none")
        return self._with(limit=rows)

    def offset(self, rows: int) -> Self:
        """Page by offset, which is deprecated: up to 10,000, by 1,000 rows a page (Outreach, making requests).

        Raises ConfigurationError out of bounds, also in the middle of a walk.
        """
        paging.check_offset(rows, self._plan.size)
        return self._with(offset=rows)

    async def first(self) -> R | None:
        """Give the first record, or None. An empty page is not the end, so pages are read until one has it."""
        found = [page[0] async for page in self.limit(1).pages() if len(page)]
        return found[0] if found else None

    async def collect(self) -> list[R]:
        """Give all records as a list; they are all held in memory."""
        return [record async for record in self]

    async def count(self) -> Count:
        """Ask the server how many rows match, at the cost of one call."""
        page = await self._fetch(self._first_request(size=1, count=True))
        return page.count if page.count is not None else Count(0, truncated=True)

    async def pages(self) -> abc.AsyncIterator[Page[R]]:
        """Walk the pages. A page may be empty without being the last. `limit` ends the walk, but cuts no page.

        Raises InvalidResponse for a link that leads elsewhere or came before, ConfigurationError past 100,000 pages.
        """
        request: Request | None = self._first_request()
        seen: set[str] = set()
        left = self._plan.limit
        for _ in range(paging.MAX_PAGES):
            if request is None or (left is not None and left <= 0):
                return
            seen.add(paging.target(request))
            page = await self._fetch(request)
            if left is not None:
                left -= len(page)
            yield page
            request = self._next(request, page.next_url, seen)
            del page  # nothing here keeps a page that its reader has finished with
        raise ConfigurationError(f"the walk did not end within {paging.MAX_PAGES} pages", hint="Narrow the filter.")

    async def rows(self) -> abc.AsyncIterator[RawRow]:
        """Walk the rows undecoded: the cheapest way to copy them elsewhere."""
        async for row in self._walk(Page.raw):
            yield row

    def __await__(self) -> abc.Generator[Any, None, Page[R]]:
        return self._fetch(self._first_request()).__await__()

    async def __aiter__(self) -> abc.AsyncIterator[R]:
        async for record in self._walk(Page.records):
            yield record

    async def _walk(self, read: abc.Callable[[Page[R]], abc.Iterator[Any]]) -> abc.AsyncIterator[Any]:
        left = self._plan.limit
        async for page in self.pages():
            for item in read(page):
                if left is not None:
                    if left <= 0:
                        return
                    left -= 1
                yield item

    async def _fetch(self, request: Request) -> Page[R]:
        """Get one page, halving its size for as long as the server chokes on it."""
        caller = self._caller
        while True:
            half = _halved(request)
            policy = caller.options.retry or caller.pipeline.retry
            # Whatever else fails is tried as often as ever: only a page too heavy is better asked for in halves.
            retry = dataclasses.replace(policy, gateway_attempts=min(2, policy.attempts))
            options = dataclasses.replace(caller.options, retry=retry) if half else caller.options
            try:
                response = await caller.send(request, options)
            except ServerFault as fault:
                if fault.status not in _HEAVY or half is None:
                    raise
                request = half
            else:
                document = decode_document(response.body, request)
                return Page(document, self._record, record_class=caller.record_class, on_drift=caller.on_drift)

    def _first_request(self, *, size: int | None = None, count: bool = False) -> Request:
        plan = self._plan
        pairs = plan.pairs(size=size, count=count)
        return self._caller.request("GET", plan.path, route=plan.path, scope=plan.scope, query=pairs)

    def _next(self, request: Request, url: str | None, seen: abc.Set[str]) -> Request | None:
        following = paging.next_page(request, url, seen)
        if following is not None and self._plan.offset is not None:
            offset = dict(parse_qsl(following.query)).get("page[offset]", "0")
            paging.check_offset(int(offset) if offset.isdigit() else 0, self._plan.size)
        return following

    def _with(self, **changes: Any) -> Self:
        return type(self)(self._caller, self._record, dataclasses.replace(self._plan, **changes))


def _halved(request: Request) -> Request | None:
    """Give the request for half as many rows; None when it asks for one, or for no size."""
    pairs = parse_qsl(request.query, keep_blank_values=True)
    sizes = [int(value) for name, value in pairs if name in {"page[size]", "page[limit]"} and value.isdigit()]
    if not sizes or max(sizes) <= 1:
        return None
    halved = ((n, str(int(v) // 2)) if n in {"page[size]", "page[limit]"} else (n, v) for n, v in pairs)
    return replace(request, query=encode(halved))


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(sorted(key for key in keys if not key.startswith("-"))) or "nothing"
