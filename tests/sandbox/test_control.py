from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.messages import NO_HEADERS, Request
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.clock import START
from outreach_async.sandbox.control import Control
from outreach_async.sandbox.sandbox import Sandbox


class Remote:
    """A sandbox driven from outside."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(prospects=10)
        self.control = Control(self.sandbox)

    async def call(self, method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        call = Call(method, f"/_sandbox{path}", tuple(query.items()), NO_HEADERS, data, self.sandbox.clock.now(), "")
        response = await self.control.answer(call)
        return response.status, json.loads(response.body)

    async def get(self, path: str = "/users") -> int:
        request = Request("GET", "https://api.outreach.io", f"/api/v2{path}")
        return (await self.sandbox.transport().send(request, f"Bearer {self.sandbox.access_token()}")).status


@pytest.fixture
def remote() -> Remote:
    return Remote()


async def test_the_state_lists_every_call(remote: Remote) -> None:
    status, state = await remote.call("GET", "")
    assert status == 200
    assert state["now"] == START
    assert state["switches"]["rotation"] == "revoke_on_first_use"
    assert {(call["method"], call["path"]) for call in state["calls"]} >= {
        ("POST", "/_sandbox/advance"), ("PATCH", "/_sandbox/switches"), ("GET", "/_sandbox/statistics"),
    }  # fmt: skip
    assert (await remote.call("GET", "/"))[0] == 200
    assert (await remote.call("GET", "/nothing"))[0] == 404


async def test_switches_are_listed_and_set_at_once(remote: Remote) -> None:
    _, listed = await remote.call("GET", "/switches")
    assert {"name", "values", "default", "about", "setting"} == set(listed[0])
    status, _ = await remote.call("PATCH", "/switches", {"quota": "1/60", "merged_headers": "on"})
    assert status == 200
    assert [await remote.get(), await remote.get()] == [200, 429]
    status, told = await remote.call("PATCH", "/switches", {"rotation": "never"})
    assert status == 400
    assert "revoke_immediately|" in told["error"]


async def test_faults_are_added_listed_and_taken_back(remote: Remote) -> None:
    fault = {"status": 503, "times": 2, "route": "/users", "retry_after": 5, "headers": {"X-Odd": "1"}}
    status, waiting = await remote.call("POST", "/faults", fault)
    assert status == 200
    assert waiting["outreach"][0]["times"] == 2
    assert await remote.get() == 503
    assert (await remote.call("GET", "/faults"))[1]["outreach"][0]["times"] == 1
    await remote.call("DELETE", "/faults")
    assert await remote.get() == 200
    drift = {"provider": "planmysaas", "drift": {"kind": "missing_field", "attribute": "email"}, "times": -1}
    assert len((await remote.call("POST", "/faults", drift))[1]["planmysaas"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"stauts": 500}, {"status": "many"}, {}, {"status": 42}, {"provider": "acme", "status": 500},
        {"drift": {"kind": "melted"}}, b"[1]", b"not json",
    ],
)  # fmt: skip
async def test_an_impossible_fault_is_refused(remote: Remote, body: object) -> None:
    status, told = await remote.call("POST", "/faults", body)
    assert status == 400
    assert told["error"]
    assert await remote.get() == 200


async def test_time_is_moved_on(remote: Remote) -> None:
    status, told = await remote.call("POST", "/advance", {"seconds": 3600})
    assert (status, told["now"]) == (200, START + 3600)
    for seconds in (-1, "x", None, True, 1e99):
        assert (await remote.call("POST", "/advance", {"seconds": seconds}))[0] == 400


async def test_statistics_tell_who_was_refused_and_why(remote: Remote) -> None:
    remote.sandbox.set_switches(quota="2/60")
    remote.sandbox.outreach.fail_next(429, skip=1)
    statuses = [await remote.get() for _ in range(4)]
    assert statuses == [200, 429, 429, 429]
    _, told = await remote.call("GET", "/statistics")
    assert told["outreach"]["requests"] == 4
    assert told["outreach"]["rate_limited"] == {"injected": 1, "user": 2}
    assert told["outreach"]["over_limit"] == 2
    assert told["outreach"]["distinct_tokens"] == told["outreach"]["tokens_minted"] == 4
    assert told["outreach"]["windows"]["user:ada"] == [{"start": START, "used": 2, "refused": 2}]
    _, log = await remote.call("GET", "/requests", provider="outreach")
    assert [(row["path"], row["status"]) for row in log] == [("/api/v2/users", status) for status in statuses]
    assert (await remote.call("GET", "/requests", provider="planmysaas"))[1] == []


async def test_tokens_are_minted_and_revoked(remote: Remote) -> None:
    _, minted = await remote.call("POST", "/tokens", {"user": "bob", "scopes": ["users.read"]})
    request = Request("GET", "https://api.outreach.io", "/api/v2/users")
    transport, token = remote.sandbox.transport(), f"Bearer {minted['access_token']}"
    assert (await transport.send(request, token)).status == 200
    assert (await remote.call("POST", "/revoke", {"user": "ada"}))[1] == {"revoked": 0}
    assert (await remote.call("POST", "/revoke", {"user": "bob", "refresh": True}))[1] == {"revoked": 1}
    assert (await transport.send(request, token)).status == 401
    assert (await remote.call("POST", "/tokens", {"scopes": "users.read"}))[0] == 400
    assert (await remote.call("POST", "/revoke", {"key": "full"}))[0] == 200
    assert (await remote.call("POST", "/revoke", {"key": "nobody's"}))[0] == 400
    me = Request("GET", "https://www.planmysaas.com", "/api/v1/outreach/me")
    answer = await transport.send(me, f"Bearer {remote.sandbox.credentials.api_key}")
    assert json.loads(answer.body)["error"] == "Key revoked"


async def test_installations_are_added_and_locked(remote: Remote) -> None:
    assert (await remote.call("POST", "/setup-tokens"))[1]["install_setup_token"]
    assert (await remote.call("POST", "/setup-tokens", {"install_id": "none"}))[0] == 400
    status, told = await remote.call("POST", "/installs", {"install_id": "in-2", "org_id": 5, "org_state": "locked"})
    assert (status, told["org_state"]) == (200, "locked")
    assert remote.sandbox.outreach.gateway.s2s.installs["in-2"].org_state == "locked"
    assert (await remote.call("POST", "/installs", {"install_id": "in-2", "org_state": "gone"}))[0] == 400
    assert (await remote.call("POST", "/installs", {}))[0] == 400


async def test_records_change_outside_of_the_quota(remote: Remote) -> None:
    data = {"type": "prospect", "id": 1, "attributes": {"title": "Countess"}}
    status, told = await remote.call("POST", "/changes", {"method": "PATCH", "path": "/prospects/1", "data": data})
    assert (status, told["status"]) == (200, 200)
    assert told["answer"]["data"]["attributes"]["title"] == "Countess"
    assert not remote.sandbox.outreach.requests
    gone = await remote.call("POST", "/changes", {"method": "DELETE", "path": "/prospects/1"})
    assert gone[1] == {"status": 204, "answer": None}


async def test_replies_arrive(remote: Remote) -> None:
    lead = next(iter(remote.sandbox.planmysaas.api.workspaces["ws_abc"].leads))
    status, reply = await remote.call("POST", "/replies", {"lead_id": lead, "classification": "referral"})
    assert (status, reply["needsAction"]) == (200, True)
    assert (await remote.call("POST", "/replies", {"lead_id": "nobody"}))[0] == 400


async def test_everything_begins_anew(remote: Remote) -> None:
    before = remote.sandbox.credentials
    remote.sandbox.outreach.fail_next(500, times=-1)
    await remote.call("POST", "/reset", {"prospects": 3})
    assert await remote.get() == 200
    assert (remote.sandbox.prospects, remote.sandbox.credentials) == (3, before)
    _, told = await remote.call("POST", "/seed", {"seed": 2})
    assert told["client_id"] != before.client_id
    assert (await remote.call("POST", "/reset", {"prospects": "many"}))[0] == 400
