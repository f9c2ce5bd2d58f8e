"""The simulated Outreach API v2: one call in, one answer out, the organisation behind it.

Tokens and quotas are somebody else's: a call arrives here with its actor, except for the few routes of `is_public`.
The order in which the service checks things is not known; here a route comes first, then the media type, the scope,
the parameters, the record, the body.
"""

from __future__ import annotations

import collections.abc as abc
from urllib.parse import unquote

from ..protocol.messages import NO_HEADERS, Response
from .actions import act, check_params
from .admission import check_media_type, check_scopes
from .batches import start_batch
from .bodies import cleanup_token, read_data
from .calls import Call, json_answer
from .catalogue import ResourceType, catalogue
from .enrolment import Engagement, engage
from .imports import UPLOADS, Imports
from .listing import Lists
from .organisation import Change, Organisation
from .parameters import read_parameters
from .refusals import (
    Refused,
    bad_body,
    gateway_not_found,
    include_on_write,
    record_not_found,
    route_not_found,
)
from .rules import RULES
from .schemas import field_types, hyper_schema, openapi, root
from .seed import plant
from .store import Record, Store
from .switches import Switches
from .timestamps import stamp
from .writes import create, update

_BASE = "/api/v2"
_CLEANUP = "/api/v2/webhooks/cleanup"
_PUBLIC = frozenset({"/api/v2/schema.json", "/api/v2/schema/openapi.json", _CLEANUP})
_MEMBER = {"GET": "get", "PATCH": "update", "DELETE": "delete"}


class OutreachApi:
    """Every call under `/api/v2`, over rows planted by the seed: the same seed and size give the same rows."""

    def __init__(self, *, prospects: int, switches: Switches, seed: int = 1) -> None:
        self.store = Store(catalogue().types)
        plant(self.store, prospects=prospects, seed=seed)
        self.organisation = Organisation(self.store, switches, RULES, seed=seed)
        self._imports = Imports(self.organisation)
        self._lists = Lists(self.store, switches)
        self._met: set[int] = set()

    @property
    def switches(self) -> Switches:
        """How the unsettled points are read; may be replaced at any time."""
        return self.organisation.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.organisation.switches = switches
        self._lists = Lists(self.store, switches)

    def on_change(self, listener: abc.Callable[[Change], None]) -> None:
        """Tell this function of every create, update, destroy and special action from now on, once it is stored."""
        self.organisation.on_change(listener)

    def tick(self, now: float) -> None:
        """Let happen what has come due by now (Unix seconds): states turn active, mailings go out, jobs run."""
        self.organisation.tick(now)

    def engage(self, mailing: int, engagement: Engagement, now: float) -> Record:
        """Let a mailing be delivered, opened, clicked, replied to, bounced or unsubscribed from."""
        return engage(self.organisation, ("mailing", mailing), engagement, now)

    def user_id(self, name: str) -> int | None:
        """Give the id of the user with this first name, whatever its case; None when there is none."""
        found = self.store.having("user", "firstName", name)
        return found[0] if found else None

    @staticmethod
    def is_public(path: str) -> bool:
        """Tell whether a path is answered without a token."""
        return path in _PUBLIC or path.startswith(UPLOADS)

    def answer(self, call: Call) -> Response:
        """Answer one call. What has come due by `call.now` happens first."""
        self.tick(call.now)
        self._meet(call)
        try:
            return self._answer(call)
        except Refused as refused:
            return refused.response

    def _meet(self, call: Call) -> None:
        """Make sure that whoever calls is a user of the organisation, so that no creator is a stranger."""
        user = call.actor.user_id if call.actor else None
        if call.actor is None or user is None or user in self._met:
            return
        self._met.add(user)
        if self.store.get("user", user) is None:
            name = call.actor.subject.rpartition(":")[2].title()
            now = stamp(call.now)
            values = {"firstName": name, "name": name, "locked": False, "createdAt": now, "updatedAt": now}
            self.store.put(Record("user", user, values, {}, {}))

    def _answer(self, call: Call) -> Response:
        if call.path.startswith(UPLOADS):
            return self._upload(call)
        if call.path != _BASE and not call.path.startswith(_BASE + "/"):
            raise gateway_not_found()
        parts = [unquote(part) for part in call.path.removeprefix(_BASE).strip("/").split("/")]
        about = self._about_the_api(call, "/".join(parts))
        if about is not None:
            return about
        width = 2 if parts[0] == "customObjects" else 1
        kind = catalogue().by_plural.get("/".join(parts[:width]))
        if kind is None:
            raise route_not_found()
        match parts[width:]:
            case []:
                return self._collection(kind, call)
            case ["actions", name]:
                return self._collection_action(kind, name, call)
            case [row_id]:
                return self._member(kind, row_id, call)
            case [row_id, "actions", name]:
                return self._action(kind, row_id, name, call)
            case _:
                raise route_not_found()

    def _about_the_api(self, call: Call, path: str) -> Response | None:
        if call.path == _CLEANUP and call.method == "POST":
            return self._cleanup(call)
        if call.method != "GET":
            return None
        match path:
            case "":
                return json_answer(200, root(self.organisation, call.actor))
            case "types":
                return json_answer(200, field_types())
            case "schema" | "schema.json":
                return json_answer(200, hyper_schema(custom_objects=call.actor is not None))
            case "schema/openapi.json":
                return json_answer(200, openapi())
            case _:
                return None

    def _collection(self, kind: ResourceType, call: Call) -> Response:
        operation = {"GET": "list", "POST": "create"}.get(call.method, "")
        self._permit(kind, operation, call)
        if operation == "list":
            return json_answer(200, self._lists.page(kind, call))
        parameters = read_parameters(call.query)
        if parameters.include:
            raise include_on_write()
        record = create(self.organisation, kind, call)
        return json_answer(201, self._lists.member(kind, record, parameters, call))

    def _member(self, kind: ResourceType, row_id: str, call: Call) -> Response:
        operation = _MEMBER.get(call.method, "")
        self._permit(kind, operation, call)
        parameters = read_parameters(call.query)
        if parameters.include and operation != "get":
            raise include_on_write()
        record = self._record(kind, row_id)
        if operation == "delete":
            self.organisation.destroy(record.ref, now=call.now, actor=call.actor)
            return Response(204, NO_HEADERS, b"")
        if operation == "update":
            record = update(self.organisation, kind, record, call)
        return json_answer(200, self._lists.member(kind, record, parameters, call))

    def _action(self, kind: ResourceType, row_id: str, name: str, call: Call) -> Response:
        action = kind.actions.get(name)
        if action is None or call.method != "POST" or not self._published(kind, name):
            raise route_not_found()
        check_media_type(call, self.switches)
        check_scopes(kind, call, action)
        parameters = read_parameters(call.query)
        record = self._record(kind, row_id)
        record = act(self.organisation, kind, action, record, parameters.action, call)
        return json_answer(200, self._lists.member(kind, record, parameters, call))

    def _collection_action(self, kind: ResourceType, name: str, call: Call) -> Response:
        action = kind.collection_actions.get(name)
        if action is None or call.method != "POST":
            raise route_not_found()
        check_media_type(call, self.switches)
        check_scopes(kind, call, action)
        parameters = read_parameters(call.query)
        check_params(action, parameters.action)
        if name == "generateUploadLink":
            return json_answer(200, self._imports.upload_link(call.origin))
        if name == "validateUpload":
            return json_answer(200, self._imports.validate(parameters.action))
        given = read_data(call.body).get("attributes", {}) if call.body else {}
        if not isinstance(given, dict):
            raise bad_body("has 'attributes' that are not an object")
        if kind.name == "batch":
            record = start_batch(self.organisation, action, parameters, given, call)
        elif name.endswith("Import"):
            record = self._imports.start_file(name, given, call)
        else:
            record = self._imports.start_upsert(name, given, call)
        return json_answer(200, self._lists.member(kind, record, parameters, call))

    def _permit(self, kind: ResourceType, operation: str, call: Call) -> None:
        if operation not in kind.operations or not self._published(kind, operation):
            raise route_not_found()
        check_media_type(call, self.switches)
        check_scopes(kind, call)

    def _published(self, kind: ResourceType, name: str) -> bool:
        return name not in kind.experimental or self.switches.experimental_routes

    def _record(self, kind: ResourceType, text: str) -> Record:
        found = self.store.having(kind.name, kind.known_by, text) if kind.known_by else ()
        if found:
            return self.organisation.row((kind.name, found[0]))
        record = self.store.get(kind.name, int(text[:18])) if text.isascii() and text.isdecimal() else None
        if record is None:
            raise record_not_found(kind.name, text)
        return record

    def _upload(self, call: Call) -> Response:
        if call.method != "PUT" or not self._imports.receive(call.path, call.body):
            raise gateway_not_found()
        return Response(200, NO_HEADERS, b"")

    def _cleanup(self, call: Call) -> Response:
        """Remove a webhook by its cleanup token. Where the token goes is not known: a header or the body."""
        token = call.headers.get("outreach-webhook-cleanup-token", "")
        if not token and call.body:
            token = cleanup_token(call.body)
        found = self.store.having("webhook", "cleanupToken", token) if token else ()
        if not found:
            raise record_not_found("webhook", "")
        self.organisation.destroy(("webhook", found[0]), now=call.now)
        return Response(204, NO_HEADERS, b"")
