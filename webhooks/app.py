"""The application: routes of handlers, an inbox, a worker and the ways in, under one name.

Decides when things start and stop, and in which order: the inbox opens before the first delivery is taken, the worker
drains before the inbox closes. Everything else is done by the parts.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any, Self

from outreach_async.engine.clock import Clock, SystemClock
from outreach_async.protocol.errors import ConfigurationError, OutreachError

from .backoff import Backoff
from .inbox import PROMISED, Claim, Inbox, InboxStatistics, Settlement
from .inbox_errors import InboxUnavailable
from .intake import Intake
from .known_routes import known_routes
from .receiver import Abort, Reply, fields_of
from .routing import Router, RoutingTable
from .sources import PATIENCE, RawHeaders, Source, check_sources
from .worker import CONCURRENCY, GRACE, Worker

if TYPE_CHECKING:
    from aiohttp import web

    from .asgi import AsgiApp
    from .health import Health
    from .server import Settings

_log = logging.getLogger("webhooks.app")

_PAUSE = 1.0


class Webhooks(Router):
    """A receiver of webhooks: `Webhooks(OutreachSource(secret=...), inbox=SqliteInbox("inbox.db"))`.

    `concurrency` events are worked on at a time. `grace` is how many seconds running handlers get when it stops;
    what they have not finished by then runs again after the next start. Raises ConfigurationError for what cannot
    work.
    """

    def __init__(
        self,
        *sources: Source,
        inbox: Inbox,
        clock: Clock | None = None,
        concurrency: int = CONCURRENCY,
        backoff: Backoff | None = None,
        grace: float = GRACE,
    ) -> None:
        super().__init__()
        _check(sources, inbox, concurrency)
        self.sources = sources
        self.inbox = inbox
        self.intake = Intake(sources, inbox)
        self.clock: Clock = clock or SystemClock()
        self.grace = grace
        self.feeds: list[abc.Callable[[], abc.Awaitable[bool]]] = []
        """What sends from within this process: each waits until nothing is on its way, and says whether it had to."""
        self._concurrency = concurrency
        self._backoff = backoff
        self._worker: Worker | None = None
        self._working: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._late: asyncio.Task[None] | None = None
        self._draining = False
        self._started_at = 0.0

    @property
    def running(self) -> bool:
        """Whether deliveries are taken."""
        return self._working is not None

    async def start(self, clock: Clock | None = None) -> None:
        """Open the inbox and begin to work on what is in it. Does nothing when it runs already.

        `clock` replaces the application's own, for tests. Raises ConfigurationError, InboxHeld.
        """
        async with self._starting:
            if self._working:
                return
            self.clock = self.intake.clock = clock or self.clock
            table = self.table()
            await self.inbox.open(self.clock)
            try:
                await self.inbox.introduce(known_routes(table.routes))
            except BaseException:
                await self.inbox.close()
                raise
            self._draining = False
            self._started_at = self.clock.now()
            self._working = asyncio.get_running_loop().create_task(self._work(table))

    async def drain(self, grace: float | None = None) -> None:
        """Work on nothing new, and wait for what runs, at most `grace` seconds. Deliveries are still stored.

        Then handlers are cancelled, and those that have not ended some five seconds later are left to themselves.
        """
        self._draining = True
        if self._worker:
            self._worker.stop(self.grace if grace is None else grace)
        if self._working:
            await asyncio.wait([self._working])

    async def stop(self, grace: float | None = None) -> None:
        """Drain, then close the inbox. Whoever feeds it stops first. Does nothing when it does not run."""
        async with self._starting:
            if self._working is None:
                return
            try:
                await self.inbox.cease()
                await self.drain(grace)
            finally:
                self._working = None
                await self.inbox.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object = None) -> abc.AsyncIterator[None]:
        """Run while an application does: FastAPI's `lifespan=`, or one of aiohttp's `cleanup_ctx`.

        One that runs already is left to whoever started it.
        """
        started = not self.running
        await self.start()
        try:
            yield
        finally:
            if started:
                await self.stop()

    async def receive(
        self, source: str, headers: RawHeaders, body: bytes, *, method: str = "POST", owns_socket: bool = True
    ) -> Reply | Abort:
        """Take one request to a source, by its name, and give the answer: `ABORT` when the connection is to be cut.

        Raises ConfigurationError for a source that is not there; nothing for whatever was sent.
        """
        found = self.intake.sources.get(source)
        if found is None:
            raise ConfigurationError(
                f"there is no source {source!r}", hint=f"There are: {', '.join(self.intake.sources)}."
            )
        fields = fields_of(headers)
        if refused := self.intake.refuse(found, method, fields):
            return refused
        return await self.intake.take(found, fields, body, owns_socket=owns_socket)

    async def settled(self) -> None:
        """Wait until nothing is on its way, being handled or could be. Retries may still wait for their time."""
        await self.inbox.quiet()
        while any([await feed() for feed in self.feeds]):
            await self.inbox.quiet()

    def aiohttp_routes(self, prefix: str = "") -> list[web.RouteDef]:
        """Give a route for each source, for an aiohttp application of yours: `app.add_routes(...)`.

        Have it start and stop with that application, `app.cleanup_ctx.append(hooks.lifespan)`; otherwise the first
        delivery starts it, and until then nothing that is left over is worked on.
        """
        from .aiohttp_shell import routes

        return routes(self.intake, prefix, self.ensure_running)

    def aiohttp_app(self) -> web.Application:
        """Give an aiohttp application of its own: each source at its path, and `/healthz`."""
        from aiohttp import web

        from .health import healthz

        app = web.Application()
        app.add_routes([*self.aiohttp_routes(), healthz()])
        app.cleanup_ctx.append(self.lifespan)
        return app

    def admin_app(self, token: str = "") -> web.Application:
        """Give the operator's application: `/healthz`, `/readyz`, `/metrics`, and `/console` when there is a token.

        It starts and stops nothing, tells much, and belongs on a port of its own on loopback.
        """
        from .admin import admin_app

        return admin_app(self, token)

    def asgi(self) -> AsgiApp:
        """Give an ASGI application, to be mounted or served. An abort is a 503 there: the socket is not ours."""
        from .asgi import AsgiApp

        return AsgiApp(self)

    def run(self, settings: Settings | None = None, **given: Any) -> int:
        """Serve until SIGTERM: `hooks.run(port=8080)`. Gives the exit code, 2 for what cannot work, told in one line.

        The arguments are those of `webhooks.server.Settings`. The program is started again for every generation of
        the server, so call this where it begins, under `if __name__ == "__main__":`.
        """
        from .server import Settings, run

        try:
            return run(lambda: self, settings or Settings(**given))
        except OutreachError as error:
            sys.stderr.write(f"{error}\n")
            return 2 if isinstance(error, ConfigurationError) else 1

    async def ensure_running(self) -> bool:
        """Start when nobody has, and say whether it runs: for shells in applications that do not say when they begin.

        Waits no longer for it than a delivery may.
        """
        if self._working is None:
            if self._late is None or self._late.done():
                _log.warning("started by a delivery: have it start with your application, by its lifespan")
                self._late = asyncio.get_running_loop().create_task(self._start_late())
            await asyncio.wait([self._late], timeout=PATIENCE)
        return self.running

    def health(self) -> Health:
        """Say whether deliveries are stored, and if not, why."""
        from .health import Health

        stats = self.inbox_statistics()
        if self._working is None or stats is None:
            return Health(("not started",))
        problems = []
        if stats.failing_since is not None:
            problems.append(f"the store fails: {stats.failure}")
        elif trouble := self.intake.trouble(stats.depth):
            problems.append(trouble)
        if self._draining:
            problems.append("stopping")
        elif self._working.done():
            problems.append("nothing works on what is stored: restart it")
        return Health(tuple(problems))

    def metrics(self) -> str:
        """Give the counts and latencies as Prometheus reads them."""
        from .metrics import exposition

        return exposition(self.intake.tally, self.intake.counts, self.inbox_statistics(), self.clock.now())

    def statistics(self) -> dict[str, Any]:
        """Give how it stands and what it counted since it was started, as plain values for a page or a line."""
        from .statistics import statistics

        return statistics(self, self._started_at)

    def inbox_statistics(self) -> InboxStatistics | None:
        """Give how the inbox stands; None while it is closed."""
        try:
            return self.inbox.statistics()
        except InboxUnavailable:
            return None

    async def _start_late(self) -> None:
        try:
            await self.start()
        except OutreachError as error:
            _log.error("%s", error)

    async def _work(self, table: RoutingTable) -> None:
        """Keep a worker going: a fault in it is logged, and what it held is claimed again."""
        while not self._is_draining():
            self._worker = Worker(
                self.inbox,
                table,
                self.clock,
                concurrency=self._concurrency,
                backoff=self._backoff,
                report=self._report,
                unclaimed=lambda claim: self.intake.counts.note_unclaimed(claim.delivery.source),
            )
            try:
                await self._worker.run()
                if self._is_draining():
                    return
                _log.error("the worker ended by itself and is started again")
            except Exception:
                _log.exception("the worker failed and is started again")
            await self.clock.sleep(_PAUSE)

    def _is_draining(self) -> bool:
        # A call, since it changes while `_work` waits, and checkers take an attribute to be as it was.
        return self._draining

    def _report(self, claim: Claim, settlement: Settlement) -> None:
        self.intake.counts.settled(settlement)


def _check(sources: tuple[Source, ...], inbox: object, concurrency: int) -> None:
    if not sources:
        raise ConfigurationError(
            "there is no source of webhooks", hint="Give one: Webhooks(OutreachSource(secret=...), inbox=...)."
        )
    for source in sources:
        if not isinstance(source, Source):
            raise ConfigurationError(f"{source!r} is no source", hint="Give an OutreachSource or a PlanMySaaSSource.")
    check_sources(sources)
    _check_inbox(inbox)
    if concurrency < 1:
        raise ConfigurationError(f"concurrency={concurrency!r} would handle nothing", hint="Give 1 or more.")


def _check_inbox(inbox: object) -> None:
    """Refuse what is no inbox, and one of somebody's own that could not be started, or not be worked with."""
    if not hasattr(inbox, "put"):
        raise ConfigurationError(f"{inbox!r} is no inbox", hint='Give SqliteInbox("inbox.db").')
    if missing := [name for name in PROMISED if not callable(getattr(inbox, name, None))]:
        raise ConfigurationError(
            f"the inbox {type(inbox).__name__} has no {', '.join(f'{name}()' for name in missing)}",
            hint="The protocol webhooks.Inbox says what each of them does.",
        )
