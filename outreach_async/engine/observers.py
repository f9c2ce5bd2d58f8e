"""What happens to a call, told as it happens; nothing here changes what happens.

An observer sees the redactable `Request`, never the credential. With no observer and no `watching()` block, a call
pays one test.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from ..protocol.errors import OutreachError
from ..protocol.messages import Request

Reason = Literal["token", "quota", "backoff"]

_log = logging.getLogger("outreach_async")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One exchange with the server. `status` is None when no answer came; `seconds` is its duration."""

    number: int
    status: int | None
    seconds: float
    failure: OutreachError | None


class Observer:
    """Base of observers: override what you want to see. Methods must be quick; what they raise is logged, no more."""

    def on_start(self, request: Request) -> None:
        """See a call before anything was done for it."""

    def on_wait(self, request: Request, reason: Reason, seconds: float) -> None:
        """See a wait: just ended (`token`, `quota`), or about to begin (`backoff`)."""

    def on_attempt(self, request: Request, attempt: Attempt) -> None:
        """See one exchange with the server, after its answer was judged."""

    def on_end(self, request: Request, error: OutreachError | None, seconds: float) -> None:
        """See a call's end: None when it succeeded. `seconds` counts from `on_start`, waits included."""


class LogObserver(Observer):
    """Writes one line a call to the logger `outreach_async`, and one for every wait and failed attempt."""

    def on_wait(self, request: Request, reason: Reason, seconds: float) -> None:
        """Log a wait worth knowing of."""
        if seconds >= 0.001:
            _log.info("%s %s waits %.3f s for %s", request.method, request.route, seconds, reason)

    def on_attempt(self, request: Request, attempt: Attempt) -> None:
        """Log an attempt that failed."""
        if attempt.failure is not None:
            _log.warning(
                "%s %s attempt %d failed: %s", request.method, request.route, attempt.number, attempt.failure.message
            )

    def on_end(self, request: Request, error: OutreachError | None, seconds: float) -> None:
        """Log the end."""
        outcome = "done" if error is None else f"failed: {type(error).__name__}"
        _log.debug("%s %s %s in %.3f s", request.method, request.route, outcome, seconds)


def tell(observers: tuple[Observer, ...], what: abc.Callable[[Observer], None]) -> None:
    """Tell every observer. One that fails harms neither the call nor the others; the log says so."""
    for observer in observers:
        try:
            what(observer)
        except Exception:  # an observer of the user's own may raise anything
            _log.exception("%s failed; the call goes on", type(observer).__name__)


@dataclass(slots=True)
class WatchedCall:
    """One call seen by `watching()`. `waited` is in seconds, by reason; `error` is None when it succeeded."""

    request: Request
    attempts: list[Attempt] = field(default_factory=list)
    waited: dict[Reason, float] = field(default_factory=dict)
    error: OutreachError | None = None
    seconds: float = 0.0

    def __repr__(self) -> str:
        end = type(self.error).__name__ if self.error else "ok"
        call = f"{self.request.method} {self.request.route}"
        return f"<{call} {end}, {len(self.attempts)} attempts, {self.seconds:.3f} s>"


class Watch(Observer, abc.Sequence[WatchedCall]):
    """The calls made inside a `watching()` block, in the order they began."""

    def __init__(self) -> None:
        self._calls: list[WatchedCall] = []
        self._open: dict[int, WatchedCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> WatchedCall:  # type: ignore[override]  # a slice of calls is of no use
        return self._calls[index]

    @property
    def attempts(self) -> int:
        """Exchanges with the server: what the quota was charged at most."""
        return sum(len(call.attempts) for call in self._calls)

    @property
    def waited(self) -> float:
        """Seconds spent waiting for tokens, quota and backoff, summed over the calls."""
        return sum(sum(call.waited.values()) for call in self._calls)

    def on_start(self, request: Request) -> None:
        """Open a call."""
        call = self._open[id(request)] = WatchedCall(request)
        self._calls.append(call)

    def on_wait(self, request: Request, reason: Reason, seconds: float) -> None:
        """Add a wait to its call."""
        if call := self._open.get(id(request)):
            call.waited[reason] = call.waited.get(reason, 0.0) + seconds

    def on_attempt(self, request: Request, attempt: Attempt) -> None:
        """Add an exchange to its call."""
        if call := self._open.get(id(request)):
            call.attempts.append(attempt)

    def on_end(self, request: Request, error: OutreachError | None, seconds: float) -> None:
        """Close a call."""
        if call := self._open.pop(id(request), None):
            call.error, call.seconds = error, seconds


_watching: ContextVar[tuple[Observer, ...]] = ContextVar("outreach_async_watching", default=())


def watchers() -> tuple[Observer, ...]:
    """Give the observers of the `watching()` blocks that the running task is inside of."""
    return _watching.get()


@contextlib.contextmanager
def watching() -> abc.Iterator[Watch]:
    """Watch the calls of this task, and of the tasks it starts, until the block ends."""
    watch = Watch()
    token = _watching.set((*_watching.get(), watch))
    try:
        yield watch
    finally:
        _watching.reset(token)
