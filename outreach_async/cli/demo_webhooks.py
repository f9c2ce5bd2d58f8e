"""The demo's second half: every event of both vendors into a receiver that is killed in mid-stream.

The receiver is served by `hooks serve` in processes of its own; the sandbox sends as the vendors do, and adds
duplicates, replays and forgeries. What was sent is compared with what the receiver's handler did, event by event.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..protocol.errors import ConfigurationError
from ..sandbox.webhook_ledger import Delivery
from .demo_acts import Stage

RECEIVER = "outreach_async.cli.demo_receiver:hooks"
_INBOX = "inbox.db"
_PATIENCE = 45.0
_COPIES = 6


@dataclass(frozen=True, slots=True)
class Serving:
    """The receiver's processes: the one that owns the socket, and the one that works."""

    url: str
    worker: int
    inbox: Path


async def receive_everything(stage: Stage) -> None:
    """Send every event, kill the receiver meanwhile, and count what arrived, was refused, handled and lost."""
    with tempfile.TemporaryDirectory(prefix="outreach-async-demo-") as folder:
        async with _receiver(stage, Path(folder)) as serving:
            stage.screen.event(f"a receiver at {serving.url}: verify, store, answer, then work")
            _subscribe(stage, serving.url)
            await _send(stage, serving)
            counts = await _count(stage, serving)
    stage.summary |= counts
    stage.screen.event(
        f"{counts['events']} events of {counts['event_types']} types, {counts['duplicates']} duplicates, "
        f"{counts['refused']} forgeries refused; handled {counts['handled']}, lost {counts['lost']}"
    )
    for wrong, text in (("lost", "events were lost"), ("handled_twice", "events were handled twice")):
        if counts[wrong]:
            stage.problems.append(f"{counts[wrong]} {text}")
    if counts["forgeries_accepted"]:
        stage.problems.append(f"{counts['forgeries_accepted']} forgeries were accepted")


@contextlib.asynccontextmanager
async def _receiver(stage: Stage, folder: Path) -> abc.AsyncIterator[Serving]:
    known = stage.sandbox.credentials
    secrets = {
        "OUTREACH_WEBHOOK_SECRET": known.outreach_webhook_secret,
        "PLANMYSAAS_WEBHOOK_SECRET": known.planmysaas_webhook_secret,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "outreach_async.cli", "hooks", "serve", RECEIVER, "--port", "0", "--json"),
        cwd=folder,
        env=os.environ | secrets,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE)
        if not line:
            raise ConfigurationError("the receiver did not start")
        told = json.loads(line)
        yield Serving(told["serving"], told["generation"], folder / _INBOX)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


def _subscribe(stage: Stage, url: str) -> None:
    stage.sandbox.outreach.subscribe(f"{url}/outreach", version=2)
    stage.sandbox.planmysaas.set_webhook(f"{url}/planmysaas")


async def _send(stage: Stage, serving: Serving) -> None:
    """Make every event happen twice over; between the two the receiver is killed with its hands full."""
    outreach, planmysaas = stage.sandbox.outreach, stage.sandbox.planmysaas
    for side in (outreach, planmysaas):
        side.spoil_next("duplicate", _COPIES)
        side.spoil_next("forge", _COPIES, skip=_COPIES)
    outreach.fire_every_event()
    planmysaas.fire_every_event()
    while not any(delivery.accepted for delivery in _deliveries(stage)):  # noqa: ASYNC110  # the ledger tells nobody
        await asyncio.sleep(0.005)
    os.kill(serving.worker, signal.SIGKILL)
    stage.screen.event("! the receiver is killed (-9) in the middle of the stream")
    # Only now, and once: a second installation in the same words within seconds is a copy of the first to anybody.
    outreach.set_lifecycle_webhook(f"{serving.url}/outreach/lifecycle")
    outreach.fire_every_event()
    planmysaas.fire_every_event()


async def _count(stage: Stage, serving: Serving) -> dict[str, int]:
    """Compare what was sent with what the handler did, once all is sent and handled or has had time enough."""
    await _quiet(stage, serving)
    sent, effects = _sent(stage), _effects(serving.inbox)
    extra = [delivery for delivery in _deliveries(stage) if delivery.copy != "genuine"]
    forged = [delivery for delivery in extra if delivery.copy == "forged"]
    return {
        "events": len(sent),
        "event_types": len(set(sent.values())),
        "handled": len(sent.keys() & set(effects)),
        "handled_twice": len(effects) - len(set(effects)),
        "duplicates": len(extra) - len(forged),
        "refused": sum(delivery.statuses[-1:] == (401,) for delivery in forged),
        "forgeries_accepted": sum(delivery.accepted for delivery in forged),
        "lost": len(sent.keys() - set(effects)),
    }


async def _quiet(stage: Stage, serving: Serving) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while _under_way(stage, serving):  # noqa: ASYNC110  # another process's work tells nobody either
                await asyncio.sleep(0.1)


def _under_way(stage: Stage, serving: Serving) -> bool:
    waiting = any(delivery.state == "waiting" for delivery in _deliveries(stage))
    return waiting or not _sent(stage).keys() <= set(_effects(serving.inbox))


def _deliveries(stage: Stage) -> tuple[Delivery, ...]:
    return stage.sandbox.outreach.deliveries + stage.sandbox.planmysaas.deliveries


def _sent(stage: Stage) -> dict[str, str]:
    """Give the vendors' own events by the digest of their body: two of one body are one event."""
    genuine = (delivery for delivery in _deliveries(stage) if delivery.copy == "genuine" and delivery.tries)
    return {hashlib.sha256(delivery.tries[0].message.body).hexdigest(): delivery.event for delivery in genuine}


def _effects(inbox: Path) -> list[str]:
    """Give the digest of every effect that the handler had; none before its first."""
    with contextlib.closing(sqlite3.connect(f"{inbox.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return [digest for (digest,) in connection.execute("SELECT digest FROM handled")]
        except sqlite3.OperationalError:
            return []
