"""Which handlers an event goes to, in which order, and under which terms.

Decides by class (a base class catches its family) or by pattern. Registration refuses what could only fail later: a
handler that is not asynchronous, one annotated narrower than what it would be given, a name taken twice. Runs
nothing: the worker does, and it keeps what became of each event per handler *name*, so a name should outlive edits.
"""

from __future__ import annotations

import collections.abc as abc
import math
import re
from dataclasses import dataclass, replace
from typing import Any, TypedDict, TypeVar, overload

from typing_extensions import Unpack

from outreach_async.protocol.errors import ConfigurationError

from .delivery import Delivery
from .events import Event, event_class
from .handlers import check_handler, handler_name
from .middleware import Middleware, Proceed, check_middleware, wrap

RETRIES = 5
"""How often a failed handler is run again, unless `on(..., retries=)` says otherwise."""

TIMEOUT = 60.0
"""How long one run of a handler may take, in seconds, unless `on(..., timeout=)` says otherwise."""

_CACHED = 4096
_PATTERN = re.compile(r"(?:(?P<sender>[\w.-]+):)?(?P<event>[\w.*-]+)")

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)
C = TypeVar("C", bound=Event)
D = TypeVar("D", bound=Event)
E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Event)
Handler = abc.Callable[[E], abc.Awaitable[None]]
Registered = abc.Callable[[Handler[E]], Handler[E]]


class Terms(TypedDict, total=False):
    """How a handler is run: `name`, `retries` (further runs), `timeout` (seconds), `ordered` (per resource)."""

    name: str
    retries: int
    timeout: float
    ordered: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern over event names. `*` stands for any text; `sender` is a source's name or a provider, empty for any."""

    text: str
    sender: str
    event: re.Pattern[str]

    @classmethod
    def read(cls, text: str) -> Pattern:
        """Read `"*"`, `"prospect.*"` or `"planmysaas:reply.*"`. Raises ConfigurationError for anything else."""
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise ConfigurationError(
                f"{text!r} is not a pattern of events", hint='Write "prospect.*", "planmysaas:reply.*" or "*".'
            )
        event = ".*".join(map(re.escape, match["event"].split("*")))
        return cls(text, match["sender"] or "", re.compile(event, re.DOTALL))

    def matches(self, delivery: Delivery) -> bool:
        """Say whether this delivery's event is meant."""
        known = not self.sender or self.sender in (delivery.source, delivery.provider)
        return known and self.event.fullmatch(delivery.event) is not None


@dataclass(frozen=True, slots=True)
class Route:
    """One handler and its terms. `retries` counts further runs after a failed one; `timeout` is in seconds.

    An `ordered` handler sees the events of one resource one after the other, in the order received. `run` is the
    handler with its middleware around it.
    """

    name: str
    wanted: tuple[type[Event], ...]
    pattern: Pattern | None
    retries: int
    timeout: float
    ordered: bool
    run: Proceed

    def wants(self, kind: type[Event], delivery: Delivery) -> bool:
        """Say whether the handler is to be given this delivery, whose class of event is `kind`."""
        return self.pattern.matches(delivery) if self.pattern else issubclass(kind, self.wanted)


class RoutingTable:
    """Every route of a router and of those it includes, in the order of registration. `Router.table` makes it.

    Raises ConfigurationError when two handlers have one name.
    """

    def __init__(self, routes: abc.Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._named: dict[str, Route] = {}
        self._matched: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        for route in self.routes:
            if route.name in self._named:
                raise ConfigurationError(
                    f"two handlers are named {route.name!r}", hint="Give one of them another name: on(..., name=...)."
                )
            self._named[route.name] = route

    def named(self, name: str) -> Route | None:
        """Give the route of this handler name; None when no such handler is registered any more."""
        return self._named.get(name)

    def matching(self, delivery: Delivery) -> tuple[Route, ...]:
        """Give the routes this delivery goes to, in order; none for one that cannot be read."""
        if delivery.unreadable:
            return ()
        place = (delivery.source, delivery.provider, delivery.event)
        routes = self._matched.get(place)
        if routes is None:
            kind = event_class(delivery.provider, delivery.event)
            routes = tuple(route for route in self.routes if route.wants(kind, delivery))
            # Event names come from outside, so what is remembered of them has a bound.
            if len(self._matched) < _CACHED:
                self._matched[place] = routes
        return routes


class Router:
    """Collects handlers. A large program keeps one per module and includes them in the application's own."""

    def __init__(self) -> None:
        self._entries: list[Route | Router] = []
        self._middlewares: list[Middleware] = []

    # One overload per number of classes: mypy joins a variadic type[E] to Event, and any handler would pass.
    @overload
    def on(self, pattern: str, /, **terms: Unpack[Terms]) -> Registered[Event]: ...
    @overload
    def on(self, a: type[A], /, **terms: Unpack[Terms]) -> Registered[A]: ...
    @overload
    def on(self, a: type[A], b: type[B], /, **terms: Unpack[Terms]) -> Registered[A | B]: ...
    @overload
    def on(self, a: type[A], b: type[B], c: type[C], /, **terms: Unpack[Terms]) -> Registered[A | B | C]: ...
    @overload
    def on(
        self, a: type[A], b: type[B], c: type[C], d: type[D], /, **terms: Unpack[Terms]
    ) -> Registered[A | B | C | D]: ...
    @overload
    def on(
        self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], /, **terms: Unpack[Terms]
    ) -> Registered[A | B | C | D | E]: ...
    @overload
    def on(
        self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], f: type[F], /, **terms: Unpack[Terms]
    ) -> Registered[A | B | C | D | E | F]: ...
    def on(self, *wanted: Any, **terms: Unpack[Terms]) -> Any:
        """Register a handler for one to six classes of events, or for a pattern of names.

        A base class catches its family: `ReplyEvent`, `OutreachEvent`, `Event`. A pattern gives `Event`:
        `"prospect.*"`, `"planmysaas:reply.*"`, `"*"`. Handlers run in the order of registration, one failing does
        not stop the others, and only those that failed are run again. State is kept under the handler's `name`,
        `module:qualified.name` by default; in a program that is run, the module is what it would be imported as from
        its folder: `app` for `python app.py`. Raises ConfigurationError, here or where the handler is decorated, for
        what cannot work.
        """
        pattern = _pattern(wanted)
        given, retries, timeout, ordered = _terms(**terms)

        def register(handler: Handler[Any]) -> Handler[Any]:
            check_handler(handler, (Event,) if pattern else wanted)
            name = handler_name(handler, given)
            if any(route.name == name for route in self._collected(())):
                raise ConfigurationError(
                    f"a handler is named {name!r} already", hint="Give this one another name: on(..., name=...)."
                )
            kinds = () if pattern else wanted
            self._entries.append(Route(name, kinds, pattern, retries, timeout, ordered, handler))
            return handler

        return register

    def around(self, middleware: Middleware) -> Middleware:
        """Register what runs around every handler of this router and of those it includes, the first outermost."""
        check_middleware(middleware)
        self._middlewares.append(middleware)
        return middleware

    def include(self, router: Router) -> None:
        """Add another router's handlers at this place in the order; those it gets later are added too.

        Raises ConfigurationError for a router that includes this one.
        """
        if self is router or self in router._included():
            raise ConfigurationError("a router cannot include itself", hint="Include each router once, from above.")
        self._entries.append(router)

    def table(self) -> RoutingTable:
        """Freeze what is registered. Raises ConfigurationError when two handlers have one name."""
        return RoutingTable(self._collected(()))

    def _collected(self, outer: tuple[Middleware, ...]) -> abc.Iterator[Route]:
        around = (*outer, *self._middlewares)
        for entry in self._entries:
            if isinstance(entry, Router):
                yield from entry._collected(around)
            else:
                yield replace(entry, run=wrap(entry.run, around))

    def _included(self) -> abc.Iterator[Router]:
        for entry in self._entries:
            if isinstance(entry, Router):
                yield entry
                yield from entry._included()


def _pattern(wanted: tuple[Any, ...]) -> Pattern | None:
    """Read what was asked for: None when it is classes. Raises ConfigurationError for anything but the two forms."""
    if len(wanted) == 1 and isinstance(wanted[0], str):
        return Pattern.read(wanted[0])
    if not wanted or not all(isinstance(kind, type) and issubclass(kind, Event) for kind in wanted):
        raise ConfigurationError(
            "on() takes classes of events, or one pattern", hint='Write on(ProspectCreated) or on("prospect.*").'
        )
    return None


def _terms(
    name: str = "", retries: int = RETRIES, timeout: float = TIMEOUT, ordered: bool = True
) -> tuple[str, int, float, bool]:
    if int(retries) != retries or retries < 0:
        raise ConfigurationError(f"retries={retries!r} is no number of retries", hint="Give 0 or more.")
    if not 0 < timeout < math.inf:
        raise ConfigurationError(f"timeout={timeout!r} is no number of seconds", hint="Give more than 0, and an end.")
    return name, retries, timeout, ordered
