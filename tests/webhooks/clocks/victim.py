"""The receiver whose system clock is set: each event's handler fails twice, and notes each run with what clocks say.

A line of the notes is an event's number, the wall clock's time and the monotonic one's, both as Python reads them.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from webhooks.app import Webhooks
from webhooks.backoff import Backoff
from webhooks.events import Event
from webhooks.outreach import OutreachSource
from webhooks.server import Settings, run
from webhooks.sqlite_inbox import SqliteInbox
from webhooks.testing import SECRET

FAILURES = 2
NOTES = "runs.txt"
FIRST, CEILING = 0.2, 0.4


def receiver(folder: Path) -> Webhooks:
    hooks = Webhooks(
        OutreachSource(SECRET), inbox=SqliteInbox(folder / "inbox.db"), backoff=Backoff(first=FIRST, ceiling=CEILING)
    )
    notes = folder / NOTES
    ran = Counter(line.split()[0] for line in notes.read_text().splitlines()) if notes.exists() else Counter[str]()

    @hooks.on("*", name="noting")
    async def noting(event: Event) -> None:
        number = str(event.document["data"]["attributes"]["title"])
        ran[number] += 1
        with notes.open("a") as file:
            file.write(f"{number} {time.time()} {time.monotonic()}\n")
        if ran[number] <= FAILURES:
            raise RuntimeError("not yet")

    return hooks


if __name__ == "__main__":
    hooks = receiver(Path(sys.argv[1]))
    sys.exit(run(lambda: hooks, Settings(port=0, single=True)))
