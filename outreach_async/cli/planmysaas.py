"""PlanMySaaS' side of `get`: its three lists, one lead, and whose key this is."""

from __future__ import annotations

import collections.abc as abc
import difflib
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError
from .options import Format
from .output import DONE, Output
from .read import HELD_ROWS, Wanted, finish, writer_for
from .rows import Resource
from .selection import plain_filters
from .settings import planmysaas
from .writers import write_one

if TYPE_CHECKING:
    from ..planmysaas import Page, PlanMySaaS, Query, Record

# The lists, and what each can be narrowed by (PlanMySaaS, API reference).
_LISTS: dict[str, tuple[str, ...]] = {
    "campaigns": (),
    "leads": ("campaign", "status", "email"),
    "replies": ("campaign", "needs_action"),
}


async def get(output: Output, wanted: Wanted) -> int:
    """Read what was asked for from PlanMySaaS, and write it."""
    if wanted.sort or wanted.include:
        raise ConfigurationError("PlanMySaaS has neither --sort nor --include")
    async with planmysaas() as pms:
        if wanted.type == "me":
            await _show(output, wanted, await pms.me())
        elif wanted.id is not None:
            await _one(output, pms, wanted)
        else:
            await _list(output, pms, wanted)
    return DONE


async def _one(output: Output, pms: PlanMySaaS, wanted: Wanted) -> None:
    if _name(wanted.type) != "leads":
        raise ConfigurationError("only leads can be read one at a time", hint="Leave the id out to list.")
    assert wanted.id is not None
    await _show(output, wanted, await pms.leads.get(wanted.id))


async def _show(output: Output, wanted: Wanted, record: Record) -> None:
    resource = _resource(record)
    if wanted.format is not None or not output.json:
        write_one(output, resource, [], wanted.format or Format.table)
    output.result({"data": resource["attributes"]})


async def _list(output: Output, pms: PlanMySaaS, wanted: Wanted) -> None:
    name = _name(wanted.type)
    query, limit = _query(pms, name, wanted), wanted.limit
    if limit is None and wanted.format in (None, Format.table):
        limit = HELD_ROWS
    columns = [part.strip() for text in wanted.fields for part in text.split(",")]
    writer, count, more = writer_for(output, wanted, ["id", *columns] if columns else []), 0, False
    pages: abc.AsyncIterator[Page[Any]] = (query if limit is None else query.limit(limit)).pages()
    async for page in pages:
        kept = page if limit is None else page[: limit - count]
        count += len(kept)
        writer.page([_resource(record) for record in kept], [])
        more = page.next_cursor is not None or len(kept) < len(page)
    finish(output, writer, wanted, name, count, more=more)


def _query(pms: PlanMySaaS, name: str, wanted: Wanted) -> Query[Any]:
    given: dict[str, Any] = plain_filters(wanted.filters)
    given |= {"campaign": given.pop("campaign_id")} if "campaign_id" in given else {}
    for unknown in given.keys() - set(_LISTS[name]):
        raise ConfigurationError(
            f"{name} cannot be filtered by {unknown}", hint=f"By {', '.join(_LISTS[name]) or 'nothing'}."
        )
    if "needs_action" in given:
        given["needs_action"] = given["needs_action"] == "true"
    query: Query[Any] = getattr(pms, name).where(**given)
    return query


def _resource(record: Record) -> Resource:
    values = record.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {"type": type(record).__name__.lower(), "id": values.pop("id", None), "attributes": values}


def _name(asked: str) -> str:
    if asked in _LISTS:
        return asked
    near = difflib.get_close_matches(asked, _LISTS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(_LISTS)} and me."
    raise ConfigurationError(f"PlanMySaaS has no type {asked!r}", hint=hint)
