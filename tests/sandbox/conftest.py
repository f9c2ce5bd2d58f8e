"""What the tests of the simulated Outreach share: one way to call it, in the words of the wire."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from outreach_async.protocol.messages import JSON_API, Headers
from outreach_async.sandbox.calls import Actor, Call
from outreach_async.sandbox.organisation import Change
from outreach_async.sandbox.outreach_api import OutreachApi
from outreach_async.sandbox.switches import Switches

NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z
ORIGIN = "https://api.outreach.io"
ADA = Actor("user", "user:ada", 1, None, "client-1")
INSTALL = Actor("install", "install:1", None, None, "guid-1")


@dataclass
class Answer:
    """One answer, its body read."""

    status: int
    media_type: str
    raw: bytes

    @property
    def body(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.data]

    @property
    def error(self) -> dict[str, Any]:
        (error,) = self.body["errors"]
        return error

    @property
    def links(self) -> dict[str, str]:
        return self.body.get("links", {})


@dataclass
class Service:
    """The simulated Outreach with a clock of its own and a log of its changes."""

    api: OutreachApi
    now: float = NOW
    actor: Actor | None = ADA
    changes: list[Change] = field(default_factory=list)

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: abc.Iterable[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
        **parameters: object,
    ) -> Answer:
        parts = urlsplit(path)
        pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query]
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        full = parts.path if parts.path.startswith(("/api/v2", "/uploads", "/elsewhere")) else "/api/v2" + parts.path
        sent = Headers({"content-type": JSON_API} if headers is None else headers)
        call = Call(method, full, tuple(pairs), sent, content, self.now, ORIGIN, self.actor)
        answer = self.api.answer(call)
        return Answer(answer.status, answer.headers.get("content-type", ""), answer.body)

    def get(self, path: str, *query: tuple[str, str], **named: str) -> Answer:
        return self("GET", path, query=query, **named)

    def post(self, type: str, attributes: dict[str, Any] | None = None, **related: object) -> Answer:
        plural = self.plural(type)
        return self("POST", f"/{plural}", {"data": self.resource(type, attributes, related)})

    def patch(self, type: str, id: int, attributes: dict[str, Any] | None = None, **related: object) -> Answer:
        data = self.resource(type, attributes, related) | {"id": id}
        return self("PATCH", f"/{self.plural(type)}/{id}", {"data": data})

    def act(self, plural: str, id: int, action: str, **params: str) -> Answer:
        query = [(f"actionParams[{name}]", value) for name, value in params.items()]
        return self("POST", f"/{plural}/{id}/actions/{action}", query=query)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.api.tick(self.now)

    def attributes(self, type: str, id: int) -> dict[str, Any]:
        return self.get(f"/{self.plural(type)}/{id}").data["attributes"]

    def heard(self) -> list[tuple[str, str]]:
        return [(change.type, change.action) for change in self.changes]

    @staticmethod
    def plural(type: str) -> str:
        from outreach_async.sandbox.catalogue import catalogue

        return catalogue().types[type].plural

    @staticmethod
    def resource(type: str, attributes: dict[str, Any] | None, related: dict[str, object]) -> dict[str, Any]:
        data: dict[str, Any] = {"type": type}
        if attributes is not None:
            data["attributes"] = attributes
        if related:
            data["relationships"] = {name: {"data": _linkage(value)} for name, value in related.items()}
        return data


def _linkage(value: object) -> object:
    if isinstance(value, list):
        return [_linkage(item) for item in value]
    if isinstance(value, tuple):
        return {"type": value[0], "id": value[1]}
    return value


def make_service(*, prospects: int = 40, seed: int = 1, **switches: object) -> Service:
    service = Service(OutreachApi(prospects=prospects, switches=Switches().with_values(switches), seed=seed))
    service.api.on_change(service.changes.append)
    return service


@pytest.fixture
def service() -> Service:
    return make_service()


@pytest.fixture
def new_service() -> abc.Callable[..., Service]:
    return make_service
