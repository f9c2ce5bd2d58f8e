"""Imports: an upload link, a CSV put there, a check of it, and jobs that turn its rows into records.

As documented: prospects are matched by `externalId`, accounts by `customId`, upserted records by id; `dupeMethod`
says what becomes of a match. Our reading of its words: `overwrite` writes over it, `missing` fills in only what it
lacks, `skip` leaves it, `overwriteNoCreate` writes over it and creates nothing.
"""

from __future__ import annotations

import collections.abc as abc
import csv
import io
from typing import Any, TypeAlias

from .bodies import read_draft
from .calls import Actor, Call
from .catalogue import ResourceType, catalogue
from .organisation import Organisation, Relations, Values
from .refusals import Refused, bad_action_params, bad_body, blank, invalid_value
from .store import Record, Ref
from .timestamps import stamp

UPLOADS = "/uploads/"
_UNIQUE = {"prospectsImport": ("prospect", "externalId"), "accountsImport": ("account", "customId")}
_METHODS = frozenset({"overwrite", "skip", "missing"})
_Row: TypeAlias = tuple[ResourceType, Values, Ref | None]


class Imports:
    """The files that were uploaded, and the imports made of them."""

    def __init__(self, org: Organisation) -> None:
        self._org = org
        self._files: dict[str, bytes | None] = {}

    def upload_link(self, origin: str) -> dict[str, Any]:
        """Give the document of a new upload link. The link needs no token, as the real one, which is foreign."""
        key = self._org.uuid()
        self._files[key] = None
        attributes = {"storageKey": key, "uploadURL": f"{origin}{UPLOADS}{key}"}
        return {"data": {"type": "upload", "attributes": attributes}}

    def receive(self, path: str, body: bytes) -> bool:
        """Keep an uploaded file; False when no link leads to this path."""
        key = path.removeprefix(UPLOADS)
        if key not in self._files:
            return False
        self._files[key] = body
        return True

    def validate(self, params: abc.Mapping[str, str]) -> dict[str, Any]:
        """Give the document that describes an uploaded file. Raises Refused when it is not there."""
        rows = self._rows(params.get("storageKey", ""))
        # One header with its first value, as the OpenAPI document has it; whether the service tells more is not known.
        header = next(({"header": name, "value": value} for name, value in rows[0].items()), {}) if rows else {}
        return {"data": {"type": "validateUpload", "attributes": {"headerValue": header, "recordCount": len(rows)}}}

    def start_file(self, action: str, given: Values, call: Call) -> Record:
        """Start the import of an uploaded file. Raises Refused."""
        kind, key = _UNIQUE[action]
        mappings = given.get("mappings")
        if not isinstance(mappings, dict):
            raise blank("mappings")
        rows = [
            {field: row[column] for column, field in mappings.items() if row.get(column)}
            for row in self._rows(str(given.get("storageKey", "")))
        ]
        method = _method(given, _METHODS)
        resource = catalogue().types[kind]
        work: list[_Row] = [(resource, row, self._match(kind, key, row)) for row in rows]
        return self._start(action, given, method, work, call)

    def start_upsert(self, action: str, given: Values, call: Call) -> Record:
        """Start the upsert of records given in the body. Raises Refused."""
        records = given.get("records")
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise blank("records")
        method = _method(given, _METHODS | {"overwriteNoCreate"})
        work = [self._upserted(record) for record in records]
        return self._start(action, given, method, work, call)

    def _upserted(self, record: dict[str, Any]) -> _Row:
        kind = catalogue().types.get(str(record.get("type")))
        if kind is None:
            raise bad_body(f"has a record of the type '{record.get('type')}'")
        text = str(record.get("id", ""))
        ref = (kind.name, int(text)) if text.isdecimal() else None
        return kind, record, ref if ref and self._org.store.has(ref) else None

    def _rows(self, key: str) -> list[dict[str, str]]:
        content = self._files.get(key)
        if content is None:
            raise bad_action_params("storageKey", "does not name an uploaded file")
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"))))

    def _match(self, kind: str, key: str, row: Values) -> Ref | None:
        text = row.get(key)
        found = self._org.store.having(kind, key, text) if text else ()
        return (kind, found[0]) if found else None

    def _start(self, action: str, given: Values, method: str, work: list[_Row], call: Call) -> Record:
        values = {
            "dupeMethod": method,
            "dupes": 0,
            "failures": 0,
            "fileName": given.get("fileName"),
            "importType": action,
            "mappings": given.get("mappings"),
            "recurring": False,
            "state": "pending",
            "stateChangedAt": stamp(call.now),
            "total": len(work),
        }
        org = self._org
        row = org.create("import", values, now=call.now, actor=call.actor)
        at = call.now + org.switches.job_delay
        org.later(at, lambda now: org.update(row.ref, {"state": "running", "stateChangedAt": stamp(now)}, now=now))
        org.later(at + org.switches.job_delay, lambda now: self._run(row.ref, method, work, call.actor, now))
        return row

    def _run(self, ref: Ref, method: str, work: list[_Row], actor: Actor | None, now: float) -> None:
        failures, reason = 0, None
        for kind, given, match in work:
            try:
                self._write(kind, given, match, method, actor, now)
            except Refused as refused:
                failures, reason = failures + 1, refused.response.body.decode()
        dupes = sum(match is not None for _, _, match in work)
        state = "failed" if work and failures == len(work) else "finished"
        values = {"state": state, "stateChangedAt": stamp(now), "failures": failures, "dupes": dupes}
        self._org.update(ref, {**values, "errorReason": reason}, now=now, actor=actor, special="finished")

    def _write(
        self, kind: ResourceType, given: Values, match: Ref | None, method: str, actor: Actor | None, now: float
    ) -> None:
        org = self._org
        data = given if "attributes" in given or "relationships" in given else {"attributes": _fields(kind, given)}
        draft = read_draft(kind, data, org.store, org.switches)
        if match is None:
            if method != "overwriteNoCreate":
                org.create(kind.name, draft.attributes, draft.related, now=now, actor=actor)
            return
        if method == "skip":
            return
        attributes, related = draft.attributes, draft.related
        if method == "missing":
            row = org.row(match)
            attributes = {name: value for name, value in attributes.items() if not row.attributes.get(name)}
            lacking: Relations = {name: ref for name, ref in related.items() if name not in row.one}
            related = lacking
        org.update(match, attributes, related, now=now, actor=actor)


def _fields(kind: ResourceType, row: Values) -> dict[str, Any]:
    """Give a row of a CSV as attributes: what is a list is written with commas."""
    fields: dict[str, Any] = {}
    for name, value in row.items():
        attribute = kind.attributes.get(name)
        many = attribute is not None and attribute.kind.startswith("array") and isinstance(value, str)
        fields[name] = [part.strip() for part in value.split(",")] if many else value
    return fields


def _method(given: Values, known: frozenset[str]) -> str:
    method = given.get("dupeMethod", "skip")
    if method not in known:
        raise invalid_value("dupeMethod", "is not included in the list")
    return str(method)
