"""`python -m tests.webhooks.synctrace [--count N] [--normal]`; the last line says how many answers followed a sync.

A kill shows nothing of what a power loss does, since the page cache outlives the process. So the calls themselves are
looked at: between the read that brought a request and the write of its 200, the write-ahead log has to have been
synced, after the last write to it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .trace import run


def main() -> int:
    parser = argparse.ArgumentParser(description="Look whether the log is synced before a delivery is answered.")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--normal", action="store_true", help="weaken the inbox to synchronous=NORMAL: it has to fail")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answered, synced = run(Path(folder), given.count, normal=given.normal)
    print(f"{synced} of {answered} answers after a sync")
    return 0 if answered == synced == given.count else 1


if __name__ == "__main__":
    sys.exit(main())
