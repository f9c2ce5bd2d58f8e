"""What handlers' tests are given: made-up deliveries that the receiver takes for genuine, and handlers run at once."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any

import pytest

from outreach_async.outreach.resources import User
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.event_names import INSTALL_EVENTS, OUTREACH_EVENTS, PLANMYSAAS_EVENTS
from webhooks import outreach, planmysaas
from webhooks.events import Event, UnknownEvent
from webhooks.outreach import InstallCreated, InstallEvent, ProspectEvent, ProspectUpdated
from webhooks.planmysaas import LeadReplied
from webhooks.routing import Router
from webhooks.testing import SECRET, deliver, signed


@pytest.mark.parametrize("name", sorted({*OUTREACH_EVENTS, *INSTALL_EVENTS, *PLANMYSAAS_EVENTS}))
def test_every_event_can_be_made_up_and_is_taken_for_genuine(name: str) -> None:
    message = signed(name, {"title": "x"}, id=7)
    vendor: Any = planmysaas if name in PLANMYSAAS_EVENTS else outreach
    event = vendor.unwrap(message.headers, message.body, secret=SECRET)
    assert event.name == name
    assert type(event) is not UnknownEvent
    assert signed(type(event), {"title": "x"}, id=7) == message


def test_what_is_made_up_reads_as_it_was_given() -> None:
    at = dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    message = signed(
        ProspectUpdated,
        {"title": "CTO", "owner": User.ref(2), "touched_at": at},
        id=12,
        before={"title": None},
        at=at,
        secret="another",
    )
    event = outreach.unwrap(message.headers, message.body, secret="another")
    assert isinstance(event, ProspectUpdated)
    assert message.path == "/outreach"
    assert event.prospect.id == 12
    assert event.changed == {"title": "CTO", "owner": User.ref(2), "touched_at": at}
    assert event.before == {"title": None}
    assert event.delivered_at == at


def test_lifecycle_and_planmysaas_have_their_own_ids() -> None:
    install = signed(InstallCreated, id="i-42")
    event = outreach.parse(install.headers, install.body)
    assert install.path == "/outreach/lifecycle"
    assert isinstance(event, InstallEvent)
    assert event.install_id == "i-42"
    lead = signed(LeadReplied, {"leadId": "l1"}, id="evt_9")
    read = planmysaas.parse(lead.headers, lead.body)
    assert isinstance(read, LeadReplied)
    assert (read.id, read.lead_id, lead.path) == ("evt_9", "l1", "/planmysaas")


def test_names_and_classes_that_name_no_event() -> None:
    assert signed("outreach:lead.created").path == "/outreach"
    assert signed("prospect.merged").path == "/outreach"
    for family in (ProspectEvent, InstallEvent, Event):
        with pytest.raises(ConfigurationError, match="family"):
            signed(family)
    with pytest.raises(ConfigurationError, match="no provider"):
        signed("somebody:lead.created")


async def test_handlers_run_in_order_with_a_transaction_of_their_own() -> None:
    router = Router()
    ran: list[str] = []

    @router.on(ProspectUpdated, name="count")
    async def count(event: ProspectUpdated) -> None:
        def work(database: sqlite3.Connection) -> int:
            database.execute("CREATE TABLE IF NOT EXISTS seen (id)")
            database.execute("INSERT INTO seen VALUES (?)", (event.prospect.id,))
            return int(database.execute("SELECT count(*) FROM seen").fetchone()[0])

        ran.append(f"count {await event.transaction(work)} {event.attempt}")

    @router.on("prospect.*", name="audit")
    async def audit(event: Event) -> None:
        ran.append(f"audit {event.name}")

    @router.on(LeadReplied, name="other")
    async def other(event: LeadReplied) -> None: ...

    delivered = await deliver(router, ProspectUpdated, {"title": "CTO"}, id=12)
    assert delivered.handlers == ("count", "audit")
    assert isinstance(delivered.event, ProspectUpdated)
    assert ran == ["count 1 1", "audit prospect.updated"]
    assert (await deliver(router, "user.updated")).handlers == ()

    database = sqlite3.connect(":memory:")
    for _ in range(2):
        await deliver(router, ProspectUpdated, database=database)
    assert ran[-2:] == ["count 2 1", "audit prospect.updated"]
    database.close()


async def test_what_a_handler_raises_comes_out() -> None:
    router = Router()

    @router.on("*")
    async def failing(event: Event) -> None:
        raise LookupError(event.name)

    with pytest.raises(LookupError, match=r"prospect\.updated"):
        await deliver(router, ProspectUpdated)


def _commits(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE own (id)")
    database.commit()


def _waits(database: sqlite3.Connection) -> object:
    async def later() -> None: ...

    return later()


async def _coroutine(database: sqlite3.Connection) -> None: ...


REFUSED: dict[str, Any] = {
    "commits": _commits,
    "takes the inbox's names": lambda database: database.execute("CREATE TABLE inbox_x (id)"),
    "ends the transaction": lambda database: database.execute("ROLLBACK"),
    "is a coroutine": _coroutine,
    "gives something to await": _waits,
}


@pytest.mark.parametrize("work", [pytest.param(work, id=name) for name, work in REFUSED.items()])
async def test_a_transaction_may_do_what_it_may_in_production(work: Any) -> None:
    router = Router()

    @router.on(ProspectUpdated)
    async def write(event: ProspectUpdated) -> None:
        await event.transaction(work)

    database = sqlite3.connect(":memory:")
    with pytest.raises(ConfigurationError):
        await deliver(router, ProspectUpdated, database=database)
    assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    database.close()


async def test_a_handler_has_one_transaction_and_one_that_failed_is_none() -> None:
    router = Router()

    def fails(database: sqlite3.Connection) -> None:
        database.execute("INSERT INTO own VALUES (1)")
        raise LookupError

    @router.on(ProspectUpdated)
    async def twice(event: ProspectUpdated) -> None:
        with pytest.raises(LookupError):
            await event.transaction(fails)
        await event.transaction(lambda database: database.execute("INSERT INTO own VALUES (2)").rowcount)
        with pytest.raises(ConfigurationError, match="settled by its first transaction"):
            await event.transaction(lambda database: None)

    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("CREATE TABLE own (id)")
    await deliver(router, ProspectUpdated, database=database)
    assert [row["id"] for row in database.execute("SELECT id FROM own")] == [2]
    assert not database.in_transaction
    database.close()


async def test_rows_are_tuples_in_a_transaction_as_they_are_in_production() -> None:
    router = Router()

    @router.on(ProspectUpdated)
    async def read(event: ProspectUpdated) -> None:
        assert await event.transaction(lambda database: database.execute("SELECT 1").fetchone()) == (1,)

    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    await deliver(router, ProspectUpdated, database=database)
    database.close()
