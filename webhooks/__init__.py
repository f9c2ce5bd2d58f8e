"""Receive webhooks of Outreach and of PlanMySaaS: verified, stored before they are answered, handled by type.

Each name is loaded when it is first used, so that importing this package costs next to nothing. The vendors' sources
and events are in `webhooks.outreach` and `webhooks.planmysaas`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Webhooks
    from .delivery import Delivery
    from .errors import DeliveryError, MalformedDelivery, SignatureError, TooLarge
    from .events import Event, UnknownEvent
    from .inbox import Inbox
    from .memory_inbox import MemoryInbox
    from .outreach import OutreachSource, lifecycle_source
    from .planmysaas import PlanMySaaSSource
    from .routing import Router
    from .sqlite_inbox import SqliteInbox

__all__ = [
    "Delivery",
    "DeliveryError",
    "Event",
    "Inbox",
    "MalformedDelivery",
    "MemoryInbox",
    "OutreachSource",
    "PlanMySaaSSource",
    "Router",
    "SignatureError",
    "SqliteInbox",
    "TooLarge",
    "UnknownEvent",
    "Webhooks",
    "lifecycle_source",
]

_MODULES = {
    "Delivery": "delivery",
    "DeliveryError": "errors",
    "Event": "events",
    "Inbox": "inbox",
    "MalformedDelivery": "errors",
    "MemoryInbox": "memory_inbox",
    "OutreachSource": "outreach",
    "PlanMySaaSSource": "planmysaas",
    "Router": "routing",
    "SignatureError": "errors",
    "SqliteInbox": "sqlite_inbox",
    "TooLarge": "errors",
    "UnknownEvent": "events",
    "Webhooks": "app",
    "lifecycle_source": "outreach",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
