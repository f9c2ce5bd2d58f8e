"""What was sent: frozen entries, the latest of them kept, all of them counted."""

from __future__ import annotations

import pytest

from outreach_async.sandbox import webhook_ledger
from outreach_async.sandbox.webhook_ledger import Ledger, Message, Try

MESSAGE = Message("https://r.example", (), b"{}")


def test_an_entry_follows_its_delivery() -> None:
    ledger = Ledger()
    number = ledger.enter("lead.created", "lead/1", "https://r.example", 5.0, "genuine", ("delay",))
    waiting = ledger.entries[0]
    ledger.tried(number, Try(6.0, MESSAGE, "reset"))
    ledger.tried(number, Try(7.0, MESSAGE, 204))
    ledger.settle(number, "delivered", "answered 204")
    (done,) = ledger.entries
    assert (waiting.state, waiting.tries, waiting.accepted) == ("waiting", (), False)
    assert (done.state, done.statuses, done.accepted) == ("delivered", ("reset", 204), True)
    assert done.plain()["tries"] == [{"at": 6.0, "outcome": "reset"}, {"at": 7.0, "outcome": 204}]


def test_the_latest_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_ledger, "KEPT_DELIVERIES", 3)
    ledger = Ledger()
    numbers = [ledger.enter("lead.created", "", "", 0.0, "genuine", ()) for _ in range(5)]
    for number in numbers:
        ledger.tried(number, Try(0.0, MESSAGE, 500))
        ledger.settle(number, "failed")
    assert [one.number for one in ledger.entries] == [3, 4, 5]
    assert ledger.statistics() == {"deliveries": 5, "tries": 5, "failed": 5, "genuine": 5}
