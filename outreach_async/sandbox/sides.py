"""What a test holds of each simulated service: its log, its counts, its faults, and its levers.

A lever acts at once; a fault waits for the next call that fits it. Neither knows how calls travel.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError
from .faults import FOREVER, Drift, DriftKind, Fault, Faults
from .gateways import OutreachGateway, PlanMySaaSGateway
from .journal import Entry, Journal
from .planmysaas import Key, PlanMySaaSApi
from .planmysaas_data import Row, add_reply, make_id
from .s2s import Install

if TYPE_CHECKING:
    from .outreach_api import OutreachApi
    from .store import Store

Headers = tuple[tuple[str, str], ...]


class Side:
    """What both services have in common."""

    def __init__(self, faults: Faults, journal: Journal) -> None:
        self.faults = faults
        self.journal = journal

    def fail_next(
        self,
        status: int,
        times: int = 1,
        route: str | None = None,
        *,
        after: float | None = None,
        skip: int = 0,
        effect: bool = False,
        html: bool = False,
        body: str | None = None,
        headers: Headers = (),
    ) -> None:
        """Answer the next calls with this status, in the service's own words for it.

        `after` is the seconds a 429 or 503 tells to wait; `effect` lets the service do the work first; `html` and
        `body` replace the answer's body. `route` such as `POST /prospects` chooses the calls, `times` below zero is
        for ever, `skip` lets so many pass first.
        """
        fault = Fault(status=status, times=times, route=route, retry_after=after, skip=skip, effect=effect)
        self.faults.add(replace(fault, html=html, body=body, headers=headers))

    def cut_next(
        self, after: int = -1, times: int = 1, route: str | None = None, *, skip: int = 0, effect: bool = True
    ) -> None:
        """Break the connection after so many bytes of the answer's body, or before any byte of it.

        The service does its work first, unless `effect` is False: so a grant is given and its answer lost.
        """
        self.faults.add(Fault(cut=after, times=times, route=route, skip=skip, effect=effect))

    def refuse_next(self, times: int = 1, route: str | None = None) -> None:
        """Let the next connections fail before anything is sent; only in process, where there is none to drop."""
        self.faults.add(Fault(refuse=True, times=times, route=route))

    def slow_next(self, seconds: float, times: int = 1, route: str | None = None, *, skip: int = 0) -> None:
        """Hold the next answers back this long. The work is done at once."""
        self.faults.add(Fault(delay=seconds, times=times, route=route, skip=skip))

    def drift(
        self, kind: DriftKind, type: str = "", attribute: str = "", *, times: int = FOREVER, route: str | None = None
    ) -> None:
        """Change the documents from now on: an attribute's type, an enumeration's values, a field, an extra type."""
        self.faults.add(Fault(drift=Drift(kind, type, attribute), times=times, route=route))

    def heavy_pages(self, above: int, times: int = FOREVER, route: str | None = None) -> None:
        """Answer 502 to every list that asks for more rows than this, as the service does when a query is too heavy."""
        self.faults.add(Fault(above_rows=above, times=times, route=route))

    def heal(self) -> None:
        """Take back every fault that still waits."""
        self.faults.clear()

    @property
    def requests(self) -> tuple[Entry, ...]:
        """Every request so far, the oldest first."""
        return tuple(self.journal.entries)

    @property
    def rate_limited(self) -> int:
        """How many requests were answered 429, the token endpoint's and the faults' included."""
        return sum(self.journal.rate_limited.values())

    @property
    def over_limit(self) -> int:
        """How many requests went over a limit: 429s that were no faults."""
        return self.journal.over_limit

    def statistics(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        return self.journal.statistics() | {"faults": self.faults.hit, "faults_waiting": len(self.faults)}


class OutreachSide(Side):
    """The simulated Outreach. `store` holds its rows, `api` its calls."""

    def __init__(self, gateway: OutreachGateway, api: OutreachApi, clock: abc.Callable[[], Clock]) -> None:
        super().__init__(gateway.faults, gateway.journal)
        self.gateway = gateway
        self.api = api
        self._clock = clock

    @property
    def store(self) -> Store:
        """The organisation's rows."""
        return self.api.store

    def revoke_tokens(self, user: str | None = None, *, refresh: bool = False) -> int:
        """Revoke the live access tokens of one user, or of everybody; with `refresh` the grants too.

        Gives how many access tokens died.
        """
        subject = None if user is None else f"user:{user}"
        return self.gateway.tokens.revoke(subject, user=user, refresh=refresh)

    def setup_token(self, install_id: str) -> str:
        """Give the `installSetupToken` that the setup redirect of an installation carries."""
        return self.gateway.s2s.setup_token(install_id, self._clock().now())

    def add_install(self, install_id: str, org_id: int = 1) -> None:
        """Install the server-to-server app once more."""
        self.gateway.s2s.installs[install_id] = Install(install_id, org_id)

    def set_org_state(self, install_id: str, state: Literal["active", "locked", "deleted"]) -> None:
        """Lock or delete the organisation of an installation, or bring it back."""
        self.gateway.s2s.set_org_state(install_id, state)

    def statistics(self) -> dict[str, Any]:
        """Give the counts as plain values, with the tokens minted and how each subject's windows were used."""
        quotas = self.gateway.quotas
        windows = {
            subject: [{"start": use.start, "used": use.used, "refused": use.refused} for use in quotas.history(subject)]
            for subject in quotas.subjects()
        }
        return super().statistics() | {"tokens_minted": self.gateway.tokens.minted, "windows": windows}


class PlanMySaaSSide(Side):
    """The simulated PlanMySaaS. `keys` has `full`, `no_scopes`, `revoked` and `free_plan`."""

    def __init__(self, gateway: PlanMySaaSGateway, keys: abc.Mapping[str, str], clock: abc.Callable[[], Clock]) -> None:
        super().__init__(gateway.faults, gateway.journal)
        self.gateway = gateway
        self.keys = dict(keys)
        self._clock = clock

    @property
    def api(self) -> PlanMySaaSApi:
        """The six calls, and the workspaces behind them."""
        return self.gateway.api

    def revoke_key(self, name: str = "full") -> None:
        """Revoke a key; from now on it is answered `Key revoked`."""
        key = self._key(name)
        self.api.keys[key.text] = replace(key, state="revoked")

    def set_scopes(self, name: str, scopes: abc.Iterable[str]) -> None:
        """Change what a key may do."""
        key = self._key(name)
        self.api.keys[key.text] = replace(key, scopes=frozenset(scopes))

    def receive_reply(self, lead_id: str, classification: str = "interested") -> Row:
        """Let a reply of a lead arrive and be classified."""
        now = self._clock().now()
        workspace = next((ws for ws in self.api.workspaces.values() if lead_id in ws.leads), None)
        if workspace is None:
            raise ConfigurationError(f"There is no lead {lead_id!r}.")
        lead = workspace.leads[lead_id]
        reply_id = make_id("reply", len(workspace.replies), int(now))
        reply = add_reply(workspace, lead, classification, reply_id, now)
        lead["status"] = "replied"
        for event, data in (("reply.received", reply), ("reply.classified", reply), ("lead.replied", lead)):
            self.api.tell(event, data, workspace.id, now)
        return reply

    def _key(self, name: str) -> Key:
        if name not in self.keys:
            raise ConfigurationError(f"There is no key {name!r}.", hint=f"The keys are {', '.join(self.keys)}.")
        return self.api.keys[self.keys[name]]
