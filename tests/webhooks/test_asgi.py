"""Under other frameworks, on a real server; and the ASGI protocol where a framework would hide it."""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import socket
from typing import Any

import pytest
import uvicorn
from aiohttp import ClientSession
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.webhooks.receiving import Receiver, Refusing, outreach, planmysaas, receiver, request, wire
from webhooks import MemoryInbox, OutreachSource, Webhooks
from webhooks.asgi import AsgiApp
from webhooks.inbox_errors import InboxUnavailable
from webhooks.testing import SECRET


@contextlib.asynccontextmanager
async def uvicorned(app: Any) -> abc.AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="auto", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.ensure_future(server._serve([listening]))
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0.01)
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


def fastapi(made: Receiver) -> FastAPI:
    app = FastAPI(lifespan=made.hooks.lifespan)

    @app.get("/own")
    async def own() -> str:
        return "its own"

    app.mount("/hooks", made.hooks.asgi())
    return app


def starlette(made: Receiver) -> Starlette:
    return Starlette(routes=[Mount("/hooks", made.hooks.asgi())], lifespan=made.hooks.lifespan)


@pytest.mark.parametrize("framework", [fastapi, starlette])
async def test_mounted_it_receives_and_starts_with_the_application(framework: Any) -> None:
    made = receiver()
    async with uvicorned(framework(made)) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        assert made.hooks.running
        for message in (outreach(), planmysaas()):
            async with session.post("/hooks" + message.path, data=message.body, headers=message.headers) as answer:
                assert (answer.status, await answer.text()) == (200, "stored\n")
        async with session.post("/hooks/outreach", data=message.body, headers=message.headers) as answer:
            assert answer.status == 401
        async with session.get("/hooks/outreach") as answer:
            assert (answer.status, answer.headers["allow"]) == (405, "POST")
        async with session.get("/hooks/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.post("/hooks/elsewhere") as answer:
            assert answer.status == 404
        await made.hooks.settled()
    assert not made.hooks.running
    assert sorted(made.handled) == ["lead.bounced", "prospect.updated"]


async def test_served_by_itself_it_lives_through_the_servers_lifespan() -> None:
    made = receiver()
    async with uvicorned(made.hooks.asgi()) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        message = outreach()
        async with session.post("/outreach", data=message.body, headers=message.headers) as answer:
            assert answer.status == 200
    assert not made.hooks.running


async def test_mounted_without_a_lifespan_the_first_delivery_starts_it() -> None:
    made = receiver()
    app = FastAPI()
    app.mount("/hooks", made.hooks.asgi())
    async with uvicorned(app) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        message = outreach()
        async with session.post("/hooks/outreach", data=message.body, headers=message.headers) as answer:
            assert answer.status == 200
        await made.hooks.settled()
    await made.hooks.stop()
    assert made.handled == ["prospect.updated"]


async def test_what_cannot_be_stored_is_answered_503_since_the_socket_is_not_ours() -> None:
    inbox = Refusing()
    inbox.refusal = InboxUnavailable("the disk is full")
    made = receiver(inbox)
    for source in made.hooks.sources:
        source.patience = 0.0
    async with uvicorned(made.hooks.asgi()) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        for message in (outreach(), planmysaas()):
            async with session.post(message.path, data=message.body, headers=message.headers) as answer:
                assert (answer.status, answer.headers["retry-after"]) == (503, "60")


async def test_a_body_that_does_not_come_has_a_deadline() -> None:
    made = receiver()
    async with made.hooks, uvicorned(AsgiApp(made.hooks, deadline=0.05)) as port, wire(port) as slow:
        slow.send(request(outreach())[:-5])
        answer = await slow.answer()
        assert answer is not None
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")


async def test_a_receiver_that_cannot_start_stops_the_server(tmp_path: Any) -> None:
    from webhooks.sqlite_inbox import SqliteInbox

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await receiver(SqliteInbox(tmp_path / "absent" / "inbox.db")).hooks.asgi()({"type": "lifespan"}, receive, send)
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "there is no folder" in sent[0]["message"]


@pytest.mark.parametrize(("path", "root"), [("/hooks/outreach", "/hooks"), ("/outreach", "/hooks"), ("/outreach", "")])
async def test_frameworks_may_leave_their_prefix_in_the_path_or_not(path: str, root: str) -> None:
    made, message = receiver(), outreach()
    parts = [message.body[:10], message.body[10:]]
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in message.headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "root_path": root, "headers": headers}
    async with made.hooks:
        await made.hooks.asgi()(scope, receive, send)
    assert sent[0]["status"] == 200


async def test_of_a_body_without_end_no_more_is_read_than_may_come() -> None:
    hooks = Webhooks(OutreachSource(SECRET, max_body=1_000), inbox=MemoryInbox())
    sent: list[Any] = []
    pieces = iter([b"x" * 100] * 20)

    async def receive() -> Any:
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async with hooks:
        await hooks.asgi()({"type": "http", "method": "POST", "path": "/outreach", "headers": []}, receive, send)
    assert sent[0]["status"] == 413
    assert len(list(pieces)) == 9


async def test_a_sender_that_went_away_gets_nothing_and_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with receiver().hooks as hooks:
        await hooks.asgi()({"type": "http", "method": "POST", "path": "/outreach", "headers": []}, receive, send)
        assert sent == []
        await hooks.asgi()({"type": "websocket", "path": "/outreach", "headers": []}, receive, send)
    assert sent[0]["type"] == "websocket.close"
