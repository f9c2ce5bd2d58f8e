"""A process that is killed at a marked point of a handler: what the next one finds, and what it does again."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.webhooks.receiving import outreach, request, wire
from tests.webhooks.serving import served

pytestmark = pytest.mark.timeout(120)

APPLICATION = """
    import os, signal
    from webhooks import Event, OutreachSource, SqliteInbox, Webhooks

    hooks = Webhooks(OutreachSource("secret-of-a-test"), inbox=SqliteInbox("inbox.db"))

    def die(point):
        if point == "POINT" and not os.path.exists("died.txt"):
            open("died.txt", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)

    @hooks.around
    async def last(event, proceed):
        await proceed(event)
        die("returned")

    @hooks.on("*")
    async def effect(event: Event) -> None:
        die("begun")
        with open("outside.txt", "a") as file:
            file.write(event.key + "\\n")
        die("outside")

        def work(database):
            database.execute("CREATE TABLE IF NOT EXISTS effects(key TEXT)")
            database.execute("INSERT INTO effects VALUES (?)", (event.key,))
            die("work")

        await event.transaction(work)
        die("settled")
"""


def asked(path: Path, question: str) -> list[str]:
    """What the inbox's file answers beside the process that holds it."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        return [str(row[0]) for row in connection.execute(question)]


@pytest.mark.parametrize(
    ("point", "runs"), [("begun", 1), ("outside", 2), ("work", 2), ("settled", 1), ("returned", 1)]
)
async def test_an_effect_in_the_inbox_is_there_once_and_one_outside_at_least_once(
    point: str, runs: int, tmp_path: Path
) -> None:
    path = tmp_path / "inbox.db"
    async with served(tmp_path, application=APPLICATION.replace("POINT", point)) as serving:
        async with wire(serving.port) as sender:
            sender.send(request(outreach(1)))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200
        async with asyncio.timeout(60):
            # Its state is one of the finished ones once all is settled.
            while asked(path, "SELECT count(*) FROM inbox_events WHERE state IS NOT NULL") != ["1"]:
                await asyncio.sleep(0.05)
        assert (tmp_path / "died.txt").exists()
        outside = (tmp_path / "outside.txt").read_text().split()
        assert len(outside) == runs
        assert asked(path, "SELECT key FROM effects") == [outside[0]]
        assert set(outside) == {outside[0]}
        assert await serving.stop() == 0
