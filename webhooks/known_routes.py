"""What an application's handlers take, in a form that an inbox can keep beyond the application's own life.

So work that waits for a handler is known as its work even when the program that had it is gone. Classes are kept as
the names of the events they stood for, since a class may vanish together with its handler. Decides what present
handlers no longer take of what earlier ones did; keeps nothing itself.
"""

from __future__ import annotations

import collections.abc as abc

import msgspec

from .delivery import Delivery
from .events import Event, UnknownEvent, event_class, event_names
from .routing import Pattern, Route

ROUTES_KEPT = 1_000
"""Handlers of an application that are known beyond its life."""

Place = tuple[str, str, str]
"""Where handlers are found by: the source, the provider and the name of an event."""


class KnownRoute(msgspec.Struct, frozen=True, omit_defaults=True):
    """One handler, and what it takes: a pattern, or events by provider and name, and those that no class names.

    `until` is zero while the handler is there, and then the id of the last event that came before it was gone.
    """

    name: str
    pattern: str = ""
    events: tuple[tuple[str, str], ...] = ()
    unknown: bool = False
    until: int = 0

    def takes(self, place: Place) -> bool:
        """Say whether the handler takes the events of this place."""
        source, provider, event = place
        if self.pattern:
            meant = Delivery(source=source, provider=provider, event=event, resource="", received_at=0.0, body=b"")
            return Pattern.read(self.pattern).matches(meant)
        if (provider, event) in self.events:
            return True
        kind = event_class(provider, event)
        if kind is UnknownEvent:
            return self.unknown or (provider, _family(event)) in self.events
        return kind.event_name != event and (provider, _family(event)) in self.events


class Lost:
    """What earlier handlers took and no handler of the same name does now."""

    def __init__(self, earlier: abc.Iterable[KnownRoute], present: abc.Iterable[KnownRoute]) -> None:
        self._present = {route.name: route for route in present}
        self._earlier = tuple(earlier)
        self._found: dict[Place, tuple[KnownRoute, ...]] = {}

    def __len__(self) -> int:
        return len(self._earlier)

    @property
    def until(self) -> int:
        """The id of the last event that may be concerned."""
        return max((route.until for route in self._earlier), default=0)

    def handlers(self, id: int, place: Place) -> tuple[str, ...]:
        """Give the names of the handlers that took this event and do no more."""
        routes = self._found.get(place)
        if routes is None:
            routes = self._found[place] = tuple(route for route in self._earlier if self._loses(route, place))
        return tuple(dict.fromkeys(route.name for route in routes if id <= route.until))

    def _loses(self, route: KnownRoute, place: Place) -> bool:
        now = self._present.get(route.name)
        return route.takes(place) and not (now and now.takes(place))


def known_routes(routes: abc.Iterable[Route]) -> tuple[KnownRoute, ...]:
    """Give what is to be kept of an application's routes."""
    return tuple(_known(route) for route in routes)


def _known(route: Route) -> KnownRoute:
    if route.pattern:
        return KnownRoute(route.name, route.pattern.text)
    if Event in route.wanted:
        return KnownRoute(route.name, "*")
    return KnownRoute(route.name, events=event_names(route.wanted), unknown=issubclass(UnknownEvent, route.wanted))


def _family(event: str) -> str:
    return f"{event.partition('.')[0]}.*"
