"""What a test holds of the simulated PlanMySaaS: its keys, its workspaces, its webhook.

A lever acts at once, as the product's screens, its scheduler or an inbound mail would.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import replace

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError
from ..protocol.event_names import PLANMYSAAS_EVENTS
from .credentials import Credentials
from .gateways import PlanMySaaSGateway
from .outreach_webhooks import Endpoint
from .planmysaas import LIVE_SCOPES, Change, Key, PlanMySaaSApi
from .planmysaas_data import Row
from .planmysaas_occasions import PlanMySaaSOccasions
from .planmysaas_webhooks import PlanMySaaSWebhooks
from .sides import Side
from .webhook_sender import WebhookSender


class PlanMySaaSSide(Side):
    """The simulated PlanMySaaS. `keys` has `full`, `no_scopes`, `revoked` and `free_plan`."""

    def __init__(
        self, gateway: PlanMySaaSGateway, clock: abc.Callable[[], Clock], credentials: Credentials, *, seed: int
    ) -> None:
        self.webhooks = PlanMySaaSWebhooks(gateway.api, seed=seed)
        sender = WebhookSender(self.webhooks, clock, seed=seed)
        super().__init__(gateway.faults, gateway.journal, sender, clock)
        self.gateway = gateway
        self.keys = {"full": credentials.api_key, **credentials.api_keys}
        self._secret = credentials.planmysaas_webhook_secret
        self._occasions = PlanMySaaSOccasions(gateway.api, seed=seed)

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
        return self._occasions.receive_reply(lead_id, classification, self._clock().now())

    def set_webhook(self, url: str | None, secret: str | None = None) -> None:
        """Set where events go, as the product's webhook screen does; None for nowhere.

        Unless a secret is given it is the sandbox's `credentials.planmysaas_webhook_secret`.
        """
        self.webhooks.endpoint = None if url is None else Endpoint(url, secret or self._secret)

    def fire(self, event: str, times: int = 1) -> tuple[Change, ...]:
        """Make an event such as `lead.bounced` happen by a real change, so often; give every change it led to.

        Raises ConfigurationError for an event there is not; the reserved `system.api_change` is one.
        """
        now = self._clock().now()
        return tuple(change for _ in range(times) for change in self._occasions.fire(event, now))

    def fire_every_event(self) -> tuple[Change, ...]:
        """Make every event happen once, but for the reserved one."""
        return tuple(change for event in PLANMYSAAS_EVENTS for change in self.fire(event))

    def _key(self, name: str) -> Key:
        if name not in self.keys:
            raise ConfigurationError(f"There is no key {name!r}.", hint=f"The keys are {', '.join(self.keys)}.")
        return self.api.keys[self.keys[name]]


def keys_of(known: Credentials) -> list[Key]:
    """Give the keys of a sandbox: one that works, and three that do not."""
    others = known.api_keys
    return [
        Key(known.api_key, "ws_abc", LIVE_SCOPES),
        Key(others["no_scopes"], "ws_abc", frozenset()),
        Key(others["revoked"], "ws_abc", LIVE_SCOPES, state="revoked"),
        Key(others["free_plan"], "ws_free", LIVE_SCOPES, plan="free"),
    ]
