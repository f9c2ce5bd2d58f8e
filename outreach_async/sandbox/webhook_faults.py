"""Deliveries that go wrong on purpose: dropped, sent twice, late or out of order, changed on the way, forged.

A fault waits for the deliveries it fits; besides, each kind hits the share of all that its switch says. What a forged
or changed request looks like stands here; when it is sent does not.
"""

from __future__ import annotations

import collections.abc as abc
import fnmatch
import hashlib
import hmac
import random
from dataclasses import dataclass, replace
from typing import Literal, get_args

from ..protocol.errors import ConfigurationError
from .webhook_ledger import Message
from .webhook_switches import WebhookSwitches

WebhookFaultKind = Literal["drop", "duplicate", "reorder", "delay", "corrupt", "forge"]
Forgery = Literal["wrong", "absent", "garbled", "doubled"]

KINDS: tuple[WebhookFaultKind, ...] = get_args(WebhookFaultKind)
FORGERIES: tuple[Forgery, ...] = get_args(Forgery)
OVERTAKEN = 1.0
"""How long a delivery waits that is to be overtaken, in seconds."""

LATE = 30.0
"""How late a delayed delivery is sent unless told otherwise, in seconds."""

_SIGNATURES = {"outreach-webhook-signature": "", "x-pms-signature": "sha256="}


@dataclass(frozen=True, slots=True)
class WebhookFault:
    """One thing that is done to deliveries of the events that fit the pattern `event`, such as `prospect.*`.

    `times` counts the deliveries hit, below zero for ever; `skip` lets so many pass first. `seconds` is how late a
    delayed one is sent. `forgery` is how the signature of a forged one is wrong: made with another secret, missing,
    no hex at all, or sent twice.
    """

    kind: WebhookFaultKind
    event: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = LATE
    forgery: Forgery = "wrong"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.forgery not in FORGERIES:
            raise ConfigurationError(
                f"{self.kind!r} with {self.forgery!r} is no fault of a delivery",
                hint=f"Kinds are {', '.join(KINDS)}; forgeries are {', '.join(FORGERIES)}.",
            )


class WebhookFaults:
    """The faults waiting for deliveries, and dice for the shares; the same seed rolls the same."""

    def __init__(self, seed: int) -> None:
        self._waiting: list[WebhookFault] = []
        self._random = random.Random(f"webhook faults {seed}")  # noqa: S311  # dice, the same for the same seed

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, fault: WebhookFault) -> None:
        """Let this be done from now on."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing be done any more, but for the shares."""
        self._waiting.clear()

    def waiting(self) -> tuple[WebhookFault, ...]:
        """Give what has not happened yet."""
        return tuple(self._waiting)

    def take(self, event: str, switches: WebhookSwitches) -> tuple[WebhookFault, ...]:
        """Give what is done to a delivery of this event, each kind at most once."""
        hit: dict[str, WebhookFault] = {}
        kept = []
        for fault in self._waiting:
            left = fault
            if fault.kind not in hit and fnmatch.fnmatchcase(event, fault.event):
                if fault.skip:
                    left = replace(fault, skip=fault.skip - 1)
                else:
                    hit[fault.kind] = fault
                    left = replace(fault, times=fault.times - 1) if fault.times > 0 else fault
            if left.times:
                kept.append(left)
        self._waiting = kept
        for kind in KINDS:
            share = getattr(switches, f"webhook_{kind}")
            if share and kind not in hit and self._random.random() < share:
                hit[kind] = WebhookFault(kind)
        return tuple(hit.values())


def corrupted(message: Message) -> Message:
    """Give a request whose body was changed on the way, one letter of it, while its signature was not."""
    middle = len(message.body) // 2
    changed = bytearray(message.body)
    changed[middle] = ord("x") if changed[middle] != ord("x") else ord("y")
    return replace(message, body=bytes(changed))


def forged(message: Message, how: Forgery) -> Message:
    """Give a request like this one from somebody who does not know the secret; its body is one nobody sent."""
    body = message.body + b"\n"
    headers = [(name, value) for name, value in message.headers if name.lower() not in _SIGNATURES]
    name = next((told for told, _ in message.headers if told.lower() in _SIGNATURES), "Outreach-Webhook-Signature")
    digest = hmac.new(b"not the secret", body, hashlib.sha256).hexdigest()
    signature = _SIGNATURES[name.lower()] + digest
    signatures: abc.Mapping[Forgery, list[tuple[str, str]]] = {
        "wrong": [(name, signature)],
        "absent": [],
        "garbled": [(name, "\u00ff" + signature[1:])],
        "doubled": [(name, signature), (name, signature)],
    }
    return Message(message.url, (*headers, *signatures[how]), body)
