"""How a process that served comes to its end: the event loop first, then the threads, both in bounded time.

Python itself waits for every task and every thread, however long they take, so a handler that swallows its
cancellation, or sits in a thread, would keep a receiver that was told to stop. Whoever is left here loses nothing that
was promised: the inbox is closed by then, and holds what was not finished.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import logging
import os
import sys
import threading
import time
import traceback
from typing import Any, TypeVar

from outreach_async.protocol.redaction import redact

from . import crew

T = TypeVar("T")

_TASKS = 5.0
"""How many seconds the tasks get that are left on the loop."""

_THREADS = 5.0
"""How many seconds threads may go on when all else has ended."""

_FRAMES = 5

_log = logging.getLogger("webhooks.server")


def run(main: abc.Coroutine[Any, Any, T], loop_factory: abc.Callable[[], asyncio.AbstractEventLoop]) -> T:
    """Run a coroutine on an event loop of its own, as `asyncio.run` does, and leave that loop in bounded time."""
    runner = asyncio.Runner(loop_factory=loop_factory)
    try:
        return runner.run(main)
    finally:
        try:
            if left := runner.run(_wind_up()) | crew.left:
                _keep(left)
        finally:
            # In place of the runner's own closing, which waits for all tasks and threads.
            runner.get_loop().close()


def without_threads(code: int) -> int:
    """Have this process end by itself with this exit code, or else be ended, and give the code.

    For a process that is the server's alone, and has only its end before it. What runs at exit is left out when it
    has to be ended.
    """
    threads = [each for each in threading.enumerate() if not each.daemon and each is not threading.current_thread()]
    if threads:
        threading.Thread(target=_outlast, args=(threads, code), name="ending", daemon=True).start()
    return code


async def _wind_up() -> set[asyncio.Task[Any]]:
    """Cancel what still runs, wait for it a while, and give what did not end."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _TASKS
    # What the crew left was cancelled and waited for before.
    tasks = asyncio.all_tasks() - crew.left - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    going = (await asyncio.wait(tasks, timeout=_TASKS))[1] if tasks else set()
    for task in going:
        _log.error("%s (%s) does not end, and is left", task.get_name(), task.get_coro())
    closing = loop.create_task(loop.shutdown_asyncgens())
    await asyncio.wait([closing], timeout=max(0.0, until - loop.time()))
    return going if closing.done() else {*going, closing}


def _keep(tasks: abc.Set[asyncio.Task[Any]]) -> None:
    """Keep tasks to the very end. Destroyed with the interpreter, they would run once more, in what is left of it."""
    forever = threading.Event()
    threading.Thread(target=lambda _: forever.wait(), args=(tasks,), name="left", daemon=True).start()


def _outlast(threads: abc.Sequence[threading.Thread], code: int) -> None:
    until = time.monotonic() + _THREADS
    for each in threads:
        each.join(max(0.0, until - time.monotonic()))
    going = [each for each in threads if each.is_alive()]
    if not going:
        return
    for each in going:
        _log.error("thread %s does not end, and the process ends without it:\n%s", each.name, _stack(each))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _stack(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return redact("".join(traceback.format_stack(frame, _FRAMES))).rstrip() if frame else "(it has no frame)"
