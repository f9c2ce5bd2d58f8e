"""Which scopes a call needs, whether a grant has them, and how to say what is missing.

Outreach's scopes are `<resource>.<level>` and do not add up: `write` does not include `read`; only `all` covers the
other levels (Outreach, getting started). PlanMySaaS's are `<resource>:<level>` and match exactly. Which call needs
which scope is not known here.
"""

from __future__ import annotations

import collections.abc as abc

# Resources whose list of scopes has no `all` (Outreach, the scopes of the extensibility SDK).
_WITHOUT_ALL = frozenset({"auditLogs", "duties", "kaiaRecordings", "kaiaVoiceImports", "mailAliases", "taskPriorities"})
_SHOWN = 6

# PlanMySaaS: a key can have these, and no endpoint uses them yet.
RESERVED_PLANMYSAAS_SCOPES = frozenset({"campaigns:write", "sends:read", "sends:trigger"})


def parse(text: str) -> frozenset[str]:
    """Give the scopes of a space-separated list, as a token answer carries it."""
    return frozenset(text.split())


def covers(granted: abc.Set[str], needed: str) -> bool:
    """Tell whether the granted scopes allow what needs this one."""
    return not granted.isdisjoint(_sufficient(needed))


def missing(granted: abc.Set[str], needed: str) -> tuple[str, ...]:
    """Give the scopes of which any one would do, the narrowest first; empty when the grant suffices."""
    return () if covers(granted, needed) else _sufficient(needed)


def explain(granted: abc.Set[str], needed: str) -> str:
    """Say what is missing: `needs prospects.read or prospects.all; the token has prospects.write`.

    Of a long list only the scopes of the same resource are named. Empty when nothing is missing.
    """
    wanted = missing(granted, needed)
    return f"needs {' or '.join(wanted)}; the token has {_have(granted, needed)}" if wanted else ""


def _sufficient(needed: str) -> tuple[str, ...]:
    resource, dot, level = needed.partition(".")
    if not dot or level == "all" or resource in _WITHOUT_ALL:
        return (needed,)
    return (needed, f"{resource}.all")


def _have(granted: abc.Set[str], needed: str) -> str:
    if not granted:
        return "no scopes"
    resource = _resource(needed)
    related = sorted(scope for scope in granted if _resource(scope) == resource)
    if not related and len(granted) > _SHOWN:
        return f"{len(granted)} scopes, none for {resource}"
    return ", ".join(related or sorted(granted))


def _resource(scope: str) -> str:
    return scope.replace(":", ".").partition(".")[0]
