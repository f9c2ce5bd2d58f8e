"""`python -m tests.webhooks.crash --cycles N`; the last line says `acked N, lost 0`."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.webhooks.crash.harness import Inbox, Receiver, run


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the receiver in mid-stream and count what was lost.")
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--inbox", action="store_true", help="the inbox and a worker alone, which starts faster")
    given = parser.parse_args()
    kind = Inbox if given.inbox else Receiver
    print(f"{given.cycles} cycles, seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inbox.db"
        dice = random.Random(given.seed)
        verdict = asyncio.run(run(kind(path), path, given.cycles, dice=dice, verbose=True))
    print(verdict, flush=True)
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
