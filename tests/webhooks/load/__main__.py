"""`python -m tests.webhooks.load poison` or `order`; the last line of either counts what went wrong."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.webhooks.load import order, poison
from tests.webhooks.load.receiver import Terms


def main() -> int:
    given = _arguments()
    print(f"{given.events} events, seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(_load(Path(folder), given))
    print(outcome, flush=True)
    return 0 if outcome.good else 1


async def _load(folder: Path, given: argparse.Namespace) -> poison.Outcome | order.Outcome:
    if given.kind == "poison":
        terms = Terms(given.concurrency, given.retries, given.timeout, given.first)
        return await poison.run(folder, given.events, share=given.share, rate=given.rate, terms=terms, seed=given.seed)
    terms = Terms(given.concurrency, retries=1, first=0.05, ordered=not given.unordered)
    return await order.run(
        folder, given.events, resources=given.resources, copied=20, copies=100, terms=terms, seed=given.seed
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Load the receiver, and look at what became of every event.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    poisoned = kinds.add_parser("poison", help="events that can never be handled, among good ones")
    poisoned.add_argument("--events", type=int, default=100_000)
    poisoned.add_argument("--share", type=float, default=0.01, help="how much of them is poison")
    poisoned.add_argument("--rate", type=float, default=1_000.0, help="events a second: fewer than can be kept up with")
    poisoned.add_argument("--concurrency", type=int, default=16)
    poisoned.add_argument("--retries", type=int, default=5)
    poisoned.add_argument("--timeout", type=float, default=0.2, help="seconds a handler may take")
    poisoned.add_argument("--first", type=float, default=1.0, help="seconds of the first backoff")
    ordered = kinds.add_parser("order", help="events of one record after the other, others beside them")
    ordered.add_argument("--events", type=int, default=20_000)
    ordered.add_argument("--resources", type=int, default=500)
    ordered.add_argument("--concurrency", type=int, default=8)
    ordered.add_argument("--unordered", action="store_true", help="let the handler opt out of the order: has to fail")
    for each in (poisoned, ordered):
        each.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
