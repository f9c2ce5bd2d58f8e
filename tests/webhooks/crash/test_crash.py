"""A few kills in every run of the suite; `make crash CYCLES=n` does as many as wanted."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from tests.webhooks.crash.harness import Inbox, Receiver, compare, run


@pytest.mark.parametrize("kind", [Receiver, Inbox])
async def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path, kind: type[Receiver | Inbox]):
    path = tmp_path / "inbox.db"
    verdict = await run(kind(path), path, 3, dice=random.Random(4))
    assert verdict.good, str(verdict)
    assert verdict.acked > 0


def test_the_comparison_sees_what_is_wrong(tmp_path: Path):
    path = tmp_path / "inbox.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE inbox_bodies(id INTEGER PRIMARY KEY, body)")
        connection.execute("CREATE TABLE effects(number, resource)")
        bodies = [(b'{"meta": {"jobId": "%d"}}' % number,) for number in (1, 2, 3, 3, 4)]
        connection.executemany("INSERT INTO inbox_bodies(body) VALUES (?)", bodies)
        connection.executemany("INSERT INTO effects VALUES (?, 'a/1')", [(1,), (3,), (2,), (2,)])
    connection.close()
    verdict = compare(path, {1, 2, 9}, 1)
    assert (verdict.lost, verdict.doubled, verdict.effects_missing) == (1, 1, 1)
    assert (verdict.effects_doubled, verdict.disordered, verdict.good) == (1, 1, False)
    assert str(verdict).endswith("acked 3, lost 1")
