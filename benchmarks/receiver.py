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
import os
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

ROUNDS = 5
REQUESTS = 12_000
WARM_UP = 2_000
SIZE = 928
_TICK = os.sysconf("SC_CLK_TCK")


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
    cpu, rates, late = [], [], []
    for _ in range(ROUNDS):
        with _server("raw") as raw, _server("typed") as typed:
            cpu.append((raw.load(64).cpu, typed.load(64).cpu))
        with _server("storeless") as storeless, _server("durable") as durable:
            none, kept = storeless.load(64), durable.load(64)
            rates.append(kept.rate / none.rate)
            late.append(durable.load(256).percentile(0.99))
    yield ratio("CPU per verified, identified, typed event / aiohttp handler + orjson", cpu, 1.10)
    rate, last = statistics.median(rates), statistics.median(late)
    spread = (max(rates) - min(rates)) / rate
    yield Figure("durable acks at 64 connections / the same without a store", rate, ">= 0.8", rate >= 0.8, spread)
    note = "milliseconds"
    yield Figure("p99 of a durable ack at 256 connections", last * 1e3, "< 50", last < 0.05, note=note)


class _Server:
    """A server under load."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self._port = port
        self._numbers = itertools.count(1)

    def load(self, connections: int) -> Run:
        """Load it, a little beforehand for nothing."""
        self._send(connections, WARM_UP)
        cpu, began = self._cpu(), time.perf_counter()
        latencies = self._send(connections, REQUESTS)
        seconds = time.perf_counter() - began
        return Run(self._cpu() - cpu, REQUESTS / seconds, sorted(latencies))

    def _send(self, connections: int, count: int) -> list[float]:
        requests = [_request(number) for number in itertools.islice(self._numbers, count)]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_load(self._port, requests, connections))

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


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
    """Sends its share of the requests over one connection, the next when the last was answered."""

    def __init__(self, requests: abc.Iterator[bytes], latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._began = 0.0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200 ") or not data.endswith(b"stored\n"):
            self.ended.set_exception(RuntimeError(f"answered {data!r}"))
            return
        self._latencies.append(time.perf_counter() - self._began)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError("the connection broke"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


async def _load(port: int, requests: list[bytes], connections: int) -> list[float]:
    loop, latencies, source = asyncio.get_running_loop(), list[float](), iter(requests)
    made = [
        await loop.create_connection(lambda: _Sender(source, latencies), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.gather(*(sender.ended for _, sender in made))
    return latencies
