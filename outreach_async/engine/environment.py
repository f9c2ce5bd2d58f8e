"""Settings from environment variables. An empty variable counts as a missing one."""

from __future__ import annotations

import collections.abc as abc

from ..protocol.errors import ConfigurationError
from ..protocol.origins import origin_of

Environment = abc.Mapping[str, str]


def required(environ: Environment, *names: str, hint: str = "") -> tuple[str, ...]:
    """Give these variables. Raises one ConfigurationError that names every one that is missing or empty.

    `hint` says what to do then.
    """
    lacking = [name for name in names if not environ.get(name, "").strip()]
    if lacking:
        told = ", ".join(f"{name} ({'empty' if name in environ else 'not set'})" for name in lacking)
        raise ConfigurationError(f"environment variables are missing: {told}", hint=hint)
    return tuple(environ[name].strip() for name in names)


def setting(environ: Environment, name: str, default: str) -> str:
    """Give a variable, or the default where it is missing or empty."""
    return environ.get(name, "").strip() or default


def base_url(environ: Environment, name: str, default: str) -> str:
    """Give the origin in a variable, or the default. Raises ConfigurationError that names the variable."""
    return origin_of(setting(environ, name, default), name=name)
