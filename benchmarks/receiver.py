"""What a received delivery costs, against the least that aiohttp can do; and what durability costs on top.

The servers run on one core, the loader on another, in turn within each round. Bodies are of 928 bytes, signed, and
all different. The inbox is where temporary files are (`TMPDIR`), so that decides which disk is measured.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import hashlib
import hmac
import itertools
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

from .measure import Figure, pin, ratio
from .receiver_server import SECRET

ROUNDS = 9
REQUESTS = 10_000
WARM_UP = 2_000
SIZE = 928


@dataclass(frozen=True)
class Run:
    """One load of one server: processor seconds of the server, requests a second, and latencies in order."""

    cpu: float
    rate: float
    latencies: list[float]

    def percentile(self, part: float) -> float:
        """Give the latency that this part of the requests stays below, in seconds."""
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]


def figures() -> abc.Iterator[Figure]:
    """Give the receiver's figures."""
    pin(1)
    cpu, rates, bare, late = [], [], [], []
    # Side by side and in turn, since whichever comes first may find the machine warmer or colder.
    with _server("raw") as raw, _server("typed") as typed:
        for number in range(ROUNDS * 2):
            ours = typed.load(64).cpu if number % 2 else 0.0
            reference = raw.load(64).cpu
            cpu.append((reference, ours or typed.load(64).cpu))
    for _ in range(ROUNDS):
        # A server of its own for each load: work that the last one left would be done meanwhile.
        with _server("storeless") as storeless, _server("answering") as answering, _server("durable") as durable:
            kept = durable.load(64).rate
            rates.append(kept / storeless.load(64).rate)
            bare.append(kept / answering.load(64).rate)
        with _server("durable") as durable:
            late.append(durable.load(256).percentile(0.99))
    yield ratio("CPU per verified, identified, typed event / aiohttp handler + orjson", cpu, 1.10)
    yield _rate("durable acks at 64 connections / the same without a store", rates, "both work on every event")
    yield _rate(
        "durable acks at 64 connections / one that only answers", bare, "it stores nothing and works on nothing"
    )
    last = statistics.median(late)
    spread = (max(late) - min(late)) / last
    yield Figure("p99 of a durable ack at 256 connections", last * 1e3, "< 50", last < 0.05, spread, "milliseconds")


def _rate(name: str, ratios: list[float], note: str) -> Figure:
    median = statistics.median(ratios)
    return Figure(name, median, ">= 0.8", median >= 0.8, (max(ratios) - min(ratios)) / median, note)


class _Server:
    """A server under load."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self._port = port
        self._numbers = itertools.count(1)

    def load(self, connections: int) -> Run:
        """Load it over so many connections, a little beforehand for nothing."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._load(connections))

    async def _load(self, connections: int) -> Run:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(_Sender, "127.0.0.1", self._port) for _ in range(connections)]
        senders = [sender for _, sender in made]
        # Over the same connections, so that what is measured is not how they are accepted.
        await _send(senders, self._requests(WARM_UP))
        requests = self._requests(REQUESTS)
        cpu, began = self._cpu(), time.perf_counter()
        latencies = await _send(senders, requests)
        seconds = time.perf_counter() - began
        run = Run(self._cpu() - cpu, REQUESTS / seconds, sorted(latencies))
        for transport, _ in made:
            transport.close()
        return run

    def _requests(self, count: int) -> list[bytes]:
        return [_request(number) for number in itertools.islice(self._numbers, count)]

    def _cpu(self) -> float:
        """Give the processor seconds of all its threads, to the nanosecond."""
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def _send(senders: list[_Sender], requests: list[bytes]) -> list[float]:
    latencies, source = list[float](), iter(requests)
    await asyncio.gather(*(sender.send(source, latencies) for sender in senders))
    return latencies


@contextlib.contextmanager
def _server(mode: str) -> abc.Iterator[_Server]:
    command = [sys.executable, "-m", "benchmarks.receiver_server", mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield _Server(process, int(process.stdout.readline()))
        finally:
            process.send_signal(2)


def _request(number: int) -> bytes:
    head = b'{"data":{"type":"prospect","id":%d,"attributes":{"title":"CTO","firstName":"Ada","company":"' % number
    tail = b'"},"relationships":{}},"meta":{"deliveredAt":"2026-01-05T12:30:00.250Z","eventName":"prospect.updated"}}'
    body = head + b"x" * (SIZE - len(head) - len(tail)) + tail
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    fields = (
        "POST /outreach HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\nAccept: */*\r\n"
        f"User-Agent: benchmark\r\nOutreach-Webhook-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return fields.encode() + body


class _Sender(asyncio.Protocol):
    """Sends requests over one connection, the next when the last was answered."""

    def __init__(self) -> None:
        self._requests: abc.Iterator[bytes] = iter(())
        self._latencies: list[float] = []
        self._began = 0.0
        self._ended: asyncio.Future[None] | None = None

    def send(self, requests: abc.Iterator[bytes], latencies: list[float]) -> asyncio.Future[None]:
        """Take requests from a source that others share, until there are no more."""
        self._requests, self._latencies = requests, latencies
        self._ended = ended = asyncio.get_running_loop().create_future()
        self._next()
        return ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200 ") or not data.endswith(b"stored\n"):
            self._end(RuntimeError(f"answered {data!r}"))
            return
        self._latencies.append(time.perf_counter() - self._began)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(RuntimeError("the connection broke"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._end(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def _end(self, error: Exception | None) -> None:
        if self._ended is None or self._ended.done():
            return
        if error:
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)
