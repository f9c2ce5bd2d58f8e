"""Both APIs simulated: a pure core, served in process or on loopback. It stands in for an account nobody can get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import RunningClock as RunningClock
    from .clock import WoundClock as WoundClock
    from .sandbox import Sandbox as Sandbox

_MODULES = {"RunningClock": "clock", "Sandbox": "sandbox", "WoundClock": "clock"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
