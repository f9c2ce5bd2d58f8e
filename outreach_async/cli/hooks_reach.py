"""How a command reaches an inbox: beside the process that holds it, through that process's admin port, or by itself.

Reading needs no permission of the receiver's: a file is read beside it. Writing does: two processes that write one
inbox would undo each other's work, so it goes through the admin port while a receiver runs, and otherwise the
command holds the inbox while it works. Where that port is, the holder tells beside the file. That may be out of date,
or be meant for another network than this one, so whoever answers there is first asked whether it holds this inbox, and
only then shown the token. What is given is masked and escaped already, but for a delivery that is saved.
"""

from __future__ import annotations

import collections.abc as abc
import contextlib
import os
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..engine.environment import Environment, setting
from ..protocol.errors import ConfigurationError, OutreachError
from ..protocol.origins import origin_of
from . import hooks_loading

if TYPE_CHECKING:
    from webhooks.inbox import Listing
    from webhooks.inbox_errors import InboxHeld
    from webhooks.sqlite_inbox import SqliteInbox
    from webhooks.sqlite_reader import Reader

    from .hooks_admin import Admin

TOKEN = "WEBHOOKS_ADMIN_TOKEN"

MAX_FILE = 256 << 20
"""Bytes of the largest file of saved deliveries, and so of a body in one."""

_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """What a command was told of the inbox: a file or MODULE:NAME, the admin port's address, or, to write, both."""

    inbox: str | None = None
    admin: str | None = None


class Reading(Protocol):
    """An inbox to look into."""

    async def events(self, listing: Listing) -> list[View]:
        """Give the events that a listing asks for."""
        ...

    async def event(self, id: int) -> View | None:
        """Give one event whole; None when there is none."""
        ...

    async def saved(self, id: int) -> View | None:
        """Give one delivery as it was received, to be replayed; None when there is none."""
        ...

    async def stats(self) -> View:
        """Give what there is to count."""
        ...

    async def gaps(self) -> list[View]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        ...


class Writing(Protocol):
    """An inbox to work on."""

    @property
    def at_once(self) -> bool:
        """Whether a receiver does the work; otherwise it waits for one to start."""
        ...

    async def redeliver(self, ids: abc.Sequence[int]) -> View:
        """Have events worked on again."""
        ...

    async def redeliver_dead(self, before: int | None) -> View:
        """Have some dead letters worked on again; `before` of the answer is where to go on."""
        ...

    async def replay(self, saved: View) -> View:
        """Hand in a saved delivery."""
        ...

    async def repaired(self, gap: int) -> bool:
        """Note that a gap's events were fetched by other means; False when it is not there or was repaired before."""
        ...


@contextlib.asynccontextmanager
async def reading(where: Where, environ: Environment = os.environ) -> abc.AsyncIterator[Reading]:
    """Open an inbox for looking. Raises ConfigurationError where it is not said which, or is not there."""
    hooks_loading.check_package()
    if where.inbox is not None and where.admin is not None:
        raise ConfigurationError(
            "--inbox and --admin are two places to look at",
            hint="Say --inbox alone to read the file, or --admin alone to ask the receiver.",
        )
    if where.admin is not None:
        async with _through(where.admin, environ) as admin:
            yield admin
        return
    path = inbox_path(where)
    from webhooks.sqlite_inbox import SqliteInbox

    with contextlib.closing(SqliteInbox.reader(path)) as reader, _telling(path):
        yield Beside(reader)


@contextlib.asynccontextmanager
async def writing(where: Where, environ: Environment = os.environ) -> abc.AsyncIterator[Writing]:
    """Open an inbox for working on it: through the receiver that holds it, or by holding it. Raises OutreachError."""
    hooks_loading.check_package()
    if where.admin is not None:
        async with _through(where.admin, environ) as admin:
            yield admin
        return
    path = inbox_path(where)
    from webhooks.inbox_errors import InboxHeld
    from webhooks.sqlite_inbox import SqliteInbox

    inbox = SqliteInbox(path, patience=0.0, listening=False)
    try:
        await inbox.open(_clock())
    except InboxHeld as held:
        async with _through_holder(held, inbox, environ) as admin:
            yield admin
        return
    try:
        yield Within(inbox)
    finally:
        await inbox.close()


def inbox_path(where: Where) -> Path:
    """Give the inbox's file: as named, or that of the receiver MODULE:NAME. Raises ConfigurationError."""
    if where.inbox is None:
        raise ConfigurationError(
            "it is not said which inbox is meant",
            hint=f"--inbox FILE, --inbox MODULE:NAME, or --admin URL with its token in {TOKEN}.",
        )
    path = Path(where.inbox).expanduser()
    if _TARGET.fullmatch(where.inbox) and not path.exists():
        path = _path_of(where.inbox)
    from webhooks.sqlite_schema import check_there

    check_there(path)
    return path


def _path_of(target: str) -> Path:
    found = hooks_loading.load(target)
    from webhooks.sqlite_inbox import SqliteInbox

    if not isinstance(found.inbox, SqliteInbox):
        raise ConfigurationError(
            f"the inbox of {target} is in the memory of its own process",
            hint=f"Ask that process: --admin URL, with its token in {TOKEN}.",
        )
    return found.inbox.path


class Beside:
    """Reads the file beside whoever holds it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def events(self, listing: Listing) -> list[View]:
        """Give the events that a listing asks for."""
        from webhooks.inbox_views import summary_view

        return [summary_view(summary) for summary in self._reader.events(listing)]

    async def event(self, id: int) -> View | None:
        """Give one event whole; None when there is none."""
        from webhooks.inbox_views import entry_view

        entry = self._reader.get(id)
        return entry_view(entry) if entry else None

    async def saved(self, id: int) -> View | None:
        """Give one delivery as it was received; None when there is none."""
        from webhooks.replay import saved

        entry = self._reader.get(id)
        return saved(entry.delivery) if entry else None

    async def stats(self) -> View:
        """Give what the file tells."""
        from webhooks.inbox_views import stored_view

        return stored_view(self._reader.counts(), self._reader.gaps())

    async def gaps(self) -> list[View]:
        """Give the spans in which deliveries may have been lost, the latest first."""
        from webhooks.inbox_views import gap_view

        return [gap_view(gap) for gap in self._reader.gaps()]


class Within:
    """Works on the file while it holds it."""

    at_once = False

    def __init__(self, inbox: SqliteInbox) -> None:
        self._inbox = inbox

    async def redeliver(self, ids: abc.Sequence[int]) -> View:
        """Have events worked on again, once a receiver runs."""
        from webhooks.operations import redeliver, redelivered_view

        return redelivered_view(await redeliver(self._inbox, ids))

    async def redeliver_dead(self, before: int | None) -> View:
        """Have some dead letters worked on again, once a receiver runs."""
        from webhooks.operations import redeliver_dead, redelivered_view

        return redelivered_view(await redeliver_dead(self._inbox, before))

    async def replay(self, saved: View) -> View:
        """Hand in a saved delivery."""
        from webhooks.operations import replay

        return await replay(self._inbox, saved, time.time(), MAX_FILE)

    async def repaired(self, gap: int) -> bool:
        """Note that a gap's events were fetched by other means; False when it is not there or was repaired before."""
        from webhooks.inbox import LAST_ID

        return gap <= LAST_ID and await self._inbox.repaired(gap)


@contextlib.asynccontextmanager
async def _through(url: str, environ: Environment) -> abc.AsyncIterator[Any]:
    from .hooks_admin import Admin

    token = setting(environ, TOKEN, "")
    if not token:
        raise ConfigurationError(f"--admin needs the console's token in {TOKEN}")
    async with Admin(url, token) as admin:
        yield admin


@contextlib.asynccontextmanager
async def _through_holder(held: InboxHeld, inbox: SqliteInbox, environ: Environment) -> abc.AsyncIterator[Any]:
    """Go through the admin port of the process that holds the inbox. Raises ConfigurationError where it cannot."""
    from .hooks_admin import Admin

    by_hand = f"--admin URL, with its token in {TOKEN}"
    if not held.admin:
        raise ConfigurationError(
            f"{held.message}, which tells of no admin port",
            hint=f"Start it with --admin-port, or say where it is asked: {by_hand}.",
        )
    url = _own(held)
    token = setting(environ, TOKEN, "")
    if not token:
        raise ConfigurationError(
            f"{held.message}, and its admin port {url} wants the console's token",
            hint=f"Set {TOKEN} to the one it was served with, or to the one that it made up and printed.",
        )
    async with Admin(url, token) as admin:
        if trouble := await _mistaken(admin, inbox.identity):
            raise ConfigurationError(
                f"{held.message}, and its admin port is not reached: {trouble}",
                hint=f"Try again when it has started or ended, or say where it is asked: {by_hand}.",
            )
        yield admin


def _own(held: InboxHeld) -> str:
    """Give the admin port's address, which stands in a file and has to be one. Raises ConfigurationError."""
    try:
        return origin_of(held.admin, name="its admin port")
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{held.message}, and {error.message}", hint="Give it an --admin-host of this machine alone: 127.0.0.1."
        ) from None


async def _mistaken(admin: Admin, identity: str) -> str:
    """Say why this is not to be taken for the holder of an inbox; empty when it is."""
    try:
        return "" if await admin.holds(identity) else "what answers there holds another inbox"
    except OutreachError as error:
        return error.message


def _clock() -> Any:
    from ..engine.clock import SystemClock

    return SystemClock()


@contextlib.contextmanager
def _telling(path: Path) -> abc.Iterator[None]:
    from webhooks.inbox_errors import InboxUnavailable

    try:
        yield
    except sqlite3.Error as error:
        raise InboxUnavailable(f"{path} cannot be read: {error}") from None
