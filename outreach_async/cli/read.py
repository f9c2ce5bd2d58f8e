"""`get`: one record or a list of them, of any type of either API, in any of the formats."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError
from ..protocol.jsonapi import decode_object
from . import selection
from .options import Format
from .output import DONE, Output
from .rows import Resource, masked, may_hold_secret
from .settings import Who, outreach
from .writers import Collected, Csv, JsonLines, Table, Writer, write_one

if TYPE_CHECKING:
    from ..outreach.client import Outreach
    from ..outreach.page import Page, RawRow
    from ..outreach.queries import Query

# Rows of a table or a JSON object, which are held in memory, unless a limit says otherwise.
HELD_ROWS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as the command line has it. `format` None is a table, or with --json the object alone."""

    type: str
    id: str | None = None
    filters: abc.Sequence[str] = ()
    sort: abc.Sequence[str] = ()
    fields: abc.Sequence[str] = ()
    include: abc.Sequence[str] = ()
    limit: int | None = None
    format: Format | None = None


async def get(output: Output, wanted: Wanted, who: Who) -> int:
    """Read what was asked for from Outreach, and write it."""
    name = selection.collection_name(wanted.type)
    async with outreach(who, output.note) as (api, _):
        if wanted.id is not None:
            await _one(output, api, name, wanted)
        else:
            await _list(output, api, name, wanted)
    return DONE


async def _one(output: Output, api: Outreach, name: str, wanted: Wanted) -> None:
    """Read one record as the raw document, since that keeps what was included."""
    if wanted.filters or wanted.sort or wanted.limit is not None:
        raise ConfigurationError("one record has no filter, sort or limit", hint="Leave the id out to list.")
    from ..protocol.query import fields_parameters, include_value
    from ..protocol.urls import path_segment

    kind, path = _kind_and_path(name)
    query = fields_parameters(selection.fields(wanted.fields, kind))
    if include := selection.includes(wanted.include):
        query.append(("include", include_value(include)))
    route = f"{path}/{{id}}"
    response = await api.request("GET", f"{path}/{path_segment(wanted.id)}", query=query, route=route)
    document = masked(decode_object(response.body))
    included = document.get("included") or []
    if wanted.format is not None or not output.json:
        write_one(output, document.get("data") or {}, included, wanted.format or Format.table)
    output.result({"data": document.get("data"), "included": included})


async def _list(output: Output, api: Outreach, name: str, wanted: Wanted) -> None:
    kind, _ = _kind_and_path(name)
    chosen = selection.fields(wanted.fields, kind)
    limit = wanted.limit
    if limit is None and wanted.format in (None, Format.table):
        limit = HELD_ROWS
    query = _query(api, name, wanted, chosen)
    writer, count, more = writer_for(output, wanted, selection.columns(chosen, kind)), 0, False
    async for page in (query if limit is None else query.limit(limit)).pages():
        rows = [_resource(row) for row in page.raw()]
        kept = rows if limit is None else rows[: limit - count]
        count += len(kept)
        writer.page(kept, _along(page) if wanted.include else [])
        more = page.next_url is not None or len(kept) < len(rows)
    finish(output, writer, wanted, name, count, more=more)


def finish(output: Output, writer: Writer, wanted: Wanted, name: str, count: int, *, more: bool) -> None:
    """Write what the writer still holds, and the object a machine reads."""
    writer.end()
    told: dict[str, Any] = {"type": name, "count": count, "more": more}
    if isinstance(writer, Collected):
        told |= {"data": writer.rows, "included": writer.included}
    if more and wanted.limit is None and not output.json:
        output.note(f"{count} rows, and there are more: --limit N, or --format jsonl for all of them")
    output.result(told)


def _query(api: Outreach, name: str, wanted: Wanted, chosen: dict[str, list[str]]) -> Query[Any, Any]:
    query: Query[Any, Any]
    if "/" in name:
        query = api.collection(name).filter(selection.raw_filters(wanted.filters))
    else:
        collection = getattr(api, name)
        if not hasattr(collection, "where"):
            raise ConfigurationError(f"{name} cannot be listed", hint="The API gives them one at a time: add an id.")
        query = collection.where(**selection.filters(wanted.filters))
    if keys := selection.sort_keys(wanted.sort):
        query = query.sort(*keys)
    if include := selection.includes(wanted.include):
        query = query.include(*include)
    return query.fields(**chosen) if chosen else query


def writer_for(output: Output, wanted: Wanted, columns: abc.Sequence[str]) -> Writer:
    """Give the writer of the format asked for."""
    match wanted.format:
        case None if output.json:
            return Collected()
        case Format.jsonl:
            return JsonLines()
        case Format.csv:
            return Csv(output, columns)
        case _:
            return Table(output, columns)


def _kind_and_path(name: str) -> tuple[str, str]:
    """Give the Python name of a collection's type, and its path."""
    if "/" in name:
        return name.rpartition("/")[2], f"/{name}"
    from ..outreach.resources import TYPES
    from ..protocol.names import camel, snake

    kinds = {module: kind for kind, (module, _) in TYPES.items()}
    return snake(kinds[name]), f"/{camel(name)}"


def _resource(row: RawRow) -> Resource:
    resource = {
        "type": row.type,
        "id": row.id,
        "attributes": decode_object(row.attributes),
        "relationships": decode_object(row.relationships),
    }
    return masked(resource) if may_hold_secret(row.attributes) else resource


def _along(page: Page[Any]) -> list[Resource]:
    """Give the records that came along, as far as a record tells: type, id and attributes."""
    records = page.included
    return [masked({"type": r.resource_type, "id": r.id, "attributes": r.attributes}) for r in records]
