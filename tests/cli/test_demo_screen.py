from __future__ import annotations

import io

from rich.console import Console

from outreach_async.cli.demo_screen import Bars, Lines, screen

TOTALS = {f"type{number}": 100 - number for number in range(20)}


def terminal(*, height: int = 20) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=height, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_gets_bars_and_a_pipe_gets_lines() -> None:
    assert isinstance(screen(terminal()), Bars)
    assert isinstance(screen(Console(file=io.StringIO())), Lines)


def test_the_largest_types_have_bars_and_the_others_share_one() -> None:
    console = terminal(height=16)
    show = Bars(console)
    with show.bars(TOTALS, lambda: "39 of 40 left") as advance:
        show.event("something happened")
        for name, total in TOTALS.items():
            advance(name, total)
    last = written(console).rpartition("type0")[2]
    assert "100 of 100" in last
    assert "16 other types" in last
    assert f"{sum(TOTALS.values()):,} of {sum(TOTALS.values()):,}" in last
    assert "39 of 40 left" in last
    assert "something happened" in written(console)
    assert "type4" not in written(console)


def test_few_types_have_a_bar_each() -> None:
    console = terminal(height=60)
    with Bars(console).bars({"a": 1, "b": 2}, str) as advance:
        advance("b", 2)
    assert "other types" not in written(console)


def test_a_pipe_gets_the_events_only() -> None:
    console = Console(file=io.StringIO(), width=200)
    show = Lines(console)
    with show.bars(TOTALS, str) as advance:
        advance("type1", 5)
        show.event("something happened")
    assert written(console) == "something happened\n"
