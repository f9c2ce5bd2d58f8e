"""The served socket: answers, deadlines, bounds, and the end of it. Over real connections, byte by byte."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import itertools
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.webhooks.receiving import Refusing, Wire, fronted, head, outreach, planmysaas, receiver, request, wire
from webhooks.app import Webhooks
from webhooks.connections import PIPELINED
from webhooks.delivery import Delivery
from webhooks.front import Front
from webhooks.inbox import Receipt
from webhooks.inbox_errors import InboxUnavailable
from webhooks.memory_inbox import MemoryInbox
from webhooks.outreach import OutreachSource, ProspectUpdated
from webhooks.testing import SECRET, signed


async def emptied(front: Front) -> bool:
    """Wait until no connection is open."""
    async with asyncio.timeout(10):
        while front.open_connections:
            await asyncio.sleep(0.01)
    return True


async def test_one_connection_carries_many_deliveries() -> None:
    made = receiver()
    async with fronted(made.hooks) as (_, port), wire(port) as sender:
        for number in (1, 2, 3):
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is not None
            assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"stored\n", "keep-alive")
            assert answer.headers["date"].endswith("GMT")
        sender.send(request(outreach(8)) + request(planmysaas(9)))
        assert [getattr(await sender.answer(), "status", None) for _ in range(2)] == [200, 200]
        await made.hooks.settled()
    assert len(made.handled) == 5


async def test_two_hundred_requests_sent_at_once_are_answered_in_their_order() -> None:
    made = receiver()
    async with fronted(made.hooks) as (_, port), wire(port) as sender:
        sender.send(b"".join(request(outreach(number)) for number in range(1, 200)))
        sender.send(request(outreach(1), "Outreach-Webhook-Signature: x"))
        statuses = [getattr(await sender.answer(), "status", None) for _ in range(200)]
        assert statuses == [200] * 199 + [401]
        await made.hooks.settled()
    assert len(made.handled) == 199


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 17_000), min_size=1, max_size=60))
def test_however_the_bytes_are_cut_every_request_has_its_answer(cuts: list[int]) -> None:
    async def play() -> None:
        messages = [request(outreach(number)) for number in range(1, 41)]
        messages[20] = request(outreach(1), "Outreach-Webhook-Signature: x")
        data = b"".join(messages)
        places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
        async with fronted(receiver().hooks) as (_, port), wire(port) as sender:
            for start, end in itertools.pairwise(places):
                sender.send(data[start:end])
                await sender.writer.drain()
                await asyncio.sleep(0.001)
            statuses = [getattr(await sender.answer(), "status", None) for _ in messages]
        assert statuses == [401 if number == 20 else 200 for number in range(40)]

    asyncio.run(play())


async def test_a_large_body_comes_through_whole() -> None:
    hooks = Webhooks(OutreachSource(SECRET, max_body=4_000_000), inbox=MemoryInbox())
    large = signed(ProspectUpdated, {"title": "x" * 3_500_000}, id=1)
    async with fronted(hooks) as (_, port), wire(port) as sender:
        for _ in range(2):
            sender.send(request(large))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200


@pytest.mark.parametrize("path", ["/outreach", "/nothing"])
async def test_who_is_refused_in_the_middle_of_a_body_sees_the_answer(path: str) -> None:
    async with fronted(receiver().hooks) as (front, port), wire(port) as sender:
        sender.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n".encode())
        for _ in range(50):
            sender.send(b"x" * 10_000)
        answer = await sender.answer()
        assert answer is not None
        assert (answer.status, answer.headers["connection"]) == (404 if path == "/nothing" else 413, "close")
        assert await sender.ended()
        sender.writer.close()
        assert await emptied(front)
        assert not front.cut


async def test_a_request_for_another_protocol_is_the_last_one() -> None:
    async with fronted(receiver().hooks) as (front, port), wire(port) as sender:
        sender.send(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"
        )
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == 200
        assert await sender.ended()
        assert await emptied(front)


async def test_a_sender_that_leaves_in_the_middle_of_a_body_is_cut_and_nothing_is_stored() -> None:
    made = receiver()
    async with fronted(made.hooks) as (front, port):
        async with wire(port) as sender:
            sender.send(request(outreach())[:-20])
            await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            while not front.cut:
                await asyncio.sleep(0.01)
        assert front.cut == {"broken": 1}
        assert await emptied(front)
    assert made.handled == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request(outreach(), path="/outreach?x=1"), 200),
        (request(outreach(), path="/outreach/"), 404),
        (request(outreach(), path="/planmysaas"), 401),
        (request(outreach(), "Content-Encoding: gzip"), 415),
        (request(outreach(), "Content-Encoding: br"), 415),
        (request(outreach(), "Outreach-Webhook-Signature: " + "0" * 64), 401),
        (request(outreach(), method="PUT"), 405),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"POST /outreach HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", 413),
        (
            b"POST /outreach HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nOutreach-Webhook-Signature: \xff\r\n\r\n{}",
            401,
        ),
        (b"POST /outreach HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 401),
        (
            b"POST /outreach HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"POST /outreach HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 400),
    ],
)
async def test_every_request_has_its_answer(data: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with fronted(receiver().hooks) as (_, port), wire(port) as sender:
        sender.send(data)
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == status
    assert caplog.record_tuples == []


async def test_head_has_no_body_and_an_old_client_gets_its_connection_closed() -> None:
    async with fronted(receiver().hooks) as (_, port), wire(port) as sender:
        sender.send(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await sender.answer(body=False)
        assert answer is not None
        assert (answer.status, answer.headers["content-length"]) == (200, "3")
        sender.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        closing = await sender.answer()
        assert closing is not None
        assert closing.headers["connection"] == "close"
        assert await sender.ended()


async def test_who_asks_whether_to_go_on_is_told_so_only_for_what_may_come() -> None:
    async with fronted(receiver().hooks) as (_, port):
        async with wire(port) as sender:
            sender.send(head(outreach(), "Expect: 100-continue"))
            first = await sender.answer()
            assert first is not None
            assert first.status == 100
            sender.send(outreach().body)
            second = await sender.answer()
            assert second is not None
            assert second.status == 200
        async with wire(port) as sender:
            sender.send(head(outreach(), "Expect: 100-continue", "Content-Encoding: gzip"))
            refused = await sender.answer()
            assert refused is not None
            assert (refused.status, refused.headers["connection"]) == (415, "close")


async def test_a_chunked_body_is_cut_off_at_the_bound() -> None:
    hooks = Webhooks(OutreachSource(SECRET, max_body=1_000), inbox=MemoryInbox())
    async with fronted(hooks) as (_, port), wire(port) as sender:
        sender.send(b"POST /outreach HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(11):
            sender.send(b"64\r\n" + b"x" * 100 + b"\r\n")
            await asyncio.sleep(0)
        answer = await sender.answer()
        assert answer is not None
        assert (answer.status, answer.headers["connection"]) == (413, "close")


async def test_what_cannot_be_stored_is_cut_for_outreach_and_503_for_planmysaas() -> None:
    inbox = Refusing()
    inbox.refusal = InboxUnavailable("the disk is full")
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.0
    async with fronted(made.hooks) as (front, port):
        async with wire(port) as sender:
            sender.send(request(planmysaas()))
            answer = await sender.answer()
            assert answer is not None
            assert (answer.status, answer.headers["retry-after"]) == (503, "60")
            sender.send(request(outreach()))
            assert await sender.answer() is None
        assert front.cut["unstorable"] == 1


async def test_an_inbox_that_fails_in_its_own_way_is_one_that_cannot_store(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Refusing()
    inbox.refusal = KeyError("of somebody's own")
    made = receiver(inbox)
    async with fronted(made.hooks) as (_, port), wire(port) as sender:
        sender.send(request(planmysaas()))
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == 503
        assert made.hooks.intake.counts.unstored == {("planmysaas", "store"): 1}
        assert [record.exc_info is not None for record in caplog.records] == [True, False]
        inbox.refusal = None
        sender.send(request(planmysaas()))
        again = await sender.answer()
        assert again is not None
        assert again.status == 200


async def test_an_inbox_that_does_not_let_itself_be_cancelled_keeps_nobody_waiting() -> None:
    class Stubborn(MemoryInbox):
        async def put(self, delivery: Delivery) -> Receipt:
            # As a driver does that first has to tell a server which does not answer.
            waiting = asyncio.ensure_future(freed.wait())
            while not waiting.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([waiting])
            return await super().put(delivery)

    freed, made = asyncio.Event(), receiver(Stubborn())
    for source in made.hooks.sources:
        source.patience = 0.3
    async with fronted(made.hooks) as (front, port), wire(port) as first, wire(port) as second:
        first.send(request(planmysaas()))
        second.send(request(outreach()))
        answer = await first.answer()
        assert answer is not None
        assert answer.status == 503
        assert await second.answer() is None
        assert front.cut == {"unstorable": 1}
        # What is stored late is answered no second time.
        freed.set()
        await made.hooks.settled()
        first.send(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await first.answer()
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("refusal", [InboxUnavailable("the disk is full"), ConnectionRefusedError("of its own")])
async def test_an_inbox_that_raises_at_once_is_one_that_cannot_store(refusal: Exception) -> None:
    class Hasty(MemoryInbox):
        def put(self, delivery: Delivery) -> abc.Awaitable[Receipt]:
            raise refusal

    made = receiver(Hasty())
    for source in made.hooks.sources:
        source.patience = 0.6
    async with fronted(made.hooks) as (front, port), wire(port) as first, wire(port) as second:
        first.send(request(planmysaas()))
        # This one is put a second time, in a task of its own.
        second.send(request(outreach()))
        answer = await first.answer()
        assert answer is not None
        assert answer.status == 503
        assert await second.answer() is None
        assert front.cut == {"unstorable": 1}


async def test_a_fault_of_ours_costs_its_connection_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = receiver()
    begin = made.hooks.intake.begin

    def faulty(source, fields, body, answer, *, owns_socket):  # type: ignore[no-untyped-def]
        if b'"id":2' in body:
            raise ZeroDivisionError
        begin(source, fields, body, answer, owns_socket=owns_socket)

    monkeypatch.setattr(made.hooks.intake, "begin", faulty)
    async with fronted(made.hooks) as (front, port), wire(port) as first, wire(port) as second:
        first.send(request(outreach(2)))
        second.send(request(outreach(1)))
        assert await first.answer() is None
        answer = await second.answer()
        assert answer is not None
        assert answer.status == 200
        assert front.cut == {"failed": 1}
        assert "a request failed" in caplog.text
        # The rest of a body is waited for elsewhere.
        async with wire(port) as third:
            whole = request(outreach(2))
            third.send(whole[:-20])
            await asyncio.sleep(0.05)
            third.send(whole[-20:])
            assert await third.answer() is None
        assert front.cut == {"failed": 2}


SLOW = {
    "nothing at all": b"",
    "half a head": b"POST /outreach HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "half a body": request(outreach())[:-20],
    "half a body nobody wants": b"POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
async def test_a_slow_sender_loses_its_connection(sent: bytes) -> None:
    async with fronted(receiver().hooks, head_deadline=0.1, body_deadline=0.1) as (front, port), wire(port) as slow:
        slow.send(sent)
        answer = await slow.answer()
        assert answer is None or answer.status == 404
        assert await slow.ended()
        assert await emptied(front)
        await asyncio.sleep(0)
        assert front.cut == ({} if answer else {"deadline": 1})


async def test_the_next_request_of_a_connection_has_its_deadline_too() -> None:
    async with fronted(receiver().hooks, head_deadline=0.5) as (front, port), wire(port) as slow:
        slow.send(request(outreach()))
        assert await slow.answer() is not None
        slow.send(b"POST /outreach HTTP/1.1\r\n")
        assert await slow.ended()
        assert front.cut["deadline"] == 1


async def test_a_body_has_a_deadline_of_its_own_and_gets_no_more_by_dripping() -> None:
    async with fronted(receiver().hooks, head_deadline=60.0, body_deadline=0.2) as (front, port), wire(port) as slow:
        slow.send(b"POST /outreach HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n")
        assert await dripped(slow, b"x" * 600) < 600
        assert await slow.ended()
        assert front.cut["deadline"] == 1


async def test_the_rest_of_a_body_that_is_framed_wrongly_is_not_waited_for() -> None:
    chunked = b"POST /outreach HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n"
    async with fronted(receiver().hooks, body_deadline=60.0) as (front, port):
        for before in (b"", request(outreach())):
            async with wire(port) as sender:
                sender.send(before + chunked)
                if before:
                    assert await sender.answer() is not None
                await asyncio.sleep(0.05)
                sender.send(b"no number\r\n")
                assert await sender.answer() is None
        assert front.cut == {"broken": 2}


async def test_nor_is_that_of_a_request_that_waited_for_its_turn() -> None:
    class Slow(MemoryInbox):
        async def put(self, delivery: Delivery) -> Receipt:
            await freed.wait()
            return await super().put(delivery)

    freed = asyncio.Event()
    async with fronted(receiver(Slow()).hooks, body_deadline=60.0) as (front, port), wire(port) as sender:
        sender.send(request(outreach()))
        sender.send(b"POST /outreach HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n")
        await asyncio.sleep(0.05)
        sender.send(b"no number\r\n")
        await asyncio.sleep(0.05)
        freed.set()
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == 200
        assert await sender.answer() is None
        assert front.cut == {"broken": 1}


# The number that aiohttp bounds is 4,096: the parser holds back what follows the next one, be it of the next request.
@pytest.mark.parametrize("chunks", [4_096, 4_097, 4_098])
async def test_a_body_in_many_chunks_does_not_hold_up_the_next_request(chunks: int) -> None:
    async with fronted(receiver().hooks) as (front, port), wire(port) as sender:
        sender.send(b"POST /outreach HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sender.send(b"1\r\nx\r\n" * chunks + b"0\r\n\r\n")
        refused = await sender.answer()
        assert refused is not None
        assert refused.status == 401
        sender.send(request(outreach()))
        answer = await sender.answer()
        assert answer is not None
        assert answer.status == 200
        assert not front.cut


async def dripped(slow: Wire, data: bytes) -> int:
    """Send byte after byte, and give how many went before the connection ended."""
    for number, byte in enumerate(data):
        try:
            slow.send(bytes([byte]))
            await slow.writer.drain()
        except ConnectionError:
            return number
        await asyncio.sleep(0.01)
        if slow.reader.at_eof():
            return number
    return len(data)


async def test_one_that_drips_is_no_faster() -> None:
    made = receiver()
    async with fronted(made.hooks, head_deadline=0.2) as (front, port), wire(port) as slow:
        assert await dripped(slow, b"POST /outreach HTTP/1.1\r\n" + b"X: y\r\n" * 100) < 600
        assert await slow.ended()
        assert front.cut["deadline"] == 1
        assert 'webhooks_cut_total{reason="deadline"} 1' in made.hooks.metrics()


async def test_an_idle_connection_and_a_slow_store_have_no_deadline_of_the_sender() -> None:
    class Slow(MemoryInbox):
        async def put(self, delivery):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.3)
            return await super().put(delivery)

    async with fronted(receiver(Slow()).hooks, head_deadline=0.1, body_deadline=0.1) as (_, port), wire(port) as sender:
        for number in range(2):
            sender.send(request(outreach(number)))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 200
            await asyncio.sleep(0.3)


async def test_an_idle_connection_is_closed_in_the_end() -> None:
    async with fronted(receiver().hooks, idle_deadline=0.1) as (_, port), wire(port) as sender:
        sender.send(request(outreach()))
        assert await sender.answer() is not None
        assert await sender.ended()


async def test_four_hundred_slow_connections_hinder_nobody() -> None:
    made = receiver()
    async with contextlib.AsyncExitStack() as stack:
        front, port = await stack.enter_async_context(fronted(made.hooks, head_deadline=0.5))
        slow = [await stack.enter_async_context(wire(port)) for _ in range(400)]
        for each in slow:
            each.send(b"POST /outreach HTTP/1.1\r\n")
        async with wire(port) as honest:
            for number in range(20):
                honest.send(request(outreach(number)))
                answer = await honest.answer()
                assert answer is not None
                assert answer.status == 200
            assert all([await each.ended() for each in slow])
        assert front.cut["deadline"] >= 390


async def test_connections_are_bounded_in_all_and_of_one_address() -> None:
    # Proxies are spared the bound of one address, and not that of all.
    for proxies in ((), ("127.0.0.1",)):
        async with contextlib.AsyncExitStack() as stack:
            serving = fronted(receiver().hooks, connections=2, trusted_proxies=proxies)
            front, port = await stack.enter_async_context(serving)
            *_, third = [await stack.enter_async_context(wire(port)) for _ in range(3)]
            assert await third.ended()
            assert front.cut["connections"] == 1
    async with fronted(receiver().hooks, per_peer=1) as (front, port):
        async with wire(port) as first:
            for refused in (1, 2):
                async with wire(port) as second:
                    assert await second.ended()
                assert front.cut["peer"] == refused
            first.send(request(outreach()))
            assert await first.answer() is not None
        assert await emptied(front)
        async with wire(port) as again:
            again.send(request(outreach()))
            assert await again.answer() is not None


async def test_behind_a_trusted_proxy_the_addresses_behind_it_are_bounded() -> None:
    inbox = Refusing()
    inbox.hangs = True
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.3
    options = {"per_peer": 2, "trusted_proxies": ("127.0.0.0/8",)}
    async with fronted(made.hooks, **options) as (front, port), contextlib.AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(wire(port)) for _ in range(5)]
        for number, each in enumerate(wires[:3]):
            each.send(request(planmysaas(number), f"X-Forwarded-For: 10.{number}.0.1, 203.0.113.9, 127.0.0.2"))
        assert await wires[2].answer() is None
        wires[3].send(request(planmysaas(4), "X-Forwarded-For: 203.0.113.10"))
        answer = await wires[3].answer()
        assert answer is not None
        assert (answer.status, front.cut["peer"]) == (503, 1)


async def test_what_ended_behind_a_proxy_is_no_longer_counted() -> None:
    async with fronted(receiver().hooks, per_peer=1, trusted_proxies=("127.0.0.1",)) as (front, port):
        async with wire(port) as sender:
            for number in range(4):
                for more, status in (((), 200), (("Outreach-Webhook-Signature: x",), 401)):
                    sender.send(request(outreach(number), "X-Forwarded-For: 203.0.113.9", *more))
                    answer = await sender.answer()
                    assert answer is not None
                    assert answer.status == status
            sender.send(request(outreach(), "X-Forwarded-For: 203.0.113.9")[:-10])
        async with asyncio.timeout(10):
            while front._behind or front.open_connections:
                await asyncio.sleep(0.01)
        async with wire(port) as sender:
            sender.send(request(outreach(), "X-Forwarded-For: 203.0.113.9", "Content-Encoding: gzip"))
            answer = await sender.answer()
            assert answer is not None
            assert answer.status == 415
        assert await emptied(front)
        # Nor remembered: whoever sends chooses the name.
        assert not front._behind
        assert not front._peers


async def test_of_a_stranger_no_forwarded_address_is_believed() -> None:
    inbox = Refusing()
    inbox.hangs = True
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.3
    async with fronted(made.hooks, per_peer=1) as (front, port), contextlib.AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(wire(port, f"127.0.0.{number}")) for number in (1, 2, 3)]
        for number, each in enumerate(wires):
            each.send(request(planmysaas(number), "X-Forwarded-For: 203.0.113.9"))
        answers = [await each.answer() for each in wires]
        assert [answer.status for answer in answers if answer] == [503] * 3
        assert not front.cut


async def test_of_an_address_told_twice_the_proxys_own_line_counts() -> None:
    inbox = Refusing()
    inbox.hangs = True
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.3
    options = {"per_peer": 1, "trusted_proxies": ("127.0.0.0/8",)}
    async with fronted(made.hooks, **options) as (front, port), wire(port) as first, wire(port) as second:
        for number, each in enumerate((first, second)):
            each.send(request(planmysaas(number), f"X-Forwarded-For: 10.0.0.{number}", "X-Forwarded-For: 203.0.113.9"))
        assert await second.answer() is None
        assert front.cut["peer"] == 1


async def test_of_one_connection_only_so_many_requests_are_read_ahead() -> None:
    inbox = Refusing()
    inbox.hangs = True
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.5
    async with fronted(made.hooks) as (front, port), wire(port) as sender:
        sender.send(b"".join(request(outreach(number)) for number in range(PIPELINED)))
        async with asyncio.timeout(20):
            while not front._connections or _reading(front):
                await asyncio.sleep(0.01)
        assert await sender.answer() is None


def _reading(front: Front) -> bool:
    (connection,) = front._connections
    return isinstance(connection.transport, asyncio.Transport) and connection.transport.is_reading()


async def test_one_that_reads_no_answers_is_cut() -> None:
    async with fronted(receiver().hooks) as (front, port), wire(port) as greedy:
        greedy.writer.get_extra_info("socket").setsockopt(1, 8, 4096)
        greedy.reader._limit = 1
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while not front.cut:
                    greedy.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000)
                    await greedy.writer.drain()
                    await asyncio.sleep(0)
        assert front.cut["unread"] == 1


@pytest.mark.parametrize(
    "last",
    [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", request(outreach(), "Connection: close")],
    ids=["idle", "a last request", "a last delivery"],
)
async def test_one_that_is_closed_and_takes_no_answer_is_cut_in_the_end(
    last: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.connections.LINGERING", 0.2)
    async with fronted(receiver().hooks, idle_deadline=0.5) as (front, port):
        loop = asyncio.get_running_loop()
        with socket.socket() as greedy:
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            greedy.setblocking(False)  # noqa: FBT003
            await loop.sock_connect(greedy, ("127.0.0.1", port))
            while not await _is_held_up(front):
                await loop.sock_sendall(greedy, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
            await loop.sock_sendall(greedy, last)
            assert await emptied(front)
        assert front.cut == {"deadline": 1}


async def _is_held_up(front: Front) -> bool:
    """Whether there are answers that are not sent, though too few for the connection to be cut for it."""
    for _ in range(3):
        await asyncio.sleep(0.01)
        buffered = [each.transport.get_write_buffer_size() for each in front._connections if each.transport]
        if not any(buffered):
            return False
    return True


async def test_its_end_answers_what_is_under_way_and_says_close() -> None:
    made = receiver()
    async with contextlib.AsyncExitStack() as stack:
        front, port = await stack.enter_async_context(fronted(made.hooks, linger=5.0))
        busy = await stack.enter_async_context(wire(port))
        busy.send(request(outreach(1)))
        assert await busy.answer() is not None
        began = time.monotonic()
        stopping = asyncio.ensure_future(front.stop())
        await asyncio.sleep(0.1)
        busy.send(request(outreach(2)))
        answer = await busy.answer()
        assert answer is not None
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        await stopping
        assert time.monotonic() - began < 4.0


@contextlib.asynccontextmanager
async def served() -> abc.AsyncIterator[Wire]:
    async with fronted(receiver().hooks, head_deadline=0.1, body_deadline=0.1) as (_, port), wire(port) as sender:
        yield sender


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    junk=st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda body: b"POST /outreach HTTP/1.1\r\nHost: x\r\n" + body),
        st.lists(
            st.tuples(
                st.sampled_from(
                    [
                        b"Content-Length",
                        b"Outreach-Webhook-Signature",
                        b"Expect",
                        b"Upgrade",
                        b"Transfer-Encoding",
                        b"Connection",
                        b"Content-Encoding",
                    ]
                ),
                st.binary(max_size=30),
            ),
            max_size=5,
        ).map(
            lambda pairs: (
                b"POST /outreach HTTP/1.1\r\nHost: x\r\n"
                + b"".join(name + b": " + value + b"\r\n" for name, value in pairs)
                + b"\r\n{}"
            )
        ),
    )
)
def test_nothing_hostile_is_answered_5xx_or_logged(junk: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        async with served() as sender:
            sender.send(junk)
            answer = await sender.answer()
            assert answer is None or answer.status < 500

    asyncio.run(play())
    assert caplog.record_tuples == []
