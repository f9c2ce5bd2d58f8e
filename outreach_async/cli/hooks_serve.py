"""`hooks serve`: one receiver on its own socket, until SIGTERM.

Not run by `perform`: the server has loops and processes of its own.
"""

from __future__ import annotations

import collections.abc as abc
import json
import sys
from typing import Any

from ..protocol.errors import ConfigurationError
from . import hooks_loading
from .output import FAILED, WRONG_USE, Output


def serve(output: Output, target: str, settings: abc.Mapping[str, Any]) -> int:
    """Serve the receiver named by `target`, and give the exit code."""
    try:
        hooks_loading.check_package()
        from webhooks import ending, server

        code = server.run(
            lambda: hooks_loading.load(target), server.Settings(**settings), lambda told: _announce(output, told)
        )
        # A generation sees to that itself, and so has to the one process that there is.
        return ending.without_threads(code) if settings["single"] else code
    except Exception as error:
        output.failure(error)
        return WRONG_USE if isinstance(error, ConfigurationError) else FAILED


def _announce(output: Output, told: abc.Mapping[str, object]) -> None:
    if output.json:
        output.line(json.dumps(told))
    else:
        output.line(f"receiving at {told['serving']} (process {told['pid']}; HUP reloads, TERM stops)")
        if "admin" in told:
            token = f"; the token is {told['token']}" if "token" in told else ""
            admin = str(told["admin"])
            # A socket of systemd's may be a path, which is no URL.
            place = f"{admin}/console" if admin.startswith("http") else f"/console on {admin}"
            output.line(f"console at {place}{token}")
    sys.stdout.flush()
