"""The commands of `hooks`: run a receiver of webhooks, and look after it. What each does is in a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Debug, Json

hooks = typer.Typer(
    name="hooks",
    help="Receive webhooks, and look after what was received.",
    rich_markup_mode=None,
)

Port = typer.Option("--port", min=0, max=65535, help="Port for deliveries; 0 takes a free one.")
AdminPort = typer.Option(
    "--admin-port", min=0, max=65535, help="Port for /console, /metrics and /readyz.", show_default=False
)


@hooks.callback(invoke_without_command=True)
def _alone(context: typer.Context) -> None:
    """Show the commands when none is named, as the program itself does."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@hooks.command()
def serve(
    target: Annotated[str, typer.Argument(metavar="MODULE:NAME", help="What Webhooks(...) was assigned to.")],
    port: Annotated[int, Port] = 8080,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    admin_port: Annotated[int | None, AdminPort] = None,
    admin_host: Annotated[str, typer.Option("--admin-host", help="Address of the admin port.")] = "127.0.0.1",
    connections: Annotated[int, typer.Option("--connections", min=1, help="Connections in all.")] = 2_000,
    per_peer: Annotated[int, typer.Option("--per-peer", min=1, help="Connections of one address.")] = 500,
    head_deadline: Annotated[float, typer.Option("--head-deadline", help="Seconds for the headers.")] = 10.0,
    body_deadline: Annotated[float, typer.Option("--body-deadline", help="Seconds for the body.")] = 10.0,
    trust_proxy: Annotated[
        list[str],
        typer.Option("--trust-proxy", metavar="NETWORK", help="Believe its X-Forwarded-For; repeatable."),
    ] = [],  # noqa: B006  # typer copies it
    single: Annotated[bool, typer.Option("--single", help="One process: no restart, no hand-over.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Serve a receiver until SIGTERM.

    outreach-async hooks serve app:hooks --port 8080 --admin-port 8081

    The program is looked for in the present folder, then where Python finds its modules. SIGHUP loads it anew, and has
    the new process take over without refusing a connection; SIGTERM gives the handlers that run 25 seconds to finish,
    or what the program says: Webhooks(..., grace=). The token of the console is taken from
    WEBHOOKS_ADMIN_TOKEN; without one, one is made up and printed.
    """
    from .hooks_serve import serve as work
    from .output import Output

    settings = {
        "port": port,
        "host": host,
        "admin_port": admin_port,
        "admin_host": admin_host,
        "connections": connections,
        "per_peer": per_peer,
        "head_deadline": head_deadline,
        "body_deadline": body_deadline,
        "trusted_proxies": tuple(trust_proxy),
        "single": single,
    }
    return work(Output(json, debug), target, settings)
