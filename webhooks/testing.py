"""For the tests of those who write handlers: deliveries made up and signed, and handlers run without a server.

    message = signed(ProspectUpdated, {"title": "CTO", "owner": User.ref(2)}, id=12, secret="s3cret")
    await client.post(message.path, data=message.body, headers=message.headers)

    delivered = await deliver(hooks, ProspectUpdated, {"title": "CTO"}, id=12)
    assert delivered.handlers == ("app:welcome",)

    async with sandbox.client() as api, connect(sandbox, hooks):
        await api.prospects.update(12, title="CTO")
        await hooks.settled()

Bodies look as the vendors' do, as far as that is known. `deliver` proves what a handler does with an event; what a
retry, a crash or a full disk does with it is the worker's and the inbox's affair. `connect` is the whole way, from a
change in the simulated service to the handler, by the vendors' own rules of delivery.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
import datetime as dt
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.event_names import OUTREACH_ACTIONS
from outreach_async.protocol.signature import Verified, sign, verify

from .effects import check_unsettled, check_work, run_effect
from .events import Event, parse
from .made_up import SECRET, SENT_AT, Signed, Values, signed, source_of
from .receiver import Abort, delivery_of, fields_of
from .routing import Router
from .sources import Source

if TYPE_CHECKING:
    from outreach_async.sandbox.sandbox import Sandbox
    from outreach_async.sandbox.webhook_ledger import Message
    from outreach_async.sandbox.webhook_rules import Outcome

    from .app import Webhooks

__all__ = ["SECRET", "Connection", "Delivered", "Signed", "connect", "deliver", "signed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What `deliver` did: the event, and the names of the handlers that ran, in order."""

    event: Event
    handlers: tuple[str, ...]


async def deliver(
    router: Router,
    event: type[Event] | str,
    values: Values | None = None,
    *,
    id: int | str = 1,
    before: Values | None = None,
    at: dt.datetime = SENT_AT,
    database: sqlite3.Connection | None = None,
) -> Delivered:
    """Run every handler and middleware that an event goes to, once each and in order. What one raises comes out here.

    `event.transaction` works on `database`, or on one in memory, and refuses there what an inbox refuses.
    """
    message = signed(event, values, id=id, before=before, at=at)
    read = parse(delivery_of(source_of(event), fields_of(message.headers), message.body, time.time()))
    routes = router.table().matching(read.delivery)
    with contextlib.closing(sqlite3.connect(":memory:")) as scratch:
        for route in routes:
            await route.run(read.bound(_Handling(route.name, database or scratch)))
    return Delivered(read, tuple(route.name for route in routes))


@contextlib.asynccontextmanager
async def connect(
    sandbox: Sandbox, hooks: Webhooks, *, version: int = 1, subscribe: bool = True
) -> abc.AsyncIterator[Connection]:
    """Send the sandbox's webhooks to an application in this process, on the sandbox's clock, while the block runs.

    Every event of both vendors goes to the sources that the application has; with `subscribe=False` only what you
    subscribe to. `version` is Outreach's payload version. The sources' secrets have to be the sandbox's own
    (`sandbox.credentials.outreach_webhook_secret`, `.planmysaas_webhook_secret`) or `SECRET`. An abort is a broken
    connection to the vendor, and hosts other than the connection's are not found. Starts the application, unless it
    runs already. Raises ConfigurationError for another secret, and for an application that runs on another clock.
    """
    if hooks.running and hooks.clock is not sandbox.clock:
        raise ConfigurationError("the application runs on a clock of its own", hint="Let connect() start it.")
    connection = Connection(sandbox, hooks)
    secrets = {source.name: _secret_of(source, sandbox) for source in hooks.sources}
    started = not hooks.running
    await hooks.start(sandbox.clock)
    made: list[int] = []
    try:
        async with sandbox.sending(connection.deliver):
            hooks.feeds.append(connection.sent)
            for source in hooks.sources if subscribe else ():
                made += connection.subscribe(source, secrets[source.name], version)
            yield connection
    finally:
        if connection.sent in hooks.feeds:
            hooks.feeds.remove(connection.sent)
        connection.unsubscribe(made)
        if started:
            await hooks.stop()


class Connection:
    """The wire between a sandbox and an application. While `down` is set, no connection can be made.

    So many `lost` answers break on their way back: the delivery was taken, and its vendor does not know.
    """

    host = "receiver.example"

    def __init__(self, sandbox: Sandbox, hooks: Webhooks) -> None:
        self.down = False
        self.lost = 0
        self._sandbox = sandbox
        self._hooks = hooks
        self._paths = {source.path: source.name for source in hooks.sources}

    async def deliver(self, message: Message) -> Outcome:
        """Take one request of a vendor to the application, and give what the network shows of its answer."""
        where = urlsplit(message.url)
        if where.hostname != self.host:
            return "dns"
        if self.down:
            return "refused"
        if where.path not in self._paths:
            return 404
        reply = await self._hooks.receive(self._paths[where.path], message.headers, message.body)
        if self.lost:
            self.lost -= 1
            return "reset"
        return "reset" if isinstance(reply, Abort) else reply.status

    async def sent(self) -> bool:
        """Wait until every delivery that is due was answered, and say whether one was. Tries may wait still."""
        return await self._sandbox.deliveries_quiet()

    async def settled(self) -> None:
        """Wait until no delivery waits for a try any more, and everything that came of it was handled."""
        while self._sandbox.deliveries_pending:
            await self._sandbox.deliveries_settled()
            await self._hooks.settled()

    def subscribe(self, source: Source, secret: str, version: int = 1) -> list[int]:
        """Have everything of its vendor sent to a source; give the ids of the webhooks made for it."""
        url, outreach = f"https://{self.host}{source.path}", self._sandbox.outreach
        if source.provider == "planmysaas":
            self._sandbox.planmysaas.set_webhook(url, secret)
        elif source.provider == "outreach-lifecycle":
            outreach.set_lifecycle_webhook(url, secret)
        else:
            # One for each resource: whether a single `*` tells of special actions too is not known.
            named = [name for name in OUTREACH_ACTIONS if name != "*"]
            return [outreach.subscribe(url, resource=name, secret=secret, version=version) for name in named]
        return []

    def unsubscribe(self, webhooks: abc.Iterable[int]) -> None:
        """Remove webhooks, and the addresses set on the vendors' screens."""
        for webhook in webhooks:
            self._sandbox.outreach.unsubscribe(webhook)
        self._sandbox.outreach.set_lifecycle_webhook(None)
        self._sandbox.planmysaas.set_webhook(None)


def _secret_of(source: Source, sandbox: Sandbox) -> str:
    """Give the secret that a source verifies with: it can be tried, and not be read."""
    if source.secrets is None:
        return ""
    known = sandbox.credentials
    for secret in (known.outreach_webhook_secret, known.planmysaas_webhook_secret, SECRET):
        if isinstance(verify(b"", [sign(b"", secret, source.scheme)], source.secrets, source.scheme), Verified):
            return secret
    name = "planmysaas" if source.provider == "planmysaas" else "outreach"
    raise ConfigurationError(
        f"the sandbox does not know the secret of the source {source.name!r}",
        hint=f"Give it sandbox.credentials.{name}_webhook_secret.",
    )


@dataclass(slots=True)
class _Handling:
    """The context of a handler under test: its transactions keep the inbox's rules, on a database of the test's."""

    handler: str
    database: sqlite3.Connection
    attempt: int = 1
    settled: bool = False

    async def transaction(self, work: abc.Callable[[sqlite3.Connection], T]) -> T:
        check_unsettled(self.settled)
        check_work(work)
        with self.database, _plain(self.database):
            result = run_effect(self.database, work, lambda: None, self.handler)
        self.settled = True
        return result


@contextlib.contextmanager
def _plain(database: sqlite3.Connection) -> abc.Iterator[None]:
    """Have a connection give rows and texts as the inbox's does, and afterwards as it did."""
    rows, texts = database.row_factory, database.text_factory
    database.row_factory, database.text_factory = None, str
    try:
        yield
    finally:
        database.row_factory, database.text_factory = rows, texts
