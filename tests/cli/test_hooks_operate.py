"""The commands that look after an inbox: beside a receiver, through its admin port, and on their own."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import json
import sys
import threading
import tomllib
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from outreach_async.cli import hooks_follow
from outreach_async.cli.hooks_events import Asked, events
from outreach_async.cli.hooks_reach import TOKEN as TOKEN_VARIABLE
from outreach_async.cli.hooks_reach import Where
from outreach_async.cli.output import Output
from outreach_async.sandbox.server import Served
from tests.webhooks.kept import delivery, told
from tests.webhooks.on_call import ENDINGS, TOKEN, TRACEBACK, statistics
from webhooks.console import Console
from webhooks.jobs import Call
from webhooks.known_routes import KnownRoute
from webhooks.sqlite_inbox import SqliteInbox

CANARY = "canary-never-shown-4711"


async def fill(inbox: SqliteInbox) -> None:
    """Put five events: done, dead, retrying, waiting and unreadable."""
    body = json.dumps({"data": {"name": "Ada", "token": CANARY}})
    await inbox.put(delivery(1, body=body.encode()))
    await inbox.put(delivery(2, resource="mailing/77", event="mailing.bounced"))
    await inbox.put(delivery(3, resource="lead/9", event="reply.received", source="planmysaas"))
    for claim in await inbox.claim(3):
        await inbox.settle(claim, *ENDINGS[claim.id], end="whole")
    await inbox.put(delivery(4, resource="task/5", event="task.completed"))
    await inbox.put(delivery(5, resource="", event="", unreadable="the body is not JSON", body=b"\x1b[2J\xff"))


@pytest.fixture
def inbox(tmp_path: Path) -> str:
    """Give the file of an inbox that nobody holds."""
    path = tmp_path / "inbox.db"

    async def make() -> None:
        async with SqliteInbox(path) as inbox:
            await fill(inbox)

    asyncio.run(make())
    return str(path)


class _Receiver(threading.Thread):
    """Holds an inbox and serves its console on a loop of its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.up = threading.Event()
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with SqliteInbox(self.path) as self._inbox:
            inbox = self._inbox
            await fill(inbox)
            app = web.Application()
            app.add_routes(Console(inbox, lambda: statistics(inbox), TOKEN).routes())
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self.up.set()
            await self._ended.wait()
            await runner.cleanup()

    def do(self, work: abc.Callable[[SqliteInbox], abc.Coroutine[None, None, None]]) -> None:
        """Have something done by the process that holds the inbox."""
        asyncio.run_coroutine_threadsafe(work(self._inbox), self._loop).result(10)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> abc.Iterator[_Receiver]:
    receiver = _Receiver(tmp_path / "held.db")
    receiver.start()
    assert receiver.up.wait(20)
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    yield receiver
    receiver.end()


@pytest.fixture(params=["beside", "through"])
def reached(request: pytest.FixtureRequest, receiver: _Receiver) -> tuple[str, str]:
    """Give the option that reaches a receiver's inbox for reading, in either way."""
    return ("--inbox", str(receiver.path)) if request.param == "beside" else ("--admin", receiver.url)


# Reading


def test_events_are_listed(run, reached: tuple[str, str]) -> None:
    shown = run("hooks", "events", *reached)
    assert shown.code == 0
    assert [row.split()[0] for row in shown.out.splitlines()] == ["id", "5", "4", "3", "2", "1"]
    assert "TimeoutError: ran longer than 30 s" in shown.out
    some = run("hooks", "events", *reached, "--event", "mailing.bounced", "--state", "dead", "--json").told
    assert [event["id"] for event in some["events"]] == [2]
    page = run("hooks", "events", *reached, "--limit", "2", "--before", "4")
    assert page.err == "2 events, and there are more: --limit N, or --before 2\n"
    assert run("hooks", "events", *reached, "--limit", "1").err.startswith("1 event, and there are more: ")
    # As many as were asked for, and no more of them.
    for last in (("--limit", "5"), ("--limit", "2", "--state", "dead"), ("--limit", "1", "--before", "2")):
        assert run("hooks", "events", *reached, *last).err == ""


def test_dead_letters_are_listed(run, reached: tuple[str, str]) -> None:
    told = run("hooks", "dead", *reached, "--json").told
    assert [event["id"] for event in told["events"]] == [5, 2]
    assert "crm.Unavailable: 503 from the CRM" in run("hooks", "dead", *reached).out


def test_one_event_is_shown_whole(run, reached: tuple[str, str]) -> None:
    shown = run("hooks", "show", "2", *reached)
    assert shown.code == 0
    for text in (
        "mailing/77",
        "app:audit  done, try 1, 12 ms, 2",
        "app:push  dead, try 6, 1.3 s, 2",
        *TRACEBACK.splitlines()[:-1],
        "content-type: application/json",
    ):
        assert text in shown.out
    event = run("hooks", "show", "1", *reached, "--json").told["event"]
    assert event["body_masked"] is True


def test_secrets_and_control_characters_are_not_shown(run, reached: tuple[str, str]) -> None:
    for number in ("1", "5"):
        for more in ((), ("--json",)):
            shown = run("hooks", "show", number, *reached, *more)
            assert CANARY not in shown.out
            assert "\x1b" not in shown.out


def test_an_event_that_is_not_there_is_told(run, reached: tuple[str, str]) -> None:
    shown = run("hooks", "show", "99", *reached)
    assert (shown.code, shown.err) == (1, "there is no event 99: it was removed, or never was\n")


@pytest.fixture
def left(tmp_path: Path) -> str:
    """Give the file of an inbox with an event that no handler takes, and one that was owed to a handler that went."""
    path = tmp_path / "left.db"

    async def make() -> None:
        async with SqliteInbox(path) as inbox:
            await inbox.introduce((KnownRoute("app:old", "mailing.*"),))
            await inbox.put(delivery(1, event="prospect.merged"))
            await inbox.put(delivery(2, resource="mailing/77", event="mailing.bounced"))
            await inbox.introduce(())
            untaken, owed = await inbox.claim(2)
            await inbox.settle(untaken, end="unclaimed")
            (waits,) = owed.work
            lost = msgspec.structs.replace(waits, outcome="dead", reason="the handler app:old no longer exists")
            await inbox.settle(owed, lost, end="whole")

    asyncio.run(make())
    return str(path)


def test_an_event_that_no_handler_takes_says_so(run, left: str) -> None:
    told_ = run("hooks", "events", "--inbox", left, "--state", "done", "--json").told
    assert [(event["id"], event["reason"]) for event in told_["events"]] == [(1, "no handler takes it")]
    assert "no handler takes it" in run("hooks", "events", "--inbox", left).out
    shown = run("hooks", "show", "1", "--inbox", left)
    assert "no handler takes it\n" in shown.out
    assert run("hooks", "show", "1", "--inbox", left, "--json").told["event"]["reason"] == "no handler takes it"


def test_what_a_handler_that_went_never_ran_is_a_dead_letter(run, left: str) -> None:
    assert "the handler app:old no longer exists" in run("hooks", "dead", "--inbox", left).out
    assert "app:old  dead, not run  the handler app:old no longer" in run("hooks", "show", "2", "--inbox", left).out
    assert run("hooks", "redeliver", "2", "--inbox", left).code == 0
    assert states(run, left) == {1: "done", 2: "pending"}


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**18, 10**20 - 1, 10**39])
def test_a_number_that_no_event_can_have_is_not_there(run, reached: tuple[str, str], number: int) -> None:
    for more in ((), ("--raw",)):
        shown = run("hooks", "show", str(number), *reached, *more)
        assert (shown.code, shown.err) == (1, f"there is no event {number}: it was removed, or never was\n")


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**18, 10**20 - 1, 10**39])
def test_a_number_that_no_event_can_have_is_not_redelivered(run, inbox: str, receiver: _Receiver, number: int) -> None:
    for where in (("--inbox", inbox), ("--admin", receiver.url)):
        shown = run("hooks", "redeliver", "2", str(number), *where)
        assert (shown.code, shown.err) == (1, f"left alone, not there or not finished: {number}\n")


def test_stats_count(run, reached: tuple[str, str]) -> None:
    told_ = run("hooks", "stats", *reached, "--json").told
    assert told_["events"] == {"pending": 1, "retrying": 1, "done": 1, "dead": 2}
    assert ("receiver" in told_) == (reached[0] == "--admin")
    shown = run("hooks", "stats", *reached)
    assert "events dead" in shown.out


def test_stats_tell_times_by_the_calendar_and_to_programs_in_seconds(run, receiver: _Receiver) -> None:
    rows = [" ".join(row.split()) for row in run("hooks", "stats", "--admin", receiver.url).out.splitlines()]
    assert "started at 2026-11-30T09:14:42.500Z" in rows
    assert "failing since -" in rows
    told_ = run("hooks", "stats", "--admin", receiver.url, "--json").told["receiver"]
    assert told_["started_at"] == 1_796_030_082.5


async def test_following_tells_each_new_event_once(inbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    looks = 0

    async def pause(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise KeyboardInterrupt
        async with SqliteInbox(inbox) as writer:
            await writer.put(delivery(100 + looks, event=f"prospect.new{looks}"))

    with pytest.raises(KeyboardInterrupt):
        await events(Output(json=True), Where(inbox), Asked(limit=2), follow=True, pause=pause)
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [4, 5, 6, 7]
    assert [row["event"] for row in rows[2:]] == ["prospect.new1", "prospect.new2"]


Part = abc.Callable[[SqliteInbox], abc.Awaitable[object]]
Follow = abc.Callable[..., abc.Awaitable[list[int]]]


def following(inbox: str, capsys: pytest.CaptureFixture[str], **asked: object) -> Follow:
    """Give what follows an inbox while each of these does its part between two looks; it gives the ids told."""

    async def run(*parts: Part) -> list[int]:
        left = list(parts)

        async def pause(seconds: float) -> None:
            if not left:
                raise KeyboardInterrupt
            async with SqliteInbox(inbox) as writer:
                await left.pop(0)(writer)

        with pytest.raises(KeyboardInterrupt):
            await events(Output(json=True), Where(inbox), Asked(**asked), follow=True, pause=pause)  # type: ignore[arg-type]
        return [json.loads(row)["id"] for row in capsys.readouterr().out.splitlines()]

    return run


def broken(*numbers: int) -> Part:
    """Put events that are dead on arrival."""
    return lambda inbox: asyncio.gather(*(inbox.put(delivery(number, unreadable="broken")) for number in numbers))


async def dies(inbox: SqliteInbox) -> None:
    """Let the event that waits die: it has a lower id than one that is dead already."""
    (claim,) = await inbox.claim(1)
    assert claim.id == 4
    await inbox.settle(claim, told("app:push", "dead", reason="given up"), end="whole")


async def test_following_a_state_tells_whatever_comes_into_it(inbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def lives(writer: SqliteInbox) -> None:
        assert await writer.redeliver(2)

    async def dies_again(writer: SqliteInbox) -> None:
        (claim,) = await writer.claim(1)
        await writer.settle(claim, told("app:push", "dead", reason="given up"), end="whole")

    follow = following(inbox, capsys, state="dead", limit=1)
    assert await follow(broken(101), dies, broken(102), lives, dies_again) == [5, 6, 4, 7, 2]


async def test_following_a_state_begins_where_it_is_told_to(inbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await following(inbox, capsys, state="dead", limit=5, before=5)(dies) == [2, 5, 4]
    assert await following(inbox, capsys, state="dead", limit=5, event="mailing.bounced")(broken(103)) == [2]


async def test_following_a_state_keeps_up_and_tells_nothing_old_as_new(
    inbox: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks_follow, "AT_ONCE", 3)

    async def removes_newest(writer: SqliteInbox) -> None:
        assert await writer.redeliver(10)

    follow = following(inbox, capsys, state="dead", limit=1)
    # Five at once are more than one listing gives. When one leaves, an older one comes in sight, and is no news.
    assert await follow(broken(*range(103, 108)), removes_newest, broken(109)) == [5, 6, 7, 8, 9, 10, 11]


def test_a_receiver_may_be_named_by_its_module(
    run, inbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "receiver_named_here.py").write_text(
        "from webhooks.app import Webhooks\nfrom webhooks.memory_inbox import MemoryInbox\n"
        "from webhooks.outreach import OutreachSource\nfrom webhooks.sqlite_inbox import SqliteInbox\n"
        f"hooks = Webhooks(OutreachSource('s' * 20), inbox=SqliteInbox({inbox!r}))\n"
        "forgetful = Webhooks(OutreachSource('s' * 20), inbox=MemoryInbox())\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert len(run("hooks", "events", "--inbox", "receiver_named_here:hooks", "--json").told["events"]) == 5
    refused = run("hooks", "events", "--inbox", "receiver_named_here:forgetful")
    assert refused.code == 2
    assert "--admin URL" in refused.err


# Working on it


def states(run, path: str) -> dict[int, str]:
    return {event["id"]: event["state"] for event in run("hooks", "events", "--inbox", path, "--json").told["events"]}


def test_redelivery_takes_the_inbox_when_nobody_holds_it(run, inbox: str) -> None:
    shown = run("hooks", "redeliver", "2", "--inbox", inbox)
    assert (shown.code, shown.out) == (0, "redelivered 1 event; their handlers run when a receiver starts\n")
    assert states(run, inbox)[2] == "pending"
    again = run("hooks", "redeliver", "2", "99", "--inbox", inbox, "--json")
    assert (again.code, again.told) == (1, {"redelivered": [], "left": [2, 99]})
    assert run("hooks", "redeliver", "--all", "--inbox", inbox, "--json").told == {"redelivered": [5], "left": []}
    assert run("hooks", "redeliver", "--all", "--inbox", inbox).out == "there are no dead letters\n"


def test_a_command_that_takes_the_inbox_is_no_receiver(run, inbox: str) -> None:
    """A span without one is known as one gap, whoever looked after the inbox meanwhile."""

    async def gaps() -> int:
        async with SqliteInbox(inbox) as opened:
            return len(await opened.gaps())

    run("hooks", "redeliver", "2", "--inbox", inbox)
    run("hooks", "redeliver", "5", "--inbox", inbox)
    assert asyncio.run(gaps()) == 1


def test_a_held_inbox_is_worked_on_through_its_receiver(run, receiver: _Receiver) -> None:
    refused = run("hooks", "redeliver", "2", "--inbox", str(receiver.path))
    assert refused.code == 2
    assert "is held by process" in refused.err
    assert "--admin URL" in refused.err
    done = run("hooks", "redeliver", "2", "--inbox", str(receiver.path), "--admin", receiver.url, "--json")
    assert (done.code, done.told) == (0, {"redelivered": [2], "left": []})
    assert run("hooks", "redeliver", "--all", "--admin", f"{receiver.url}/console", "--json").told["redelivered"] == [5]


async def leave_gaps(inbox: SqliteInbox) -> None:
    """Have two spans on record, the second of which was repaired."""
    await inbox._hand_in(Call(lambda store: store.note_gap(0.0, 90.5, "stopped")))
    await inbox._hand_in(Call(lambda store: store.note_gap(200.0, 201.0, "full", "2 events unfinished")))
    assert await inbox.repaired(2)


def test_gaps_are_listed(run, reached: tuple[str, str], receiver: _Receiver) -> None:
    assert run("hooks", "gaps", *reached).err == "there are none\n"
    assert run("hooks", "gaps", *reached, "--json").told == {"gaps": [], "count": 0}
    receiver.do(leave_gaps)
    head, full, stopped = (line.split() for line in run("hooks", "gaps", *reached).out.splitlines())
    assert head == ["id", "from", "to", "seconds", "cause", "detail", "repaired"]
    assert stopped == ["1", "1970-01-01T00:00:00.000Z", "1970-01-01T00:01:30.500Z", "90.5", "stopped", "-", "no"]
    assert full[:-1] == [
        "2",
        "1970-01-01T00:03:20.000Z",
        "1970-01-01T00:03:21.000Z",
        "1.0",
        "full",
        "2",
        "events",
        "unfinished",
    ]
    assert full[-1] != "no"
    told = run("hooks", "gaps", *reached, "--json").told
    assert told["count"] == 2
    assert [(gap["id"], gap["seconds"], bool(gap["repaired_at"])) for gap in told["gaps"]] == [
        (2, 1.0, True),
        (1, 90.5, False),
    ]


def test_a_gap_is_closed_once_through_the_receiver(run, receiver: _Receiver) -> None:
    receiver.do(leave_gaps)
    assert run("hooks", "repaired", "1", "--inbox", str(receiver.path)).code == 2
    done = run("hooks", "repaired", "1", "--admin", receiver.url)
    assert (done.code, done.out) == (0, "gap 1 is repaired\n")
    for number in (1, 2, 77, 2**63, 2**64):
        again = run("hooks", "repaired", str(number), "--admin", receiver.url, "--json")
        assert (again.code, again.told) == (1, {"gap": number, "repaired": False})
    assert run("hooks", "stats", "--admin", receiver.url, "--json").told["open_gaps"] == 0


def test_a_gap_is_closed_once_when_nobody_holds_the_inbox(run, inbox: str) -> None:
    async def leave() -> None:
        async with SqliteInbox(inbox, listening=False) as opened:
            await leave_gaps(opened)

    asyncio.run(leave())
    assert run("hooks", "repaired", "1", "--inbox", inbox, "--json").told == {"gap": 1, "repaired": True}
    for number in (1, 77, 2**63, 2**64):
        again = run("hooks", "repaired", str(number), "--inbox", inbox)
        assert (again.code, again.err) == (1, f"there is no open gap {number}: it was repaired before, or never was\n")
    assert [bool(gap["repaired_at"]) for gap in run("hooks", "gaps", "--inbox", inbox, "--json").told["gaps"]] == [
        True,
        True,
    ]


def test_what_was_shown_raw_is_replayed(run, inbox: str, tmp_path: Path, receiver: _Receiver) -> None:
    saved = tmp_path / "saved.jsonl"
    saved.write_text("".join(run("hooks", "show", each, "--raw", "--inbox", inbox).out for each in ("1", "2", "5")))
    assert CANARY in saved.read_text()
    for first in (3, 0):
        shown = run("hooks", "replay", str(saved), "--admin", receiver.url, "--json")
        assert shown.code == 0
        assert (shown.told["stored"], shown.told["duplicates"]) == (first, 3 - first)
    event = run("hooks", "show", "6", "--admin", receiver.url, "--json").told["event"]
    assert event["flags"] == ["replayed"]


def test_a_body_that_a_source_took_is_replayed_whatever_its_size(run, inbox: str, tmp_path: Path) -> None:
    body = json.dumps({"data": {"type": "prospect", "id": 1, "attributes": {"title": "é" * 1_500_000}}})

    async def take() -> None:
        async with SqliteInbox(inbox) as writer:
            await writer.put(delivery(6, body=body.encode()))

    asyncio.run(take())
    saved = tmp_path / "saved.jsonl"
    saved.write_text(run("hooks", "show", "6", "--raw", "--inbox", inbox).out)
    shown = run("hooks", "replay", str(saved), "--inbox", inbox, "--json")
    assert (shown.code, shown.told["stored"]) == (0, 1)


def test_a_body_is_replayed_as_its_vendor_sends_it(run, inbox: str, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(b'{"data": {"type": "prospect", "id": 8},\n "meta": {"eventName": "prospect.created"}}')
    told_ = run("hooks", "replay", str(body), "--as", "outreach", "--inbox", inbox, "--json").told
    assert told_["events"] == [{"id": 6, "duplicate": False, "event": "prospect.created"}]
    event = run("hooks", "show", "6", "--inbox", inbox, "--json").told["event"]
    assert event["resource"] == "prospect/8"
    assert event["size"] == len(body.read_bytes())


@pytest.mark.parametrize("more", [(), ("--as", "outreach")])
@pytest.mark.parametrize("content", ["", " \n"])
def test_a_file_of_nothing_holds_no_delivery(
    run, inbox: str, tmp_path: Path, content: str, more: tuple[str, ...]
) -> None:
    file = tmp_path / "saved.jsonl"
    file.write_text(content)
    shown = run("hooks", "replay", str(file), *more, "--inbox", inbox)
    assert (shown.code, shown.err) == (2, f"outreach-async: there is no delivery in {file}\n")
    assert len(states(run, inbox)) == 5


def test_a_body_by_hand_that_cannot_be_read_is_refused(run, inbox: str, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"data": {"type": "prospect"')
    shown = run("hooks", "replay", str(file), "--as", "outreach", "--inbox", inbox)
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert shown.err.startswith(f"outreach-async: {file} is no body as outreach sends it: ")
    assert len(states(run, inbox)) == 5


def test_a_vendors_body_is_told_how_to_be_handed_in(run, inbox: str, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"data": {"type": "prospect", "id": 8}, "meta": {"eventName": "prospect.created"}}\n')
    shown = run("hooks", "replay", str(file), "--inbox", inbox)
    assert (shown.code, shown.err.count("\n")) == (2, 1)
    assert "is read with --as outreach, outreach-lifecycle or planmysaas.\n" in shown.err
    wrong = run("hooks", "replay", str(file), "--as", "nope", "--inbox", inbox)
    assert (wrong.code, wrong.err) == (
        2,
        "outreach-async: --as nope is no provider. It may be outreach, outreach-lifecycle or planmysaas.\n",
    )


@pytest.mark.parametrize(
    "content", ["", "[]", "not json", '{"provider": "x"}', '[{"provider": "outreach"}]', "7", "{}\n{oops"]
)
def test_a_file_of_nothing_useful_is_refused_whole(run, inbox: str, tmp_path: Path, content: str) -> None:
    file = tmp_path / "saved.jsonl"
    file.write_text(content)
    shown = run("hooks", "replay", str(file), "--inbox", inbox)
    assert shown.code == 2
    assert shown.err.count("\n") == 1
    assert len(states(run, inbox)) == 5


# Wrong use


@pytest.mark.parametrize(
    ("argv", "told_"),
    [
        (("events",), "--inbox FILE"),
        (("events", "--inbox", "INBOX", "--admin", "http://127.0.0.1:1"), "--inbox alone to read the file, or --admin"),
        (("stats", "--inbox", "INBOX", "--admin", "http://127.0.0.1:1"), "--inbox alone to read the file, or --admin"),
        (("events", "--inbox", "INBOX", "--resource", "7"), "--resource 7 names no record. Write TYPE/ID, such as"),
        (("events", "--inbox", "nowhere.db"), "there is no inbox at nowhere.db"),
        (("events", "--inbox", "/"), "/ is a folder"),
        (("redeliver", "1", "--inbox", ""), ". is a folder"),
        (("events", "--inbox", "no_such_module_here:hooks"), "there is no module"),
        (("events", "--inbox", "INBOX", "--state", "lost"), "is no state of an event"),
        (("events", "--inbox", __file__), "is not"),
        (("redeliver", "--inbox", "INBOX"), "it is not said what"),
        (("redeliver", "1", "--all", "--inbox", "INBOX"), "it is not said what"),
        (("replay", "nowhere.jsonl", "--inbox", "INBOX"), "cannot be read"),
        (("replay", __file__, "--as", "nobody", "--inbox", "INBOX"), "provider"),
        (("events", "--admin", "http://127.0.0.1:1"), "needs the console's token"),
        (("subscribe", "nowhere.toml"), "cannot be read"),
    ],
)
def test_wrong_use_is_one_line(run, inbox: str, argv: tuple[str, ...], told_: str) -> None:
    shown = run("hooks", *(inbox if part == "INBOX" else part for part in argv))
    assert shown.code == 2
    assert told_ in shown.err
    assert shown.err.count("\n") == 1


def test_the_token_goes_only_where_it_belongs(run, monkeypatch: pytest.MonkeyPatch, receiver: _Receiver) -> None:
    assert run("hooks", "events", "--admin", "http://receiver.example.com").code == 2
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token-altogether")
    refused = run("hooks", "events", "--admin", receiver.url)
    assert refused.code == 2
    assert "does not take this token" in refused.err
    assert "another-token" not in refused.err
    silent = run("hooks", "events", "--admin", "http://127.0.0.1:1")
    assert silent.code == 1
    assert "nobody answers" in silent.err
    unusable = run("hooks", "events", "--admin", "127.0.0.1:8081")
    assert unusable.code == 2
    assert unusable.err.endswith("it has no http or https scheme. Give an origin such as http://127.0.0.1:8081.\n")


def test_what_is_no_admin_port_is_told(run, monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    shown = run("hooks", "events", "--admin", served.outreach_base_url)
    assert shown.code == 2
    assert "is no admin port" in shown.err


# Subscribing

FILE = """
[[webhooks]]
url = "https://hooks.example.com/outreach"
resource = "prospect"
action = "created"
secretEnv = "MY_WEBHOOK_SECRET"
payloadVersion = 2

[[webhooks]]
url = "https://hooks.example.com/outreach"
resource = "mailing"
"""


@pytest.fixture
def file(tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MY_WEBHOOK_SECRET", "s3cret-of-the-hook")
    path = tmp_path / "webhooks.toml"
    path.write_text(FILE.replace("/outreach", f"/{tmp_path.name}"))
    return path


def did(told: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["did"] for each in told["webhooks"]]


def test_webhooks_are_made_once(run, file: Path) -> None:
    assert did(run("hooks", "subscribe", str(file), "--dry-run", "--json").told) == ["would create"] * 2
    first = run("hooks", "subscribe", str(file), "--json")
    assert (first.code, did(first.told)) == (0, ["created", "created"])
    second = run("hooks", "subscribe", str(file))
    assert second.code == 0
    assert second.out.count("kept") == 2
    assert "s3cret" not in second.out + first.out
    listed = json.loads(run("call", "GET", f"/webhooks/{first.told['webhooks'][0]['id']}").out)
    made = listed["data"]["attributes"]
    assert (made["resource"], made["action"], made["payloadVersion"]) == ("prospect", "created", 2)


def test_what_differs_is_changed_only_on_request(run, file: Path, tmp_path: Path) -> None:
    run("hooks", "subscribe", str(file))
    file.write_text(file.read_text().replace("payloadVersion = 2", "payloadVersion = 1"))
    told_ = run("hooks", "subscribe", str(file), "--json")
    assert (told_.code, did(told_.told)) == (1, ["differs", "kept"])
    assert "payloadVersion is 2" in told_.err
    assert did(run("hooks", "subscribe", str(file), "--update", "--json").told) == ["changed", "kept"]
    assert did(run("hooks", "subscribe", str(file), "--json").told) == ["kept", "kept"]


def test_json_says_the_same(run, file: Path, tmp_path: Path) -> None:
    same = tmp_path / "webhooks.json"
    same.write_text(json.dumps(tomllib.loads(file.read_text())["webhooks"]))
    run("hooks", "subscribe", str(file))
    assert did(run("hooks", "subscribe", str(same), "--json").told) == ["kept", "kept"]


def test_an_event_nobody_knows_is_remarked(run, file: Path) -> None:
    file.write_text(file.read_text().replace('"mailing"', '"prospects"'))
    assert "prospects.* is no event this release knows of" in run("hooks", "subscribe", str(file), "--dry-run").err


URL = '"url": "https://x.test/"'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("{}", "holds no webhooks"),
        ("[]", "holds no webhooks"),
        ("[7]", "it is no object"),
        ("[{}]", "its url"),
        ('[{"url": "ftp://x.test"}]', "its url"),
        (f"[{{{URL}, {URL.replace('url', 'link')}}}]", "'link' is nothing"),
        (f'[{{{URL}, "resource": 7}}]', "its resource is no text"),
        (f'[{{{URL}, "payloadVersion": 3}}]', "neither 1 nor 2"),
        (f'[{{{URL}, "payloadVersion": true}}]', "neither 1 nor 2"),
        (f'[{{{URL}, "authorizer": "ada"}}]', "no user's id"),
        (f'[{{{URL}, "secret": "{"x" * 256}"}}]', "more than 255"),
        (f'[{{{URL}, "secret": "x", "secretEnv": "X"}}]', "which is it"),
        (f'[{{{URL}, "secretEnv": "NOT_SET_HERE"}}]', "NOT_SET_HERE (not set)"),
        (f"[{{{URL}}}, {{{URL}}}]", "there twice"),
    ],
)
def test_a_file_that_is_wrong_says_where(run, tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "webhooks.json"
    file.write_text(content)
    shown = run("hooks", "subscribe", str(file))
    assert shown.code == 2
    assert problem in shown.err
    assert shown.err.count("\n") == 1


def test_reasons_from_outside_drive_no_terminal(run, tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"

    async def make() -> None:
        async with SqliteInbox(path) as inbox:
            await inbox.put(delivery(1))
            for claim in await inbox.claim(1):
                dead = told("a\x1b[31mb", "dead", reason="\x1b]0;x\x07", traceback="\x1b[2J\nnext")
                await inbox.settle(claim, dead, end="whole")

    asyncio.run(make())
    for command in (("events",), ("dead",), ("show", "1"), ("stats",)):
        shown = run("hooks", *command, "--inbox", str(path))
        assert shown.code == 0
        assert not set(shown.out) & set("\x1b\x07")
