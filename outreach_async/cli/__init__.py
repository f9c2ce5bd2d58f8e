"""The command line, `outreach-async`: what the SDK can do, for people and for scripts.

What it needs beyond the SDK is in the extra `cli`, and is looked for here only when a command is run.
"""

from __future__ import annotations

import collections.abc as abc
import sys

__all__ = ["main"]


def main(argv: abc.Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 1 the work failed, 2 wrong use.

    `argv` is what follows the program's name; the process's own arguments unless given.
    """
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ModuleNotFoundError:
        print(
            "outreach-async: the command line needs the extra `cli`: pip install 'outreach-async[cli]'", file=sys.stderr
        )
        return 2
    from .app import run

    return run(sys.argv[1:] if argv is None else argv)
