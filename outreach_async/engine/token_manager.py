"""One live token, however many tasks ask for it.

A manager knows which token is current, when it is due, and that at most one call for the next is under way. How that
call is made, what it may cost and where its result is kept is its `TokenSource`'s business.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import copy
import logging
import math
from typing import Protocol

from ..protocol.errors import ConfigurationError, CredentialError, OutreachError
from ..protocol.tokens import GRANT_INTERVAL, Token
from .clock import Clock

_LOGGER = logging.getLogger("outreach_async.tokens")

# Seconds that getting a token may take besides the waiting a caller's patience is for.
_EXCHANGE_PATIENCE = 90.0

# Seconds that close() waits for a grant under way: longer than one exchange and its save may take.
_CLOSE_PATIENCE = 45.0

Pause = abc.Callable[[float, OutreachError], abc.Awaitable[None]]


class TokenSource(Protocol):
    """Gets tokens: from a store, by refreshing, or by asserting."""

    asking: bool
    """True while a grant is under way whose result would be lost by cancelling."""

    async def obtain(self, spent: abc.Callable[[Token], bool], pause: Pause) -> Token:
        """Give a live token that is not `spent`.

        `await pause(until, error)` waits until that Unix time; who cannot wait so long gets the error.
        """
        ...


class TokenManager:
    """Gives the current token to any number of tasks, and gets the next before it runs out.

    `subjects`, `org_subject` and `granted` are what the pacer and the scope check need to know of it.
    """

    def __init__(
        self,
        source: TokenSource,
        clock: Clock,
        *,
        jitter: abc.Callable[[], float],
        subjects: tuple[str, ...] = (),
        org_subject: str = "",
        granted: frozenset[str] | None = None,
    ) -> None:
        self.subjects = subjects
        self.org_subject = org_subject
        self.granted = granted
        self.token: Token | None = None
        self._source = source
        self._clock = clock
        self._now = clock.now
        self._jitter = jitter
        self._header = ""
        self._rejected = ""
        # Until `_due_at` the header is handed out without a thought; until `_dead_at` it still serves.
        self._due_at = self._dead_at = -math.inf
        self._flight: _Flight | None = None
        self._closed = False

    def authorization(self) -> str | None:
        """Give the header value while the token lives, else None. Begins the early refresh when that is due."""
        now = self._now()
        if now < self._due_at:
            return self._header
        if now >= self._dead_at:
            return None
        # The flight moves the due time when it lands; until then the fast path serves again.
        self._due_at = self._dead_at
        if not self._closed:
            self._join()
        return self._header

    async def authorize(self, patience: float) -> str:
        """Give the header value, after at most `patience` seconds of waiting until a grant may be asked for.

        The exchange itself does not count; its own limit bounds it. Any number of callers share one grant, and a
        cancelled one harms no other. Raises SignInRequired, CredentialError (`retry_at` when the wait is longer than
        the patience), TransportError.
        """
        header = self.authorization()
        if header is not None:
            return header
        if self._closed:
            raise ConfigurationError("the client is closed, and its token has run out")
        token = await self._join().result(patience, self._now)
        return token.authorization

    def rejected(self, authorization: str) -> bool:
        """Take note of a 401 for this very header value; an older value's 401 says nothing about the current one.

        Gives True: asking again can give another token.
        """
        if authorization == self._header:
            self._rejected = authorization
            self._due_at = self._dead_at = -math.inf
        return True

    async def close(self) -> None:
        """Begin nothing new, and let a grant under way be saved: its refresh token may be the only one alive."""
        self._closed = True
        flight = self._flight
        if flight is None:
            return
        if not self._source.asking:
            flight.task.cancel()
        await asyncio.wait((flight.task,), timeout=_CLOSE_PATIENCE)
        flight.task.cancel()

    def _join(self) -> _Flight:
        if self._flight is None:
            self._flight = flight = _Flight()
            flight.task = asyncio.get_running_loop().create_task(self._obtain(), name="outreach token")
            # A callback, since a task that is cancelled before its first step runs none of its own code.
            flight.task.add_done_callback(self._landed)
        return self._flight

    async def _obtain(self) -> Token | OutreachError:
        try:
            return await self._source.obtain(self._spent, self._pause)
        except OutreachError as error:
            return error
        except Exception as error:  # a store of the user's own may raise anything
            failure = CredentialError(f"the token store failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            return failure

    def _landed(self, task: asyncio.Task[Token | OutreachError]) -> None:
        flight, self._flight = self._flight, None
        assert flight is not None
        closed = CredentialError("the client was closed before a token came")
        outcome = closed if task.cancelled() else task.result()
        if isinstance(outcome, Token):
            self._adopt(outcome)
        else:
            self._missed(outcome)
        flight.land(outcome)

    async def _pause(self, until: float, error: OutreachError) -> None:
        flight = self._flight
        assert flight is not None
        flight.announce(until, error)
        await self._clock.sleep(until - self._now())

    def _spent(self, token: Token) -> bool:
        """Tell the token that is to be replaced: the one held, and the one last rejected."""
        return token.authorization in (self._header, self._rejected)

    def _adopt(self, token: Token) -> None:
        self.token, self._header = token, token.authorization
        self._dead_at = token.unusable_at
        self._due_at = min(self._dead_at, token.renew_at(self._jitter()))
        if token.scopes is not None:
            self.granted = token.scopes
        if token.org_id:
            self.org_subject = f"outreach:org:{token.org_id}"

    def _missed(self, error: OutreachError) -> None:
        """Begin again a minute on: an early refresh that failed is no error while the token lives."""
        now = self._now()
        if now < self._dead_at:
            retry_at = error.retry_at if isinstance(error, CredentialError) else None
            again = now + GRANT_INTERVAL if retry_at is None else max(retry_at, now + 1.0)
            self._due_at = min(self._dead_at, again)
            if not self._closed:
                _LOGGER.warning("the early token refresh failed, the token still serves: %s", error)


class _Flight:
    """One attempt to get a token, and those who wait for it."""

    task: asyncio.Task[Token | OutreachError]

    def __init__(self) -> None:
        self._pause: tuple[float, OutreachError] | None = None
        self._waiters: dict[asyncio.Future[Token | OutreachError], float] = {}

    def announce(self, until: float, error: OutreachError) -> None:
        """Say that nothing will happen before then: those with less patience get the error now."""
        self._pause = (until, error)
        for waiter, deadline in self._waiters.items():
            if deadline < until:
                _tell(waiter, error)

    def land(self, outcome: Token | OutreachError) -> None:
        """End the flight for everybody."""
        for waiter in self._waiters:
            _tell(waiter, outcome)

    async def result(self, patience: float, now: abc.Callable[[], float]) -> Token:
        """Give the token this flight gets. The caller's own cancellation ends only its own wait."""
        deadline = now() + patience
        if self._pause is not None and self._pause[0] > deadline:
            raise _copy(self._pause[1])
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = deadline
        try:
            limit = patience + _EXCHANGE_PATIENCE
            await asyncio.wait((waiter,), timeout=limit if math.isfinite(limit) else None)
        finally:
            del self._waiters[waiter]
        if not waiter.done():
            raise CredentialError(f"no token came within {limit:g} s")
        told = waiter.result()
        if isinstance(told, Token):
            return told
        raise _copy(told)


def _tell(waiter: asyncio.Future[Token | OutreachError], outcome: Token | OutreachError) -> None:
    if not waiter.done():
        waiter.set_result(outcome)


def _copy(error: OutreachError) -> OutreachError:
    """Give each who waits an error of their own: one that many tasks raise grows a traceback of them all."""
    twin = copy.copy(error)
    twin.__cause__ = error.__cause__
    return twin
