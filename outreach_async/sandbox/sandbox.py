"""Both simulated APIs as one object: in process for tests, or served on loopback for everybody else.

It puts the parts together and hands out clients and credentials. How the services behave is decided by the parts and
by the switches.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
from typing import TYPE_CHECKING, Any

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError
from ..protocol.origins import OUTREACH_ORIGIN, PLANMYSAAS_ORIGIN
from .calls import Actor, Call
from .clock import RunningClock, WoundClock
from .credentials import Credentials, made
from .faults import Reply
from .gateways import OutreachGateway, PlanMySaaSGateway
from .known_scopes import EVERYTHING
from .oauth import Application, OAuth
from .outreach_api import OutreachApi
from .outreach_side import OutreachSide
from .planmysaas import ROOT, PlanMySaaSApi
from .planmysaas_side import PlanMySaaSSide, keys_of
from .quota import Quotas
from .s2s import S2S, Install, key_pair
from .switches import Switches
from .tokens import IssuedTokens
from .transport import InProcessTransport
from .webhook_carriers import Deliver, HttpCarrier, InProcessCarrier

if TYPE_CHECKING:
    from ..engine.oauth import OAuthApp
    from ..engine.request_pool import RequestPool
    from ..engine.s2s import S2SApp
    from ..engine.token_stores import TokenStore
    from ..outreach.client import Outreach
    from ..planmysaas.client import PlanMySaaS
    from .server import Served

_FEWEST_LEADS, _MOST_LEADS = 20, 5000


class Sandbox:
    """A simulated Outreach and a simulated PlanMySaaS, seeded with data.

    `prospects` sets the size of the data; `seed` makes it, and every token, repeat exactly. Time is the `clock`'s:
    unless one is given, a clock that jumps ahead whenever everybody waits, and real time once the sandbox is served.
    `switches` choose between readings of what the documents leave open; `describe()` in `switches` lists them. Raises
    ConfigurationError for a switch it does not know.
    """

    def __init__(self, *, prospects: int = 500, clock: Clock | None = None, seed: int = 1, **switches: object) -> None:
        self.switches = Switches().with_values(switches)
        self._carrier: InProcessCarrier | HttpCarrier | None = None
        self.clock: Clock = clock or WoundClock(auto=True)
        self._clock_given = clock is not None
        self._tokens_of_clients: TokenStore | None = None
        self._fill(prospects, seed)

    def _fill(self, prospects: int, seed: int) -> None:
        if prospects < 0:
            raise ConfigurationError("A sandbox cannot have fewer than no prospects.")
        switches, now = self.switches, self.clock.now()
        self.prospects, self.seed = prospects, seed
        self.credentials: Credentials = made(seed)
        known, tokens = self.credentials, IssuedTokens(seed)
        app = Application(known.client_id, known.client_secret, (known.redirect_uri,))
        api = OutreachApi(prospects=prospects, switches=switches, seed=seed)
        oauth = OAuth(tokens, app, switches, api.user_id)
        oauth.refresh_token("ada", known.client_id, now, text=known.refresh_token)
        s2s = S2S(tokens, known.s2s_guid, switches)
        s2s.installs[known.install_id] = Install(known.install_id, 1)
        s2s.register("main", lambda: key_pair().public)
        gateway = OutreachGateway(api, oauth, s2s, tokens, Quotas(switches), switches)
        self.outreach = OutreachSide(gateway, api, lambda: self.clock, known, seed=seed)
        leads = min(max(prospects // 2, _FEWEST_LEADS), _MOST_LEADS)
        pms = PlanMySaaSApi(keys_of(known), leads=leads, switches=switches, seed=seed, now=now)
        self.planmysaas = PlanMySaaSSide(PlanMySaaSGateway(pms), lambda: self.clock, known, seed=seed)
        self._refresh_tokens = {"ada": known.refresh_token}

    def reset(self, *, prospects: int | None = None, seed: int | None = None) -> None:
        """Begin anew: data, tokens, faults and counts. The switches and the clock stay."""
        self._tokens_of_clients = None
        for side in (self.outreach, self.planmysaas):
            side.sender.halt()
        self._fill(self.prospects if prospects is None else prospects, self.seed if seed is None else seed)
        self._start_sending()

    def set_switches(self, **switches: object) -> None:
        """Change switches now. Raises ConfigurationError, and changes none, for one it does not know."""
        self.switches = changed = self.switches.with_values(switches)
        gateway = self.outreach.gateway
        for part in (gateway, self.outreach.api, gateway.oauth, gateway.s2s, gateway.quotas, self.planmysaas.api):
            part.switches = changed

    async def advance(self, seconds: float) -> None:
        """Let time pass at once: sleepers wake in order, and what was due in the services happens."""
        if not isinstance(self.clock, WoundClock | RunningClock):
            raise ConfigurationError("The sandbox's clock cannot be moved.", hint="Give it a WoundClock.")
        clock, api = self.clock, self.outreach.api
        end = clock.now() + max(0.0, seconds)
        # What falls due on the way happens in its own time, and its webhooks leave then.
        while (due := api.organisation.next_due) is not None and due <= end:
            await clock.advance(due - clock.now())
            api.tick(clock.now())
        await clock.advance(end - clock.now())
        api.tick(clock.now())
        await clock.advance(0)

    @contextlib.asynccontextmanager
    async def sending(self, deliver: Deliver | None = None) -> abc.AsyncIterator[None]:
        """Send webhooks while the block runs: to a function in this process, else over real connections.

        `deliver` is given each request and gives the status it answers with, or the failure the network shows
        instead. Without such a block webhooks are entered as unsent. Within another one, it takes its place.
        """
        carrier = (
            InProcessCarrier(deliver, lambda: self.clock)
            if deliver
            else HttpCarrier(lambda: self.clock, lambda: self.switches.webhook_private == "suspended")
        )
        before, self._carrier = self._carrier, carrier
        try:
            await self._stop_sending()
            self._start_sending()
            yield
        finally:
            self._carrier = before
            await self._stop_sending()
            await carrier.close()
            self._start_sending()

    async def deliveries_settled(self) -> None:
        """Wait until no webhook is under way or waits for a try; on a clock that winds itself, that is soon."""
        for side in (self.outreach, self.planmysaas):
            await side.sender.settled()

    @property
    def deliveries_pending(self) -> int:
        """How many webhooks are under way or wait for a try."""
        return self.outreach.sender.pending + self.planmysaas.sender.pending

    async def deliveries_quiet(self) -> bool:
        """Wait until no webhook is under way or due now, and say whether one was; further tries may wait still."""
        waited = [await side.sender.quiet() for side in (self.outreach, self.planmysaas)]
        return any(waited)

    def _start_sending(self) -> None:
        if self._carrier is not None:
            self.outreach.sender.start(self._carrier)
            self.planmysaas.sender.start(self._carrier)

    async def _stop_sending(self) -> None:
        await self.outreach.sender.stop()
        await self.planmysaas.sender.stop()

    @property
    def origins(self) -> frozenset[str]:
        """The origins that the in-process transport reaches."""
        return frozenset({OUTREACH_ORIGIN, PLANMYSAAS_ORIGIN})

    def answer(self, call: Call) -> Reply:
        """Answer one call to either service."""
        if call.path.startswith(ROOT):
            return self.planmysaas.gateway.answer(call)
        return self.outreach.gateway.answer(call)

    def transport(self) -> InProcessTransport:
        """Give a transport that reaches both services without a socket."""
        return InProcessTransport(self)

    def access_token(self, user: str = "ada", scopes: abc.Iterable[str] | None = None) -> str:
        """Mint a user's access token without a sign-in; unless `scopes` are given it may do everything."""
        granted = EVERYTHING if scopes is None else frozenset(scopes)
        return self.outreach.gateway.oauth.access_token(user, self.credentials.client_id, granted, self.clock.now())

    def refresh_token(self, user: str = "ada", scopes: abc.Iterable[str] | None = None) -> str:
        """Give the refresh token that an earlier sign-in of this user left; a new one where `scopes` are given."""
        if scopes is None and user in self._refresh_tokens:
            return self._refresh_tokens[user]
        granted = EVERYTHING if scopes is None else frozenset(scopes)
        oauth, now = self.outreach.gateway.oauth, self.clock.now()
        text = oauth.refresh_token(user, self.credentials.client_id, now, scopes=granted)
        return self._refresh_tokens.setdefault(user, text) if scopes is None else text

    def actor(self) -> Actor:
        """Give who acts when the sandbox itself makes a change: the user `ada`, with every scope."""
        return self.outreach.gateway.oauth.actor("ada", self.credentials.client_id, None)

    def oauth_app(self, tokens: TokenStore | None = None, *, base_url: str = OUTREACH_ORIGIN) -> OAuthApp:
        """Give the application; unless a store is given, its tokens stay in the sandbox's own memory."""
        from ..engine.oauth import OAuthApp
        from ..engine.token_stores import MemoryTokens

        if tokens is None:
            tokens = self._tokens_of_clients = self._tokens_of_clients or MemoryTokens()
        known = self.credentials
        return OAuthApp(
            client_id=known.client_id,
            client_secret=known.client_secret,
            redirect_uri=known.redirect_uri,
            tokens=tokens,
            base_url=base_url,
        )

    def s2s_app(self, *, base_url: str = OUTREACH_ORIGIN) -> S2SApp:
        """Give the server-to-server app, with its private key."""
        from ..engine.s2s import S2SApp

        known = self.credentials
        return S2SApp(guid=known.s2s_guid, private_key=known.s2s_private_key, base_url=base_url)

    def client(self, *, user: str = "ada", pool: RequestPool | None = None, **options: Any) -> Outreach:
        """Give a signed-in client in process, on the sandbox's clock. `options` are those of `Outreach`."""
        from ..outreach.client import Outreach

        credential = self.oauth_app().user(user, refresh_token=self.refresh_token(user))
        return Outreach(credential, pool=pool or self.pool(), **options)

    def planmysaas_client(self, *, key: str = "full", pool: RequestPool | None = None, **options: Any) -> PlanMySaaS:
        """Give a client of PlanMySaaS in process. `key` names one of `planmysaas.keys`."""
        from ..planmysaas.client import PlanMySaaS

        return PlanMySaaS(self.planmysaas.keys[key], pool=pool or self.pool(), **options)

    def pool(self, **options: Any) -> RequestPool:
        """Give a pool over the in-process transport and the sandbox's clock. `options` are those of `RequestPool`."""
        from ..engine.request_pool import RequestPool

        return RequestPool(transport=self.transport(), clock=self.clock, **options)

    @contextlib.asynccontextmanager
    async def serve(self, port: int = 0) -> abc.AsyncIterator[Served]:
        """Serve both services on loopback; port 0 takes a free one. Raises ConfigurationError when it is taken.

        Unless the sandbox was given a clock, it is on real time from now on.
        """
        from .server import serving

        if not self._clock_given:
            self._run_in_real_time()
        async with self.sending(), serving(self, port) as served:
            yield served

    def _run_in_real_time(self) -> None:
        if isinstance(self.clock, RunningClock):
            return
        before, self.clock = self.clock.now(), RunningClock()
        gateway, ahead = self.outreach.gateway, self.clock.now() - before
        for part in (gateway.tokens, gateway.oauth, gateway.s2s):
            part.shift(ahead)
        gateway.quotas.clear()
        self.planmysaas.api.clear_limits()
