"""One run of one handler: its time limit, its transaction, and what became of it in words that can be kept.

The time limit is by the event loop's own clock: a clock that is wound by hand does not end a handler that runs.
Decides nothing about further runs.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import sqlite3
import traceback
from dataclasses import dataclass
from typing import TypeVar

import anyio

from outreach_async.protocol.redaction import mask_emails, printable, redact

from .effects import check_unsettled
from .events import Event
from .inbox import Claim, Inbox, Settlement
from .routing import Route

T = TypeVar("T")

REASON_LIMIT = 500
TRACEBACK_LIMIT = 8_000
_CUT = "…\n"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed: one line, and the traceback, both with secrets and people's addresses masked."""

    reason: str
    traceback: str = ""


class Attempt:
    """What an event knows of the run it is in. `settled` once a transaction of this run is on disk."""

    def __init__(self, inbox: Inbox, claim: Claim, handler: str, attempt: int, now: abc.Callable[[], float]) -> None:
        self.handler = handler
        self.attempt = attempt
        self.settled = False
        self._inbox = inbox
        self._claim = claim
        self._now = now
        self._started = now()

    async def transaction(self, work: abc.Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the inbox's own transaction, together with this handler's settlement.

        Raises ConfigurationError when this run has done one before, ClaimLost, and whatever `work` raises.
        """
        check_unsettled(self.settled)
        doing = asyncio.ensure_future(self._inbox.transact(self._claim, self.done(), work))
        try:
            result = await asyncio.shield(doing)
        except asyncio.CancelledError:
            # What was handed to the writer cannot be called back: the run has to learn whether it counts as done.
            while not doing.done():
                with contextlib.suppress(asyncio.CancelledError), anyio.CancelScope(shield=True):
                    await asyncio.wait({doing})
            self.settled = doing.exception() is None
            raise
        self.settled = True
        return result

    def done(self) -> Settlement:
        """Give the settlement of a run that succeeded, as of now."""
        now = self._now()
        return Settlement(
            handler=self.handler, outcome="done", attempt=self.attempt, at=now, seconds=now - self._started
        )


async def run(route: Route, event: Event, attempt: Attempt) -> Failure | None:
    """Run a handler once, and say why it failed; None when it did not.

    Passes on only the cancellation of the task it runs in, not one that the handler made itself.
    """
    limit = asyncio.timeout(route.timeout)
    try:
        async with limit:
            await route.run(event.bound(attempt))
    except Exception as error:
        if limit.expired():
            return Failure(f"took longer than {route.timeout:g} s", describe(error).traceback)
        return describe(error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise
        return describe(error)
    except (KeyboardInterrupt, GeneratorExit):
        # The operator's, and that of a loop which is over.
        raise
    except BaseException as error:
        # A handler's `sys.exit()` ends that handler, not the receiver.
        return describe(error)
    return None


def describe(error: BaseException) -> Failure:
    """Say what was raised, with secrets and people's addresses masked; of a long traceback the end is kept."""
    text = _text_of(error)
    told = printable(_masked(f"{type(error).__name__}: {text}" if text else type(error).__name__))
    reason = told if len(told) <= REASON_LIMIT else told[: REASON_LIMIT - 1] + "…"
    trace = _masked("".join(traceback.format_exception(error)))
    return Failure(reason, trace if len(trace) <= TRACEBACK_LIMIT else _CUT + trace[-TRACEBACK_LIMIT:])


def _masked(text: str) -> str:
    return mask_emails(redact(text))


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a foreign class may fail at anything
        return "(it cannot be put into words)"
