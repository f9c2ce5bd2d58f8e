"""The process that is traced: a receiver on its own socket, and an inbox as it comes or weakened."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

from webhooks import sqlite_inbox
from webhooks.app import Webhooks
from webhooks.events import Event
from webhooks.outreach import OutreachSource
from webhooks.server import Settings, run
from webhooks.testing import SECRET


def weaken() -> None:
    """Have every inbox of this process written without a sync at each commit."""
    open_for_writing: Any = sqlite_inbox.open_for_writing

    def opened(path: Path) -> sqlite3.Connection:
        connection = open_for_writing(path)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    sqlite_inbox.open_for_writing = opened


async def hang(event: Event) -> None:
    """Never end, so that no settlement is written and only deliveries are."""
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "--normal" in sys.argv:
        weaken()
    hooks = Webhooks(OutreachSource(SECRET), inbox=sqlite_inbox.SqliteInbox(sys.argv[1]), grace=0.0)
    hooks.on("*")(hang)
    sys.exit(run(lambda: hooks, Settings(port=0, single=True)))
