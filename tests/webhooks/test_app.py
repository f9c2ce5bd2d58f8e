"""The application: what is refused when it is made, its life, its answers through aiohttp, and what it tells."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.sandbox.clock import WoundClock
from tests.webhooks.receiving import Faulty, Refusing, outreach, planmysaas, receiver, request, wire
from webhooks import Event, Inbox, MemoryInbox, OutreachSource, PlanMySaaSSource, SqliteInbox, Webhooks
from webhooks.backoff import Backoff
from webhooks.delivery import Delivery
from webhooks.inbox import InboxStatistics, Listing, Receipt
from webhooks.inbox_errors import InboxFull, InboxUnavailable
from webhooks.receiver import ABORT, Abort, Reply
from webhooks.testing import SECRET


@pytest.mark.parametrize(
    ("sources", "options", "told"),
    [
        ((), {}, "no source"),
        (("outreach",), {}, "'outreach' is no source"),
        ((OutreachSource(SECRET), OutreachSource(SECRET)), {}, "two sources share"),
        ((OutreachSource(SECRET),), {"inbox": "inbox.db"}, "'inbox.db' is no inbox"),
        ((OutreachSource(SECRET),), {"concurrency": 0}, "would handle nothing"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_made(sources: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Webhooks(*sources, **{"inbox": MemoryInbox(), **options})


@pytest.mark.parametrize("missing", [("check",), ("cease", "introduce"), ("claim", "quiet")])
def test_an_inbox_of_ones_own_that_lacks_something_is_told_what(missing: tuple[str, ...]) -> None:
    methods = {name: member for name, member in vars(Inbox).items() if name[0] != "_" and name not in missing}
    own = type("Own", (), methods)()
    with pytest.raises(ConfigurationError, match="the inbox Own has no ") as refused:
        Webhooks(OutreachSource(SECRET), inbox=own)
    named = refused.value.message.removeprefix("the inbox Own has no ")
    assert sorted(named.split(", ")) == sorted(f"{name}()" for name in missing)
    assert "\n" not in str(refused.value)


async def test_a_delivery_is_stored_then_handled() -> None:
    made = receiver()
    async with made.hooks as hooks:
        message = outreach()
        assert await hooks.receive("outreach", message.headers, message.body) == Reply(200, b"stored\n")
        assert await hooks.receive("outreach", message.headers, message.body) == Reply(200, b"stored\n")
        await hooks.settled()
    assert made.handled == ["prospect.updated"]
    told = hooks.statistics()
    assert (told["received"], told["stored"], told["duplicates"], told["handled"]) == (2, 1, 1, 1)
    assert told["ready"] is False


async def test_one_delivery_sent_a_hundred_times_at_once_has_one_effect(tmp_path: Path) -> None:
    made = receiver(SqliteInbox(tmp_path / "inbox.db"))
    async with made.hooks as hooks:
        message = outreach()
        replies = await asyncio.gather(*(hooks.receive("outreach", message.headers, message.body) for _ in range(100)))
        await hooks.settled()
    assert {reply.status for reply in replies if isinstance(reply, Reply)} == {200}
    assert made.handled == ["prospect.updated"]


async def test_a_source_that_is_not_there_is_named() -> None:
    async with receiver().hooks as hooks:
        with pytest.raises(ConfigurationError, match="There are: outreach, planmysaas"):
            await hooks.receive("hubspot", {}, b"")


async def test_without_a_framework_the_head_is_looked_at_too() -> None:
    async with receiver().hooks as hooks:
        message = outreach()
        reply = await hooks.receive("outreach", message.headers, message.body, method="PUT")
        assert isinstance(reply, Reply)
        assert reply.status == 405
        encoded = {**message.headers, "Content-Encoding": "gzip"}
        reply = await hooks.receive("outreach", encoded, message.body)
        assert isinstance(reply, Reply)
        assert reply.status == 415


async def test_the_backoff_is_the_applications() -> None:
    hooks = Webhooks(OutreachSource(SECRET), inbox=MemoryInbox(), backoff=Backoff(first=7.0, ceiling=7.0))

    @hooks.on("*", retries=2, timeout=60)
    async def poison(event: Event) -> None:
        raise ValueError("no")

    async with hooks:
        message = outreach()
        await hooks.receive("outreach", message.headers, message.body)
        await hooks.settled()
        entry = await hooks.inbox.get(1)
    assert entry is not None
    # The longest waits and runs that are left.
    assert entry.work[0].hold_until - entry.work[0].at == pytest.approx(2 * (7 + 60))


async def test_what_was_left_is_handled_after_the_next_start(tmp_path: Path) -> None:
    stuck = Webhooks(OutreachSource(SECRET), inbox=SqliteInbox(tmp_path / "inbox.db"), grace=0.0)
    begun = asyncio.Event()

    @stuck.on("*", name="seen")
    async def wait(event: Event) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with stuck:
        message = outreach()
        await stuck.receive("outreach", message.headers, message.body)
        await begun.wait()
    made = receiver(SqliteInbox(tmp_path / "inbox.db"))
    async with made.hooks as hooks:
        await hooks.settled()
    assert made.handled == ["prospect.updated"]


async def test_a_handler_that_does_not_stop_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("webhooks.crew._RELUCTANT", 0.1)
    hooks = Webhooks(OutreachSource(SECRET), inbox=MemoryInbox(), grace=0.1)
    begun, gate, ran = asyncio.Event(), asyncio.Event(), []

    @hooks.on("*", name="app:stubborn")
    async def stubborn(event: Event) -> None:
        ran.append(event.attempt)
        begun.set()
        while not gate.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await gate.wait()

    async with asyncio.timeout(5):
        async with hooks:
            message = outreach()
            await hooks.receive("outreach", message.headers, message.body)
            await begun.wait()
            await hooks.drain()
            stats = hooks.inbox_statistics()
            assert stats is not None
            assert (stats.depth, stats.running) == (1, 0)
        assert not hooks.running
        assert "app:stubborn of event 1 did not stop" in caplog.text
        await hooks.start()
        gate.set()
        await hooks.settled()
        await hooks.stop()
    assert ran == [1, 1]
    assert hooks.statistics()["handled"] == 1


async def test_a_handler_that_is_gone_loses_what_it_never_ran_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = Webhooks(OutreachSource(SECRET), inbox=SqliteInbox(tmp_path / "inbox.db"))

    @before.on("*", name="old-name")
    async def old(event: Event) -> None: ...

    async with before:
        await before.drain(0)
        message = outreach()
        await before.receive("outreach", message.headers, message.body)
    made = receiver(SqliteInbox(tmp_path / "inbox.db"))
    async with made.hooks as hooks:
        await hooks.settled()
        (dead,) = await hooks.inbox.events(Listing(state="dead"))
        assert dead.reason == "the handler old-name no longer exists; it had not handled this event"
        assert hooks.inbox.statistics().dead == 1
        assert 'webhooks_dead_total{handler="old-name"} 1\n' in hooks.metrics()
        # Nothing ran, so there is nothing to time.
        assert 'webhooks_handler_seconds_count{handler="old-name"}' not in hooks.metrics()
    assert made.handled == ["prospect.updated"]
    assert "old-name" in caplog.text


async def test_an_event_that_no_handler_takes_is_counted(tmp_path: Path) -> None:
    hooks = Webhooks(OutreachSource(SECRET), inbox=SqliteInbox(tmp_path / "inbox.db"))

    @hooks.on("task.*")
    async def tasks(event: Event) -> None: ...

    async with hooks:
        message = outreach()
        await hooks.receive("outreach", message.headers, message.body)
        await hooks.settled()
        (summary,) = await hooks.inbox.events(Listing())
        assert (summary.state, summary.reason) == ("done", "no handler takes it")
        assert 'webhooks_unclaimed_total{source="outreach"} 1\n' in hooks.metrics()
        assert hooks.statistics()["unclaimed"] == 1


async def test_a_store_that_refuses_and_then_hangs_holds_a_delivery_no_longer_than_one_that_only_hangs() -> None:
    class Sinking(Refusing):
        async def put(self, delivery: Delivery) -> Receipt:
            self.hangs = self.asked == 2
            return await super().put(delivery)

    inbox = Sinking()
    inbox.refusal = InboxUnavailable("the disk is full")
    async with receiver(inbox).hooks as hooks:
        (source, _) = hooks.sources
        source.patience = 1.0
        message, began = outreach(), time.monotonic()
        assert await hooks.receive("outreach", message.headers, message.body) is ABORT
        assert inbox.asked == 3
        assert time.monotonic() - began < 1.35


async def test_deliveries_are_stored_while_handlers_drain() -> None:
    made = receiver()
    async with made.hooks as hooks:
        await hooks.drain()
        message = outreach()
        assert await hooks.receive("outreach", message.headers, message.body) == Reply(200, b"stored\n")
        assert hooks.health().problems == ("stopping",)
    assert made.handled == []


async def test_the_gap_of_a_stop_begins_before_handlers_are_waited_for(tmp_path: Path) -> None:
    clock, begun = WoundClock(), asyncio.Event()
    hooks = Webhooks(OutreachSource(SECRET), inbox=SqliteInbox(tmp_path / "inbox.db"), clock=clock, grace=60.0)

    @hooks.on("*")
    async def slow(event: Event) -> None:
        begun.set()
        await clock.sleep(20)

    async with hooks:
        message, stopped_at = outreach(), clock.now()
        await hooks.receive("outreach", message.headers, message.body)
        await begun.wait()
        stopping = asyncio.ensure_future(hooks.stop())
        while hooks.health().problems != ("stopping",):
            await asyncio.sleep(0.001)
        await clock.advance(20)
        await stopping
    async with hooks:
        (gap,) = await hooks.inbox.gaps()
    assert (gap.start, gap.end, gap.cause) == (stopped_at, stopped_at + 20, "stopped")


async def test_it_is_not_ready_while_its_store_fails_or_nothing_is_worked_on() -> None:
    class Failing(MemoryInbox):
        """Fails at what is no delivery: nobody was refused yet."""

        failing_since: float | None = None

        def statistics(self) -> InboxStatistics:
            return msgspec.structs.replace(
                super().statistics(), failing_since=self.failing_since, failure="the disk is full"
            )

    inbox = Failing()
    async with receiver(inbox).hooks as hooks:
        assert hooks.health().ready
        inbox.failing_since = 1.0
        assert hooks.health().problems == ("the store fails: the disk is full",)
        inbox.failing_since = None
        assert hooks._working is not None
        hooks._working.cancel()
        await asyncio.wait([hooks._working])
        assert hooks.health().problems == ("nothing works on what is stored: restart it",)


async def test_it_starts_once_and_stops_once() -> None:
    hooks = receiver().hooks
    await asyncio.gather(hooks.start(), hooks.start())
    async with hooks.lifespan():
        assert hooks.running
    assert hooks.running
    await asyncio.gather(hooks.stop(), hooks.stop())
    assert not hooks.running


async def test_a_worker_that_fails_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryInbox):
        faults = 1

        async def claim(self, limit: int = 1, *, ahead: bool = False) -> Any:
            if self.faults:
                self.faults -= 1
                raise RuntimeError("a fault of the inbox")
            return await super().claim(limit, ahead=ahead)

    made = receiver(Broken())
    await made.hooks.start(WoundClock(auto=True))
    message = outreach()
    await made.hooks.receive("outreach", message.headers, message.body)
    while not made.handled:
        await asyncio.sleep(0)
    await made.hooks.stop()
    assert "the worker failed and is started again" in caplog.text


@pytest.mark.parametrize("refusal", [InboxFull(3), InboxUnavailable("the disk is full")])
async def test_what_cannot_be_stored_is_pushed_back_as_its_vendor_tries_again(refusal: Exception) -> None:
    inbox = Refusing()
    inbox.refusal = refusal
    hooks, clock = receiver(inbox).hooks, WoundClock(auto=True)
    await hooks.start(clock)
    lead, prospect = planmysaas(), outreach()
    refused = await hooks.receive("planmysaas", lead.headers, lead.body)
    assert isinstance(refused, Reply)
    assert (refused.status, dict(refused.headers)["Retry-After"], inbox.asked) == (503, "60", 1)
    began = clock.now()
    assert await hooks.receive("outreach", prospect.headers, prospect.body) is ABORT
    assert 3.0 < clock.now() - began <= 4.0
    mounted = await hooks.receive("outreach", prospect.headers, prospect.body, owns_socket=False)
    assert isinstance(mounted, Reply)
    assert mounted.status == 503
    assert hooks.statistics()["unstored"] == 3
    await hooks.stop()


async def test_only_so_many_deliveries_wait_for_a_store_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.intake.PATIENT", 2)
    inbox = Refusing()
    inbox.refusal = InboxUnavailable("the disk is full")
    hooks, clock = receiver(inbox).hooks, WoundClock()
    await hooks.start(clock)

    def post(number: int) -> asyncio.Task[Reply | Abort]:
        message = outreach(number)
        return asyncio.ensure_future(hooks.receive("outreach", message.headers, message.body))

    for first in (1, 11):
        waiting = [post(first), post(first + 1)]
        await clock.advance(1)
        # One more is pushed back at once.
        assert await post(first + 2) is ABORT
        assert not any(each.done() for each in waiting)
        await clock.advance(4)
        assert await asyncio.gather(*waiting) == [ABORT, ABORT]
    await hooks.stop()


async def test_a_store_that_comes_back_in_time_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Refusing()
    inbox.refusal = InboxUnavailable("the disk is full")
    made, clock = receiver(inbox), WoundClock()
    await made.hooks.start(clock)
    message = outreach()
    waiting = asyncio.ensure_future(made.hooks.receive("outreach", message.headers, message.body))
    await clock.advance(2.0)
    assert not waiting.done()
    assert made.hooks.health().problems == ("the disk is full",)
    inbox.refusal = None
    await clock.advance(0.5)
    assert await waiting == Reply(200, b"stored\n")
    assert made.hooks.health().ready
    assert caplog.record_tuples == []
    await made.hooks.stop()


async def test_a_full_inbox_is_ready_again_once_it_has_room() -> None:
    inbox = Refusing()
    inbox.refusal = InboxFull(1)
    hooks = receiver(inbox).hooks
    async with hooks:
        lead = planmysaas()
        await hooks.receive("planmysaas", lead.headers, lead.body)
        assert hooks.intake.trouble(1)
        assert not hooks.intake.trouble(0)


async def test_a_store_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Refusing()
    inbox.hangs = True
    hooks = receiver(inbox).hooks
    for source in hooks.sources:
        source.patience = 0.5
    async with hooks:
        message = outreach()
        assert isinstance(await hooks.receive("outreach", message.headers, message.body), Abort)
        assert hooks.health().problems == ("the store does not answer in time",)
        # The time that it hung is part of what the sender waits.
        assert inbox.asked == 1


async def test_the_bundled_application_answers() -> None:
    made = receiver()
    async with TestClient(TestServer(made.hooks.aiohttp_app())) as client:
        message = outreach()
        for headers, status in (
            (message.headers, 200),
            ({}, 401),
            ({**message.headers, "Content-Encoding": "gzip"}, 415),
        ):
            async with client.post("/outreach", data=message.body, headers=headers) as answer:
                assert answer.status == status
        async with client.get("/outreach") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        async with client.get("/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with client.post("/planmysaas", data=message.body, headers=message.headers) as answer:
            assert answer.status == 401
        async with client.post("/hubspot", data=message.body) as answer:
            assert answer.status == 404
        await made.hooks.settled()
    assert made.handled == ["prospect.updated"]


async def test_the_bundled_application_cuts_the_connection_when_outreach_cannot_be_stored() -> None:
    inbox = Refusing()
    inbox.refusal = InboxUnavailable("the disk is full")
    hooks = receiver(inbox).hooks
    for source in hooks.sources:
        source.patience = 0.0
    async with TestClient(TestServer(hooks.aiohttp_app())) as client:
        message, lead = outreach(), planmysaas()
        with pytest.raises(ClientConnectionError):
            await client.post("/outreach", data=message.body, headers=message.headers)
        async with client.post("/planmysaas", data=lead.body, headers=lead.headers) as answer:
            assert answer.status == 503


async def test_a_fault_of_ours_is_no_receipt(caplog: pytest.LogCaptureFixture) -> None:
    hooks, message = Webhooks(Faulty(SECRET), inbox=MemoryInbox()), outreach()
    async with TestClient(TestServer(hooks.aiohttp_app())) as client:
        with pytest.raises(ClientConnectionError):
            await client.post("/outreach", data=message.body, headers=message.headers)
    assert "RuntimeError: a fault of ours" in caplog.text


async def test_a_body_in_pieces_is_whole_and_one_without_end_is_refused() -> None:
    hooks = Webhooks(OutreachSource(SECRET, max_body=2_000), inbox=MemoryInbox())
    message = outreach()

    async def pieces(count: int, piece: bytes) -> Any:
        for _ in range(count):
            yield piece
            await asyncio.sleep(0)

    async def bytewise() -> Any:
        for number in range(len(message.body)):
            yield message.body[number : number + 1]
            await asyncio.sleep(0)

    async with TestClient(TestServer(hooks.aiohttp_app())) as client:
        async with client.post("/outreach", data=bytewise(), headers=message.headers) as answer:
            assert answer.status == 200
        async with client.post("/outreach", data=pieces(40, b"x" * 100), headers=message.headers) as answer:
            assert answer.status == 413


async def test_beside_other_routes_it_starts_and_stops_with_their_application() -> None:
    made = receiver()
    app = web.Application()
    app.add_routes(made.hooks.aiohttp_routes("/hooks/"))
    app.cleanup_ctx.append(made.hooks.lifespan)
    async with TestClient(TestServer(app)) as client:
        message = outreach()
        async with client.post("/hooks/outreach", data=message.body, headers=message.headers) as answer:
            assert answer.status == 200
        async with client.post("/outreach", data=message.body) as answer:
            assert answer.status == 404
    assert not made.hooks.running
    with pytest.raises(ConfigurationError, match="cannot stand before a path"):
        made.hooks.aiohttp_routes("hooks?")


async def test_the_first_delivery_starts_what_nobody_started(caplog: pytest.LogCaptureFixture) -> None:
    made = receiver()
    app = web.Application()
    app.add_routes(made.hooks.aiohttp_routes())
    async with TestClient(TestServer(app)) as client:
        message = outreach()
        async with client.post("/outreach", data=message.body, headers=message.headers) as answer:
            assert answer.status == 200
        assert "by its lifespan" in caplog.text
        await made.hooks.settled()
    await made.hooks.stop()
    assert made.handled == ["prospect.updated"]


async def test_a_receiver_that_cannot_start_pushes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hooks = receiver(SqliteInbox(tmp_path / "absent" / "inbox.db")).hooks
    app = web.Application()
    app.add_routes(hooks.aiohttp_routes())
    async with TestClient(TestServer(app)) as client:
        message, lead = outreach(), planmysaas()
        async with client.post("/planmysaas", data=lead.body, headers=lead.headers) as answer:
            assert answer.status == 503
        with pytest.raises(ClientConnectionError):
            await client.post("/outreach", data=message.body, headers=message.headers)
    assert "there is no folder" in caplog.text


async def test_a_body_that_does_not_come_costs_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    from webhooks import aiohttp_shell

    hooks = receiver().hooks
    app = web.Application()
    app.add_routes(aiohttp_shell.routes(hooks.intake, "", hooks.ensure_running, deadline=0.05))
    app.cleanup_ctx.append(hooks.lifespan)
    async with TestServer(app) as server:
        assert server.port
        async with wire(server.port) as slow:
            slow.send(request(outreach())[:-5])
            assert await slow.ended()


async def test_the_operators_application_tells_how_it_stands() -> None:
    inbox = Refusing()
    hooks = receiver(inbox).hooks
    async with TestClient(TestServer(hooks.admin_app())) as client:
        async with client.get("/readyz") as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "problems": ["not started"]})
        async with hooks:
            message = outreach()
            await hooks.receive("outreach", message.headers, message.body)
            async with client.get("/readyz") as answer:
                assert (answer.status, await answer.json()) == (200, {"ready": True, "problems": []})
            inbox.refusal = InboxUnavailable("the disk is full")
            lead = planmysaas()
            await hooks.receive("planmysaas", lead.headers, lead.body)
            async with client.get("/readyz") as answer:
                assert (answer.status, (await answer.json())["problems"]) == (503, ["the disk is full"])
            async with client.get("/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert 'webhooks_stored_total{source="outreach"} 1\n' in await answer.text()
        async with client.get("/console") as answer:
            assert answer.status == 404
        async with client.get("/healthz") as answer:
            assert answer.status == 200


async def test_the_console_is_there_for_those_with_the_token() -> None:
    async with receiver().hooks as hooks, TestClient(TestServer(hooks.admin_app("a-token-of-this-test"))) as client:
        async with client.get("/console", headers={"Authorization": "Bearer a-token-of-this-test"}) as answer:
            assert answer.status == 200
        async with client.get("/console", headers={"Authorization": "Bearer another-token-of-it"}) as answer:
            assert answer.status != 200


async def test_the_console_takes_bodies_as_large_as_the_sources_do() -> None:
    token = "a-token-of-sixteen-or-more"
    sources = OutreachSource(SECRET, max_body=2_000_000), PlanMySaaSSource(SECRET)
    hooks = Webhooks(*sources, inbox=MemoryInbox())
    async with hooks, TestServer(hooks.admin_app(token)) as server, ClientSession() as session:
        for size, status in ((1_500_000, 200), (2_000_001, 400)):
            # Every byte is six in JSON.
            saved = {"provider": "outreach", "body": "\x01" * size}
            url, headers = server.make_url("/console/api/replay"), {"Authorization": f"Bearer {token}"}
            data = io.BytesIO(json.dumps(saved).encode())
            async with session.post(url, data=data, headers=headers) as answer:
                assert answer.status == status, await answer.text()


async def test_no_log_line_holds_a_body_or_a_signature(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with TestServer(receiver().hooks.aiohttp_app()) as server, ClientSession() as session:
        message = outreach()
        forged = {name: value[::-1] for name, value in message.headers.items()}
        for headers in (message.headers, forged):
            async with session.post(server.make_url("/outreach"), data=message.body, headers=headers) as answer:
                assert answer.status in (200, 401)
    told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("webhooks"))
    assert "CTO" not in told
    assert not any(value in told for value in message.headers.values() if len(value) > 40)
