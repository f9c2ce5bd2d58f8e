"""The control calls under `/_sandbox`: plain JSON for programs that drive a served sandbox from outside.

They ask for no credential, since the sandbox listens on loopback only and holds nothing real. They are neither
counted nor limited.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import msgspec

from ..protocol.errors import ConfigurationError
from ..protocol.messages import JSON, JSON_API, Headers, Response
from .calls import Call, json_answer
from .faults import Fault
from .sides import Side
from .switches import describe
from .webhook_control import WebhookControl

if TYPE_CHECKING:
    from .sandbox import Sandbox

CONTROL_ROOT = "/_sandbox"
_LOG_ROWS = 1000
Given = dict[str, Any]
Work = abc.Callable[[Given], abc.Awaitable[object]]


class _Unusable(Exception):
    """A control call asks for what cannot be done."""


class Control:
    """Answers the control calls. `GET /_sandbox` lists them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._calls: dict[tuple[str, str], tuple[Work, str]] = {
            ("GET", ""): (self._state, "this list, the clock and the switches"),
            ("GET", "/statistics"): (self._statistics, "requests, 429s by kind, tokens minted and seen, windows"),
            ("GET", "/requests"): (self._requests, "the latest requests; provider=outreach|planmysaas"),
            ("GET", "/switches"): (self._switches, "every switch with its values and its setting"),
            ("PATCH", "/switches"): (self._set_switches, "set switches: {name: value}"),
            ("GET", "/faults"): (self._faults, "the faults that still wait"),
            ("POST", "/faults"): (self._add_fault, "add a fault: provider, status, delay, cut, drift, route, times"),
            ("DELETE", "/faults"): (self._heal, "take back every fault"),
            ("POST", "/advance"): (self._advance, "move the clock on: {seconds}"),
            ("POST", "/reset"): (self._reset, "begin anew: {prospects, seed}"),
            ("POST", "/seed"): (self._reset, "the same as /reset"),
            ("POST", "/revoke"): (self._revoke, "revoke access tokens: {user, refresh}; or a key: {key}"),
            ("POST", "/tokens"): (self._token, "mint an access token: {user, scopes}"),
            ("POST", "/setup-tokens"): (self._setup_token, "give an install setup token: {install_id}"),
            ("POST", "/installs"): (self._install, "install the app: {install_id, org_id, org_state}"),
            ("POST", "/changes"): (self._change, "change a record: {method, path, data}, as ada, outside every quota"),
            ("POST", "/replies"): (self._reply, "let a reply arrive: {lead_id, classification}"),
            **WebhookControl(sandbox).calls,
        }

    async def answer(self, call: Call) -> Response:
        """Answer one control call: 404 for an unknown one, 400 with the reason for a bad one."""
        known = self._calls.get((call.method, call.path.removeprefix(CONTROL_ROOT).rstrip("/")))
        if known is None:
            return json_answer(404, {"error": "no such control call; GET /_sandbox lists them"}, media_type=JSON)
        try:
            return json_answer(200, await known[0](_given(call)), media_type=JSON)
        except (ConfigurationError, _Unusable, msgspec.ValidationError) as error:
            return json_answer(400, {"error": str(error)}, media_type=JSON)

    async def _state(self, given: Given) -> object:
        return {
            "calls": [{"method": method, "path": CONTROL_ROOT + path, "does": about}
                      for (method, path), (_, about) in self._calls.items()],
            "now": self._sandbox.clock.now(),
            "prospects": self._sandbox.prospects,
            "seed": self._sandbox.seed,
            "switches": self._sandbox.switches.as_texts(),
        }  # fmt: skip

    async def _statistics(self, given: Given) -> object:
        return {"outreach": self._sandbox.outreach.statistics(), "planmysaas": self._sandbox.planmysaas.statistics()}

    async def _requests(self, given: Given) -> object:
        return [asdict(entry) for entry in self._side(given).requests[-_LOG_ROWS:]]

    async def _switches(self, given: Given) -> object:
        set_to = self._sandbox.switches.as_texts()
        return [{**asdict(switch), "setting": set_to[switch.name]} for switch in describe()]

    async def _set_switches(self, given: Given) -> object:
        self._sandbox.set_switches(**given)
        return self._sandbox.switches.as_texts()

    async def _faults(self, given: Given) -> object:
        sides: tuple[Side, ...] = (self._sandbox.outreach, self._sandbox.planmysaas)
        names = ("outreach", "planmysaas")
        return {
            name: [asdict(fault) for fault in side.faults.waiting()] for name, side in zip(names, sides, strict=True)
        }

    async def _add_fault(self, given: Given) -> object:
        wanted = {name: value for name, value in given.items() if name != "provider"}
        if unknown := wanted.keys() - {field.name for field in fields(Fault)}:
            raise _Unusable(f"a fault has no {', '.join(sorted(unknown))}")
        if isinstance(wanted.get("headers"), dict):
            wanted["headers"] = list(wanted["headers"].items())
        self._side(given).faults.add(msgspec.convert(wanted, Fault))
        return await self._faults({})

    async def _heal(self, given: Given) -> object:
        self._sandbox.outreach.heal()
        self._sandbox.planmysaas.heal()
        return await self._faults(given)

    async def _advance(self, given: Given) -> object:
        seconds = given.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
            raise _Unusable("seconds has to be a number, not below zero")
        await self._sandbox.advance(seconds)
        return {"now": self._sandbox.clock.now()}

    async def _reset(self, given: Given) -> object:
        numbers = {name: given[name] for name in ("prospects", "seed") if name in given}
        if not all(type(number) is int and number >= 0 for number in numbers.values()):
            raise _Unusable("prospects and seed have to be whole numbers, not below zero")
        self._sandbox.reset(**numbers)
        return self._sandbox.credentials.announced()

    async def _revoke(self, given: Given) -> object:
        if "key" in given:
            self._sandbox.planmysaas.revoke_key(str(given["key"]))
            return {"revoked": 1}
        user = None if given.get("user") is None else str(given["user"])
        return {"revoked": self._sandbox.outreach.revoke_tokens(user, refresh=bool(given.get("refresh")))}

    async def _token(self, given: Given) -> object:
        scopes = given.get("scopes")
        if scopes is not None and not isinstance(scopes, list):
            raise _Unusable("scopes has to be a list")
        return {"access_token": self._sandbox.access_token(str(given.get("user", "ada")), scopes)}

    async def _setup_token(self, given: Given) -> object:
        install_id = str(given.get("install_id", self._sandbox.credentials.install_id))
        if install_id not in self._sandbox.outreach.gateway.s2s.installs:
            raise _Unusable(f"there is no installation {install_id!r}")
        return {"install_setup_token": self._sandbox.outreach.setup_token(install_id)}

    async def _install(self, given: Given) -> object:
        install_id, state = str(given.get("install_id", "")), given.get("org_state", "active")
        if not install_id or state not in ("active", "locked", "deleted"):
            raise _Unusable("an install_id is needed; org_state is active, locked or deleted")
        if install_id not in self._sandbox.outreach.gateway.s2s.installs or "org_id" in given:
            self._sandbox.outreach.add_install(install_id, int(given.get("org_id", 1)))
        self._sandbox.outreach.set_org_state(install_id, state)
        return {"install_id": install_id, "org_state": state}

    async def _change(self, given: Given) -> object:
        path, data = str(given.get("path", "")), given.get("data")
        body = b"" if data is None else msgspec.json.encode({"data": data})
        call = Call(
            str(given.get("method", "PATCH")).upper(), f"/api/v2{path}", (), Headers({"content-type": JSON_API}),
            body, self._sandbox.clock.now(), "http://127.0.0.1", self._sandbox.actor(),
        )  # fmt: skip
        response = self._sandbox.outreach.api.answer(call)
        answer = msgspec.json.decode(response.body) if response.body else None
        return {"status": response.status, "answer": answer}

    async def _reply(self, given: Given) -> object:
        kind = str(given.get("classification", "interested"))
        return self._sandbox.planmysaas.receive_reply(str(given.get("lead_id", "")), kind)

    def _side(self, given: Given) -> Side:
        match given.get("provider", "outreach"):
            case "outreach":
                return self._sandbox.outreach
            case "planmysaas":
                return self._sandbox.planmysaas
        raise _Unusable("provider is outreach or planmysaas")


def _given(call: Call) -> Given:
    if not call.body.strip():
        return dict(call.query)
    try:
        return msgspec.json.decode(call.body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _Unusable("the body has to be a JSON object") from None
