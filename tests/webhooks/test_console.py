"""The operator's page and calls: who gets in, what they may do there, and that nothing from outside acts in them."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import hmac
import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import START, WoundClock
from tests.webhooks.kept import delivery, told
from tests.webhooks.on_call import TOKEN, Client, filled, served
from tests.webhooks.receiving import wire
from webhooks.console import Console
from webhooks.console_access import LIFETIME, SESSION, Access
from webhooks.inbox import LISTED, Inbox, Listing
from webhooks.inbox_errors import InboxUnavailable
from webhooks.memory_inbox import MemoryInbox
from webhooks.sqlite_inbox import SqliteInbox

BEARER = {"Authorization": f"Bearer {TOKEN}"}
PAGES = ("/console", "/console/", "/console/dead", "/console/gaps", "/console/events/2", "/console/login")
CALLS = ("stats", "events", "events/2", "gaps")


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock(START + 320)


@pytest.fixture
async def inbox(clock: WoundClock) -> abc.AsyncIterator[MemoryInbox]:
    inbox = await filled(clock)
    yield inbox
    await inbox.close()


@pytest.fixture
async def client(inbox: MemoryInbox, clock: WoundClock) -> abc.AsyncIterator[Client]:
    async with served(inbox, clock) as client:
        yield client


async def text_of(client: Client, path: str, **headers: str) -> str:
    answer = await client.get(path, headers=headers or None)
    return await answer.text()


def proof_in(page: str) -> str:
    found = re.search(r'name="proof" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


async def sign_in(client: Client, token: str = TOKEN, **more: str) -> int:
    proof = proof_in(await text_of(client, "/console"))
    form = {"token": token, "proof": proof, "onward": "/console", **more}
    answer = await client.post("/console/login", data=form, allow_redirects=False)
    return answer.status


async def state_of(inbox: Inbox, id: int) -> str:
    entry = await inbox.get(id)
    assert entry
    return entry.state


# Who gets in


@pytest.mark.parametrize("token", ["", "   ", "fifteen-chars-x"])
def test_a_console_needs_a_token_nobody_can_guess(token: str) -> None:
    with pytest.raises(ConfigurationError, match="fewer than 16"):
        Console(MemoryInbox(), dict, token)


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_is_shown_without_the_token(client: Client, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = await client.get(path, headers=headers)
        page = await answer.text()
        assert answer.status == 401
        assert "Ada" not in page
        assert "mailing" not in page
    assert (await client.get(path, headers=BEARER)).status == 200


@pytest.mark.parametrize("call", CALLS)
async def test_calls_take_the_token_and_no_cookie(client: Client, call: str) -> None:
    await sign_in(client)
    refused = await client.get(f"/console/api/{call}")
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert set(await refused.json()) == {"error"}
    for answer in (refused, await client.get(f"/console/api/{call}", headers=BEARER)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.status == 200


async def test_which_inbox_is_held_is_told_without_a_token_and_nothing_else_is(
    client: Client, clock: WoundClock, tmp_path: Path
) -> None:
    assert await (await client.get("/console/api/holder")).json() == {"holds": False}
    async with SqliteInbox(tmp_path / "inbox.db") as inbox, served(inbox, clock) as other:
        for asked, holds in ((inbox.identity, True), ("", False), (f"{inbox.identity}0", False)):
            assert await (await other.get("/console/api/holder", params={"inbox": asked})).json() == {"holds": holds}


async def test_two_authorizations_are_none(client: Client) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    assert (await client.get("/console/api/stats", headers=headers)).status == 401


async def test_signing_in_sets_a_cookie_no_script_and_no_other_site_can_use(client: Client) -> None:
    assert await sign_in(client) == 303
    answer = await client.get("/console")
    assert answer.status == 200
    assert "mailing.bounced" in await answer.text()
    proof = proof_in(await text_of(client, "/console"))
    client.session.cookie_jar.clear()
    page = await text_of(client, "/console")
    answer = await client.post("/console/login", data={"token": TOKEN, "proof": proof_in(page)}, allow_redirects=False)
    cookie = answer.cookies[SESSION]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/console"
    assert int(cookie["max-age"]) == LIFETIME
    assert TOKEN not in cookie.value
    assert proof not in cookie.value


async def test_a_wrong_token_and_an_old_form_are_refused(client: Client) -> None:
    assert await sign_in(client, "x" * 32) == 403
    assert await sign_in(client, proof="0" * 64) == 403
    assert (await client.get("/console")).status == 401


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ".",
        "..",
        "a.b.c",
        f"aa.{int(START)}.{'0' * 64}",
        "aa.99999999999999999999.00",
        "x" * 5000,
        "é.1.ü",
        "a.²." + "0" * 64,
    ],
)
async def test_a_cookie_made_up_opens_nothing(client: Client, cookie: str) -> None:
    answer = await client.get("/console", headers={"Cookie": f"{SESSION}={cookie}"})
    assert answer.status == 401


async def test_a_session_ends(client: Client, clock: WoundClock) -> None:
    await sign_in(client)
    await clock.advance(LIFETIME - 1)
    assert (await client.get("/console")).status == 200
    await clock.advance(2)
    assert (await client.get("/console")).status == 401


async def test_a_session_given_long_after_now_or_by_another_token_is_none(
    client: Client, inbox: MemoryInbox, clock: WoundClock
) -> None:
    # The clock was set back since, or the token was changed.
    for token, ahead, status in ((TOKEN, LIFETIME - 1, 200), (TOKEN, LIFETIME + 1, 401), ("another " * 4, 0, 401)):
        response = web.Response()
        access = Access(token, lambda ahead=ahead: clock.now() + ahead)
        access.sign_in(make_mocked_request("GET", "/console"), response)
        cookie = {"Cookie": f"{SESSION}={response.cookies[SESSION].value}"}
        assert (await client.get("/console", headers=cookie)).status == status


def test_over_https_the_cookie_stays_there() -> None:
    for scheme, secure in (("https", True), ("http", False)):
        request = make_mocked_request("GET", "/console").clone(scheme=scheme)
        response = web.Response()
        Access(TOKEN).sign_in(request, response)
        assert bool(response.cookies[SESSION]["secure"]) is secure


async def test_what_is_secret_is_compared_in_constant_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    access, compared, compare = Access(TOKEN), [], hmac.compare_digest

    def counting(mine: bytes, theirs: bytes) -> bool:
        compared.append(len(theirs))
        return compare(mine, theirs)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    assert not access.is_token("x")
    assert not access.is_proof("session", "x" * 64)
    assert access.is_proof("session", access.proof("session"))
    # Of the token a digest, whatever its length.
    assert compared == [32, 64, 64]
    await sign_in(client)
    compared.clear()
    assert (await client.get("/console")).status == 200
    assert compared == [64]


def test_a_proof_for_nobody_is_none() -> None:
    access = Access(TOKEN)
    assert not access.is_proof("", access.proof(""))


async def test_counters_that_are_times_are_told_by_the_calendar(client: Client) -> None:
    assert await sign_in(client) == 303
    page = await text_of(client, "/console")
    assert "<dt>started at</dt><dd>2026-11-30T09:14:42.500Z</dd>" in page
    assert "<dt>oldest seconds</dt><dd>312</dd>" in page


async def test_signing_out_needs_its_form_too(client: Client) -> None:
    await sign_in(client)
    page = await text_of(client, "/console")
    assert (await client.post("/console/logout", data={}, allow_redirects=False)).status == 403
    assert (await client.get("/console")).status == 200
    answer = await client.post("/console/logout", data={"proof": proof_in(page)}, allow_redirects=False)
    assert answer.status == 303
    assert (await client.get("/console")).status == 401


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.test/",
        "//evil.test",
        "/console//evil.test",
        "/console/../x",
        "/consoled",
        "\\\\evil",
        "/console\r\nX: y",
        "é",
    ],
)
async def test_the_door_leads_nowhere_else(client: Client, onward: str) -> None:
    proof = proof_in(await text_of(client, "/console"))
    form = {"token": TOKEN, "proof": proof, "onward": onward}
    answer = await client.post("/console/login", data=form, allow_redirects=False)
    assert answer.headers["Location"] == "/console"


async def test_the_door_leads_on_to_what_was_asked_for(client: Client) -> None:
    page = await text_of(client, "/console/events/2")
    assert 'name="onward" value="/console/events/2"' in page


# What may be done


async def test_a_dead_letter_is_redelivered_once(client: Client, inbox: MemoryInbox) -> None:
    await sign_in(client)
    page = await text_of(client, "/console/dead")
    form = {"id": "2", "proof": proof_in(page), "back": "/events/2"}
    answer = await client.post("/console/redeliver", data=form, allow_redirects=False)
    assert answer.headers["Location"] == "/console/events/2?redelivered=1"
    assert await state_of(inbox, 2) == "pending"
    again = await client.post("/console/redeliver", data=form)
    assert "Nothing was redelivered" in await again.text()


async def test_all_dead_letters_are_redelivered(client: Client, inbox: MemoryInbox) -> None:
    await sign_in(client)
    proof = proof_in(await text_of(client, "/console/dead"))
    answer = await client.post("/console/redeliver", data={"all": "1", "proof": proof})
    assert "Redelivered 2 events" in await answer.text()
    assert inbox.statistics().dead == 0


async def test_all_means_more_than_one_listing_gives(client: Client, inbox: MemoryInbox) -> None:
    await asyncio.gather(*(inbox.put(delivery(n, unreadable="it is broken")) for n in range(10, 10 + LISTED)))
    await sign_in(client)
    page = await text_of(client, "/console/dead")
    assert f"Yes, redeliver all {LISTED + 2:,} dead letters" in page
    answer = await client.post("/console/redeliver", data={"all": "1", "proof": proof_in(page)})
    assert f"Redelivered {LISTED + 2:,} events" in await answer.text()
    assert inbox.statistics().dead == 0


@pytest.mark.parametrize("proof", ["", "0" * 64, "é", None])
async def test_a_form_of_others_does_nothing(client: Client, inbox: MemoryInbox, proof: str | None) -> None:
    await sign_in(client)
    form = {"id": "2"} if proof is None else {"id": "2", "proof": proof}
    answer = await client.post("/console/redeliver", data=form, allow_redirects=False)
    assert answer.status in (400, 403)
    assert await state_of(inbox, 2) == "dead"


async def test_the_proof_of_another_session_does_nothing(client: Client, inbox: MemoryInbox) -> None:
    await sign_in(client)
    proof = proof_in(await text_of(client, "/console"))
    client.session.cookie_jar.clear()
    await sign_in(client)
    answer = await client.post("/console/redeliver", data={"id": "2", "proof": proof}, allow_redirects=False)
    assert answer.status == 403
    assert await state_of(inbox, 2) == "dead"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_browser_that_names_another_page_is_believed(client: Client, inbox: MemoryInbox, site: str) -> None:
    door = {"token": TOKEN, "proof": proof_in(await text_of(client, "/console"))}
    answer = await client.post("/console/login", data=door, headers={"Sec-Fetch-Site": site})
    assert answer.status == 403
    await sign_in(client)
    form = {"id": "2", "proof": proof_in(await text_of(client, "/console"))}
    answer = await client.post("/console/redeliver", data=form, headers={"Sec-Fetch-Site": site})
    assert answer.status == 403
    assert await state_of(inbox, 2) == "dead"


async def test_forms_that_are_none_are_refused(client: Client) -> None:
    await sign_in(client)
    bodies: list[tuple[bytes, str]] = [
        (b"x" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(50)), "application/x-www-form-urlencoded"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
    ]
    for body, kind in bodies:
        answer = await client.post("/console/redeliver", data=body, headers={"Content-Type": kind})
        assert answer.status == 400, (body[:20], kind)


async def test_ids_are_numbers(client: Client) -> None:
    await sign_in(client)
    proof = proof_in(await text_of(client, "/console"))
    for text in ("", "two", "-1", "9" * 40, "²"):
        answer = await client.post("/console/redeliver", data={"id": text, "proof": proof})
        assert answer.status == 400
    assert (await client.get("/console/events/99")).status == 404
    assert (await client.get("/console?state=nope")).status == 400
    assert (await client.get("/console?before=x")).status == 400


# What is shown


async def test_the_first_page_tells_how_it_stands(client: Client) -> None:
    page = await text_of(client, "/console", **BEARER)
    for text in (
        "12.5",
        "5 min 12 s",
        "task.completed",
        "unsigned",
        "TimeoutError: ran longer than 30 s",
        "planmysaas",
    ):
        assert text in page
    assert "http-equiv" not in page
    assert 'http-equiv="refresh" content="5"' in await text_of(client, "/console?refresh=5", **BEARER)


async def test_it_says_when_the_receiver_is_not_ready(inbox: MemoryInbox, clock: WoundClock) -> None:
    async with served(inbox, clock, problems=["the store fails: disk full"]) as client:
        assert "Not ready: the store fails: disk full" in await text_of(client, "/console", **BEARER)


async def test_events_are_filtered_and_paged(client: Client, inbox: MemoryInbox) -> None:
    page = await text_of(client, "/console?state=dead&event=mailing.bounced", **BEARER)
    assert "/console/events/2" in page
    assert "/console/events/5" not in page
    for number in range(10, 70):
        await inbox.put(delivery(number))
    first = await text_of(client, "/console", **BEARER)
    older = re.search(r'href="(/console\?before=\d+)">Older', first)
    assert older
    second = await text_of(client, older[1], **BEARER)
    assert "/console/events/1&quot;" not in second
    assert 'href="/console/events/1"' in second
    assert "Newest" in second


async def test_one_event_tells_everything(client: Client) -> None:
    page = await text_of(client, "/console/events/2", **BEARER)
    for text in (
        "app:audit",
        "app:push",
        "6 tries",
        "await crm.upsert(event.prospect.id)",
        "content-type",
        "verified by main",
    ):
        assert text in page
    assert "Redeliver" not in await text_of(client, "/console/events/4", **BEARER)
    assert "Tried again" in await text_of(client, "/console/events/3", **BEARER)
    assert "Unreadable" in await text_of(client, "/console/events/5", **BEARER)


async def test_gaps_are_listed(clock: WoundClock, tmp_path) -> None:
    from webhooks.sqlite_inbox import SqliteInbox

    for _ in range(2):
        inbox = SqliteInbox(tmp_path / "inbox.db")
        await inbox.open(clock)
        async with served(inbox, clock) as client:
            page = await text_of(client, "/console/gaps", **BEARER)
        await inbox.close()
        await clock.advance(3600)
    assert "no receiver ran" in page
    assert "1 h" in page


async def test_an_inbox_that_does_not_answer_is_told(clock: WoundClock) -> None:
    inbox = MemoryInbox()
    await inbox.open(clock)

    class Failing:
        def __getattr__(self, name: str) -> object:
            if name in ("events", "counts", "redeliver"):
                raise InboxUnavailable("the inbox cannot be read: disk I/O error")
            return getattr(inbox, name)

    async with served(Failing(), clock) as client:  # type: ignore[arg-type]
        answer = await client.get("/console", headers=BEARER)
        assert answer.status == 503
        assert "disk I/O error" in await answer.text()
        call = await client.get("/console/api/stats", headers=BEARER)
        assert call.status == 503
        assert "disk I/O error" in (await call.json())["error"]
    await inbox.close()


async def test_what_no_handler_takes_or_ran_says_so(clock: WoundClock) -> None:
    inbox = MemoryInbox()
    await inbox.open(clock)
    await inbox.put(delivery(1))
    await inbox.put(delivery(2, resource=""))
    untaken, lost = await inbox.claim(2)
    await inbox.settle(untaken, end="unclaimed")
    await inbox.settle(lost, told("app:old", "dead", attempt=0, reason="it no longer exists"), end="whole")
    async with served(inbox, clock) as client:
        assert "no handler takes it" in await text_of(client, "/console", **BEARER)
        page = await text_of(client, "/console/events/1", **BEARER)
        assert "No handler takes it." in page
        assert "No handler has ended yet" not in page
        assert (await text_of(client, "/console/events/2", **BEARER)).count("not run") == 2
    await inbox.close()


# Nothing from outside acts


async def test_every_answer_forbids_scripts_frames_and_foreign_things(client: Client) -> None:
    asked = [await client.get(path, headers=BEARER) for path in (*PAGES, "/console/style.css", "/console/icon.svg")]
    asked += [await client.get("/console"), await client.post("/console/login", data={"token": "x"})]
    asked += [await client.get("/console/events/99", headers=BEARER)]
    for answer in asked:
        # Forms, a base and frames do not fall back on `default-src`.
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == {
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        }
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.content_type == "text/html":
            # What it shows is people's data.
            assert answer.headers["Cache-Control"] == "no-store"
        page = await answer.text()
        assert "<script" not in page
        assert " style=" not in page
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
CANARY = "canary-never-shown-4711"


async def test_hostile_texts_are_shown_as_texts(clock: WoundClock) -> None:
    inbox = MemoryInbox()
    await inbox.open(clock)
    body = json.dumps({"data": {"name": HOSTILE, "bell": "\x07\x1b[2J", "turned": "\u202egnp.exe"}}, ensure_ascii=False)
    await inbox.put(
        delivery(
            1, event=HOSTILE, resource=HOSTILE, flags=(HOSTILE,), headers=((HOSTILE, HOSTILE),), body=body.encode()
        )
    )
    await inbox.put(delivery(2, body=b"\x1b]0;x\x07" + HOSTILE.encode() + b"\xff\x00\r\n", unreadable=HOSTILE))
    for claim in await inbox.claim(1):
        await inbox.settle(claim, told(HOSTILE, "dead", reason=HOSTILE, traceback=f"{HOSTILE}\n\x1b[31m"), end="whole")
    paths = ("/console", "/console/dead", "/console/events/1", "/console/events/2", f"/console?event={HOSTILE}")
    async with served(inbox, clock, **{HOSTILE: {HOSTILE: HOSTILE}}) as client:
        for path in paths:
            page = await text_of(client, path, **BEARER)
            assert "<script" not in page
            assert "<img" not in page
            assert "&lt;script&gt;" in page
            assert not set(page) & set("\x00\x07\x1b\u202e\r")
    await inbox.close()


SECRETS = {
    "as it stands": f'{{"data": {{"clientSecret": "{CANARY}"}}}}',
    "escaped": f'{{"data": {{"to\\u006ben": "{CANARY}"}}}}',
    "nested": json.dumps({"inner": json.dumps({"refresh_token": CANARY})}),
    "unreadable": f'{{"token": "{CANARY}", oops',
    "bearer": json.dumps({"note": f"Authorization: Bearer {CANARY}"}),
    "url": json.dumps({"url": f"https://x.test/?access_token={CANARY}"}),
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in SECRETS.items()])
async def test_secrets_are_masked(clock: WoundClock, text: str) -> None:
    inbox = MemoryInbox()
    await inbox.open(clock)
    headers = (("x-note", f"Bearer {CANARY}"),)
    await inbox.put(delivery(1, body=text.encode(), headers=headers, unreadable=f"token={CANARY}"))
    async with served(inbox, clock) as client:
        for path in ("/console", "/console/dead", "/console/events/1", "/console/api/events", "/console/api/events/1"):
            shown = await text_of(client, path, **BEARER)
            assert CANARY not in shown, path
            assert TOKEN not in shown
    await inbox.close()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 500 + b"1," * 100_000 + b"1" + b"]" * 500,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"9" * 200_000,
        b'{"a": "\\ud800"}',
        b"\xff" * 300_000,
        b'"' + b"\\u0000" * 40_000 + b'"',
        b"-----BEGIN " * 20_000,
        b"",
    ],
    ids=["open", "broad", "deep", "number", "surrogate", "no text", "nulls", "keys", "empty"],
)
async def test_hostile_bodies_are_bounded(clock: WoundClock, body: bytes) -> None:
    inbox = MemoryInbox()
    await inbox.open(clock)
    kept = msgspec.structs.replace(delivery(1), body=body)
    await inbox.put(kept)
    async with served(inbox, clock) as client, asyncio.timeout(5):
        answer = await client.get("/console/events/1", headers=BEARER)
        assert answer.status == 200
        assert len(await answer.text()) < 1_500_000
        call = await client.get("/console/api/events/1", headers=BEARER)
        assert (await call.json())["event"]["size"] == len(body)
    await inbox.close()


# The calls of the command line


async def test_calls_list_show_and_count(client: Client) -> None:
    events = (await (await client.get("/console/api/events?limit=2", headers=BEARER)).json())["events"]
    assert [event["id"] for event in events] == [5, 4]
    after = (await (await client.get("/console/api/events?after=3", headers=BEARER)).json())["events"]
    assert [event["id"] for event in after] == [4, 5]
    event = (await (await client.get("/console/api/events/2", headers=BEARER)).json())["event"]
    assert event["state"] == "dead"
    assert event["failures"][0]["traceback"].endswith("503 from the CRM\n")
    assert (await (await client.get("/console/api/events/99", headers=BEARER)).json()) == {"event": None}
    stats = await (await client.get("/console/api/stats", headers=BEARER)).json()
    assert stats["events"] == {"pending": 1, "retrying": 1, "done": 1, "dead": 2}
    assert stats["receiver"]["received"] == 1204
    assert (await client.get("/console/api/events?limit=x", headers=BEARER)).status == 400


async def test_calls_redeliver(client: Client, inbox: MemoryInbox) -> None:
    answer = await client.post("/console/api/redeliver", json={"ids": [2, 4, 99]}, headers=BEARER)
    assert await answer.json() == {"redelivered": [2], "left": [4, 99], "before": None}
    answer = await client.post("/console/api/redeliver", json={"dead": True}, headers=BEARER)
    assert (await answer.json())["redelivered"] == [5]
    assert inbox.statistics().dead == 0
    for asked in (
        {},
        [],
        {"ids": ["2"]},
        {"ids": [True]},
        {"ids": [2**70]},
        {"dead": True, "before": "x"},
        {"dead": 1},
    ):
        answer = await client.post("/console/api/redeliver", json=asked, headers=BEARER)
        assert answer.status == 400, asked


async def test_what_was_saved_is_replayed_once(client: Client, inbox: MemoryInbox) -> None:
    saved = (await (await client.get("/console/api/events/5?raw", headers=BEARER)).json())["saved"]
    assert saved["body_base64"]
    first = await (await client.post("/console/api/replay", json=saved, headers=BEARER)).json()
    again = await (await client.post("/console/api/replay", json=saved, headers=BEARER)).json()
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["id"] == again["id"]
    entry = await inbox.get(first["id"])
    assert entry
    assert entry.delivery.body == b"\xff<not json>"
    assert "replayed" in entry.delivery.flags


@pytest.mark.parametrize(
    "saved",
    [
        [],
        {},
        {"provider": "nobody", "body": "{}"},
        {"provider": ["outreach"], "body": "{}"},
        {"provider": "outreach"},
        {"provider": "outreach", "body": "{}", "body_base64": "e30="},
        {"provider": "outreach", "body_base64": "not base64"},
        {"provider": "outreach", "body": "{}", "headers": ["x"]},
        {"provider": "outreach", "body": "{}", "headers": 7},
        {"provider": "outreach", "source": "bad name!", "body": "{}"},
        {"provider": "outreach", "source": 7, "body": "{}"},
        {"provider": "outreach", "body": "x" * (1 << 20) + "x"},
    ],
)
async def test_what_is_no_saved_delivery_is_refused(client: Client, inbox: MemoryInbox, saved: object) -> None:
    before = len(await inbox.events(Listing()))
    answer = await client.post("/console/api/replay", data=io.BytesIO(json.dumps(saved).encode()), headers=BEARER)
    assert answer.status == 400
    assert (await answer.json())["error"]
    assert len(await inbox.events(Listing())) == before


async def test_a_call_that_is_no_json_is_refused(client: Client) -> None:
    for body in (b"", b"{", b"[" * 100_000, b"\xff"):
        answer = await client.post("/console/api/redeliver", data=body, headers=BEARER)
        assert answer.status == 400


@pytest.mark.parametrize("place", ["/console/redeliver", "/console/api/redeliver"])
async def test_a_body_that_does_not_come_has_a_deadline(
    client: Client, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("admin_calls", "console"):
        monkeypatch.setattr(f"webhooks.{module}.BODY_DEADLINE", 0.05)
    await sign_in(client)
    cookie = client.session.cookie_jar.filter_cookies(client.make_url("/console"))[SESSION].value
    async with wire(client.port or 0) as slow:
        slow.send(
            f"POST {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Cookie: {SESSION}={cookie}\r\nAuthorization: Bearer {TOKEN}\r\n\r\nhalf".encode()
        )
        answer = await slow.answer()
        assert answer is not None
        assert answer.status == 400
        assert b"did not come" in answer.body
