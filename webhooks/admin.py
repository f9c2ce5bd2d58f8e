"""The operator's application: health, metrics and, behind a token, the page. Meant for loopback, on its own port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from .health import healthz, readyz
from .metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from .app import Webhooks


def admin_app(hooks: Webhooks, token: str) -> web.Application:
    """Give the application. Without a token there is no console: it shows people's data."""

    async def metrics(request: web.Request) -> web.StreamResponse:
        return web.Response(body=hooks.metrics().encode(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([healthz(), readyz(hooks.health), web.get("/metrics", metrics)])
    if token:
        from .console import Console

        largest = max(source.max_body for source in hooks.sources)
        app.add_routes(Console(hooks.inbox, hooks.statistics, token, max_body=largest).routes())
    return app
