"""What runs around every handler: timing, tracing, a database session, a guard.

A middleware is given the event and the rest of the way to the handler. What it raises counts as the handler's own
failure; when it does not call `proceed`, the handler is skipped and counts as done. Knows nothing of retries.
"""

from __future__ import annotations

import collections.abc as abc
import inspect

from outreach_async.protocol.errors import ConfigurationError

from .events import Event
from .handlers import is_asynchronous

Proceed = abc.Callable[[Event], abc.Awaitable[None]]
Middleware = abc.Callable[[Event, Proceed], abc.Awaitable[None]]


def check_middleware(middleware: Middleware) -> None:
    """Refuse what cannot run around a handler. Raises ConfigurationError."""
    try:
        inspect.signature(middleware).bind(None, None)
    except TypeError:
        fits = False
    else:
        fits = is_asynchronous(middleware)
    if not fits:
        raise ConfigurationError(
            f"{middleware!r} is no middleware", hint="Write `async def name(event, proceed): await proceed(event)`."
        )


def wrap(handler: Proceed, middlewares: abc.Sequence[Middleware]) -> Proceed:
    """Put the middlewares around a handler, the first of them outermost."""
    for middleware in reversed(middlewares):
        handler = _around(middleware, handler)
    return handler


def _around(middleware: Middleware, proceed: Proceed) -> Proceed:
    async def run(event: Event) -> None:
        await middleware(event, proceed)

    return run
