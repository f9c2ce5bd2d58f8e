"""Whole list answers: rows chosen, ordered, cut into a page, written, counted on demand, kept while nothing changes.

A finished page is kept by its query until the next change of any row, within a bound of bytes, so that a benchmark
measures the client and not the simulator.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from .administration import OWNER
from .calls import Actor, Call
from .catalogue import ResourceType
from .documents import Documents, View, read_view
from .filtering import select
from .paging import Order, Window, link, window
from .parameters import Filter, Parameters, read_parameters
from .store import Record, Store
from .switches import Switches

PAGES_KEPT = 64 * 1024 * 1024  # bytes
_LISTS_KEPT = 256
_SECRETS = ("secret", "cleanupToken")


class Lists:
    """Answers `GET /{plural}` and writes single records."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._documents = Documents(store, switches)
        self._version = -1
        self._orders: OrderedDict[tuple[Any, ...], tuple[list[int], Order]] = OrderedDict()
        self._pages: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._bytes = 0

    def page(self, kind: ResourceType, call: Call) -> bytes:
        """Give the body of a list. Raises Refused."""
        self._forget_the_past()
        key = (kind.name, call.origin, call.query)
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
            return page
        page = self._written(kind, call)
        if kind.name != "webhook" and len(page) < PAGES_KEPT:
            self._pages[key] = page
            self._bytes += len(page)
            while self._bytes > PAGES_KEPT:
                self._bytes -= len(self._pages.popitem(last=False)[1])
        return page

    def member(self, kind: ResourceType, record: Record, parameters: Parameters, call: Call) -> bytes:
        """Give the body of one record."""
        view = read_view(kind, parameters, call.origin)
        included = self._included([record], parameters, view, call.actor)
        return b'{"data":' + self._rows([record], view, call.actor) + included + b"}"

    def _written(self, kind: ResourceType, call: Call) -> bytes:
        parameters = read_parameters(call.query)
        view = read_view(kind, parameters, call.origin)
        ids, order = self._ordered(kind, parameters)
        cut = window(ids, order, parameters, self._switches)
        records = [record for row_id in cut.ids if (record := self._store.get(kind.name, row_id))]
        rows = self._rows(records, view, call.actor)
        included = self._included(records, parameters, view, call.actor)
        return b'{"data":[' + rows + b"]" + included + self._around(kind, call, parameters, cut, len(ids)) + b"}"

    def _ordered(self, kind: ResourceType, parameters: Parameters) -> tuple[list[int], Order]:
        key = (kind.name, parameters.filters, parameters.sort)
        found = self._orders.get(key)
        if found is None:
            switches = self._switches
            filters = parameters.filters
            if kind.name == "account":
                # Only named accounts show up on the collection (Outreach, the OpenAPI document).
                filters = (*filters, Filter(("named",), classic="true"))
            order = Order(self._store, kind, parameters.sort, switches)
            ids = select(self._store, kind, filters, open_top=switches.upper_bound_ignored)
            found = self._orders[key] = (order.arrange(ids), order)
            if len(self._orders) > _LISTS_KEPT:
                self._orders.popitem(last=False)
        return found

    def _around(self, kind: ResourceType, call: Call, parameters: Parameters, cut: Window, total: int) -> bytes:
        around: dict[str, Any] = {}
        switches = self._switches
        if cut.links:
            around["links"] = {
                name: link(call.origin, kind.plural, parameters, page, switches) for name, page in cut.links.items()
            }
        counted = switches.count_default if parameters.count is None else parameters.count
        if counted:
            truncated = switches.count_truncated
            around["meta"] = {"count": 0 if truncated else total, "count_truncated": truncated}
        elif switches.count_off == "null":
            around["meta"] = {"count": None}
        return b"," + msgspec.json.encode(around)[1:-1] if around else b""

    def _included(self, records: list[Record], parameters: Parameters, view: View, actor: Actor | None) -> bytes:
        if not parameters.include:
            return b""
        rows = self._documents.included(records, parameters.include)
        return b',"included":[' + self._rows(rows, view, actor) + b"]"

    def _rows(self, records: list[Record], view: View, actor: Actor | None) -> bytes:
        for record in records:
            if record.type == "webhook" and (actor is None or record.attributes.get(OWNER) != actor.client_id):
                record.set(dict.fromkeys(_SECRETS))  # shown to the app that made it only; the record is a copy
        return b",".join(self._documents.rows(records, view))

    def _forget_the_past(self) -> None:
        if self._store.version != self._version:
            self._version = self._store.version
            self._orders.clear()
            self._pages.clear()
            self._bytes = 0
