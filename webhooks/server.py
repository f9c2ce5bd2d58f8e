"""Serving a receiver by itself: `hooks.run()` and `outreach-async hooks serve`.

One program, run as a parent and as its generations: which of them this process is, its environment says. Decides
that, and where to listen; the parent is in `supervisor`, a generation in `generation`.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import json
import logging
import os
import secrets
import socket
import sys
from dataclasses import replace

from outreach_async.protocol.errors import ConfigurationError

from . import ending, listening
from .control import Alone, Line
from .generation import LOG_FORMAT, Load
from .generation import run as run_generation
from .settings import Settings
from .supervisor import ENVIRONMENT, Supervisor

__all__ = ["Settings", "run"]

TOKEN = "WEBHOOKS_ADMIN_TOKEN"
"""Names the token of the operator's application in the environment. Without one, one is made up and told."""

_ADMIN_BACKLOG = 64

Announce = abc.Callable[[dict[str, object]], None]


def run(load: Load, settings: Settings, announce: Announce | None = None) -> int:
    """Serve until SIGTERM, and give the exit code.

    `load` makes the application, in each generation. `announce` is called once it serves, with its addresses and
    process ids; it prints a line unless told otherwise. Raises ConfigurationError, InboxHeld.
    """
    descriptors = os.environ.pop(ENVIRONMENT, "")
    given = settings.admin_token or os.environ.get(TOKEN, "")
    # Every generation is to know the same one, so the environment carries it.
    os.environ[TOKEN] = token = given or secrets.token_urlsafe(24)
    settings = replace(settings, admin_token=token)
    if descriptors:
        # Read at once: nobody tells an orphan to open its inbox, so what holds one has its true parent from here.
        parent = os.getppid()
        line, *rest = (listening.adopt(int(number)) for number in descriptors.split(","))
        return ending.without_threads(run_generation(load, settings, rest, lambda: Line(line), parent))
    sockets = _sockets(settings)
    announce = announce or _print

    def serving(process: int) -> None:
        announce(_told(sockets, process) | ({} if given or len(sockets) == 1 else {"token": token}))

    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    with contextlib.ExitStack() as stack:
        for each in sockets:
            stack.enter_context(each)
        if settings.single:
            return run_generation(load, settings, sockets, lambda: Alone(lambda: serving(os.getpid())))
        return asyncio.run(_supervise(sockets, serving))


async def _supervise(sockets: list[socket.socket], serving: abc.Callable[[int], None]) -> int:
    return await Supervisor(sockets, serving).run()


def _sockets(settings: Settings) -> list[socket.socket]:
    """Give what to listen on: systemd's, else our own; the second one is the operator's."""
    sockets = listening.passed_on()[:2]
    if not sockets and settings.admin_port and settings.admin_port == settings.port:
        raise ConfigurationError("the operator's port is the receiver's", hint="Give it a port of its own.")
    sockets = sockets or [listening.listen(settings.host, settings.port, settings.backlog)]
    try:
        if settings.admin_port is not None and len(sockets) == 1:
            sockets.append(listening.listen(settings.admin_host, settings.admin_port, _ADMIN_BACKLOG))
    except ConfigurationError:
        sockets[0].close()
        raise
    return sockets


def _told(sockets: list[socket.socket], process: int) -> dict[str, object]:
    urls = [listening.address(each.getsockname()) for each in sockets]
    told: dict[str, object] = {"serving": urls[0], "pid": os.getpid(), "generation": process}
    if len(urls) > 1:
        told["admin"] = urls[1]
    return told


def _print(told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
