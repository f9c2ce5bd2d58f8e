"""A receiver of everything the simulated vendors send, in this process, which answers what a test tells it to."""

from __future__ import annotations

import collections.abc as abc
import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from outreach_async.sandbox.clock import START
from outreach_async.sandbox.sandbox import Sandbox
from outreach_async.sandbox.webhook_ledger import Delivery, Message
from outreach_async.sandbox.webhook_rules import Outcome

URL = "https://receiver.example"


@dataclass
class Receiver:
    """Answers what it is told to, in turn, and 200 after that; `slow` is how long it takes, in the clock's seconds."""

    sandbox: Sandbox
    outcomes: list[Outcome] = field(default_factory=list)
    slow: float = 0.0
    got: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> Outcome:
        self.got.append(message)
        if self.slow:
            await self.sandbox.clock.sleep(self.slow)
        return self.outcomes.pop(0) if self.outcomes else 200

    @property
    def documents(self) -> list[Any]:
        return [json.loads(message.body) for message in self.got]

    @property
    def events(self) -> list[str]:
        return [told["meta"]["eventName"] if "meta" in told else told["event"] for told in self.documents]


@contextlib.asynccontextmanager
async def receiving(**switches: object) -> abc.AsyncIterator[Receiver]:
    """Give a receiver of everything both vendors send."""
    sandbox = Sandbox(prospects=40, **switches)
    receiver = Receiver(sandbox)
    async with sandbox.sending(receiver):
        sandbox.outreach.subscribe(f"{URL}/outreach")
        sandbox.planmysaas.set_webhook(f"{URL}/planmysaas")
        yield receiver


def times(delivery: Delivery) -> list[float]:
    return [one.at - START for one in delivery.tries]


def webhook(sandbox: Sandbox) -> dict[str, Any]:
    row = sandbox.outreach.store.get("webhook", sandbox.outreach.store.ids("webhook")[-1])
    assert row is not None
    return row.attributes
