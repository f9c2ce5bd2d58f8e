"""A handler's function that does not return to the writer's thread: who learns of it, when, and what can be ended."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import logging
import threading
from pathlib import Path

import pytest

from outreach_async.engine.clock import SystemClock
from outreach_async.protocol.errors import ConfigurationError
from tests.webhooks.kept import delivery, told
from tests.webhooks.receiving import outreach
from webhooks import effects, group_commit, sqlite_inbox
from webhooks.app import Webhooks
from webhooks.events import Event
from webhooks.inbox import Claim
from webhooks.inbox_errors import InboxHeld, InboxUnavailable
from webhooks.jobs import Call
from webhooks.outreach import OutreachSource, ProspectUpdated
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.testing import SECRET

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
NAME = "the transaction of stuck on event 1"


@pytest.fixture
async def inbox(tmp_path: Path) -> abc.AsyncIterator[SqliteInbox]:
    opened = SqliteInbox(tmp_path / "inbox.db")
    await opened.open(SystemClock())
    yield opened
    await opened.close()


@pytest.fixture
async def claim(inbox: SqliteInbox) -> Claim:
    await inbox.put(delivery(1))
    (claim,) = await inbox.claim()
    return claim


@pytest.fixture
def gate(inbox: SqliteInbox) -> abc.Iterator[threading.Event]:
    """What a function waits for. It opens before the inbox is closed, which waits for the function."""
    gate = threading.Event()
    yield gate
    gate.set()


async def until(true: abc.Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    await until(lambda: text in caplog.text)


async def test_it_is_named_while_it_runs_and_again_once_deliveries_are_refused(
    inbox: SqliteInbox,
    claim: Claim,
    gate: threading.Event,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(group_commit, "LOOK", 0.01)
    monkeypatch.setattr(effects, "SLOW", 0.02)
    caplog.set_level(logging.WARNING)
    running = asyncio.ensure_future(inbox.transact(claim, told("stuck"), lambda connection: gate.wait()))
    await logged(caplog, f"{NAME} holds up every delivery, for ")
    assert (inbox.statistics().failing_since, inbox.statistics().failure) == (None, "")
    began = SystemClock().now()
    monkeypatch.setattr(effects, "STUCK", 0.1)
    await logged(caplog, f"{NAME} has not returned for ")
    stuck = inbox.statistics()
    assert stuck.failing_since is not None
    assert stuck.failing_since <= began
    assert stuck.failure.startswith(f"{NAME} has not returned for ")
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR]
    waiting = asyncio.ensure_future(inbox.put(delivery(2)))
    gate.set()
    assert await running is True
    assert (await waiting).id == 2
    assert (inbox.statistics().failing_since, inbox.statistics().failure) == (None, "")
    await logged(caplog, "the transaction of stuck held up every delivery for")


async def test_the_receiver_is_not_ready_and_says_whose_fault_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(effects, "STUCK", 0.1)
    gate = threading.Event()
    hooks = Webhooks(OutreachSource(SECRET), inbox=SqliteInbox(tmp_path / "inbox.db"))

    @hooks.on(ProspectUpdated, name="stuck")
    async def stuck(event: Event) -> None:
        await event.transaction(lambda database: gate.wait())

    async with hooks:
        try:
            message = outreach()
            await hooks.receive("outreach", list(message.headers.items()), message.body)
            await until(lambda: not hooks.health().ready)
            (problem,) = hooks.health().problems
            assert problem.startswith(f"the store fails: {NAME} has not returned for ")
            assert "webhooks_store_failing 1" in hooks.metrics()
        finally:
            gate.set()
        await hooks.settled()
        assert hooks.health().ready


@pytest.mark.parametrize(
    "statement", [f"{ENDLESS} SELECT max(x) FROM n", f"INSERT INTO mine {ENDLESS} SELECT x FROM n"]
)
async def test_a_statement_without_an_end_is_interrupted_once_and_nobody_else_suffers(
    inbox: SqliteInbox, claim: Claim, gate: threading.Event, statement: str, monkeypatch: pytest.MonkeyPatch
):
    runs = 0

    def work(connection) -> None:
        nonlocal runs
        runs += 1
        connection.execute(statement).fetchall()

    await inbox.transact(claim, told("before"), lambda connection: connection.execute("CREATE TABLE mine(x)"))
    monkeypatch.setattr(effects, "STATEMENTS", 0.05)
    # What is handed in meanwhile shares one transaction.
    waiting = asyncio.ensure_future(inbox._hand_in(Call(lambda store: gate.wait())))
    guest = asyncio.ensure_future(inbox.transact(claim, told("stuck"), work))
    others = [asyncio.ensure_future(inbox.put(delivery(n))) for n in (2, 3)]
    await asyncio.sleep(0.01)
    gate.set()
    await waiting
    with pytest.raises(ConfigurationError, match=r"took longer than 0\.05 s\. .*an index that is missing"):
        await guest
    assert [(await each).id for each in others] == [2, 3]
    assert runs == 1
    assert inbox.statistics().failing_since is None
    # The inbox's own statements have no such bound, and the next function has all of its time.
    long = f"{ENDLESS.removesuffix(')')} LIMIT 100000) SELECT max(x) FROM n"
    assert await inbox._hand_in(Call(lambda store: store.connection.execute(long).fetchone())) == (100_000,)
    count = await inbox.transact(claim, told("after"), lambda connection: connection.execute("SELECT * FROM mine"))
    assert count is not None
    assert {run.handler for run in (await inbox.get(claim.id)).work} == {"before", "after"}


async def test_a_close_does_not_wait_for_it_for_ever_and_does_not_set_the_file_free(
    inbox: SqliteInbox,
    claim: Claim,
    gate: threading.Event,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sqlite_inbox, "CEASING", 0.05)
    monkeypatch.setattr(sqlite_inbox, "CLOSING", 0.05)
    monkeypatch.setattr(effects, "STUCK", 0.01)
    running = asyncio.ensure_future(inbox.transact(claim, told("stuck"), lambda connection: gate.wait()))
    await asyncio.sleep(0)
    with pytest.raises(InboxUnavailable, match=f"cannot be closed: {NAME} has not returned for"):
        await inbox.close()
    assert "its last heartbeat stays the one before" in caplog.text
    other = SqliteInbox(inbox.path, patience=0.0)
    with pytest.raises(InboxHeld):
        await other.open(SystemClock())
    gate.set()
    assert await running is True
