"""The loop around one call: authorise, take a turn, send, judge, and again or return.

What to do next is decided in `protocol`; this file only does it, in order.
"""

from __future__ import annotations

import collections.abc as abc
import random
from dataclasses import dataclass

from ..protocol import scopes
from ..protocol.errors import ErrorObject, Forbidden, OutreachError, QuotaExhausted, TransportError
from ..protocol.messages import NO_HEADERS, Request, Response
from ..protocol.retry import OUTREACH_RETRY, Again, Refresh, RetryPolicy, Stop, already_gone, decide
from ..protocol.verdict import Judge
from .credentials import Signer
from .observers import Attempt, Observer, Reason, tell, watchers
from .pacer import Gate, Lane
from .request_pool import RequestPool

# Routes that spend from a quota of their own besides the user's: 3 a second and 6,000 a day, per organisation.
# Outreach, getting started: Kaia recordings and transcripts.
_KAIA_ROUTES = ("/kaiaRecordings", "/kaiaVoiceImports")
_KAIA_WINDOWS = (("second", 3, 1.0), ("day", 6000, 86400.0))


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How one call is made. None takes the pool's own.

    `timeout`: seconds for one exchange. `patience`: seconds a call may wait for its quota or token.
    `replay`: whether the call may arrive twice; None lets the repetition table decide.
    `retry`: how often and how far apart a call is sent again; None takes the provider's own.
    `check_scopes`: refuse, before sending, what the grant's scopes cannot do.
    """

    lane: Lane = "bulk"
    timeout: float | None = None
    patience: float | None = None
    replay: bool | None = None
    retry: RetryPolicy | None = None
    check_scopes: bool = True


class Pipeline:
    """Sends calls for one credential through a pool that others share."""

    def __init__(
        self,
        pool: RequestPool,
        signer: Signer,
        judge: Judge,
        observers: abc.Sequence[Observer] = (),
        retry: RetryPolicy = OUTREACH_RETRY,
    ) -> None:
        self.pool = pool
        self.signer = signer
        self.retry = retry
        self._judge = judge
        self._observers = tuple(observers)
        self._gate = pool.pacer.gate(signer.subjects)

    async def send(self, request: Request, options: CallOptions) -> Response:
        """Send a call until it succeeds or must not be repeated. Raises what `errors` draws, and gives a 2xx answer."""
        self._check_scope(request, options)
        observers = self._observers + watchers()
        pool = self.pool
        pool.enter()
        try:
            if not observers:
                return await self._attempts(request, options, ())
            return await self._observed(request, options, observers)
        finally:
            pool.leave()

    async def _attempts(self, request: Request, options: CallOptions, observers: tuple[Observer, ...]) -> Response:
        pool, gate, number, refreshed = self.pool, self._gate, 0, False
        if request.route.startswith(_KAIA_ROUTES):
            gate = await self._kaia_gate(request, options, observers)
        while True:
            number += 1
            authorization = self.signer.authorization()
            if authorization is None or not gate.try_acquire():
                authorization = await self._turn(request, options, observers, gate)
            began = pool.clock.now() if observers else 0.0
            response, sent = None, True
            try:
                response = await pool.transport.send(request, authorization, options.timeout)
                failure = self._judge(request, response)
            except TransportError as error:
                failure, sent = error, error.reached
            finally:
                _end_turn(gate, response, sent)
            if observers:
                status = response.status if response else None
                attempt = Attempt(number, status, pool.clock.now() - began, failure)
                tell(observers, lambda observer: observer.on_attempt(request, attempt))  # noqa: B023  # called at once
            if response is not None and (failure is None or already_gone(request, failure, number)):
                pool.retry_budget.refund()
                return response
            assert failure is not None
            refreshed = await self._before_next(request, failure, options, observers, number, refreshed, authorization)

    async def _before_next(
        self,
        request: Request,
        failure: OutreachError,
        options: CallOptions,
        observers: tuple[Observer, ...],
        number: int,
        refreshed: bool,
        authorization: str,
    ) -> bool:
        """Do what stands between this attempt and the next; raise when there is none. Gives whether a 401 was cured."""
        decision = decide(
            request,
            failure,
            attempt=number,
            refreshed=refreshed,
            now=self.pool.clock.now(),
            policy=options.retry or self.retry,
            jitter=random.random(),  # noqa: S311  # spreads retries; guards nothing
        )
        match decision:
            case Refresh() if self.signer.rejected(authorization):
                return True
            case Again(after=seconds) if self.pool.retry_budget.try_spend(failure):
                if seconds > 0:
                    _tell_wait(observers, request, "backoff", seconds)
                    await self.pool.clock.sleep(seconds)
                return refreshed
            case Stop(error=error):
                raise error
        raise failure

    async def _turn(self, request: Request, options: CallOptions, observers: tuple[Observer, ...], gate: Gate) -> str:
        """Wait for a live token and a turn together. A token that runs out in the queue gives the turn back."""
        while True:
            authorization = self.signer.authorization() or await self._authorize(request, options, observers)
            if gate.try_acquire():
                return authorization
            try:
                waited = await gate.acquire(lane=options.lane, patience=options.patience)
            except QuotaExhausted as error:
                error.request = request
                raise
            _tell_wait(observers, request, "quota", waited)
            live = self.signer.authorization()
            if live is not None:
                return live
            gate.give_back()

    async def _authorize(self, request: Request, options: CallOptions, observers: tuple[Observer, ...]) -> str:
        clock = self.pool.clock
        began = clock.now()
        patience = self.pool.pace.patience if options.patience is None else options.patience
        authorization = await self.signer.authorize(patience)
        _tell_wait(observers, request, "token", clock.now() - began)
        # A client's first token tells its scopes only now.
        self._check_scope(request, options)
        return authorization

    async def _observed(self, request: Request, options: CallOptions, observers: tuple[Observer, ...]) -> Response:
        began, error = self.pool.clock.now(), None
        tell(observers, lambda observer: observer.on_start(request))
        try:
            return await self._attempts(request, options, observers)
        except OutreachError as failure:
            error = failure
            raise
        finally:
            seconds = self.pool.clock.now() - began
            tell(observers, lambda observer: observer.on_end(request, error, seconds))

    async def _kaia_gate(self, request: Request, options: CallOptions, observers: tuple[Observer, ...]) -> Gate:
        """Give the gate of calls that spend the organisation's own quotas: the first token tells which it is."""
        if self.signer.authorization() is None:
            await self._authorize(request, options, observers)
        subjects = []
        for span, limit, seconds in _KAIA_WINDOWS:
            subject = f"{self.signer.org_subject}:kaia:{span}"
            self.pool.pacer.declare(subject, limit, seconds)
            subjects.append(subject)
        return self.pool.pacer.gate((*self.signer.subjects, *subjects))

    def _check_scope(self, request: Request, options: CallOptions) -> None:
        granted = self.signer.granted
        if not options.check_scopes or granted is None or request.scope is None:
            return
        missing = scopes.missing(granted, request.scope)
        if missing:
            told = ErrorObject(code="unauthorizedOauthScope", detail=scopes.explain(granted, request.scope))
            raise Forbidden(
                request,
                Response(403, NO_HEADERS, b""),
                errors=(told,),
                note="refused before it was sent",
                hint="Ask for the scope and sign in again; scopes of an issued token do not change.",
                missing=missing,
            )


def _end_turn(gate: Gate, response: Response | None, sent: bool) -> None:
    """Give a turn back: with its answer, or as spent without one, or as never spent."""
    if response is not None:
        gate.release(response.status, response.headers)
    elif sent:
        gate.release()
    else:
        gate.give_back()


def _tell_wait(observers: tuple[Observer, ...], request: Request, reason: Reason, seconds: float) -> None:
    tell(observers, lambda observer: observer.on_wait(request, reason, seconds))
