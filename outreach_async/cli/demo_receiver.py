"""The receiver that the demo serves and kills: one handler for everything, whose effect is a row beside the inbox.

Its inbox stands in the folder it is started in; its secrets come from the environment, as any receiver's do.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3

from webhooks import SqliteInbox, Webhooks
from webhooks.events import Event
from webhooks.outreach import OutreachSource, lifecycle_source
from webhooks.planmysaas import PlanMySaaSSource

INBOX = "inbox.db"

hooks = Webhooks(
    OutreachSource(secret=os.environ["OUTREACH_WEBHOOK_SECRET"]),
    lifecycle_source(secret=os.environ["OUTREACH_WEBHOOK_SECRET"]),
    PlanMySaaSSource(secret=os.environ["PLANMYSAAS_WEBHOOK_SECRET"]),
    inbox=SqliteInbox(INBOX),
)


@hooks.on("*")
async def keep(event: Event) -> None:
    """Write one row for every event handled, in the transaction that settles it."""
    digest = hashlib.sha256(event.delivery.body).hexdigest()

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE IF NOT EXISTS handled (digest TEXT, name TEXT)")
        connection.execute("INSERT INTO handled VALUES (?, ?)", (digest, event.name))

    await event.transaction(write)
