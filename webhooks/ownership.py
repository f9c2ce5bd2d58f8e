"""Whose a file is, for the refusal of one that is another user's: an inbox is its owner's alone."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from outreach_async.protocol.errors import ConfigurationError


def refusal(path: Path) -> ConfigurationError | None:
    """Say whose a file is that may not be opened, or the folder that hides it; None if no other user's."""
    for part in (path.absolute(), *path.absolute().parents):
        try:
            owner = part.stat().st_uid
        except PermissionError:
            continue
        except OSError:
            return None
        return None if owner == os.geteuid() else _not_ours(part, owner)
    return None


def _not_ours(path: Path, owner: int) -> ConfigurationError:
    name = _name(owner)
    return ConfigurationError(
        f"{path} belongs to {name}, and {_name(os.geteuid())} may not open it",
        hint=f"Run this as {name}, or have the command line ask the receiver: --admin URL.",
    )


def unshared(path: Path, part: Path) -> ConfigurationError:
    """Say that a file may be read, and that what stands beside it to keep readers apart from writers may not."""
    try:
        user = f" as {_name(path.stat().st_uid)}"
    except OSError:
        user = " as its owner"
    return ConfigurationError(
        f"{path} cannot be read, since {_name(os.geteuid())} may not make or write {part.name} beside it",
        hint=f"Run this{user}, or have the command line ask the receiver: --admin URL.",
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
