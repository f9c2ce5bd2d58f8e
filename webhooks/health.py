"""Whether the receiver lives, and whether it can do its work: `/healthz` and `/readyz`.

Alive is whoever answers. Ready is a receiver that stores: its inbox is open, takes deliveries, and its store writes.
A load balancer that takes a receiver out by `/readyz` does what Outreach needs: no answer is better than a bad one.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver is. `problems` are short texts for a person; none when it is ready."""

    problems: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether deliveries are stored."""
        return not self.problems


def healthz() -> web.RouteDef:
    """Give the route that says the process lives."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n", headers=_FRESH)

    return web.get("/healthz", handle)


def readyz(look: abc.Callable[[], Health]) -> web.RouteDef:
    """Give the route that answers 200 while deliveries are stored, else 503 with the reasons."""

    async def handle(request: web.Request) -> web.StreamResponse:
        health = look()
        told = {"ready": health.ready, "problems": list(health.problems)}
        return web.json_response(told, status=200 if health.ready else 503, headers=_FRESH)

    return web.get("/readyz", handle)


_FRESH = {"Cache-Control": "no-store"}
