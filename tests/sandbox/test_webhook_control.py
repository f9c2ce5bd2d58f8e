"""The control calls about webhooks, as a program in another language makes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.messages import NO_HEADERS
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.control import Control
from tests.sandbox.receiving import Receiver, receiving


class Remote:
    """A sandbox driven from outside."""

    def __init__(self, receiver: Receiver) -> None:
        self.sandbox = receiver.sandbox
        self.control = Control(receiver.sandbox)

    async def __call__(self, method: str, path: str, **given: object) -> tuple[int, Any]:
        body = json.dumps(given).encode() if given else b""
        call = Call(method, f"/_sandbox{path}", (), NO_HEADERS, body, self.sandbox.clock.now(), "")
        response = await self.control.answer(call)
        return response.status, json.loads(response.body)


async def test_events_happen_and_deliveries_are_listed() -> None:
    async with receiving() as receiver:
        remote = Remote(receiver)
        assert await remote("POST", "/fire", event="account.created") == (200, {"changes": 1})
        assert await remote("POST", "/fire", provider="planmysaas") == (200, {"changes": 11})
        assert (await remote("POST", "/fire"))[1]["changes"] > 42
        await receiver.sandbox.deliveries_settled()
        _, listed = await remote("GET", "/deliveries", provider="planmysaas", state="delivered")
        assert len(listed) == 11
        assert listed[0]["tries"][0]["outcome"] == 200
        assert (await remote("GET", "/deliveries", state="failed"))[1] == []
        assert (await remote("POST", "/fire", event="account.melted"))[0] == 400
        assert (await remote("POST", "/fire", provider="acme"))[0] == 400


async def test_addresses_are_set_and_taken_away() -> None:
    async with receiving() as receiver:
        remote = Remote(receiver)
        url = "https://receiver.example/mine"
        for provider in ("outreach", "planmysaas"):
            assert await remote("POST", "/webhook", provider=provider, url=url, secret="s") == (200, {"url": url})
        await remote("POST", "/installs", install_id="in-9")
        receiver.sandbox.planmysaas.fire("lead.created")
        await receiver.sandbox.deliveries_settled()
        assert {message.url for message in receiver.got} == {url}
        await remote("POST", "/webhook", provider="planmysaas")
        receiver.sandbox.planmysaas.fire("lead.created")
        assert len(receiver.sandbox.planmysaas.deliveries) == 1


async def test_deliveries_are_spoiled() -> None:
    async with receiving() as receiver:
        remote = Remote(receiver)
        fault = {"provider": "planmysaas", "kind": "duplicate", "event": "lead.*", "times": 2}
        status, waiting = await remote("POST", "/webhook-faults", **fault)
        assert (status, waiting["planmysaas"][0]["times"]) == (200, 2)
        await remote("POST", "/fire", provider="planmysaas", event="lead.created")
        await receiver.sandbox.deliveries_settled()
        assert len(receiver.got) == 2
        assert (await remote("GET", "/webhook-faults"))[1]["planmysaas"][0]["times"] == 1
        await remote("DELETE", "/faults")
        assert (await remote("GET", "/webhook-faults"))[1] == {"outreach": [], "planmysaas": []}
        _, counts = await remote("GET", "/statistics")
        assert counts["planmysaas"]["webhooks"]["duplicate"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        {}, {"kind": "melt"}, {"kind": "drop", "tims": 2}, {"kind": "forge", "forgery": "perfect"},
        {"kind": "drop", "times": "x"},
    ],
)  # fmt: skip
async def test_an_impossible_fault_is_refused(fault: dict[str, object]) -> None:
    async with receiving() as receiver:
        status, told = await Remote(receiver)("POST", "/webhook-faults", **{"provider": "outreach", **fault})
        assert (status, bool(told["error"])) == (400, True)


async def test_forgeries_and_replays_are_thrown() -> None:
    async with receiving() as receiver:
        remote = Remote(receiver)
        assert (await remote("POST", "/forge", how="wrong"))[0] == 400
        await remote("POST", "/fire", event="account.created")
        await receiver.sandbox.deliveries_settled()
        assert await remote("POST", "/forge", how="doubled") == (200, {"forged": 1})
        assert await remote("POST", "/replay", number=1) == (200, {"replayed": 1})
        assert await remote("POST", "/replay") == (200, {"replayed": 1})
        assert (await remote("POST", "/replay", number=99))[0] == 400
        assert (await remote("POST", "/forge", how="perfect"))[0] == 400
        await receiver.sandbox.deliveries_settled()
        assert len(receiver.got) == 4


async def test_a_user_s_permissions_are_taken_away() -> None:
    async with receiving() as receiver:
        remote = Remote(receiver)
        assert (await remote("POST", "/deny", user=1, types=["account"]))[0] == 200
        await remote("POST", "/fire", event="account.created")
        assert receiver.sandbox.outreach.deliveries == ()
        for bad in ({"user": "ada", "types": []}, {"user": 1, "types": "account"}, {}):
            assert (await remote("POST", "/deny", **bad))[0] == 400
