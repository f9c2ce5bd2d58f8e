"""The errors an answer's body tells, whatever its form.

JSON:API's list with Outreach's own spellings, the gateways' flat objects, OAuth's, PlanMySaaS's; anything else tells
nothing. What class of error they make is `verdict`'s business.
"""

from __future__ import annotations

import re

import msgspec

from .errors import ErrorObject
from .redaction import redact

_MOST_ERRORS = 50
_LONGEST_TEXT = 1000
_LONGEST_READ = 8 * _LONGEST_TEXT  # enough that a secret is cut off whole
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


def error_objects(body: bytes) -> tuple[ErrorObject, ...]:
    """Read the errors of a body, at most 50 of them; junk gives none, and nothing is raised."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ()
    if not isinstance(document, dict):
        return ()
    listed = document.get("errors")
    if isinstance(listed, list):
        return tuple(_from_item(item) for item in listed[:_MOST_ERRORS])
    flat = document.get("error")
    if isinstance(flat, dict):
        return (_from_item(flat),)
    return _from_flat(_text(flat), document)


def _from_item(item: object) -> ErrorObject:
    if not isinstance(item, dict):
        return ErrorObject(detail=_text(item))
    source = item.get("source")
    return ErrorObject(
        code=_first(item, "id", "code", "type"),
        title=_first(item, "title"),
        # The documented 415 spells it `details`.
        detail=_first(item, "detail", "details", "message", "description", "error_description"),
        pointer=_text(source.get("pointer")) if isinstance(source, dict) else "",
    )


def _from_flat(error: str, document: dict[str, object]) -> tuple[ErrorObject, ...]:
    """Read `{"error": "...", "description": "..."}`: the error is a code where it looks like one, else a sentence."""
    detail = _first(document, "error_description", "description", "message", "detail", "details")
    if not error and not detail:
        return ()
    if _CODE.fullmatch(error):
        return (ErrorObject(code=error, detail=detail),)
    return (ErrorObject(title=error, detail=detail) if detail else ErrorObject(detail=error),)


def _first(item: dict[str, object], *names: str) -> str:
    return next((text for name in names if (text := _text(item.get(name)))), "")


def _text(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(filter(None, map(_text, value[:_MOST_ERRORS])))[:_LONGEST_TEXT]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        # A server may quote what it was sent, the token included.
        return redact(str(value)[:_LONGEST_READ]).strip()[:_LONGEST_TEXT]
    return ""
