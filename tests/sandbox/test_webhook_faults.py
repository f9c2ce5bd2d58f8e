"""What is done to deliveries on purpose: which are hit, and what a spoiled request looks like."""

from __future__ import annotations

from typing import Any

import pytest

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.signature import OUTREACH, PLANMYSAAS, Refused, Secrets, sign, verify
from outreach_async.sandbox.switches import Switches
from outreach_async.sandbox.webhook_faults import (
    FORGERIES,
    KINDS,
    Forgery,
    WebhookFault,
    WebhookFaults,
    corrupted,
    forged,
)
from outreach_async.sandbox.webhook_ledger import Message

PLAIN = Switches()
BODY = b'{"data":{"id":1}}'


def kinds(faults: WebhookFaults, event: str, switches: Switches = PLAIN) -> list[str]:
    return [fault.kind for fault in faults.take(event, switches)]


def test_a_fault_waits_for_the_deliveries_it_fits() -> None:
    faults = WebhookFaults(1)
    faults.add(WebhookFault("drop", "prospect.*", times=2, skip=1))
    told = [kinds(faults, event) for event in ("account.created", *["prospect.created"] * 4)]
    assert told == [[], [], ["drop"], ["drop"], []]
    assert len(faults) == 0


def test_several_kinds_hit_one_delivery_and_one_kind_once() -> None:
    faults = WebhookFaults(1)
    for kind in ("duplicate", "delay", "duplicate"):
        faults.add(WebhookFault(kind))
    assert kinds(faults, "task.created") == ["duplicate", "delay"]
    assert kinds(faults, "task.created") == ["duplicate"]
    assert kinds(faults, "task.created") == []


def test_a_fault_for_ever_lasts_until_it_is_taken_back() -> None:
    faults = WebhookFaults(1)
    faults.add(WebhookFault("drop", times=-1))
    assert all(kinds(faults, "task.created") for _ in range(10))
    assert faults.waiting() == (WebhookFault("drop", times=-1),)
    faults.clear()
    assert not kinds(faults, "task.created")


@pytest.mark.parametrize("kind", KINDS)
def test_shares_hit_as_many_as_they_say_and_the_same_for_the_same_seed(kind: str) -> None:
    switches = Switches().with_values({f"webhook_{kind}": 0.25})
    runs = [
        [kinds(faults, "task.created", switches) for _ in range(400)] for faults in (WebhookFaults(3), WebhookFaults(3))
    ]
    assert runs[0] == runs[1]
    hit = sum(bool(one) for one in runs[0])
    assert 60 < hit < 140
    assert all(kinds(WebhookFaults(1), "x", Switches().with_values({f"webhook_{kind}": 1})) == [kind] for _ in range(3))


@pytest.mark.parametrize("fault", [{"kind": "melt"}, {"kind": "forge", "forgery": "perfect"}])
def test_an_impossible_fault_is_refused(fault: Any) -> None:
    with pytest.raises(ConfigurationError, match="duplicate"):
        WebhookFault(**fault)


@pytest.mark.parametrize("scheme", [OUTREACH, PLANMYSAAS])
@pytest.mark.parametrize("how", FORGERIES)
def test_no_forgery_verifies_and_none_has_the_true_body(how: Forgery, scheme: Any) -> None:
    message = Message("https://r.example", ((scheme.header.title(), sign(BODY, "s", scheme)), ("X-Other", "1")), BODY)
    fake = forged(message, how)
    signatures = [value for name, value in fake.headers if name.lower() == scheme.header]
    answer = verify(fake.body, signatures, Secrets("s"), scheme)
    assert isinstance(answer, Refused)
    assert answer.reason == how
    assert fake.body != message.body
    assert fake.header("x-other") == "1"


def test_a_corrupted_body_keeps_its_signature() -> None:
    message = Message("https://r.example", (("Outreach-Webhook-Signature", sign(BODY, "s", OUTREACH)),), BODY)
    spoiled = corrupted(message)
    assert (len(spoiled.body), spoiled.headers) == (len(BODY), message.headers)
    assert spoiled.body != BODY
    assert corrupted(Message("", (), b"xxx")).body == b"xyx"


def test_a_message_prints_no_secret() -> None:
    assert repr(Message("https://r.example", (("outreach-webhook-cleanup-token", "c"),), b"b")) == (
        "Message(url='https://r.example')"
    )
