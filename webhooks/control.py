"""Words between a server's parent and its generations: a line each, over a socket that only the two have.

Whoever hears waits for a word or for the end of the other side, which comes by itself when a process dies.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import socket
from typing import Protocol

GRACE = "grace"
"""Begins the word that tells how many seconds a generation gives its handlers when it stops."""


class Control(Protocol):
    """One end of the line."""

    async def open(self) -> None:
        """Begin to listen."""
        ...

    def say(self, word: str) -> None:
        """Tell the other side; nothing happens when it is gone."""
        ...

    async def heard(self, word: str) -> bool:
        """Wait until the other side has said this; False when it is gone and never did."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Line:
    """A line over a connected socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._words: set[str] = set()
        self._changed = asyncio.Event()
        self._gone = False
        self._listening: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Begin to listen."""
        reader, self._writer = await asyncio.open_connection(sock=self._end)
        self._listening = asyncio.get_running_loop().create_task(self._listen(reader))

    def say(self, word: str) -> None:
        """Tell the other side; nothing happens when it is gone."""
        if self._writer and not self._gone:
            self._writer.write(word.encode() + b"\n")

    async def heard(self, word: str) -> bool:
        """Wait until the other side has said this; False when it is gone and never did."""
        while word not in self._words and not self._gone:
            await self._changed.wait()
        return word in self._words

    def told(self, name: str) -> str:
        """Give what the other side said behind this name, such as `25` of `grace 25`; empty when it did not."""
        return next((word.partition(" ")[2] for word in self._words if word.startswith(f"{name} ")), "")

    def close(self) -> None:
        """Hang up."""
        if self._listening:
            self._listening.cancel()
        if self._writer:
            self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                self._words.add(line.decode().strip())
                self._ring()
        self._gone = True
        self._ring()

    def _ring(self) -> None:
        # Several may wait, each for a word of its own.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Alone:
    """The line of a generation that has no parent: the inbox is its own, and nobody takes over."""

    def __init__(self, serving: abc.Callable[[], None]) -> None:
        self._serving = serving

    async def open(self) -> None:
        """Do nothing."""

    def say(self, word: str) -> None:
        """Announce that it serves; nobody is there for the other words."""
        if word == "serving":
            self._serving()

    async def heard(self, word: str) -> bool:
        """Be told to open the inbox at once, and never anything else."""
        if word != "open":
            await asyncio.Event().wait()
        return True

    def close(self) -> None:
        """Do nothing."""
