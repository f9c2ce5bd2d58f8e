"""How one user's next token is got: from the store if another process was faster, else by one refresh.

The order is what matters. The store is read inside its lock; that a grant is being asked for is written down before
it is asked; what came is saved before it is used. So a crash or a lost answer at any point costs a minute's wait, and
a sign-in only where the server kills the old refresh token at once.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, replace

from ..protocol import grants
from ..protocol.errors import CredentialError, OutreachError, SignInRequired, TransportError
from ..protocol.grant_answers import read_grant
from ..protocol.messages import Request
from ..protocol.redaction import Secret
from ..protocol.tokens import GRANT_INTERVAL, Token, grant_allowed_at, seeded
from .clock import Clock
from .token_manager import Pause
from .token_stores import TokenStore
from .transport import Transport

# Seconds for one exchange with the token endpoint.
GRANT_TIMEOUT = 30.0

# Seconds to wait for another process that is getting this very token.
LOCK_PATIENCE = 60.0

# Looks into the store, and tries to refresh, before those who wait are told.
_ROUNDS = 4
# Seconds after each try that did not reach the server.
_CONNECT_PAUSES = (1.0, 3.0, 6.0, 10.0)
# Seconds for which a refused refresh token is not shown to the server again.
_REFUSAL_KEPT = 600.0
# A timer may fire this much early.
_TICK = 0.01


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """What an OAuth application proves itself with at one origin, and how often it may: `grant_interval` seconds."""

    origin: str
    client_id: str
    client_secret: Secret
    redirect_uri: str
    grant_interval: float = GRANT_INTERVAL

    def code_request(self, code: str, verifier: str | None) -> Request:
        """Give the request that trades a sign-in's code for tokens."""
        return grants.code_request(
            self.origin,
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri=self.redirect_uri,
            code=code,
            verifier=verifier,
        )

    def refresh_request(self, refresh: Secret) -> Request:
        """Give the request that trades a refresh token for the next pair."""
        return grants.refresh_request(
            self.origin,
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri=self.redirect_uri,
            refresh_token=refresh,
        )


def store_key(app: AppIdentity, user: str) -> str:
    """Give the name under which a user's token is kept. It holds the origin: a token is for one origin only."""
    return f"{user} {app.client_id} {app.origin}"


@dataclass(frozen=True, slots=True)
class _Later:
    """Nothing can be done before `until`; `error` is for those who cannot wait."""

    until: float
    error: OutreachError


class UserTokens:
    """The TokenSource of one user of one OAuth application."""

    def __init__(
        self,
        app: AppIdentity,
        user: str,
        store: TokenStore,
        transport: Transport,
        clock: Clock,
        *,
        seed: Secret | None = None,
    ) -> None:
        self.asking = False
        self._app = app
        self._user = user
        self._key = store_key(app, user)
        self._store = store
        self._transport = transport
        self._clock = clock
        self._seed = seed
        self._unsaved: Token | None = None
        # What was refused, and until when asking again is pointless.
        self._refused: tuple[Secret, CredentialError, float] | None = None

    async def obtain(self, spent: abc.Callable[[Token], bool], pause: Pause) -> Token:
        """Give a live token that is not `spent`. Raises SignInRequired, CredentialError, ConnectionFailed."""
        later: _Later | None = None
        for number in range(_ROUNDS):
            if later is not None and later.until > self._clock.now():
                await pause(later.until, later.error)
            found = await self._round(number, spent)
            if isinstance(found, Token):
                return found
            later = found
        assert later is not None
        raise later.error

    async def redeem(self, code: str, verifier: str | None) -> Token:
        """Trade the code of a finished sign-in for tokens, and save them."""
        stored = await self._store.load(self._key)
        if stored is not None:
            now = self._clock.now()
            wait = grant_allowed_at(stored, now, self._app.grant_interval) - now
            await self._clock.sleep(min(wait, self._app.grant_interval))
        async with self._store.lock(self._key, timeout=LOCK_PATIENCE):
            stored = await self._store.load(self._key)
            base = seeded(stored, self._seed)
            previous = base and replace(base, refresh=None, scopes=None)
            return await self._ask(self._app.code_request(code, verifier), stored, previous)

    async def _round(self, number: int, spent: abc.Callable[[Token], bool]) -> Token | _Later:
        """Look into the store, and refresh if that is needed and allowed."""
        async with self._store.lock(self._key, timeout=LOCK_PATIENCE):
            stored = seeded(await self._newest(), self._seed)
            if stored is None:
                raise SignInRequired(
                    f"no token is stored for user {self._user!r}",
                    hint="Sign in first: `outreach-async login`, or OAuthApp.begin_sign_in() and exchange().",
                )
            now = self._clock.now()
            if stored.live(now) and not spent(stored):
                return stored
            refresh = self._refreshable(stored, now)
            allowed = grant_allowed_at(stored, now, self._app.grant_interval)
            if allowed > now + _TICK:
                return _Later(allowed, _not_yet(stored, allowed))
            return await self._refresh(number, stored, refresh)

    async def _newest(self) -> Token | None:
        """Read the store. A token that could not be saved when it came is saved first, unless it was overtaken."""
        stored = await self._store.load(self._key)
        unsaved = self._unsaved
        if unsaved is not None:
            if stored is None or stored.generation < unsaved.generation:
                await self._store.save(self._key, unsaved)
                stored = unsaved
            self._unsaved = None
        return stored

    def _refreshable(self, stored: Token, now: float) -> Secret:
        """Give the refresh token, unless there is none or it was refused a moment ago."""
        if stored.refresh is None:
            raise SignInRequired(
                f"the token of user {self._user!r} has run out, and none to refresh it with is stored",
                hint="Sign in again.",
            )
        if self._refused is not None:
            refused, error, until = self._refused
            if refused == stored.refresh and now < until:
                raise error.with_traceback(None)
            self._refused = None
        return stored.refresh

    async def _refresh(self, number: int, stored: Token, refresh: Secret) -> Token | _Later:
        try:
            return await self._ask(self._app.refresh_request(refresh), stored, stored)
        except TransportError as error:
            return _Later(self._clock.now() + _CONNECT_PAUSES[number], error)
        except CredentialError as error:
            if error.retry_at is not None:
                return _Later(error.retry_at, error)
            return await self._refused_once(stored, refresh, error)

    async def _refused_once(self, stored: Token, refresh: Secret, error: CredentialError) -> _Later:
        """Look once whether another process, or a new sign-in, put another refresh token in the store."""
        now = self._clock.now()
        current = seeded(await self._store.load(self._key), self._seed)
        if current is not None and current.refresh != refresh:
            return _Later(now, error)
        if stored.asked_at > stored.granted_at and isinstance(error, SignInRequired):
            error.hint += " The answer to an earlier refresh was lost, and had used the refresh token up."
        kept = _REFUSAL_KEPT if isinstance(error, SignInRequired) else self._app.grant_interval
        self._refused = (refresh, error, now + kept)
        raise error

    async def _ask(self, request: Request, stored: Token | None, previous: Token | None) -> Token:
        """Ask for a grant and save it.

        Raises TransportError when the server was not reached, and CredentialError with `retry_at` when the outcome is
        not known.
        """
        self.asking = True
        try:
            await self._note(stored)
            try:
                response = await self._transport.send(request, None, GRANT_TIMEOUT)
            except TransportError as error:
                if error.reached:
                    raise await self._lost(stored, error) from error
                if stored is not None:
                    await self._store.save(self._key, stored)
                raise
            now, interval = self._clock.now(), self._app.grant_interval
            return await self._keep(read_grant(request, response, now=now, previous=previous, interval=interval))
        finally:
            self.asking = False

    async def _note(self, stored: Token | None) -> None:
        """Write down that a grant is being asked for now, for whoever comes after a crash."""
        if stored is not None:
            await self._store.save(self._key, replace(stored, asked_at=self._clock.now()))

    async def _lost(self, stored: Token | None, error: TransportError) -> CredentialError:
        # Counted from now: the server may have made the grant at any moment since it was asked.
        await self._note(stored)
        return CredentialError(
            f"the answer of the token endpoint was lost: {error.message}",
            retry_at=self._clock.now() + self._app.grant_interval,
            hint="The grant may have been made, so it is asked for again only after the time between two grants.",
        )

    async def _keep(self, token: Token) -> Token:
        """Save before first use. A lock that did not hold let another process in: the newer generation stays."""
        self._unsaved = token
        current = await self._store.load(self._key)
        if current is not None and current.generation >= token.generation:
            token = current
        else:
            await self._store.save(self._key, token)
        self._unsaved = None
        return token


def _not_yet(stored: Token, allowed: float) -> CredentialError:
    lost = stored.asked_at > stored.granted_at
    why = "the answer to the last one never came" if lost else "the last one was given a moment ago"
    return CredentialError(
        f"the next token grant must wait: {why}",
        retry_at=allowed,
        hint="One grant per user and app is given every 60 seconds; give the call more patience.",
    )
