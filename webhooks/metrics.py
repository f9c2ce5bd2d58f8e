"""Counts and latencies of a running receiver, and their text for Prometheus.

Written by hand: the text format is a dozen lines, and no dependency is wanted for it. The labels are the
application's own names (sources, secrets, handlers) and the receiver's fixed reasons; nothing from outside becomes
one, so their number is bounded.
"""

from __future__ import annotations

import bisect
import collections.abc as abc
from collections import Counter, defaultdict

from .inbox import InboxStatistics, Settlement
from .tally import Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

ACK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Bounds of the answer's latency, in seconds; Outreach waits five."""

HANDLER_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of how long one run of a handler takes, in seconds."""

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float]


class Histogram:
    """Counts of values up to each bound, their sum and their number."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: abc.Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.total += value

    def samples(self, name: str, labels: Labels) -> abc.Iterator[Sample]:
        """Give the buckets, each counting those below it too, the sum and the number."""
        below = 0
        for bound, count in zip((*map(_number, self.bounds), "+Inf"), self.counts, strict=True):
            below += count
            yield f"{name}_bucket", (*labels, ("le", bound)), below
        yield f"{name}_sum", labels, self.total
        yield f"{name}_count", labels, below


class Rate:
    """How many of something there were within the last minute, by the second."""

    __slots__ = ("_counts", "_second")

    def __init__(self) -> None:
        self._counts = [0] * 60
        self._second = 0

    def note(self, now: float) -> None:
        """Count one, at this time in Unix seconds."""
        second = int(now)
        if second != self._second:
            self._forget(second)
        self._counts[second % 60] += 1

    def per_minute(self, now: float) -> int:
        """Give how many there were within the last sixty seconds."""
        self._forget(int(now))
        return sum(self._counts)

    def _forget(self, second: int) -> None:
        for passed in range(self._second + 1, min(second, self._second + 60) + 1):
            self._counts[passed % 60] = 0
        # A clock that was set back counts on where it is.
        self._second = second


class Counts:
    """What happened since the process started, beside the receiver's own tally."""

    def __init__(self, sources: abc.Iterable[str]) -> None:
        names = tuple(sources)
        zero = dict.fromkeys(names, 0)
        self.stored: Counter[str] = Counter(zero)
        """Deliveries stored, by source."""
        self.duplicates: Counter[str] = Counter(zero)
        """Deliveries that were known, by source."""
        self.flagged: Counter[str] = Counter(zero)
        """Deliveries stored with a flag, by source."""
        self.unstored: Counter[tuple[str, str]] = Counter()
        """Genuine deliveries pushed back, by source and cause: `full`, or `store` for one that fails or is too slow."""
        self.cut: Counter[str] = Counter()
        """Connections that were cut, by reason; the front counts them."""
        self.handled: Counter[str] = Counter()
        """Runs of handlers that succeeded, by handler."""
        self.retried: Counter[str] = Counter()
        """Runs that failed and are tried again, by handler."""
        self.dead: Counter[str] = Counter()
        """Runs that failed for good, by handler; an empty name for events no handler could be given."""
        self.unclaimed: Counter[str] = Counter(zero)
        """Events that no handler takes, by source."""
        self.acks = {name: Histogram(ACK_SECONDS) for name in names}
        self.runs: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(HANDLER_SECONDS))
        self.received_rate = Rate()
        self.handled_rate = Rate()

    def note_unclaimed(self, source: str) -> None:
        """Count an event that no handler takes."""
        self.unclaimed[source] += 1

    def settled(self, settlement: Settlement) -> None:
        """Count one settlement that is on disk."""
        counter = {"done": self.handled, "retry": self.retried, "dead": self.dead}[settlement.outcome]
        counter[settlement.handler] += 1
        # Work that is only owed to a handler, and given up, was no run.
        if settlement.handler and settlement.attempt:
            self.runs[settlement.handler].observe(settlement.seconds)
            self.handled_rate.note(settlement.at)


def exposition(tally: Tally, counts: Counts, stats: InboxStatistics | None, now: float) -> str:
    """Give everything as Prometheus reads it. `stats` is None while the inbox is closed; `now` in Unix seconds."""
    lines: list[str] = []
    for name, kind, told, samples in _families(tally, counts, stats, now):
        lines += (f"# HELP {name} {told}", f"# TYPE {name} {kind}")
        lines += (f"{sample}{_braced(labels)} {_number(value)}" for sample, labels, value in samples)
    return "\n".join(lines) + "\n"


def _families(
    tally: Tally, counts: Counts, stats: InboxStatistics | None, now: float
) -> abc.Iterator[tuple[str, str, str, abc.Iterable[Sample]]]:
    def counter(
        name: str, told: str, labels: tuple[str, ...], values: abc.Mapping[str, int] | abc.Mapping[tuple[str, str], int]
    ) -> tuple[str, str, str, abc.Iterable[Sample]]:
        full = f"webhooks_{name}_total"
        return full, "counter", told, [(full, _labelled(labels, key), value) for key, value in values.items()]

    received = {source: tally.received(source) for source in counts.acks}
    yield counter("received", "Requests to a source, refused ones included.", ("source",), received)
    yield counter(
        "verified", "Genuine deliveries, by the secret that verified them.", ("source", "secret"), tally.verified
    )
    yield counter("refused", "Requests that were no genuine deliveries.", ("source", "reason"), tally.refused)
    yield counter("unreadable", "Genuine deliveries that no handler can be given.", ("source",), tally.unreadable)
    yield counter("stored", "Deliveries stored.", ("source",), counts.stored)
    yield counter("duplicates", "Deliveries that were known.", ("source",), counts.duplicates)
    yield counter("flagged", "Deliveries stored with a flag.", ("source",), counts.flagged)
    yield counter("unstored", "Genuine deliveries pushed back.", ("source", "cause"), counts.unstored)
    yield counter("cut", "Connections that were cut.", ("reason",), counts.cut)
    yield counter("unclaimed", "Events that no handler takes.", ("source",), counts.unclaimed)
    yield counter("handled", "Runs of handlers that succeeded.", ("handler",), counts.handled)
    yield counter("retried", "Runs that failed and are tried again.", ("handler",), counts.retried)
    yield counter("dead", "Runs that failed for good.", ("handler",), counts.dead)
    yield _histograms("ack_seconds", "From the whole request to its answer.", "source", counts.acks)
    yield _histograms("handler_seconds", "One run of a handler.", "handler", counts.runs)
    for name, told, value in _gauges(stats, now):
        yield f"webhooks_{name}", "gauge", told, [(f"webhooks_{name}", (), value)]


def _histograms(
    name: str, told: str, label: str, found: abc.Mapping[str, Histogram]
) -> tuple[str, str, str, abc.Iterable[Sample]]:
    full = f"webhooks_{name}"
    samples = [each for key, one in found.items() for each in one.samples(full, ((label, key),))]
    return full, "histogram", told, samples


def _gauges(stats: InboxStatistics | None, now: float) -> abc.Iterator[tuple[str, str, float]]:
    yield "up", "Whether the inbox is open.", float(stats is not None)
    if stats is None:
        return
    yield "depth", "Events that are not finished.", stats.depth
    yield "running", "Events being worked on.", stats.running
    yield "retrying", "Events that wait for another try.", stats.retrying
    yield "dead_letters", "Events on file that were given up.", stats.dead
    oldest = 0.0 if stats.oldest_at is None else max(0.0, now - stats.oldest_at)
    yield "oldest_seconds", "Age of the event that is unfinished longest.", oldest
    yield "store_failing", "Whether the store refuses to write.", float(stats.failing_since is not None)
    yield "log_bytes", "Size of the log beside the inbox's file, as of the last minute.", stats.log_bytes


def _labelled(labels: tuple[str, ...], key: str | tuple[str, str]) -> Labels:
    return tuple(zip(labels, (key,) if isinstance(key, str) else key, strict=True))


def _braced(labels: Labels) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
