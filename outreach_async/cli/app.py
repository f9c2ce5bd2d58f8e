"""The commands and their options. What a command does is in a module of its own, imported when it runs.

Importing the SDK takes longer than most commands do, so nothing of it is imported here.
"""

from __future__ import annotations

import collections.abc as abc
import sys
from typing import Annotated, Any

import typer

from . import hooks_operate  # noqa: F401  # registers its commands
from .hooks import hooks
from .options import Debug, Format, Install, Json, Of, Service, User

PROGRAM = "outreach-async"

# What the parser raises for wrong use: typer's own copy of click has no public name for it.
_WrongUse: Any = typer.BadParameter.__bases__[0].__bases__[0]

app = typer.Typer(
    name=PROGRAM,
    help="The Outreach API v2 and the PlanMySaaS Outreach API v1 from the command line.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing what draws boxes around the help takes longer than most commands
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(hooks)


def run(argv: abc.Sequence[str]) -> int:
    """Run the command that the arguments name, and give its exit code."""
    command = typer.main.get_command(app)
    try:
        code = command.main(args=list(argv) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except _WrongUse as error:
        where = getattr(error, "ctx", None)
        path = where.command_path if where is not None else PROGRAM
        told = " ".join(error.format_message().split())
        print(f"{path}: {told.removesuffix('.')}. Try '{path} --help'.", file=sys.stderr)
        return 2
    except Exception as error:
        # A command's own work is guarded by `perform`; what ends here broke before it began.
        from .output import FAILED, Output

        Output(debug="--debug" in argv).failure(error)
        return FAILED
    return int(code or 0)


@app.callback()
def _program() -> None:
    """Say nothing: a callback makes every command a named one."""


@app.command()
def demo(json: Json = False, debug: Debug = False) -> int:
    """Show the SDK at work against simulated services.

    It needs no account and no network: it signs in, copies every type inside a small quota while things go wrong,
    and counts what happened. Exit code 1 when anything was refused or lost.
    """
    from .demo import demo as work
    from .output import perform

    return perform(work, json=json, debug=debug)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")] = 0,
    prospects: Annotated[int, typer.Option(min=0, help="Prospects to seed; the rest is in proportion.")] = 500,
    set_: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="Set a switch; repeatable.", show_default=False)
    ] = [],  # noqa: B006  # typer copies it
    switches: Annotated[bool, typer.Option("--switches", help="List the switches and exit.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Serve both simulated APIs on loopback until SIGTERM.

    Once ready it prints one JSON line with its addresses, keys and secrets.
    """
    from . import sandbox as command
    from .output import perform

    if switches:
        return perform(command.list_switches, json=json, debug=debug)
    return perform(lambda output: command.serve(output, port, prospects, set_), json=json, debug=debug)


@app.command()
def login(
    user: User = None,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="A scope to ask for; repeatable. Reading, unless said.", show_default=False),
    ] = [],  # noqa: B006
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the browser's last address instead of listening.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a screen.")] = True,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds to wait for the sign-in.")] = 300,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Sign a user in through the browser, and keep the tokens.

    It listens at OUTREACH_REDIRECT_URI where that is plain http on this machine; elsewhere use --paste.
    """
    from . import login as command
    from .output import perform

    manner = command.Manner(paste=paste, browser=browser, timeout=timeout)
    return perform(lambda output: command.login(output, user, scope, manner), json=json, debug=debug)


@app.command()
def whoami(user: User = None, install: Install = None, json: Json = False, debug: Debug = False) -> int:
    """Say whose credential is in use.

    Its scopes, when it expires, where it is kept, and what is left of its quota; for each API that is configured.
    """
    from .output import perform
    from .settings import Who
    from .whoami import whoami as work

    return perform(lambda output: work(output, Who(user, install)), json=json, debug=debug)


@app.command()
def get(
    type: Annotated[
        str, typer.Argument(metavar="TYPE", help="Such as prospects, sequenceStates or customObjects/car.")
    ],
    id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One record instead of a list.", show_default=False)
    ] = None,
    filter: Annotated[
        list[str],
        typer.Option(
            "--filter", metavar="NAME=VALUE", help="a,b for any, a..b for a range; repeatable.", show_default=False
        ),
    ] = [],  # noqa: B006
    sort: Annotated[list[str], typer.Option("--sort", metavar="NAME,-NAME", show_default=False)] = [],  # noqa: B006
    fields: Annotated[
        list[str],
        typer.Option("--fields", metavar="[TYPE:]NAME,NAME", help="Only these; repeatable.", show_default=False),
    ] = [],  # noqa: B006
    include: Annotated[
        list[str],
        typer.Option("--include", metavar="NAME,NAME", help="Bring related records along.", show_default=False),
    ] = [],  # noqa: B006
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="Rows at most; 100 for a table, else all.", show_default=False)
    ] = None,
    format: Annotated[Format | None, typer.Option("--format", help="Table unless said.", show_default=False)] = None,
    service: Of = Service.outreach,
    user: User = None,
    install: Install = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Read one record, or a list of them.

    outreach-async get prospects --filter title=CTO,VP --sort -updatedAt --limit 10

    outreach-async get prospect 42 --include account --json

    A filter takes a,b for any of several values, a..b for a range (inf and neginf leave an end open), __null__ and
    __notnull__; name==value takes the value as it stands. Related records are filtered as owner=42, account.name=Acme.
    """
    from . import planmysaas, read
    from .output import perform
    from .settings import Who

    wanted = read.Wanted(type, id, filter, sort, fields, include, limit, format)
    if service is Service.planmysaas:
        return perform(lambda output: planmysaas.get(output, wanted), json=json, debug=debug)
    return perform(lambda output: read.get(output, wanted, Who(user, install)), json=json, debug=debug)


@app.command()
def call(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PATCH or DELETE.")],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Below the API's root, such as '/prospects/1?include=account'.")
    ],
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="JSON", help="The body: JSON, @FILE, or - for stdin.", show_default=False),
    ] = None,
    service: Of = Service.outreach,
    user: User = None,
    install: Install = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Make any request, signed and paced.

    The answer is written as JSON; texts that look like secrets are masked.
    """
    from .call import call as work
    from .output import perform
    from .settings import Who

    who = Who(user, install)
    return perform(lambda output: work(output, method, path, data, service.value, who), json=json, debug=debug)
