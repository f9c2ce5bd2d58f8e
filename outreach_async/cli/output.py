"""What a command writes, and how it ends.

People read tables and lines; machines read one JSON object on the last line of stdout (`--json`). Whatever goes wrong
is one line on stderr and an exit code. Texts from outside are escaped before they reach a terminal.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json as jsonlib
import os
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError, OutreachError, StatusError
from ..protocol.redaction import printable, redact

if TYPE_CHECKING:
    from rich.console import Console

PROGRAM = "outreach-async"

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

# Wide enough that a table which nobody looks at in a terminal is never cut.
_UNSEEN_WIDTH = 10_000


@dataclass(frozen=True, slots=True)
class Output:
    """Where one command writes. `json` says that stdout ends with one JSON object and holds no text for people."""

    json: bool = False
    debug: bool = False

    def line(self, text: str) -> None:
        """Write a line as it stands."""
        sys.stdout.write(text + "\n")

    def say(self, text: str) -> None:
        """Tell people something: on stdout, unless that is for a machine."""
        if not self.json:
            self.line(printable(text))

    def note(self, text: str) -> None:
        """Tell people something beside the result, on stderr."""
        print(printable(text), file=sys.stderr, flush=True)

    def result(self, value: abc.Mapping[str, Any]) -> None:
        """Write the JSON object a machine reads. Nothing is written to stdout after it."""
        if self.json:
            self.line(jsonlib.dumps(value, default=str, separators=(",", ":")))

    def table(self, columns: abc.Sequence[str], rows: abc.Iterable[abc.Sequence[str]], *, title: str = "") -> None:
        """Write a table for people. Cells are plain text: nothing in them is taken for markup."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(Text(printable(column)), overflow="ellipsis", no_wrap=True)
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        console = self.console()
        if console.is_terminal:
            console.print(table)
            return
        with console.capture() as captured:
            console.print(table)
        self.line("\n".join(line.rstrip() for line in captured.get().splitlines()))

    def console(self, *, stderr: bool = False) -> Console:
        """Give a rich console for what lines and tables cannot show."""
        from rich.console import Console

        stream = sys.stderr if stderr else sys.stdout
        width = None if stream.isatty() else _UNSEEN_WIDTH
        return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)

    def failure(self, error: BaseException) -> None:
        """Write one line that says what went wrong; with `debug` where, too."""
        if self.debug:
            sys.stderr.write(redact("".join(traceback.format_exception(error))))
            if isinstance(error, OutreachError) and error.request is not None:
                self.note(error.as_curl())
        self.note(f"{PROGRAM}: {_told(error)}")
        self.result({"error": _as_object(error)})


def perform(work: abc.Callable[[Output], abc.Awaitable[int]], *, json: bool = False, debug: bool = False) -> int:
    """Run a command's work to its end, and give the exit code. No exception leaves this function."""
    output = Output(json, debug)
    try:
        code = _performed(work, output)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. What is still buffered would fail when the interpreter ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def _performed(work: abc.Callable[[Output], abc.Awaitable[int]], output: Output) -> int:
    try:
        return asyncio.run(_main(work, output))
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        output.note(f"{PROGRAM}: interrupted")
        return INTERRUPTED
    except Exception as error:
        output.failure(error)
        return WRONG_USE if isinstance(error, ConfigurationError) else FAILED


async def _main(work: abc.Callable[[Output], abc.Awaitable[int]], output: Output) -> int:
    return await work(output)


def _told(error: BaseException) -> str:
    if isinstance(error, OutreachError):
        return str(error)
    text = redact(f"{type(error).__name__}: {error}")
    return f"unexpected {text} (--debug shows where)"


def _as_object(error: BaseException) -> dict[str, Any]:
    told: dict[str, Any] = {"type": type(error).__name__, "message": _told(error)}
    if isinstance(error, StatusError):
        told |= {"status": error.status, "code": error.code, "request_id": error.request_id}
    return told
