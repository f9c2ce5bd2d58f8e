"""One generation of a server: loads the application, opens the inbox, serves, and hands over or stops.

It talks with its parent by words on a socket, a line each: `loaded` when the application could be made, `serving`
when it takes deliveries, `released` when the inbox is free again. The parent says `open` when the inbox is free to be
opened, and `yield` to have the next generation take over. When the parent is gone, the generation ends too.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import gc
import importlib.util
import logging
import resource
import signal
import socket
from typing import TYPE_CHECKING, Any

from aiohttp import web

from outreach_async.protocol.errors import ConfigurationError

from . import ending, listening
from .app import Webhooks
from .control import GRACE
from .front import Front
from .inbox import Findable, Inherited
from .settings import Settings

if TYPE_CHECKING:
    from .control import Control

Load = abc.Callable[[], Webhooks]

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
"""How a server logs when its program has set nothing up."""

_DESCRIPTORS = 200
_STOPS = (signal.SIGTERM, signal.SIGINT)


class _Stopped(BaseException):
    """Told to stop while the application was loaded. No Exception, or an import might take it for a failure of its."""


def run(
    load: Load,
    settings: Settings,
    sockets: abc.Sequence[socket.socket],
    connect: abc.Callable[[], Control],
    parent: int | None = None,
) -> int:
    """Serve until told to stop, and give the exit code, in bounded time. Raises what making the application raises.

    `parent` is the process that starts the next generation, where there is one.
    """
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    _raise_descriptor_limit(settings)
    return ending.run(Generation(load, settings, sockets, connect, parent).run(), _loop_factory())


class Generation:
    """One process that serves, from its beginning to its end."""

    def __init__(
        self,
        load: Load,
        settings: Settings,
        sockets: abc.Sequence[socket.socket],
        connect: abc.Callable[[], Control],
        parent: int | None = None,
    ) -> None:
        self._load = load
        self._settings = settings
        self._sockets = sockets
        self._connect = connect
        self._parent = parent
        self._stopped = asyncio.Event()

    async def run(self) -> int:
        """Live; 0 when it was told to stop."""
        control = self._connect()
        self._heed_signals()
        await control.open()
        try:
            hooks = self._loaded()
            # Before the present generation gives the inbox up for this one.
            hooks.inbox.check()
            # What was loaded stays: the collector would stop every delivery for its sake, again and again.
            gc.collect()
            gc.freeze()
            control.say(f"{GRACE} {hooks.grace:g}")
            control.say("loaded")
            if await self._before_stop(control.heard("open")):
                await self._live(hooks, control)
        except _Stopped:
            return 0
        finally:
            control.close()
        return 0

    def _loaded(self) -> Webhooks:
        """Load the application. That may take long, and the loop, which heeds the signals else, waits meanwhile."""
        for number in _STOPS:
            signal.signal(number, self._break_off)
        try:
            return self._load()
        finally:
            self._heed_signals()

    def _break_off(self, *_: object) -> None:
        if not self._stopped.is_set():
            # Should what is loaded keep the exception to itself, it is stopped when it has been loaded.
            self._stopped.set()
            raise _Stopped

    async def _live(self, hooks: Webhooks, control: Control) -> None:
        async with contextlib.AsyncExitStack() as stack:
            self._announce(hooks)
            starting = asyncio.ensure_future(hooks.start())
            stack.push_async_callback(hooks.stop)
            if not await self._before_stop(starting):
                return
            if len(self._sockets) > 1:
                await stack.enter_async_context(_serving(hooks.admin_app(self._settings.admin_token), self._sockets[1]))
            front = Front(hooks, self._settings)
            await front.start(self._sockets[0])
            stack.push_async_callback(front.stop)
            inherited = hooks.inbox if self._parent and isinstance(hooks.inbox, Inherited) else None
            if inherited and not await self._before_stop(inherited.accepting()):
                return
            control.say("serving")
            if await self._before_stop(control.heard("yield")):
                # The next generation waits meanwhile: deliveries are taken for as long as handlers finish.
                await hooks.drain()
                if inherited:
                    inherited.yielding()
        control.say("released")

    def _announce(self, hooks: Webhooks) -> None:
        """Have the inbox tell whose generation this is, and where the admin port is, from its opening on.

        Calls wait at that socket till it serves.
        """
        if self._parent and isinstance(hooks.inbox, Inherited):
            hooks.inbox.generation_of(self._parent)
            hooks.inbox.queued_at(f"{self._parent}-{listening.identity(self._sockets[0])}")
        if len(self._sockets) > 1 and isinstance(hooks.inbox, Findable):
            hooks.inbox.announce(listening.from_here(self._sockets[1]))

    async def _before_stop(self, awaited: abc.Coroutine[Any, Any, Any] | asyncio.Future[Any]) -> bool:
        """Wait for something; False when this generation was told to stop first. Raises what it raises.

        A line that ends tells to stop, too: the parent is gone.
        """
        waiting = asyncio.ensure_future(awaited)
        stopped = asyncio.ensure_future(self._stopped.wait())
        await asyncio.wait([waiting, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if waiting.done():
            return waiting.result() is not False
        waiting.cancel()
        await asyncio.wait([waiting])
        return False

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _STOPS:
            loop.add_signal_handler(number, self._stopped.set)
        # A terminal's goes to the whole group, and is the parent's to answer.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextlib.asynccontextmanager
async def _serving(app: web.Application, listening: socket.socket) -> abc.AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


def _raise_descriptor_limit(settings: Settings) -> None:
    """Let the process have as many descriptors as its connections need. Raises ConfigurationError when it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.connections + _DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigurationError(
            f"{settings.connections} connections need {needed} descriptors, and this process may have {hard}",
            hint=f"Raise the limit (ulimit -n), or allow fewer than {max(1, hard - _DESCRIPTORS)} connections.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _loop_factory() -> abc.Callable[[], asyncio.AbstractEventLoop]:
    """Give uvloop's, where the extra `speed` is installed, else asyncio's own."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
