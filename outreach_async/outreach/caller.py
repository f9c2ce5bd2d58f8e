"""How collections make a call: the engine's caller, with what JSON:API records need besides."""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..engine import caller
from ..engine.caller import Pairs as Pairs  # noqa: PLC0414  # offered here, beside what takes them
from ..protocol.messages import JSON_API
from .record import Record
from .shapes import OnDrift

API_ROOT = "/api/v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(caller.Caller):
    """Builds and sends the calls of one client.

    `meta` is added to every written document. `record_class` gives the class of a wire type, for rows that came along
    with others.
    """

    root: ClassVar[str] = API_ROOT
    media_type: ClassVar[str] = JSON_API
    # Refused since 2023-10-31 (Outreach, deprecated features).
    for_reads_only: ClassVar[frozenset[str]] = frozenset({"include"})

    record_class: abc.Callable[[str], type[Record]]
    on_drift: OnDrift = "keep"
    meta: abc.Mapping[str, Any] = field(default_factory=dict)
