"""What a test holds of the simulated Outreach: its rows, its tokens and installations, its webhooks.

A lever acts at once, as somebody in the organisation would act, or Outreach itself.
"""

from __future__ import annotations

import collections.abc as abc
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ..engine.clock import Clock
from ..protocol.errors import ConfigurationError
from ..protocol.event_names import INSTALL_EVENTS
from ..protocol.messages import JSON_API, Headers
from .calls import Call
from .credentials import Credentials
from .gateways import OutreachGateway
from .organisation import Change
from .outreach_occasions import OutreachOccasions, event_names
from .outreach_webhooks import Endpoint, OutreachWebhooks
from .s2s import Install
from .sides import Side
from .webhook_sender import WebhookSender

if TYPE_CHECKING:
    from .outreach_api import OutreachApi
    from .store import Store


class OutreachSide(Side):
    """The simulated Outreach. `store` holds its rows, `api` its calls."""

    def __init__(
        self,
        gateway: OutreachGateway,
        api: OutreachApi,
        clock: abc.Callable[[], Clock],
        credentials: Credentials,
        *,
        seed: int,
    ) -> None:
        self.webhooks = OutreachWebhooks(api, seed=seed)
        sender = WebhookSender(self.webhooks, clock, seed=seed)
        super().__init__(gateway.faults, gateway.journal, sender, clock)
        self.gateway = gateway
        self.api = api
        self._secret = credentials.outreach_webhook_secret
        self._actor = gateway.oauth.actor("ada", credentials.client_id, None)
        self._occasions = OutreachOccasions(api.organisation, self._actor)

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
        """Install the server-to-server app once more; its lifecycle webhook hears of it."""
        self.gateway.s2s.installs[install_id] = Install(install_id, org_id)
        self._tell_install("install.created", install_id)

    def set_org_state(self, install_id: str, state: Literal["active", "locked", "deleted"]) -> None:
        """Lock or delete the organisation of an installation, or bring it back; a deletion is told by webhook."""
        self.gateway.s2s.set_org_state(install_id, state)
        if state == "deleted":
            self._tell_install("install.deleted", install_id)

    def subscribe(
        self, url: str, *, resource: str = "*", action: str = "*", secret: str | None = None, version: int = 1
    ) -> int:
        """Make a webhook as `ada` would, outside every quota, and give its id.

        Unless a secret is given it is the sandbox's `credentials.outreach_webhook_secret`; an empty one is none.
        Raises ConfigurationError for what Outreach refuses.
        """
        attributes = {"url": url, "resource": resource, "action": action, "payloadVersion": version}
        if told := self._secret if secret is None else secret:
            attributes["secret"] = told
        body = msgspec.json.encode({"data": {"type": "webhook", "attributes": attributes}})
        headers = Headers({"content-type": JSON_API})
        call = Call("POST", "/api/v2/webhooks", (), headers, body, self._clock().now(), "", self._actor)
        response = self.api.answer(call)
        document = msgspec.json.decode(response.body)
        if response.status != 201:
            raise ConfigurationError(f"Outreach refuses this webhook: {document['errors'][0]['detail']}")
        return int(document["data"]["id"])

    def unsubscribe(self, webhook_id: int) -> None:
        """Remove a webhook, where it is still there."""
        if self.store.has(("webhook", webhook_id)):
            self.api.organisation.destroy(("webhook", webhook_id), now=self._clock().now(), actor=self._actor)

    def set_lifecycle_webhook(self, url: str | None, secret: str | None = None) -> None:
        """Set where the app's lifecycle events go, as its settings do; None for nowhere.

        Unless a secret is given it is the sandbox's `credentials.outreach_webhook_secret`.
        """
        self.webhooks.lifecycle = None if url is None else Endpoint(url, secret or self._secret)

    def deny_reading(self, user_id: int, *types: str) -> None:
        """Let a user read no records of these types, such as `prospect`: webhooks it authorises stay silent on them."""
        self.webhooks.denied.update((user_id, name) for name in types)

    def fire(self, event: str, times: int = 1) -> tuple[Change, ...]:
        """Make an event such as `prospect.created` happen by a real change, so often; give every change it led to.

        `install.created` and `install.deleted` install the app and delete the organisation, and change no record.
        Raises ConfigurationError for an event there is not.
        """
        changes: list[Change] = []
        for number in range(times):
            if event in INSTALL_EVENTS:
                self._fire_install(event, f"install-fired-{number + 1}")
            else:
                changes += self._occasions.fire(event, self._clock().now())
        return tuple(changes)

    def fire_every_event(self) -> tuple[Change, ...]:
        """Make every event of the matrix happen at least once, and those of the app where it has a webhook for them."""
        lifecycle = INSTALL_EVENTS if self.webhooks.lifecycle else ()
        return tuple(change for event in (*event_names(), *lifecycle) for change in self.fire(event))

    def _fire_install(self, event: str, install_id: str) -> None:
        if event == "install.created" or install_id not in self.gateway.s2s.installs:
            self.add_install(install_id)
        if event == "install.deleted":
            self.set_org_state(install_id, "deleted")

    def _tell_install(self, event: str, install_id: str) -> None:
        self.webhooks.tell_install(event, install_id, self.gateway.s2s.guid, self._clock().now())

    def statistics(self) -> dict[str, Any]:
        """Give the counts as plain values, with the tokens minted and how each subject's windows were used."""
        quotas = self.gateway.quotas
        windows = {
            subject: [{"start": use.start, "used": use.used, "refused": use.refused} for use in quotas.history(subject)]
            for subject in quotas.subjects()
        }
        return super().statistics() | {"tokens_minted": self.gateway.tokens.minted, "windows": windows}
