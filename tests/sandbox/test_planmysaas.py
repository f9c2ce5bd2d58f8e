from __future__ import annotations

import json
from typing import Any

import pytest

from outreach_async.protocol.messages import Headers, Response
from outreach_async.sandbox.calls import Call
from outreach_async.sandbox.planmysaas import LIVE_SCOPES, Change, Key, PlanMySaaSApi
from outreach_async.sandbox.planmysaas_data import CLASSIFICATIONS
from outreach_async.sandbox.switches import Switches

NOW = 1_795_305_600.0
FULL = Key("pms_live_full", "ws_abc", LIVE_SCOPES)
BARE = Key("pms_live_bare", "ws_abc", frozenset())
GONE = Key("pms_live_gone", "ws_abc", LIVE_SCOPES, state="revoked")
FREE = Key("pms_live_free", "ws_free", LIVE_SCOPES, plan="free")


class Server:
    def __init__(self, leads: int = 60, **switches: Any) -> None:
        self.api = PlanMySaaSApi((FULL, BARE, GONE, FREE), leads=leads, switches=Switches(**switches), seed=1, now=NOW)

    def call(
        self,
        method: str,
        path: str,
        *,
        key: Key | str | None = FULL,
        body: object = None,
        now: float = NOW,
        **query: str,
    ) -> Response:
        text = key.text if isinstance(key, Key) else key
        headers = Headers({"authorization": f"Bearer {text}"} if text else {})
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.api.answer(
            Call(method, "/api/v1/outreach" + path, tuple(query.items()), headers, data, now, "http://x")
        )

    def get(self, path: str, **query: Any) -> Any:
        response = self.call("GET", path, **query)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def create(self, **fields: Any) -> Response:
        return self.call("POST", "/leads", body={"campaignId": "camp_abc", "email": "new@example.com"} | fields)


def told(response: Response) -> tuple[int, Any]:
    return response.status, json.loads(response.body)["error"]


def test_me_needs_no_scope_and_names_the_keys_prefix() -> None:
    server = Server()
    assert server.get("/me", key=BARE) == {
        "workspace": {"id": "ws_abc", "name": "Vale Software", "createdAt": "2026-08-24T00:00:00.000Z"},
        "key": {"prefix": "pms_live_ba", "scopes": []},
    }
    assert server.get("/me", key=FREE)["workspace"]["id"] == "ws_free"


def test_each_key_state_has_its_own_words() -> None:
    server = Server()
    assert told(server.call("GET", "/me", key=None)) == (401, "Missing API key")
    assert told(server.call("GET", "/me", key="pms_live_other")) == (401, "Invalid API key")
    assert told(server.call("GET", "/me", key=GONE)) == (401, "Key revoked")
    assert told(server.call("GET", "/leads", key=FREE))[0] == 402
    assert told(server.call("GET", "/leads", key=BARE)) == (403, "Missing scope: leads:read")
    assert told(server.call("POST", "/leads", key=BARE)) == (403, "Missing scope: leads:write")
    assert told(server.call("GET", "/campaigns", key=BARE)) == (403, "Missing scope: campaigns:read")
    assert told(server.call("GET", "/replies", key=BARE)) == (403, "Missing scope: replies:read")


def test_every_answer_has_its_own_request_id() -> None:
    server = Server()
    answers = [server.call("GET", "/me", key=key) for key in (FULL, GONE, None)] + [server.call("GET", "/nowhere")]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 4
    assert answers[-1].status == 404


def test_campaigns_count_what_hangs_on_them() -> None:
    server = Server()
    campaigns = server.get("/campaigns")["data"]
    assert {"id", "name", "status", "fromName", "pitchContext", "dailyCap", "_count", "createdAt", "updatedAt"} == set(
        campaigns[0]
    )
    assert sum(row["_count"]["leads"] for row in campaigns) == 60
    assert all(set(row["_count"]) == {"leads", "sends", "steps", "replies"} for row in campaigns)


@pytest.mark.parametrize(
    "place",
    [
        f"{parent}{name}"
        for parent in ("", "meta.", "page.", "pagination.")
        for name in ("nextCursor", "next_cursor", "cursor")
    ],
)
@pytest.mark.parametrize("end", ["null", "absent"])
def test_a_walk_by_cursor_sees_every_lead_once(place: Any, end: Any) -> None:
    server = Server(pms_cursor=place, pms_last_cursor=end)
    seen: list[str] = []
    query: dict[str, str] = {"limit": "25"}
    while True:
        page = server.get("/leads", **query)
        seen += [row["id"] for row in page["data"]]
        found = page
        for name in place.split("."):
            found = found.get(name, {}) if isinstance(found, dict) else found
        if not found:
            assert ("data" in page and len(page) == 1) is (end == "absent")
            break
        query["cursor"] = found
    assert len(seen) == len(set(seen)) == 60


def test_a_cursor_survives_changes_between_the_pages() -> None:
    server = Server()
    first = server.get("/leads", limit="10", status="active")
    server.api.workspaces["ws_abc"].leads[first["data"][-1]["id"]]["status"] = "replied"
    rest = server.get("/leads", limit="200", status="active", cursor=first["nextCursor"])
    assert not {row["id"] for row in rest["data"]} & {row["id"] for row in first["data"]}
    assert told(server.call("GET", "/leads", cursor="junk")) == (400, "Invalid cursor")
    assert server.call("GET", "/leads", limit="many").status == 400


def test_leads_are_filtered_and_fifty_by_default() -> None:
    server = Server()
    assert len(server.get("/leads")["data"]) == 50
    lead = server.get("/leads")["data"][7]
    assert server.get("/leads", email=lead["email"].upper())["data"] == [lead]
    assert {row["status"] for row in server.get("/leads", status="replied")["data"]} == {"replied"}
    assert {row["campaignId"] for row in server.get("/leads", campaignId="camp_abc")["data"]} == {"camp_abc"}


def test_one_lead_comes_with_what_hangs_on_it() -> None:
    server = Server()
    replied = server.get("/leads", status="replied")["data"][0]
    lead = server.get(f"/leads/{replied['id']}")["data"]
    assert lead["email"] == replied["email"]
    assert lead["replies"][0]["classification"] in CLASSIFICATIONS
    assert len(lead["sends"]) == lead["stepPosition"]["step"]
    assert told(server.call("GET", "/leads/lead_none")) == (404, "Lead not found")
    bare = Server(pms_wrapper="bare")
    assert bare.get(f"/leads/{replied['id']}")["id"] == replied["id"]


def test_creating_twice_gives_the_first_row() -> None:
    server = Server()
    changes: list[Change] = []
    server.api.on_change(changes.append)
    first = server.create(firstName="Sam")
    second = server.create(firstName="Other", email="NEW@example.com")
    assert (first.status, second.status) == (201, 200)
    assert json.loads(first.body) == json.loads(second.body)
    assert json.loads(first.body)["data"]["firstName"] == "Sam"
    assert [change.event for change in changes] == ["lead.created"]


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"email": ""}, 400, "email is required"),
        ({"campaignId": None}, 400, "campaignId is required"),
        ({"campaignId": "camp_other"}, 404, "Campaign not found"),
        ({"email": "not an address"}, 422, "email is not a valid address"),
        ({"company": 5}, 422, "company must be a string"),
    ],
)
def test_what_cannot_be_created_says_why(fields: dict[str, Any], status: int, text: str) -> None:
    assert told(Server().create(**fields)) == (status, text)


def test_an_archived_campaign_takes_no_leads_and_junk_is_400() -> None:
    server = Server()
    archived = next(row["id"] for row in server.get("/campaigns")["data"] if row["status"] == "archived")
    assert told(server.create(campaignId=archived)) == (422, "Campaign is archived")
    assert told(server.call("POST", "/leads", body=b"{not json")) == (400, "Malformed JSON")
    assert told(server.call("POST", "/leads", body=b"[]")) == (400, "Malformed JSON")


def test_the_error_field_may_be_an_object() -> None:
    server = Server(pms_error="object")
    assert told(server.call("GET", "/me", key=GONE)) == (401, {"message": "Key revoked", "status": 401})


def test_replies_are_filtered_by_what_needs_action() -> None:
    server = Server(leads=300)
    all_replies, open_ones = server.get("/replies", limit="200")["data"], server.get("/replies", needsAction="true")
    assert 0 < len(open_ones["data"]) < len(all_replies)
    assert all(row["needsAction"] for row in open_ones["data"])
    assert len({row["classification"] for row in all_replies}) > 5


def test_limits_slide_and_say_so() -> None:
    server = Server(pms_minute=3, pms_hour=4)
    assert [server.call("GET", "/me", now=NOW + at).status for at in (0, 10, 20)] == [200, 200, 200]
    refused = server.call("GET", "/me", now=NOW + 30)
    assert told(refused) == (429, "Rate limit exceeded")
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["x-ratelimit-limit"] == "3"
    assert refused.headers["x-ratelimit-window"] == "minute"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert server.call("GET", "/me", key=FREE, now=NOW + 30).status == 200
    last = server.call("GET", "/me", now=NOW + 60)
    assert last.status == 200
    assert "x-ratelimit-limit" not in last.headers
    assert server.call("GET", "/me", now=NOW + 80).headers["x-ratelimit-window"] == "hour"
    server.api.clear_limits()
    assert server.call("GET", "/me", now=NOW + 80).status == 200


def test_every_answer_may_tell_the_limits() -> None:
    server = Server(pms_headers="every", pms_minute=3)
    assert server.call("GET", "/me").headers["x-ratelimit-remaining"] == "2"
    unlimited = Server(pms_minute=0)
    assert all(unlimited.call("GET", "/me").status == 200 for _ in range(700))


def test_the_rows_repeat_with_the_seed() -> None:
    assert Server().get("/leads") == Server().get("/leads")
