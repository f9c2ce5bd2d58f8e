from __future__ import annotations

import pytest


@pytest.mark.usefixtures("narrow")
def test_a_wait_for_the_quota_is_told_once(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outreach_async.cli.waiting.LOOK_EVERY", 0.1)
    first, second = run("get", "users", "--json"), run("get", "users", "--json")
    assert (first.code, first.err) == (0, "")
    assert second.code == 0
    assert second.told["count"] == first.told["count"] > 0
    assert second.err.count("waiting for the quota: 0") == 1
    assert second.err.count("\n") == 1
