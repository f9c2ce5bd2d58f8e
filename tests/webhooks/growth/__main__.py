"""`python -m tests.webhooks.growth --rows N`: what removing half of N events costs the deliveries that come meanwhile.

The last line says `rows N, removed N, p99 while removing N.N ms, without N.N ms`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.webhooks.growth.measuring import run


def main() -> int:
    parser = argparse.ArgumentParser(description="Fill an inbox, and take deliveries while it removes what is old.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="finished events on file; some 1.2 kB each")
    parser.add_argument("--rate", type=float, default=200.0, help="deliveries a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long deliveries are taken without removing")
    parser.add_argument("--folder", type=Path, help="where the file is made; a temporary one unless told")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        outcome = asyncio.run(run(Path(folder) / "inbox.db", given.rows, rate=given.rate, seconds=given.seconds))
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
