"""A process killed between a handler's return and the sync of its settlement, or right after that sync."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from tests.webhooks.receiving import outreach, request, wire
from tests.webhooks.serving import served

pytestmark = pytest.mark.timeout(120)

EVENTS, MARKED = 5, 3

# The handler waits until every delivery was answered, so that what is acknowledged does not depend on the moment.
APPLICATION = f"""
    import asyncio, os, signal
    from webhooks import Event, OutreachSource, SqliteInbox, Webhooks
    from webhooks.sqlite_store import Store

    hooks = Webhooks(OutreachSource("secret-of-a-test"), inbox=SqliteInbox("inbox.db"))
    settle, commit = Store.settle, Store.commit

    def die(point):
        if point == "POINT" and not os.path.exists("died.txt"):
            open("died.txt", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)

    def marked(jobs):
        return any(job.id == {MARKED} and job.settlements for job in jobs if hasattr(job, "settlements"))

    def settling(store, settles):
        if marked(settles):
            die("handed in")
        settle(store, settles)
        if marked(settles):
            die("written")

    def committing(store, jobs):
        commit(store, jobs)
        if marked(jobs):
            die("synced")

    Store.settle, Store.commit = settling, committing

    @hooks.on("*")
    async def outside(event: Event) -> None:
        while not os.path.exists("go.txt"):
            await asyncio.sleep(0.01)
        with open("outside.txt", "a") as file:
            file.write(f"{{event.document['data']['id']}} {{event.key}}\\n")
"""


async def deliver(port: int) -> None:
    """Post all events, and have each acknowledged."""
    async with wire(port) as sender:
        for number in range(1, EVENTS + 1):
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200


async def all_done(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        async with asyncio.timeout(60):
            while connection.execute("SELECT count(*) FROM inbox_events WHERE state = 2").fetchone() != (EVENTS,):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(("point", "runs"), [("handed in", 2), ("written", 2), ("synced", 1)])
async def test_a_handler_runs_again_with_its_key_unless_its_settlement_was_synced(
    point: str, runs: int, tmp_path: Path
) -> None:
    async with served(tmp_path, application=APPLICATION.replace("POINT", point)) as serving:
        await deliver(serving.port)
        assert not (tmp_path / "died.txt").exists()
        (tmp_path / "go.txt").touch()
        await all_done(tmp_path / "inbox.db")
        assert (tmp_path / "died.txt").exists()
        assert await serving.stop() == 0
    keys: dict[int, list[str]] = defaultdict(list)
    for line in (tmp_path / "outside.txt").read_text().splitlines():
        number, _, key = line.partition(" ")
        keys[int(number)].append(key)
    assert sorted(keys) == list(range(1, EVENTS + 1))
    assert len(keys[MARKED]) == runs
    # Each event has one key at every run, and no two share theirs.
    assert all(len(set(told)) == 1 for told in keys.values())
    assert len({told[0] for told in keys.values()}) == EVENTS
