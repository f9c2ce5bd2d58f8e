"""One per cent poison: good events sent at a pace, with and without poison among them, and what that did to them.

At full speed a backlog builds up by itself, since the worker gives way to deliveries, and every event would be late
with poison or without. So the pace is below what the receiver keeps up with, and the same deliveries are sent once
without poison, which shows what of a delay is not the poison's.

A handler that hangs keeps one of the places of those that run, at every try until its timeout. So no receiver bears
more than this: hanging events a second * tries * timeout has to stay well below the concurrency.
"""

from __future__ import annotations

import collections.abc as abc
import random
from dataclasses import dataclass
from pathlib import Path

from outreach_async.engine.clock import SystemClock
from tests.webhooks.load import notes, stored
from tests.webhooks.load.delays import Delays, delays_of
from tests.webhooks.load.deliveries import Planned
from tests.webhooks.load.notes import Notebook
from tests.webhooks.load.poison_plan import plan
from tests.webhooks.load.poison_verdict import LIMIT, Verdict, judge
from tests.webhooks.load.process import serving, worked_off
from tests.webhooks.load.receiver import INBOX, NOTES, Terms, application
from tests.webhooks.load.senders import paced
from webhooks.operations import redeliver

CONNECTIONS = 64
MENDED = "mended.txt"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One run: the deliveries a second that were sent, how long their answers took, and what became of them."""

    rate: float
    answers: Delays
    verdict: Verdict

    def __str__(self) -> str:
        found = self.verdict
        return (
            f"  sent {self.rate:.0f}/s; answers {self.answers}\n"
            f"  good events of other resources: {found.others}\n"
            f"  good events behind poison, once it let go: {found.behind}; held for {found.held:.1f} s at most\n"
            f"  lost {found.lost}, doubled {found.doubled}, poison tried too often or too seldom {found.mistried};"
            f" dead and no poison, or the reverse {found.misjudged}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run without poison, one with it, and how many of the dead letters redelivered were handled then."""

    without: Loaded
    poisoned: Loaded
    redelivered: int
    mended: int

    @property
    def good(self) -> bool:
        """Whether nothing is wrong. Lateness without poison is the pace's doing, and no verdict on poison.

        A pace that was not kept with poison is one: it would make the load the lighter the more poison does.
        """
        clean, kept = self.without.verdict, not self.poisoned.answers.late
        safe = not clean.lost + clean.doubled + clean.misjudged
        return safe and kept and self.poisoned.verdict.good and self.mended == self.redelivered

    def __str__(self) -> str:
        return (
            f"without poison\n{self.without}\nwith poison\n{self.poisoned}\n"
            f"dead letters redelivered to a mended handler {self.redelivered}, handled {self.mended}\n"
            f"{self.poisoned.verdict}"
        )


async def run(
    folder: Path, events: int, *, share: float, rate: float, terms: Terms, seed: int, limit: float = LIMIT
) -> Outcome:
    """Send without poison and with it, compare, and redeliver what died."""
    poisoned = plan(events, share, random.Random(seed))
    clean = await load(folder / "clean", plan(events, 0.0, random.Random(seed)), rate, terms, limit)
    worse = await load(folder / "poisoned", poisoned, rate, terms, limit)
    return Outcome(clean, worse, *await mend(folder / "poisoned", poisoned, terms))


async def load(folder: Path, planned: abc.Sequence[Planned], rate: float, terms: Terms, limit: float) -> Loaded:
    """Send to a receiver in a new folder, have all of it worked off, and compare."""
    folder.mkdir()
    async with serving(folder, terms) as port:
        sent = await paced(port, planned, rate, CONNECTIONS)
        await worked_off(folder)
    verdict = judge(planned, stored.read(folder / INBOX), notes.read(folder / NOTES), terms.retries, limit)
    return Loaded(len(planned) / sent.seconds, delays_of(sent.answers, limit), verdict)


async def mend(folder: Path, planned: abc.Sequence[Planned], terms: Terms) -> tuple[int, int]:
    """Redeliver a dead letter of each kind to a handler that copes with it; give how many, and how many it handled."""
    chosen = {(each.fails, each.hangs): each.number for each in planned if each.poison and each.readable}
    ids = {each.number: each.id for each in stored.read(folder / INBOX) if each.number in chosen.values()}
    clock = SystemClock()
    with (folder / MENDED).open("w") as file:
        hooks = application(folder / INBOX, terms, Notebook(file, clock.now), clock, mended=True)
        async with hooks:
            await redeliver(hooks.inbox, ids.values())
            await hooks.settled()
            entries = {number: await hooks.inbox.get(ids[number]) for number in ids}
    handled = [run.number for run in notes.read(folder / MENDED) if run.done]
    done = [number for number, entry in entries.items() if entry and entry.state == "done"]
    return len(chosen), sum(handled.count(number) == 1 for number in done)
