"""The options that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Service(StrEnum):
    """Which of the two APIs a command speaks to."""

    outreach = "outreach"
    planmysaas = "planmysaas"


Json = Annotated[bool, typer.Option("--json", help="End stdout with one JSON object, for machines.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
User = Annotated[
    str | None,
    typer.Option("--user", metavar="NAME", help="Act as the user signed in under this name.", show_default=False),
]
Install = Annotated[
    str | None,
    typer.Option("--install", metavar="ID", help="Act as this server-to-server installation.", show_default=False),
]
Of = Annotated[Service, typer.Option("--service", help="Which API to speak to.")]


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"
