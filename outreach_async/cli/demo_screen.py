"""What people see of a demo: progress bars where there is a terminal, a line for each event where there is none.

Only a few bars fit on a screen, so the largest types have one each and the others share one.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

# Lines of a terminal that are not for bars: the heading, the total, the quotas, and room for events.
_OTHER_LINES = 12
_MOST_BARS = 12
_REFRESHES = 10


class Screen(Protocol):
    """Shows a demo as it runs."""

    def event(self, text: str) -> None:
        """Tell something that happened."""
        ...

    def bars(
        self, totals: abc.Mapping[str, int], status: abc.Callable[[], str]
    ) -> contextlib.AbstractContextManager[Advance]:
        """Show the progress towards these totals, with a line of status below it."""
        ...


Advance = abc.Callable[[str, int], None]


class Lines:
    """A line for each event, and none for progress."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def event(self, text: str) -> None:
        """Write the line."""
        self._console.print(text)

    @contextlib.contextmanager
    def bars(self, totals: abc.Mapping[str, int], status: abc.Callable[[], str]) -> abc.Iterator[Advance]:
        """Show nothing."""
        yield lambda name, rows: None


class Bars:
    """Live progress bars; events scroll by above them."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def event(self, text: str) -> None:
        """Write the line above the bars."""
        self._console.print(text)

    @contextlib.contextmanager
    def bars(self, totals: abc.Mapping[str, int], status: abc.Callable[[], str]) -> abc.Iterator[Advance]:
        """Show the bars until the block ends."""
        from rich.console import Group
        from rich.live import Live
        from rich.text import Text

        progress = _progress(self._console)
        tasks, whole = self._tasks(progress, totals)

        def advance(name: str, rows: int) -> None:
            progress.advance(tasks[name], rows)
            progress.advance(whole, rows)

        def frame() -> Any:
            return Group(progress, Text(status(), style="cyan", no_wrap=True, overflow="ellipsis"))

        with Live(get_renderable=frame, console=self._console, refresh_per_second=_REFRESHES):
            yield advance

    def _tasks(self, progress: Progress, totals: abc.Mapping[str, int]) -> tuple[dict[str, Any], Any]:
        shown = max(1, min(_MOST_BARS, self._console.size.height - _OTHER_LINES))
        largest = sorted(totals, key=lambda name: (-totals[name], name))
        tasks = {name: progress.add_task(name, total=totals[name]) for name in largest[:shown]}
        others = largest[shown:]
        if others:
            shared = progress.add_task(f"{len(others)} other types", total=sum(totals[name] for name in others))
            tasks |= dict.fromkeys(others, shared)
        return tasks, progress.add_task("all", total=sum(totals.values()))


def screen(console: Console) -> Screen:
    """Give the screen that fits where the text goes."""
    return Bars(console) if console.is_terminal else Lines(console)


def _progress(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    count = TextColumn("{task.completed:,.0f} of {task.total:,.0f}", justify="right")
    name = TextColumn("{task.description}", markup=False)
    return Progress(name, BarColumn(bar_width=30), count, TimeElapsedColumn(), console=console, auto_refresh=False)
