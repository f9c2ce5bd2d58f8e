"""The control calls that are about webhooks: deliveries, addresses, events on demand, faults and forgeries.

A part of the control calls under `/_sandbox`; what cannot be done is a ConfigurationError.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import msgspec

from ..protocol.errors import ConfigurationError
from .webhook_faults import WebhookFault

if TYPE_CHECKING:
    from .outreach_side import OutreachSide
    from .planmysaas_side import PlanMySaaSSide
    from .sandbox import Sandbox

Given = dict[str, Any]
Work = abc.Callable[[Given], abc.Awaitable[object]]

_LOG_ROWS = 1000


class WebhookControl:
    """Answers them. `calls` are to be listed with the others."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.calls: dict[tuple[str, str], tuple[Work, str]] = {
            ("GET", "/deliveries"): (self._deliveries, "the latest deliveries with their tries; provider, state"),
            ("POST", "/webhook"): (
                self._set, "set an address: {provider, url, secret}; of outreach it is the app's lifecycle webhook"
            ),
            ("POST", "/fire"): (self._fire, "make an event happen: {provider, event}; without `event`, every one"),
            ("GET", "/webhook-faults"): (self._faults, "the faults that still wait for deliveries"),
            ("POST", "/webhook-faults"): (
                self._spoil, "spoil deliveries: provider, kind, event, times, skip, seconds, forgery"
            ),
            ("POST", "/forge"): (self._forge, "throw a forgery of the last delivery: {provider, how}"),
            ("POST", "/replay"): (self._replay, "send a delivery once more: {provider, number}"),
            ("POST", "/deny"): (self._deny, "let a user read no records of some types: {user, types}"),
        }  # fmt: skip

    async def _deliveries(self, given: Given) -> object:
        found = self._side(given).deliveries
        wanted = given.get("state")
        return [one.plain() for one in found if wanted in (None, one.state)][-_LOG_ROWS:]

    async def _set(self, given: Given) -> object:
        url, secret = given.get("url"), given.get("secret")
        outreach, planmysaas = self._sandbox.outreach, self._sandbox.planmysaas
        set_webhook = outreach.set_lifecycle_webhook if self._side(given) is outreach else planmysaas.set_webhook
        set_webhook(None if url is None else str(url), None if secret is None else str(secret))
        return {"url": url}

    async def _fire(self, given: Given) -> object:
        side = self._side(given)
        happened = side.fire(str(given["event"])) if "event" in given else side.fire_every_event()
        return {"changes": len(happened)}

    async def _faults(self, given: Given) -> object:
        sides = {"outreach": self._sandbox.outreach, "planmysaas": self._sandbox.planmysaas}
        return {name: [asdict(fault) for fault in side.sender.faults.waiting()] for name, side in sides.items()}

    async def _spoil(self, given: Given) -> object:
        wanted = {name: value for name, value in given.items() if name != "provider"}
        if unknown := wanted.keys() - {field.name for field in fields(WebhookFault)}:
            raise ConfigurationError(f"a webhook fault has no {', '.join(sorted(unknown))}")
        self._side(given).sender.faults.add(msgspec.convert(wanted, WebhookFault))
        return await self._faults({})

    async def _forge(self, given: Given) -> object:
        self._side(given).forge(given.get("how", "wrong"))
        return {"forged": 1}

    async def _replay(self, given: Given) -> object:
        side, number = self._side(given), given.get("number")
        found = next((one for one in side.deliveries if one.number == number), None)
        if number is not None and found is None:
            raise ConfigurationError(f"there is no delivery {number}")
        side.replay(found)
        return {"replayed": 1}

    async def _deny(self, given: Given) -> object:
        user, types = given.get("user"), given.get("types", [])
        if type(user) is not int or not isinstance(types, list):
            raise ConfigurationError("user has to be an id, and types a list")
        self._sandbox.outreach.deny_reading(user, *map(str, types))
        return {"user": user, "types": types}

    def _side(self, given: Given) -> OutreachSide | PlanMySaaSSide:
        match given.get("provider", "outreach"):
            case "outreach":
                return self._sandbox.outreach
            case "planmysaas":
                return self._sandbox.planmysaas
        raise ConfigurationError("provider is outreach or planmysaas")
