"""The parent of a server's generations: holds the sockets, starts the next generation, restarts one that died.

It serves nothing, loads no application and closes no listener before the end, so connections wait in the queue while
generations change. SIGHUP has the next generation take over: it is loaded first, and only when that went well is the
present one told to yield. SIGTERM and SIGINT stop everything in good order, and at once whatever is being loaded.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import logging
import os
import signal
import socket
import sys
from typing import Any

from .control import GRACE, Line

ENVIRONMENT = "OUTREACH_ASYNC_GENERATION"
"""Tells a generation its descriptors: of the line to its parent, then those to listen on."""

LOADING = 60.0
"""How long a generation may take to load and to begin serving, in seconds."""

STOPPING = 60.0
"""How long one may take to stop or to yield, in seconds, unless its grace asks for more; after that it is killed."""

MARGIN = 35.0
"""Seconds beyond its grace that one gets: for its last connections, and for handlers and threads that do not stop."""

QUITTING = 5.0
"""Seconds that one gets to end while it is still being loaded: it holds nothing yet."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_LAST_WORDS = 5.0

_log = logging.getLogger("webhooks.server")


class _Child:
    """One generation, seen from its parent."""

    def __init__(self, process: asyncio.subprocess.Process, line: Line) -> None:
        self.process = process
        self.line = line
        self.exit = asyncio.ensure_future(process.wait())
        self._told_to_stop = False

    async def says(self, word: str, seconds: float) -> bool:
        """Wait for a word; False when the generation ended, or took longer."""
        try:
            async with asyncio.timeout(seconds):
                return await self.line.heard(word)
        except TimeoutError:
            return False

    @property
    def patience(self) -> float:
        """How long it may take to stop or to yield, in seconds; it tells its grace once it is loaded."""
        grace = self.line.told(GRACE)
        return max(STOPPING, float(grace) + MARGIN) if grace else QUITTING

    async def ends(self) -> int:
        """Wait for its end, kill it when it takes too long, and give its exit code, 1 for one that was killed."""
        await asyncio.wait([self.exit], timeout=self.patience)
        if not self.exit.done():
            _log.error("generation %d does not end, and is killed", self.process.pid)
            self.process.kill()
            await self.exit
            self.line.close()
            return 1
        code = await self.exit
        self.line.close()
        return code

    def stop(self) -> None:
        """Tell it to stop. Once: at its very end nobody heeds the signal any more, and it would be cut off by it."""
        if not self._told_to_stop:
            self._told_to_stop = True
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()


class Supervisor:
    """Keeps one generation serving. `serving` is called with the process id of the first one, once it serves."""

    def __init__(
        self,
        sockets: abc.Sequence[socket.socket],
        serving: abc.Callable[[int], None],
        *,
        command: abc.Sequence[str] = (),
        environment: abc.Mapping[str, str] | None = None,
    ) -> None:
        self._sockets = sockets
        self._serving = serving
        self._command = command or (sys.executable, *sys.orig_argv[1:])
        self._environment = environment or {}
        self._ended = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self) -> int:
        """Live until SIGTERM, and give the exit code: the first generation's own when it could not start."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        child = await self._start()
        if not await self._brought_up(child):
            if not self._ended.is_set():
                # Its line ends before it does: its own exit code says why, so it is not to die of a signal of ours.
                await asyncio.wait([child.exit], timeout=_LAST_WORDS)
            child.stop()
            code = await child.ends()
            return 0 if self._ended.is_set() else _own(code) or 1
        self._serving(child.process.pid)
        while True:
            await self._first(asyncio.shield(child.exit), asyncio.ensure_future(self._reload.wait()))
            if self._ended.is_set():
                self._stop(child)
                code = await child.ends()
                # One that was still loading ends by the signal itself; any other signal is a failure.
                return 0 if code == -signal.SIGTERM else _own(code)
            if child.exit.done():
                child = await self._restarted(child)
            else:
                self._reload.clear()
                child = await self._replaced(child)

    async def _replaced(self, old: _Child) -> _Child:
        """Have the next generation take over. The present one stays when that cannot be loaded."""
        new = await self._start()
        if not await self._unless_ended(new.says("loaded", LOADING)):
            # The present one serves until this one has ended, which holds the sockets too and may be long in loading.
            new.stop()
            if not self._ended.is_set():
                _log.error("the next generation could not be loaded, and the present one goes on")
            await self._outlived(new, old)
            return old
        old.line.say("yield")
        if not await self._unless_ended(old.says("released", old.patience)):
            if self._ended.is_set():
                self._stop(old, new)
                await new.ends()
                return old
            # It died or hangs: its end sets the inbox free in any case.
            old.stop()
            await self._outlived(old, new)
        # One that let go of the inbox may take its time to end; deliveries wait for nothing but the inbox.
        new.line.say("open")
        if await self._unless_ended(new.says("serving", LOADING)):
            _log.info("generation %d took over from %d", new.process.pid, old.process.pid)
        await self._outlived(old, new)
        return new

    async def _outlived(self, leaving: _Child, staying: _Child) -> None:
        """Wait until one generation has ended. A signal to stop is not kept waiting by it: the other one stops, too."""
        end = asyncio.ensure_future(leaving.ends())
        await self._first(asyncio.shield(end))
        if self._ended.is_set():
            self._stop(staying)
        await end

    async def _restarted(self, dead: _Child) -> _Child:
        """Start generations until one serves, with growing pauses."""
        code, pause = await dead.ends(), _FIRST_PAUSE
        _log.error("generation %d ended by itself (exit code %d), and is started again", dead.process.pid, code)
        while True:
            await self._unless_ended(asyncio.sleep(pause, result=True))
            child = await self._start()
            if await self._brought_up(child) or self._ended.is_set():
                return child
            child.stop()
            await child.ends()
            pause = min(_LONGEST_PAUSE, pause * 2)
            _log.error("the generation could not start; the next try is in %.1f s", pause)

    def _stop(self, *children: _Child) -> None:
        """Tell generations to stop for good. Once they have closed the sockets too, connections are refused."""
        for each in self._sockets:
            each.close()
        for child in children:
            child.stop()

    async def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        descriptors = [theirs.fileno(), *(each.fileno() for each in self._sockets)]
        told = {ENVIRONMENT: ",".join(map(str, descriptors))}
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command, pass_fds=descriptors, env={**os.environ, **self._environment, **told}
            )
        line = Line(ours)
        await line.open()
        return _Child(process, line)

    async def _brought_up(self, child: _Child) -> bool:
        if not await self._unless_ended(child.says("loaded", LOADING)):
            return False
        child.line.say("open")
        return await self._unless_ended(child.says("serving", LOADING))

    async def _unless_ended(self, awaited: abc.Coroutine[object, object, bool]) -> bool:
        """Wait for something, but not beyond a signal to stop: then it is False."""
        waiting = asyncio.ensure_future(awaited)
        await self._first(waiting)
        return waiting.done() and waiting.result()

    async def _first(self, *awaited: asyncio.Future[Any]) -> None:
        """Wait for the first of these, or for a signal to stop. What still runs then is cancelled."""
        ended = asyncio.ensure_future(self._ended.wait())
        await asyncio.wait([*awaited, ended], return_when=asyncio.FIRST_COMPLETED)
        for each in (ended, *awaited):
            each.cancel()


def _own(code: int) -> int:
    """Give a process's own exit code, and 1 for one that a signal ended: passed on, that would be another number."""
    return code if code >= 0 else 1
