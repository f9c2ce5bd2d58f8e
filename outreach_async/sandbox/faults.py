"""Things that go wrong on demand: which calls they hit, how often, and what the caller then sees.

A fault either stands in for the service (status, page too heavy), or lets it work and spoils the answer (cut, slow,
drift). How the answer travels, and time itself, are not known here: a `Reply` says what should happen to it.
"""

from __future__ import annotations

import collections.abc as abc
import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..protocol.errors import ConfigurationError
from ..protocol.messages import Response
from .calls import Call

DriftKind = Literal["changed_type", "unknown_enum", "missing_field", "extra_type"]

FOREVER = -1
_DEFAULT_PAGE = 50
_PREFIXES = ("/api/v2", "/api/v1/outreach")


@dataclass(frozen=True, slots=True)
class Drift:
    """A change of the documents: what an attribute of a type became. Empty names mean every row, the first text."""

    kind: DriftKind
    type: str = ""
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `status` answers instead of the service, unless `effect` lets it work first. `delay` is in seconds. `cut` closes
    the connection after so many bytes of the body, or before anything is sent when below zero; without `effect` the
    service never saw the call. `above_rows` makes larger pages a 502. `refuse` lets no connection be made (a served
    sandbox can only drop it). `times` counts the calls hit, below zero for ever; `skip` lets so many pass first.
    `route` names the calls: `/prospects/{id}`, `POST /oauth/token`; None is every call of the API itself.
    `retry_after` is in seconds.
    """

    status: int = 0
    delay: float = 0.0
    cut: int | None = None
    drift: Drift | None = None
    above_rows: int = 0
    refuse: bool = False
    route: str | None = None
    times: int = 1
    skip: int = 0
    effect: bool = False
    retry_after: float | None = None
    html: bool = False
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.status and not 200 <= self.status <= 599:
            raise ConfigurationError(f"{self.status} is no status a server answers with.")
        if not (self.status or self.delay or self.cut is not None or self.drift or self.above_rows or self.refuse):
            raise ConfigurationError("A fault has to do something.", hint="Give a status, delay, cut, drift or rows.")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and how it travels: after `delay` seconds, and cut after `cut` bytes of its body, or not at all."""

    response: Response
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    cut: int | None = None
    refused: bool = False


class Faults:
    """The faults waiting for their calls; the oldest that fits is taken, and counted in `hit`."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.hit = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, fault: Fault) -> None:
        """Let this go wrong from now on."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._waiting.clear()

    def waiting(self) -> tuple[Fault, ...]:
        """Give what has not happened yet."""
        return tuple(self._waiting)

    def take(self, call: Call) -> Fault | None:
        """Give the fault that hits this call, if one does; drift is asked for apart, and spoils answers besides."""
        if not self._waiting:
            return None
        for number, fault in enumerate(self._waiting):
            if fault.drift or not _fits(fault, call):
                continue
            if fault.skip:
                self._waiting[number] = replace(fault, skip=fault.skip - 1)
                continue
            self._count(number, fault)
            return fault
        return None

    def spoiled(self, call: Call, response: Response) -> Response:
        """Give the answer with every drift that fits the call."""
        for fault in self.waiting():
            if fault.drift and _fits(fault, call):
                response = drifted(response, fault.drift)
                self._count(self._waiting.index(fault), fault)
        return response

    def _count(self, number: int, fault: Fault) -> None:
        self.hit += 1
        if fault.times == 1:
            del self._waiting[number]
        elif fault.times > 1:
            self._waiting[number] = replace(fault, times=fault.times - 1)


def _fits(fault: Fault, call: Call) -> bool:
    if fault.above_rows and _page_size(call) <= fault.above_rows:
        return False
    if fault.route is None:
        return call.path.startswith(_PREFIXES)
    method, space, path = fault.route.partition(" ")
    if space and method.upper() != call.method:
        return False
    return _same_route(path if space else fault.route, call.path)


def _same_route(route: str, path: str) -> bool:
    for prefix in _PREFIXES:
        if path.startswith(prefix) and not route.startswith(prefix):
            path = path.removeprefix(prefix)
    wanted, given = route.strip("/").split("/"), path.strip("/").split("/")
    return len(wanted) == len(given) and all(
        part == "*" or part.startswith("{") or part == there for part, there in zip(wanted, given, strict=True)
    )


def _page_size(call: Call) -> int:
    if call.method != "GET":
        return 0
    asked = dict(call.query)
    text = asked.get("page[size]") or asked.get("page[limit]") or asked.get("limit") or ""
    return int(text) if text.isascii() and text.isdigit() else _DEFAULT_PAGE


def drifted(response: Response, drift: Drift) -> Response:
    """Give the answer as a later version of the API might send it."""
    try:
        document = json.loads(response.body)
    except ValueError:
        return response
    if response.status >= 300 or not isinstance(document, dict):
        return response
    if drift.kind == "extra_type":
        document.setdefault("included", []).append({"type": drift.type or "hologram", "id": 1, "attributes": {}})
    for row in _rows(document):
        if drift.type in ("", row.get("type", "")):
            _spoil(row.get("attributes", row), drift)
    return Response(response.status, response.headers, json.dumps(document).encode())


def _rows(document: dict[str, Any]) -> abc.Iterator[dict[str, Any]]:
    for part in ("data", "included"):
        value = document.get(part)
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield row


def _spoil(attributes: dict[str, Any], drift: Drift) -> None:
    name = drift.attribute or next((key for key, value in attributes.items() if _spoilable(key, value)), "")
    if name not in attributes:
        return
    if drift.kind == "missing_field":
        del attributes[name]
    elif drift.kind == "changed_type":
        attributes[name] = {"value": attributes[name]}
    elif drift.kind == "unknown_enum":
        attributes[name] = "a_value_nobody_knew"


def _spoilable(name: str, value: object) -> bool:
    return isinstance(value, str) and name not in ("id", "type")
