"""`python -m tests.webhooks.restarts --times 200`: hand-overs under load; the last line counts who was refused."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from tests.webhooks.serving import Load, served


async def restart(folder: Path, times: int) -> tuple[Load, int]:
    """Hand over `times` times while senders post; give what they saw, and how many events were handled."""
    async with served(folder) as server:
        async with Load(server.port) as load:
            for number in range(1, times + 1):
                server.process.send_signal(signal.SIGHUP)
                await server.until_logged("took over", number)
                if number % 10 == 0:
                    print(f"{number} restarts, acked {load.acked}, failed {len(load.failed)}", flush=True)
        # Not handled one by one beside the load: the last generation works off what is left.
        while len({event for event, _ in server.handled()}) < load.acked:
            await asyncio.sleep(0.5)
        assert await server.stop() == 0
        return load, len({event for event, _ in server.handled()})


def main() -> int:
    parser = argparse.ArgumentParser(description="Restart the receiver under load, and count refused connections.")
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load, handled = asyncio.run(restart(Path(folder), given.times))
    print(*load.failed[:10], sep="\n")
    print(f"slowest answer {load.slowest:.2f} s; handled {handled}")
    print(f"{given.times} restarts: acked {load.acked}, refused or reset {len(load.failed)}")
    return 1 if load.failed else 0


if __name__ == "__main__":
    sys.exit(main())
