"""The receiver under load, with one handler that does what each delivery tells it to.

`python -m tests.webhooks.load.receiver FOLDER TERMS` serves as `hooks serve` does, on a free port whose URL is
printed, until SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import webhooks.server
from outreach_async.engine.clock import Clock, SystemClock
from tests.webhooks.load.deliveries import SECRET
from tests.webhooks.load.notes import Notebook
from webhooks.app import Webhooks
from webhooks.backoff import Backoff
from webhooks.events import Event
from webhooks.outreach import OutreachSource
from webhooks.sqlite_inbox import SqliteInbox

INBOX, NOTES = "inbox.db", "notes.txt"


@dataclass(frozen=True, slots=True)
class Terms:
    """How many events are worked on at a time, and what the handler is granted. `first` is the backoff's."""

    concurrency: int = 16
    retries: int = 5
    timeout: float = 60.0
    first: float = 1.0
    ordered: bool = True

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class Poison(Exception):
    """What a handler raises that cannot cope with a delivery."""


def application(inbox: Path, terms: Terms, notebook: Notebook, clock: Clock, *, mended: bool = False) -> Webhooks:
    """Give the application. A `mended` handler copes with every delivery it is given."""
    hooks = Webhooks(
        OutreachSource(SECRET),
        inbox=SqliteInbox(inbox),
        clock=clock,
        concurrency=terms.concurrency,
        backoff=Backoff(first=terms.first),
    )

    @hooks.on("*", name="act", retries=terms.retries, timeout=terms.timeout, ordered=terms.ordered)
    async def act(event: Event) -> None:
        told = event.document["data"]["attributes"]
        with notebook.run(int(event.document["meta"]["jobId"])):
            if event.attempt <= told["hangs"] and not mended:
                await asyncio.Event().wait()
            await asyncio.sleep(told["seconds"])
            if event.attempt <= told["fails"] and not mended:
                raise Poison

    return hooks


def serve(folder: Path, terms: Terms) -> int:
    """Serve until told to stop, and give the exit code."""
    clock = SystemClock()
    with (folder / NOTES).open("w") as file:
        notebook = Notebook(file, clock.now)
        settings = webhooks.server.Settings(port=0, single=True, linger=0.0)
        return webhooks.server.run(
            lambda: application(folder / INBOX, terms, notebook, clock),
            settings,
            lambda told: print(told["serving"], flush=True),
        )


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), Terms(**json.loads(sys.argv[2]))))
