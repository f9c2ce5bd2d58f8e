"""What handlers write down of each of their runs, in the order in which the runs ended."""

from __future__ import annotations

import collections.abc as abc
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the handler, for the delivery of this number. Times are the receiver's own, in Unix seconds."""

    number: int
    started: float
    ended: float
    done: bool


class Notebook:
    """A file of runs. It is complete once it was closed."""

    def __init__(self, file: TextIO, now: abc.Callable[[], float]) -> None:
        self._file = file
        self._now = now

    @contextlib.contextmanager
    def run(self, number: int) -> abc.Iterator[None]:
        """Note what happens in the block, however it ends."""
        started, done = self._now(), 0
        try:
            yield
            done = 1
        finally:
            self._file.write(f"{number} {started!r} {self._now()!r} {done}\n")


def read(path: Path) -> list[Run]:
    """Give the runs noted in a file."""
    with path.open() as file:
        fields = (line.split() for line in file)
        return [Run(int(number), float(started), float(ended), done == "1") for number, started, ended, done in fields]
