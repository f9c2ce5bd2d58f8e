"""The commands that look after what was received, and their options. What each does is in a module of its own."""

from __future__ import annotations

import collections.abc as abc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .hooks import hooks
from .options import Debug, Install, Json, User

if TYPE_CHECKING:
    from .hooks_reach import Where
    from .output import Output

Inbox = Annotated[
    str | None,
    typer.Option(
        "--inbox", metavar="FILE", help="The inbox's file, or MODULE:NAME of its receiver.", show_default=False
    ),
]
Admin = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="URL",
        help="The admin port of a running receiver; its token is in WEBHOOKS_ADMIN_TOKEN.",
        show_default=False,
    ),
]
State = Annotated[
    str | None, typer.Option("--state", help="pending, retrying, done or dead.", show_default=False, metavar="STATE")
]
Event = Annotated[str, typer.Option("--event", metavar="NAME", help="Only this event.", show_default=False)]
Resource = Annotated[str, typer.Option("--resource", metavar="TYPE/ID", help="Only this record.", show_default=False)]
Source = Annotated[str, typer.Option("--source", metavar="NAME", help="Only from this source.", show_default=False)]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="Events at most.")]
Before = Annotated[
    int | None, typer.Option("--before", min=1, metavar="ID", help="Only those before this one.", show_default=False)
]


@hooks.command()
def events(
    inbox: Inbox = None,
    admin: Admin = None,
    state: State = None,
    event: Event = "",
    resource: Resource = "",
    source: Source = "",
    limit: Limit = 20,
    before: Before = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with every new one, until interrupted.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """List the last events, newest first.

    outreach-async hooks events --inbox inbox.db --state retrying

    With --follow the oldest of them comes first, and each new one as it is stored, or with --state as it comes into
    that state, among the newest 1,000 that are in it; with --json each is a line.
    """
    from .hooks_events import Asked
    from .hooks_events import events as work

    asked = Asked(state or "", event, resource, source, limit, before)
    return _performed(lambda output: work(output, _where(inbox, admin), asked, follow=follow), json=json, debug=debug)


@hooks.command()
def show(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The event's number.")],
    inbox: Inbox = None,
    admin: Admin = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the delivery, unmasked, as one JSON line for `replay`.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Show one event whole: what became of it, every failed run, its headers and its body."""
    from .hooks_events import show as work

    return _performed(lambda output: work(output, _where(inbox, admin), id, raw=raw), json=json, debug=debug)


@hooks.command()
def dead(
    inbox: Inbox = None,
    admin: Admin = None,
    limit: Limit = 20,
    before: Before = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """List the events that were given up, with the reason."""
    from .hooks_events import Asked
    from .hooks_events import events as work

    asked = Asked("dead", limit=limit, before=before)
    return _performed(lambda output: work(output, _where(inbox, admin), asked), json=json, debug=debug)


@hooks.command()
def stats(inbox: Inbox = None, admin: Admin = None, json: Json = False, debug: Debug = False) -> int:
    """Count what is in the inbox, and with --admin what the receiver did since it was started."""
    from .hooks_events import stats as work

    return _performed(lambda output: work(output, _where(inbox, admin)), json=json, debug=debug)


@hooks.command()
def gaps(inbox: Inbox = None, admin: Admin = None, json: Json = False, debug: Debug = False) -> int:
    """List the spans in which deliveries may have been lost, and whether they are repaired.

    What the vendor sent in one is to be looked for in its API, by `updated_at`.
    """
    from .hooks_gaps import gaps as work

    return _performed(lambda output: work(output, _where(inbox, admin)), json=json, debug=debug)


@hooks.command()
def repaired(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The gap's number.")],
    inbox: Inbox = None,
    admin: Admin = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Note that what a gap may have lost was fetched by other means: it is no longer open.

    A receiver that holds the inbox is told through its admin port, with its token in WEBHOOKS_ADMIN_TOKEN. Exit code
    1 when there is no such gap, or it was repaired before.
    """
    from .hooks_gaps import repaired as work

    return _performed(lambda output: work(output, _where(inbox, admin), id), json=json, debug=debug)


@hooks.command()
def redeliver(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", min=1, show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    inbox: Inbox = None,
    admin: Admin = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Have finished events worked on again: by the handlers that gave up, or by all when none did.

    A receiver that holds the inbox is asked through its admin port, with its token in WEBHOOKS_ADMIN_TOKEN; when none
    runs, they are worked on when one starts. Exit code 1 when an event is not there, or not finished.
    """
    from .hooks_again import redeliver as work

    wanted: abc.Sequence[int] = ids or ()
    return _performed(lambda output: work(output, _where(inbox, admin), wanted, every=every), json=json, debug=debug)


@hooks.command()
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Saved deliveries, one JSON object a line; - for stdin.")],
    provider: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="PROVIDER",
            help="FILE is one body as the vendor sends it: outreach, outreach-lifecycle or planmysaas.",
            show_default=False,
        ),
    ] = None,
    inbox: Inbox = None,
    admin: Admin = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Hand deliveries from a file to the inbox, as if they had just come.

    Those it knows are duplicates and left alone. No signature is asked for: check where the file comes from. A
    receiver that holds the inbox is handed them through its admin port, with its token in WEBHOOKS_ADMIN_TOKEN.
    """
    from .hooks_again import replay as work

    return _performed(lambda output: work(output, _where(inbox, admin), file, provider), json=json, debug=debug)


@hooks.command()
def subscribe(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON or TOML file of webhooks.", show_default=False)],
    update: Annotated[bool, typer.Option("--update", help="Change those that are there and differ.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    user: User = None,
    install: Install = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Create Outreach webhooks from a file; those that are there already are kept.

    Each has a url, and may have a resource, an action, a payloadVersion, an authorizer (a user's id), and a secret, or
    secretEnv, the name of a variable that holds it. Exit code 1 when one is there with other values.
    """
    from .hooks_subscribe import subscribe as work
    from .settings import Who

    return _performed(
        lambda output: work(output, file, Who(user, install), update=update, dry_run=dry_run), json=json, debug=debug
    )


def _performed(work: abc.Callable[[Output], abc.Awaitable[int]], *, json: bool, debug: bool) -> int:
    from .output import perform

    return perform(work, json=json, debug=debug)


def _where(inbox: str | None, admin: str | None) -> Where:
    from .hooks_reach import Where

    return Where(inbox, admin)
