"""A receiver of webhooks that survives kill -9.

With OUTREACH_WEBHOOK_SECRET set it serves, on PORT (8080) until SIGTERM, and keeps what it received in INBOX
(inbox.db). Post a signed event to it:

    body='{"data":{"type":"prospect","id":7,"attributes":{"title":"CTO"}},"meta":{"eventName":"prospect.created"}}'
    signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$OUTREACH_WEBHOOK_SECRET" -r | cut -d' ' -f1)
    curl http://127.0.0.1:8080/outreach -H "Outreach-Webhook-Signature: $signature" --data-binary "$body"

Without the secret it plays that story by itself: it starts a server, posts to it, kills it in mid-work, starts it
again, and counts what was lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from webhooks import OutreachSource, SqliteInbox, Webhooks
from webhooks.outreach import ProspectCreated
from webhooks.testing import signed

EVENTS = 20


def receiver(inbox: str) -> Webhooks:
    """Give the application: one source, one inbox, one handler."""
    hooks = Webhooks(OutreachSource.from_env(), inbox=SqliteInbox(inbox), concurrency=2, grace=1.0)

    @hooks.on(ProspectCreated, name="welcome")
    async def welcome(event: ProspectCreated) -> None:
        await asyncio.sleep(0.05)  # a call to somewhere
        print(f"handled {event.prospect.id} {event.changed.get('title')}", flush=True)

    return hooks


def start(folder: str, handled: set[str]) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start this program as a server; give it, and what it announces once it serves. Work may begin before that."""
    settings = {"OUTREACH_WEBHOOK_SECRET": "s3cret", "PORT": "0", "INBOX": str(Path(folder) / "inbox.db")}
    process = subprocess.Popen(
        [sys.executable, __file__],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            return process, json.loads(line)
        handled.add(line.split()[1])
    raise SystemExit("the server did not start")


def story(folder: str) -> int:
    """Post, kill, start again, and count."""
    handled: set[str] = set()
    process, told = start(folder, handled)
    for number in range(1, EVENTS + 1):
        event = signed(ProspectCreated, {"title": "CTO"}, id=number, secret="s3cret")
        request = urllib.request.Request(told["serving"] + event.path, event.body, event.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.read() == b"stored\n"
    process.kill()
    os.kill(told["generation"], signal.SIGKILL)
    before, _ = process.communicate()
    handled |= {line.split()[1] for line in before.splitlines()}
    print(f"{EVENTS} acknowledged, {len(handled)} handled, then kill -9")

    process, told = start(folder, handled)
    assert process.stdout is not None
    while len(handled) < EVENTS and (line := process.stdout.readline()):
        handled.add(line.split()[1])
    process.terminate()
    process.communicate()
    print(f"started again: {len(handled)} handled, {EVENTS - len(handled)} lost; exit code {process.returncode}")
    return process.returncode


def main() -> int:
    if os.environ.get("OUTREACH_WEBHOOK_SECRET"):
        port = os.environ.get("PORT") or "8080"
        if not port.isdecimal():
            print(f"PORT is no number: {port!r}", file=sys.stderr)
            return 2
        return receiver(os.environ.get("INBOX") or "inbox.db").run(port=int(port), admin_port=0)
    with tempfile.TemporaryDirectory() as folder:
        return story(folder)


if __name__ == "__main__":
    sys.exit(main())
