"""Canaries: secrets planted wherever one comes in, and looked for wherever something goes out.

One journey through the receiver as it is served, its inbox, its worker, the console and the command line, with every
logger at DEBUG. A body is kept and shown on purpose: nowhere but there may a person's address be.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from outreach_async.cli import main
from outreach_async.cli.hooks_reach import TOKEN
from tests.webhooks.receiving import fronted, request, wire
from webhooks import Event, OutreachSource, PlanMySaaSSource, SqliteInbox, Webhooks
from webhooks.backoff import Backoff
from webhooks.inbox import Listing
from webhooks.outreach import ProspectUpdated
from webhooks.planmysaas import LeadReplied
from webhooks.testing import Signed, signed


def canary(name: str) -> str:
    """A secret that stands nowhere in the source, since tracebacks quote that."""
    return f"kanary{name}0123456789"


SECRETS = {
    name: canary(name)
    for name in (
        "SecretNew",
        "SecretOld",
        "SecretPms",
        "AdminToken",
        "CleanupToken",
        "Authorization",
        "Cookie",
        "ApiKeyHeader",
        "QueryToken",
        "ForgedSignature",
        "ForgedBody",
        "ApiKey",
        "Jwt",
        "PemKey",
        "RefreshToken",
        "ClientSecret",
        "Bearer",
    )
}
PERSON = "ada.king" + "@kanary.example"

HEADERS = (
    f"Outreach-Webhook-Cleanup-Token: {SECRETS['CleanupToken']}",
    f"Authorization: Bearer {SECRETS['Authorization']}",
    f"Cookie: session={SECRETS['Cookie']}",
    f"X-Api-Key: pms_live_{SECRETS['ApiKeyHeader']}",
    f"X-Original-Url: /outreach?token={SECRETS['QueryToken']}",
)
BEARER = {"Authorization": f"Bearer {SECRETS['AdminToken']}"}
TOLD = (
    f"no such person {PERSON}: the key pms_live_{SECRETS['ApiKey']} gave eyJhbGciOiJSUzI1NiJ9.{SECRETS['Jwt']}.x; "
    f"sent Authorization: Bearer {SECRETS['Bearer']}, client_secret={SECRETS['ClientSecret']}, "
    + json.dumps({"refresh_token": SECRETS["RefreshToken"], "email": PERSON})
    + f"\n-----BEGIN PRIVATE KEY-----\n{SECRETS['PemKey']}\n-----END PRIVATE KEY-----\n\x1b[2J"
)


class CrmError(Exception):
    """What a handler fails with: it tells too much, in its text, its cause and its note."""


def fail() -> None:
    try:
        raise LookupError(TOLD)
    except LookupError as cause:
        error = CrmError(TOLD)
        error.add_note(TOLD)
        raise error from cause


@dataclass
class Journey:
    """A receiver, and everything that came out of it, by where it came out."""

    hooks: Webhooks
    met: list[Event] = field(default_factory=list)
    out: dict[str, str] = field(default_factory=dict)


def receiver(folder: Path) -> Journey:
    """Every handler fails: for good, until later, after its transaction, and in it."""
    sources = (
        OutreachSource({"2026-11": SECRETS["SecretNew"], "2026-05": SECRETS["SecretOld"]}),
        PlanMySaaSSource(SECRETS["SecretPms"]),
    )
    inbox, backoff = SqliteInbox(folder / "inbox.db"), Backoff(3_600, 3_600)
    journey = Journey(Webhooks(*sources, inbox=inbox, backoff=backoff))

    @journey.hooks.on("*", name="dead", retries=0)
    async def dead(event: Event) -> None:
        journey.met.append(event)
        fail()

    @journey.hooks.on(LeadReplied, name="retry", retries=3)
    async def retry(event: Event) -> None:
        fail()

    @journey.hooks.on("*", name="transaction")
    async def transaction(event: Event) -> None:
        await event.transaction(lambda database: database.execute("SELECT 1").fetchone())
        fail()

    @journey.hooks.on("*", name="sql", retries=0)
    async def sql(event: Event) -> None:
        def work(database: sqlite3.Connection) -> None:
            fail()

        await event.transaction(work)

    return journey


def deliveries() -> list[Signed]:
    """One by each live secret."""
    values = {"title": "CTO", "emails": [PERSON]}
    return [
        signed(ProspectUpdated, values, id=1, secret=SECRETS["SecretNew"]),
        signed(ProspectUpdated, values, id=2, secret=SECRETS["SecretOld"]),
        signed(LeadReplied, {"leadId": "l1", "email": PERSON}, id="evt_1", secret=SECRETS["SecretPms"]),
    ]


async def post(port: int, message: Signed) -> int:
    async with wire(port) as connection:
        connection.send(request(message, *HEADERS, path=f"{message.path}?access_token={SECRETS['QueryToken']}"))
        answer = await connection.answer()
        assert answer
        return answer.status


async def posted(port: int) -> None:
    for message in deliveries():
        assert await post(port, message) == 200
        assert await post(port, message) == 200  # a copy
        forged = dict.fromkeys(message.headers, SECRETS["ForgedSignature"])
        assert await post(port, Signed(message.path, forged, SECRETS["ForgedBody"].encode())) == 401


async def looked_at(journey: Journey, session: ClientSession) -> None:
    """Look at every page and every answer of the admin port, signed in as a person and as a program."""
    async with session.get("/console") as door:
        proof = re.search(r'name="proof" value="(\w+)"', await door.text())
        assert proof
    form = {"token": SECRETS["AdminToken"], "proof": proof[1]}
    async with session.post("/console/login", data=form, allow_redirects=False) as signed_in:
        assert signed_in.status == 303
        journey.out["/console/login"] = f"{signed_in.headers}"
    calls = [f"/console/api/{name}" for name in ("stats", "events", "gaps", "events/1", "events/3", "events/1?raw=1")]
    pages = [f"/console{name}" for name in ("", "/dead", "/gaps", "/events/1", "/events/2", "/events/3")]
    for path in (*calls, *pages, "/metrics", "/readyz", "/healthz"):
        async with session.get(path, headers=BEARER if path in calls else {}) as answer:
            assert answer.status == 200, path
            journey.out[path] = await answer.text()
    for name, body in (("redeliver", {"dead": 7}), ("replay", {"provider": "x", "body": SECRETS["ForgedBody"]})):
        async with session.post(f"/console/api/{name}", json=body, headers=BEARER) as refused:
            assert refused.status == 400
            journey.out[f"/console/api/{name}"] = await refused.text()


async def asked(journey: Journey, capsys: pytest.CaptureFixture[str], *where: str) -> None:
    """Ask by the command line, which has an event loop of its own."""
    for command in ("events", "dead", "stats", "show 1", "show 3", "show 1 --raw"):
        for more in ("", " --json"):
            words = f"hooks {command}{more}".split()
            assert await asyncio.to_thread(main, [*words, *where]) == 0, words
            told = capsys.readouterr()
            journey.out[f"{' '.join(words)} {where[0]}"] = told.out + told.err


async def printed(journey: Journey) -> None:
    """Note how everything looks that a program could print."""
    hooks, inbox = journey.hooks, journey.hooks.inbox
    entries = [entry for number in (1, 2, 3) if (entry := await inbox.get(number))]
    assert len(journey.met) == len(entries) == 3
    things: list[Any] = [hooks, inbox, inbox.statistics(), hooks.statistics(), hooks.health(), hooks.intake]
    things += [*hooks.sources, *(source.secrets for source in hooks.sources), hooks.table(), *hooks.table().routes]
    things += [*journey.met, *(event.delivery for event in journey.met), *await inbox.events(Listing())]
    things += [*entries, *(run for entry in entries for run in (*entry.work, *entry.failures))]
    journey.out["reprs"] = "\n".join(f"{thing!r} {thing}" for thing in things)
    journey.out["statistics"] = json.dumps(hooks.statistics())
    journey.out["metrics"] = hooks.metrics()


def stored(folder: Path) -> bytes:
    """Everything that the inbox has on disk."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.iterdir()))


def signature(message: Signed) -> str:
    """The digits of the signature that a delivery came with."""
    (digits,) = (value[-64:] for name, value in message.headers.items() if name.lower().endswith("signature"))
    return digits


def beside_the_body(where: str, text: str) -> str:
    """What a page or an answer shows of an event, but for its body."""
    if "raw" in where:
        saved = json.loads(text)
        return json.dumps(saved.get("saved", saved) | {"body": ""})
    if "/api/events/" in where or "--json" in where:
        event = json.loads(text.splitlines()[-1])["event"]
        assert event["failures"]
        return json.dumps({name: value for name, value in event.items() if not name.startswith("body")})
    before, mark, _ = text.partition("<h2>Body</h2>" if "/events/" in where else "\nbody, ")
    assert mark, where
    return before


async def test_no_canary_sings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(TOKEN, SECRETS["AdminToken"])
    journey = receiver(tmp_path)
    async with (
        fronted(journey.hooks) as (_, port),
        TestServer(journey.hooks.admin_app(SECRETS["AdminToken"])) as server,
        ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as session,
    ):
        await posted(port)
        await journey.hooks.settled()
        await printed(journey)
        await looked_at(journey, session)
        await asked(journey, capsys, "--admin", str(server.make_url("/")))
        await asked(journey, capsys, "--inbox", str(tmp_path / "inbox.db"))
        while_open = stored(tmp_path)
    journey.out["log"] = caplog.text

    signatures = {f"signature {number}": signature(message) for number, message in enumerate(deliveries())}
    secrets = SECRETS | signatures
    for where, text in journey.out.items():
        assert not [name for name, secret in secrets.items() if secret in text], where
        shown = beside_the_body(where, text) if re.search(r"events/\d|show", where) else text
        assert PERSON not in shown, where
        assert not set(shown) & {"\x1b", "\x07"}, where
    for content in (while_open, stored(tmp_path)):
        assert not [name for name, secret in secrets.items() if secret.encode() in content]
        assert PERSON.encode() in content

    # They were there to be found, and what may be told of them is.
    masked = f"a***@{PERSON.partition('@')[2]}", "pms_live_***", "Bearer ***", "client_secret=***"
    for where in ("log", "/console/events/1", "hooks show 1 --inbox", "/console/dead", "hooks dead --json --admin"):
        assert not [text for text in masked if text not in journey.out[where]], where
    for level in ("WARNING", "ERROR"):
        assert re.search(rf"{level} .*CrmError", journey.out["log"]), level
    assert 'webhooks_verified_total{source="outreach",secret="2026-05"} 2' in journey.out["metrics"]
