"""The front of each simulated service: who calls, is there quota, does something go wrong, and what is noted.

Behind it stand the resource core, the sign-ins and PlanMySaaS's calls, which know nothing of quotas and faults.
"""

from __future__ import annotations

import collections.abc as abc
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol

from ..protocol.messages import JSON, Response
from .calls import Actor, Call, error_answer, json_answer
from .faults import Fault, Faults, Reply
from .journal import Journal
from .oauth import OAuth
from .planmysaas import PlanMySaaSApi
from .quota import Quotas, Spent, refusal
from .s2s import S2S, refused_token
from .stand_ins import outreach_stand_in, planmysaas_stand_in
from .switches import Rate, Switches
from .tokens import IssuedTokens, decodable

_Fields = tuple[tuple[str, str], ...]
_KAIA = "/api/v2/kaiaRecordings"
_INSTALLS = ("/api/app/installs/", "/api/installs/")


class ResourceCore(Protocol):
    """What answers a call whose actor is known."""

    def answer(self, call: Call) -> Response:
        """Answer one call under `/api/v2`, or to an upload link."""
        ...

    def is_public(self, path: str) -> bool:
        """Tell whether a path is answered without a token."""
        ...


class OutreachGateway:
    """Outreach under `/api/v2`, `/api/app` and `/oauth`."""

    def __init__(
        self, api: ResourceCore, oauth: OAuth, s2s: S2S, tokens: IssuedTokens, quotas: Quotas, switches: Switches
    ) -> None:
        self.api = api
        self.oauth = oauth
        self.s2s = s2s
        self.tokens = tokens
        self.quotas = quotas
        self.switches = switches
        self.faults = Faults()
        self.journal = Journal()

    def answer(self, call: Call) -> Reply:
        """Answer one call, whatever its path."""
        fault = self.faults.take(call)
        if fault is not None and _never_arrives(fault):
            return _spoiled(Response(0, {}, b""), (), fault)
        if call.path.startswith("/api/v2") or self.api.is_public(call.path):
            subject, response, told = self._api(call, fault)
        else:
            subject, response, told = "", self._elsewhere(call, fault), []
        response = self.faults.spoiled(call, response)
        self.journal.note(call, response.status, subject)
        return _spoiled(response, (*told, ("Date", date_text(int(call.now)))), fault)

    def _api(self, call: Call, fault: Fault | None) -> tuple[str, Response, list[tuple[str, str]]]:
        actor = self._actor(call)
        if actor is None:
            return "", self.api.answer(call) if self.api.is_public(call.path) else self._unauthorized(call), []
        kind, spent = self._spend(actor, call)
        if not spent.allowed:
            self.journal.rate_limited[kind] += 1
            return actor.subject, refusal(spent, self.quotas.headers(spent, call.now)), []
        response = self._spoiled_by(fault, call, lambda: self.api.answer(_with_actor(call, actor)))
        # A stand-in's 429 tells its own limits.
        injected = response.status == 429
        return actor.subject, response, [] if injected else self.quotas.headers(spent, call.now)

    def _elsewhere(self, call: Call, fault: Fault | None) -> Response:
        match call.method, call.path:
            case "GET", "/oauth/authorize":
                return self._spoiled_by(fault, call, lambda: self.oauth.authorize(call))
            case "POST", "/oauth/token":
                return self._counted("token", self._spoiled_by(fault, call, lambda: self.oauth.token(call)), fault)
        if call.path.startswith(_INSTALLS):
            found = self._spoiled_by(fault, call, lambda: self.s2s.answer(call) or _no_route())
            return self._counted("install_token", found, fault)
        return _no_route()

    def _counted(self, kind: str, response: Response, fault: Fault | None) -> Response:
        if response.status == 429 and not (fault and fault.status == 429):
            self.journal.rate_limited[kind] += 1
        return response

    def _spoiled_by(self, fault: Fault | None, call: Call, work: abc.Callable[[], Response]) -> Response:
        if fault is None or not (fault.status or fault.above_rows):
            return work()
        if fault.effect:
            work()
        if fault.status == 429:
            self.journal.rate_limited["injected"] += 1
        return outreach_stand_in(fault, call, self.quotas, self.switches)

    def _actor(self, call: Call) -> Actor | None:
        token = _bearer(call)
        if not token:
            return None
        self.journal.saw_token(token)
        return self.tokens.actor_of(token, call.now)

    def _unauthorized(self, call: Call) -> Response:
        if self.switches.expired_token == "gateway" or not decodable(_bearer(call)):
            return refused_token()
        return error_answer(401, "unauthorized", "Unauthorized", "The access token is expired or was revoked.")

    def _spend(self, actor: Actor, call: Call) -> tuple[str, Spent]:
        switches = self.switches
        spent = self.quotas.spend(actor.subject, switches.quota, call.now)
        if spent.allowed and call.path.startswith(_KAIA):
            limits: tuple[tuple[str, Rate], ...] = (
                ("kaia_second", switches.kaia_rate),
                ("kaia_day", switches.kaia_daily),
            )
            for kind, rate in limits:
                # The organisation's, which all users and installations of the sandbox belong to.
                of_org = self.quotas.spend(kind, rate, call.now)
                if not of_org.allowed:
                    return kind, of_org
        return "user", spent


class PlanMySaaSGateway:
    """PlanMySaaS under `/api/v1/outreach`."""

    def __init__(self, api: PlanMySaaSApi) -> None:
        self.api = api
        self.faults = Faults()
        self.journal = Journal()

    def answer(self, call: Call) -> Reply:
        """Answer one call."""
        fault = self.faults.take(call)
        if fault is not None and _never_arrives(fault):
            return _spoiled(Response(0, {}, b""), (), fault)
        key = self.api.key_of(call)
        if text := _bearer(call):
            self.journal.saw_token(text)
        response = self.faults.spoiled(call, self._response(call, fault))
        self.journal.note(call, response.status, f"key:{key.prefix}" if key else "")
        return _spoiled(response, (("Date", date_text(int(call.now))),), fault)

    def _response(self, call: Call, fault: Fault | None) -> Response:
        if fault is None or not (fault.status or fault.above_rows):
            return self._counted(self.api.answer(call))
        if fault.effect:
            self._counted(self.api.answer(call))
        if fault.status == 429:
            self.journal.rate_limited["injected"] += 1
        return planmysaas_stand_in(fault, self.api)

    def _counted(self, response: Response) -> Response:
        if response.status == 429:
            self.journal.rate_limited["workspace"] += 1
        return response


@lru_cache(maxsize=8)
def date_text(now: int) -> str:
    """Write a `Date` header."""
    return formatdate(now, usegmt=True)


def _spoiled(response: Response, headers: _Fields, fault: Fault | None) -> Reply:
    if fault is None:
        return Reply(response, headers)
    return Reply(response, headers, fault.delay, -1 if _never_arrives(fault) else fault.cut, fault.refuse)


def _never_arrives(fault: Fault) -> bool:
    return fault.refuse or (fault.cut is not None and not fault.effect)


def _with_actor(call: Call, actor: Actor) -> Call:
    return Call(call.method, call.path, call.query, call.headers, call.body, call.now, call.origin, actor)


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _no_route() -> Response:
    return json_answer(404, {"error": "404", "error_description": "route not found"}, media_type=JSON)
