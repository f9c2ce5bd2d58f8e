"""A small inbox of events of all ages loses the old half while deliveries come; times are for the by-hand edition."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.webhooks.growth.measuring import run
from webhooks import key_index

ROWS = 20_000


@pytest.mark.timeout(120)
async def test_half_goes_for_its_age_and_its_keys_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # The keys stand in the table, as those of a large inbox do, and not in memory.
    monkeypatch.setattr(key_index, "RECENT", 1_000)
    outcome = await run(tmp_path / "inbox.db", ROWS, rate=100.0, seconds=0.5)
    # Half of them, and those whose time came while the file was filled.
    assert ROWS // 2 <= outcome.removed == outcome.old < ROWS // 2 + 100
    assert outcome.before.events == ROWS
    assert outcome.before.keys > 0.9 * ROWS
    assert outcome.after.keys >= outcome.before.keys
    assert outcome.known == 1_000
    assert outcome.strange == 0
    assert outcome.sound
    assert outcome.after.size < outcome.before.size
    assert outcome.good
    assert str(outcome).splitlines()[-1].startswith(f"rows {ROWS}, removed {outcome.old}, p99 while removing ")
