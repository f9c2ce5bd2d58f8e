"""The simulated PlanMySaaS Outreach API v1: six calls, keys with scopes, and limits per workspace.

Facts: "PlanMySaaS, Outreach API Reference". The place of the cursor, the wrapper of one row, the shape of `error` and
the limits of these calls are not documented: switches. Every answer carries `X-Request-Id`.
"""

from __future__ import annotations

import collections.abc as abc
import math
from dataclasses import dataclass
from typing import Literal

import msgspec

from ..protocol.messages import JSON, Headers, Response
from .calls import Call
from .planmysaas_data import Row, Workspace, iso, make_id, seeded
from .planmysaas_parameters import (
    ADDRESS,
    TEXT_FIELDS,
    Refused,
    cursor_after,
    filter_value,
    matches,
    place,
    read_lead,
    read_limit,
    rows_after,
)
from .quota import SlidingWindow, Spent
from .switches import Rate, Switches

ROOT = "/api/v1/outreach"
LIVE_SCOPES = frozenset({"leads:read", "leads:write", "campaigns:read", "replies:read"})


@dataclass(frozen=True, slots=True)
class Key:
    """An API key. Its `prefix` may be shown; `plan` decides what 402 tells."""

    text: str
    workspace: str
    scopes: frozenset[str]
    state: Literal["live", "revoked"] = "live"
    plan: Literal["paid", "free"] = "paid"

    @property
    def prefix(self) -> str:
        """The part of the key that the vendor shows: `pms_live_ab`."""
        return self.text[:11]


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a row, by the API or from outside: `event` is the vendor's name for it."""

    event: str
    data: Row
    workspace: str
    now: float


class PlanMySaaSApi:
    """The six calls over two workspaces: one on a paid plan, and an empty one on the free plan."""

    def __init__(self, keys: abc.Iterable[Key], *, leads: int, switches: Switches, seed: int, now: float) -> None:
        self.switches = switches
        self.keys = {key.text: key for key in keys}
        self.workspaces = {
            "ws_abc": seeded("ws_abc", "Vale Software", leads=leads, seed=seed, now=now),
            "ws_free": seeded("ws_free", "Side Project", leads=0, seed=seed + 1, now=now),
        }
        self._seed = seed
        self._created = leads
        self._answered = 0
        self._windows: dict[tuple[str, Rate], SlidingWindow] = {}
        self._listeners: list[abc.Callable[[Change], None]] = []

    def on_change(self, listener: abc.Callable[[Change], None]) -> None:
        """Call this with every change from now on."""
        self._listeners.append(listener)

    def key_of(self, call: Call) -> Key | None:
        """Find the key that a call carries, whatever its state."""
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        return self.keys.get(text.strip()) if scheme.lower() == "bearer" else None

    def request_id(self) -> str:
        """Give the next `X-Request-Id`."""
        self._answered += 1
        return make_id("req", self._seed, self._answered)

    def clear_limits(self) -> None:
        """Forget what was spent."""
        self._windows.clear()

    def answer(self, call: Call) -> Response:
        """Answer one call under `/api/v1/outreach`."""
        told: list[tuple[str, str]] = []
        try:
            key = self._authenticated(call)
            told = self._spend(key, call.now)
            status, document = self._route(call, key)
        except Refused as refused:
            return self.refusal(refused.status, refused.text, [*told, *refused.headers])
        return self._reply(status, document, told)

    def refusal(self, status: int, text: str, headers: abc.Iterable[tuple[str, str]] = ()) -> Response:
        """Give an error answer in the vendor's shape."""
        error = {"message": text, "status": status} if self.switches.pms_error == "object" else text
        return self._reply(status, {"error": error}, headers)

    def limit_headers(self, limit: int, window: str, remaining: int) -> list[tuple[str, str]]:
        """Give the X-RateLimit headers of a window."""
        return [
            ("X-RateLimit-Limit", str(limit)),
            ("X-RateLimit-Window", window),
            ("X-RateLimit-Remaining", str(remaining)),
        ]

    def _reply(self, status: int, document: object, headers: abc.Iterable[tuple[str, str]]) -> Response:
        fields = [("Content-Type", JSON), ("X-Request-Id", self.request_id()), *headers]
        return Response(status, Headers(fields), msgspec.json.encode(document))

    def _authenticated(self, call: Call) -> Key:
        key = self.key_of(call)
        if key is None:
            raise Refused(401, "Invalid API key" if "authorization" in call.headers else "Missing API key")
        if key.state == "revoked":
            raise Refused(401, "Key revoked")
        return key

    def _spend(self, key: Key, now: float) -> list[tuple[str, str]]:
        switches = self.switches
        told: list[tuple[str, str]] = []
        limits = (("minute", switches.pms_minute, 60.0), ("hour", switches.pms_hour, 3600.0),
                  ("day", switches.pms_day, 86_400.0))  # fmt: skip
        for name, limit, seconds in limits:
            if not limit:
                continue
            spent = self._window(key.workspace, Rate(limit, seconds)).take(now)
            headers = self.limit_headers(limit, name, spent.remaining)
            if not spent.allowed:
                raise Refused(429, "Rate limit exceeded", [("Retry-After", _seconds_until(spent, now)), *headers])
            told = told or headers
        return told if switches.pms_headers == "every" else []

    def _window(self, workspace: str, rate: Rate) -> SlidingWindow:
        window = self._windows.get((workspace, rate))
        if window is None:
            window = self._windows[workspace, rate] = SlidingWindow(rate)
        return window

    def _route(self, call: Call, key: Key) -> tuple[int, object]:
        workspace = self.workspaces[key.workspace]
        route = call.method, call.path.removeprefix(ROOT)
        if route == ("GET", "/me"):
            return 200, _me(workspace, key)
        if key.plan == "free":
            raise Refused(402, "Outreach is not included in your plan")
        match route:
            case "GET", "/campaigns":
                _require(key, "campaigns:read")
                return 200, {"data": [workspace.campaign_row(row) for row in workspace.campaigns.values()]}
            case "GET", "/leads":
                _require(key, "leads:read")
                return 200, self._page(call, workspace.leads, ("campaignId", "status", "email"))
            case "POST", "/leads":
                _require(key, "leads:write")
                return self._create(call, workspace)
            case "GET", "/replies":
                _require(key, "replies:read")
                return 200, self._page(call, workspace.replies, ("campaignId", "needsAction"))
            case "GET", path if path.startswith("/leads/"):
                _require(key, "leads:read")
                return 200, self._one(workspace, path.removeprefix("/leads/"))
        raise Refused(404, "Not found")

    def _one(self, workspace: Workspace, lead_id: str) -> object:
        lead = workspace.leads.get(lead_id)
        if lead is None:
            raise Refused(404, "Lead not found")
        return self._wrapped(workspace.lead_row(lead))

    def _wrapped(self, row: Row) -> object:
        return {"data": row} if self.switches.pms_wrapper == "data" else row

    def _page(self, call: Call, rows: abc.Mapping[str, Row], filters: tuple[str, ...]) -> Row:
        asked = dict(call.query)
        wanted = {name: filter_value(name, asked[name]) for name in filters if name in asked}
        following = rows_after(asked.get("cursor", ""), rows)
        found = [row for row in following if all(matches(row[name], value) for name, value in wanted.items())]
        limit = read_limit(asked.get("limit"))
        page, last = found[:limit], limit >= len(found)
        document: Row = {"data": page}
        if not last or self.switches.pms_last_cursor == "null":
            place(document, self.switches.pms_cursor, None if last else cursor_after(page[-1]["id"]))
        return document

    def _create(self, call: Call, workspace: Workspace) -> tuple[int, object]:
        given = read_lead(call.body)
        campaign = workspace.campaigns.get(given["campaignId"])
        if campaign is None:
            raise Refused(404, "Campaign not found")
        existing = workspace.by_address.get((campaign["id"], given["email"].lower()))
        if existing is not None:
            return 200, self._wrapped(workspace.leads[existing])
        if not ADDRESS.fullmatch(given["email"]):
            raise Refused(422, "email is not a valid address")
        if campaign["status"] == "archived":
            raise Refused(422, "Campaign is archived")
        self._created += 1
        lead = {
            "id": make_id("lead", self._seed, self._created), **{name: given.get(name) for name in TEXT_FIELDS},
            "campaignId": campaign["id"], "email": given["email"], "status": "queued", "currentStep": 1,
            "createdAt": iso(call.now), "updatedAt": iso(call.now),
        }  # fmt: skip
        workspace.add_lead(lead)
        self.tell("lead.created", lead, workspace.id, call.now)
        return 201, self._wrapped(lead)

    def tell(self, event: str, data: Row, workspace: str, now: float) -> None:
        """Tell every listener what happened."""
        for listener in self._listeners:
            listener(Change(event, data, workspace, now))


def _require(key: Key, scope: str) -> None:
    if scope not in key.scopes:
        raise Refused(403, f"Missing scope: {scope}")


def _me(workspace: Workspace, key: Key) -> Row:
    about = {"id": workspace.id, "name": workspace.name, "createdAt": iso(workspace.created_at)}
    return {"workspace": about, "key": {"prefix": key.prefix, "scopes": sorted(key.scopes)}}


def _seconds_until(spent: Spent, now: float) -> str:
    return str(max(1, math.ceil(spent.resets_at - now)))
