"""A small load of each kind in every run of the suite, with one that has to fail; `python -m` takes real ones."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.webhooks.kept import delivery, told
from tests.webhooks.load import order, order_plan, poison, stored
from tests.webhooks.load.deliveries import Planned
from tests.webhooks.load.poison_plan import plan
from tests.webhooks.load.receiver import Terms
from tests.webhooks.load.senders import in_turn
from webhooks.jobs import Put, Settle
from webhooks.sqlite_schema import open_for_writing
from webhooks.sqlite_store import Store


async def test_poison_dies_alone(tmp_path: Path):
    terms = Terms(retries=2, timeout=0.3, first=0.1)
    # A busy machine delays everything: the figure itself is for the program, which is run alone.
    outcome = await poison.run(tmp_path, 300, share=0.08, rate=600.0, terms=terms, seed=4, limit=5.0)
    assert outcome.good, str(outcome)
    assert outcome.redelivered == 2
    assert str(outcome).endswith("events 300, poison 24, dead 24, late 0, lost 0")


async def test_poison_that_stops_all_is_seen(tmp_path: Path):
    terms = Terms(concurrency=1, retries=0, timeout=1.5)
    planned = plan(100, 0.04, random.Random(4))
    loaded = await poison.load(tmp_path / "one", planned, 100.0, terms, 1.0)
    assert loaded.verdict.others.late > 0, str(loaded)
    assert not loaded.verdict.good


@pytest.mark.parametrize("ordered", [True, False])
async def test_the_order_is_kept_unless_a_handler_opts_out(tmp_path: Path, ordered: bool):
    terms = Terms(concurrency=8, retries=1, first=0.02, ordered=ordered)
    outcome = await order.run(tmp_path, 400, resources=20, copied=3, copies=100, terms=terms, seed=4)
    assert (outcome.once.violations == 0) is ordered, str(outcome)
    assert outcome.good is ordered, str(outcome)
    assert outcome.once.failed_tries > 0
    assert (outcome.copied.events, outcome.copied.effects) == (3, 3)
    assert outcome.once.speed_up > 0.0


def test_poison_is_mixed_and_the_rest_is_the_same_without_it():
    with_it, without = plan(2_000, 0.02, random.Random(4)), plan(2_000, 0.0, random.Random(4))
    poisonous = [each for each in with_it if each.poison]
    kinds = Counter((each.fails > 0, each.hangs > 0, each.readable) for each in poisonous)
    assert kinds == {(True, False, True): 20, (False, True, True): 10, (False, False, False): 10}
    assert not any(each.poison for each in without)
    assert [each for each in with_it if not each.poison] == [
        good for good, each in zip(without, with_it, strict=True) if not each.poison
    ]
    shared = {each.resource for each in with_it if not each.poison}
    assert sum(each.resource in shared for each in poisonous) == 20


def test_each_resource_has_one_sender_and_rising_numbers():
    lanes = order_plan.lanes(500, 40, 8, random.Random(4))
    assert sorted(each.number for lane in lanes for each in lane) == list(range(1, 501))
    assert Counter(resource for lane in lanes for resource in {each.resource for each in lane}) == Counter(range(1, 41))
    assert all(lane == sorted(lane, key=lambda each: each.number) for lane in lanes)


def test_a_resource_goes_on_when_its_head_died_or_may_hold_it_no_longer(tmp_path: Path):
    path = tmp_path / "inbox.db"
    store = Store(open_for_writing(path), lambda: 0.0)
    store.commit([Put(delivery(number, at=50.0, body=Planned(number, 1).body)) for number in range(1, 5)])
    store.commit([Put(delivery(5, at=50.0, body=Planned(5, 1).body, unreadable="cut short"))])
    runs = {
        1: (told("act", "retry", at=60.0, hold_until=80.0), told("act", "dead", at=70.0)),
        2: (told("act", "retry", at=60.0, hold_until=80.0), told("act", "dead", at=90.0)),
        3: (told("act", "dead", at=60.0),),
        4: (told("act", "done", at=60.0),),
    }
    for event, settlements in runs.items():
        store.commit([Settle(event, (settlement,), None) for settlement in settlements])
    store.close()
    found = stored.read(path)
    assert [(each.number, each.failures) for each in found] == [(1, 2), (2, 2), (3, 1), (4, 0), (5, 1)]
    assert [each.released_at for each in found] == [70.0, 80.0, 60.0, 0.0, 50.0]
    assert [each.state for each in found] == ["pending"] * 4 + ["dead"]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b""])
async def test_a_delivery_that_is_not_acknowledged_ends_the_load(answer: bytes):
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        with pytest.raises(RuntimeError, match="delivery 7 was answered"):
            await in_turn(server.sockets[0].getsockname()[1], [[Planned(7, 1)]])
