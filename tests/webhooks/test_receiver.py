"""The receiver as a table: what is refused, in which order, and what a genuine delivery becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.redaction import printable, redact
from webhooks import planmysaas
from webhooks.delivery import Delivery, Key, Watch
from webhooks.errors import MalformedDelivery
from webhooks.events import parse
from webhooks.outreach import LifecycleSource, OutreachSource, lifecycle_source, sign
from webhooks.planmysaas import PlanMySaaSSource
from webhooks.receiver import (
    ABORT,
    STORED,
    Refusal,
    Reply,
    fields_of,
    raw_fields,
    receive,
    refuse_head,
    unstorable,
)
from webhooks.sources import Fields, Identity, Source, check_sources
from webhooks.tally import Tally

SECRET = "s3cret"
SOURCE = OutreachSource(SECRET)
PMS = PlanMySaaSSource(SECRET)
NOW = 1_767_616_200.0
BODY = (
    b'{"data":{"type":"prospect","id":12,"attributes":{"title":"CTO"},"relationships":{}},'
    b'"meta":{"deliveredAt":"2026-01-05T04:30:00.250-08:00","eventName":"prospect.updated","jobId":"5f2c"}}'
)

GOOD = sign(BODY, secret=SECRET)["Outreach-Webhook-Signature"]


def taken(source: Source, method: str, fields: Fields, body: bytes, now: float) -> Delivery | Refusal:
    """What a shell does: the head first, and the body only when the head was let through."""
    return refuse_head(source, method, fields) or receive(source, fields, body, now)


def outreach(body: bytes = BODY, source: Source = SOURCE, now: float = NOW, **headers: str) -> Delivery | Refusal:
    fields = fields_of({**sign(body, secret=SECRET), **{k.replace("_", "-"): v for k, v in headers.items()}})
    return taken(source, "POST", fields, body, now)


def pms(body: bytes, event_id: str = "evt_1", event: str = "lead.replied", source: Source = PMS) -> Delivery:
    headers = planmysaas.sign(body, secret=SECRET, event=event, event_id=event_id)
    received = taken(source, "POST", fields_of(headers), body, NOW)
    assert isinstance(received, Delivery)
    return received


def genuine(body: bytes, source: Source = SOURCE) -> Delivery:
    received = outreach(body, source)
    assert isinstance(received, Delivery)
    return received


def test_a_genuine_delivery_is_kept_whole() -> None:
    received = outreach(Outreach_Webhook_ID="8c1b", User_Agent="Outreach")
    assert isinstance(received, Delivery)
    assert (received.source, received.provider, received.event) == ("outreach", "outreach", "prospect.updated")
    assert (received.resource, received.received_at, received.body) == ("prospect/12", NOW, BODY)
    assert (received.secret, received.flags, received.unreadable) == ("default", (), "")
    assert received.header("outreach-webhook-id") == "8c1b"
    assert received.header("user-agent") == "Outreach"
    assert received.header("x-absent") == ""


REFUSED: list[tuple[str, str, dict[str, str], bytes, int, str]] = [
    ("GET", "method", {}, BODY, 405, "a method"),
    ("POST", "encoded", {"Content-Encoding": "gzip"}, BODY, 415, "an encoding"),
    ("POST", "encoded", {"Content-Encoding": "identity"}, BODY, 415, "an encoding that changes nothing"),
    ("POST", "encoded", {"Content-Encoding": ""}, BODY, 415, "an empty encoding"),
    ("POST", "large", {"Content-Length": "1048577"}, BODY, 413, "a length told"),
    ("POST", "large", {"Content-Length": "9" * 5000}, BODY, 413, "a length no integer is read from"),
    ("POST", "large", {}, b"x" * 1_048_577, 413, "a length found"),
    ("POST", "signature-wrong", {}, BODY + b" ", 401, "another body"),
    ("POST", "signature-absent", {"Outreach-Webhook-Signature": ""}, BODY, 401, "no signature"),
    ("POST", "signature-garbled", {"Outreach-Webhook-Signature": "ÿé"}, BODY, 401, "a signature that is no ASCII"),
]


@pytest.mark.parametrize(("method", "reason", "headers", "body", "status", "_"), REFUSED, ids=lambda v: str(v)[:20])
def test_what_is_no_genuine_delivery_is_refused(
    method: str, reason: str, headers: dict[str, str], body: bytes, status: int, _: str
) -> None:
    told = {**sign(BODY, secret=SECRET), **headers}
    fields = [(k, v) for k, v in fields_of(told) if v or k != "outreach-webhook-signature"]
    received = taken(SOURCE, method, fields, body, NOW)
    assert isinstance(received, Refusal)
    assert (received.reply.status, received.reason) == (status, reason)


def test_the_order_is_size_then_encoding_then_signature() -> None:
    large, small = b"x" * 1_048_577, b"{}"
    encoded = [("content-encoding", "gzip")]
    assert _status(taken(SOURCE, "POST", [*encoded, ("content-length", "2000000")], small, NOW)) == 413
    assert _status(taken(SOURCE, "POST", [], large, NOW)) == 413
    assert _status(taken(SOURCE, "POST", encoded, small, NOW)) == 415
    assert _status(taken(SOURCE, "POST", [], small, NOW)) == 401
    assert _status(taken(SOURCE, "POST", fields_of(sign(b"[", secret=SECRET)), b"[", NOW)) == 0


def _status(received: Delivery | Refusal) -> int:
    return received.reply.status if isinstance(received, Refusal) else 0


def test_nothing_of_a_body_is_looked_at_before_its_signature_holds() -> None:
    looked_at: list[bytes] = []

    class Looking(OutreachSource):
        def identify(self, fields: Fields, body: bytes) -> Identity:
            looked_at.append(body)
            return super().identify(fields, body)

    source = Looking(SECRET)
    for headers in ({}, sign(BODY, secret="another"), {"Outreach-Webhook-Signature": "x"}):
        assert _status(taken(source, "POST", fields_of(headers), BODY, NOW)) == 401
    assert looked_at == []
    assert isinstance(outreach(source=source), Delivery)
    assert looked_at == [BODY]


def test_every_signature_refusal_is_answered_alike() -> None:
    name = "outreach-webhook-signature"
    wrong = [[], [(name, GOOD), (name, GOOD)], [(name, "x")], [(name, "0" * 64)]]
    received = [taken(SOURCE, "POST", fields, BODY, NOW) for fields in wrong]
    assert [r.reason for r in received if isinstance(r, Refusal)] == [
        "signature-absent",
        "signature-doubled",
        "signature-garbled",
        "signature-wrong",
    ]
    assert len({r.reply for r in received if isinstance(r, Refusal)}) == 1


def test_a_refusal_by_the_head_needs_no_body() -> None:
    assert refuse_head(SOURCE, "POST", [("content-length", "1048576")]) is None
    assert refuse_head(SOURCE, "POST", [("content-length", "none")]) is None
    refused = refuse_head(SOURCE, "DELETE", [])
    assert refused is not None
    assert ("Allow", "POST") in refused.reply.headers


def test_each_secret_is_named_and_a_vendors_signature_serves_no_other() -> None:
    source = OutreachSource({"2026-11": "new", "2026-05": SECRET})
    received = outreach(source=source)
    assert isinstance(received, Delivery)
    assert received.secret == "2026-05"
    crossed = taken(PMS, "POST", fields_of(sign(BODY, secret=SECRET)), BODY, NOW)
    assert isinstance(crossed, Refusal)
    assert crossed.reason == "signature-absent"
    renamed = taken(SOURCE, "POST", [("x-pms-signature", GOOD)], BODY, NOW)
    assert isinstance(renamed, Refusal)


def test_an_unsigned_source_says_so_in_every_delivery() -> None:
    received = taken(OutreachSource(unsigned=True), "POST", [], BODY, NOW)
    assert isinstance(received, Delivery)
    assert (received.flags, received.secret) == (("unsigned",), "")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"secret": ""},
        {"secret": {}},
        {"secret": "x", "unsigned": True},
        {"secret": "x", "name": "a b"},
        {"secret": "x", "name": "a/b"},
        {"secret": "x", "path": "outreach"},
        {"secret": "x", "path": "/"},
        {"secret": "x", "max_body": 0},
        {"secret": "x", "horizon": 0},
        {"secret": "x", "max_age": 0},
    ],
)
def test_a_source_that_cannot_work_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        OutreachSource(**arguments)


def test_sources_have_their_own_names_and_paths() -> None:
    assert [(s.name, s.path) for s in (SOURCE, PMS, lifecycle_source(SECRET))] == [
        ("outreach", "/outreach"),
        ("planmysaas", "/planmysaas"),
        ("outreach-lifecycle", "/outreach/lifecycle"),
    ]
    check_sources([SOURCE, PMS, OutreachSource("x", name="second", path="/second")])
    for same in (OutreachSource("x", path="/second"), OutreachSource("x", name="second")):
        with pytest.raises(ConfigurationError, match="share"):
            check_sources([SOURCE, same])
    assert repr(OutreachSource("canary")) == "<OutreachSource outreach at /outreach>"


def test_a_source_takes_its_secret_from_the_environment() -> None:
    environ = {"OUTREACH_WEBHOOK_SECRET": f"{SECRET}\n", "PLANMYSAAS_WEBHOOK_SECRET": SECRET, "ANOTHER": "other"}
    made = OutreachSource.from_env(environ=environ, max_age=60), PlanMySaaSSource.from_env(environ=environ, name="pms")
    assert [(source.name, source.max_age) for source in made] == [("outreach", 60), ("pms", None)]
    assert isinstance(outreach(source=made[0]), Delivery)
    assert pms(ENVELOPE, source=made[1]).secret == "default"
    other = OutreachSource.from_env("ANOTHER", environ=environ, name="other", path="/other")
    assert isinstance(outreach(source=other), Refusal)


@pytest.mark.parametrize(("environ", "why"), [({}, "not set"), ({"OUTREACH_WEBHOOK_SECRET": " "}, "empty")])
def test_a_secret_that_the_environment_lacks_is_named(environ: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        OutreachSource.from_env(environ=environ)
    assert str(refused.value) == (
        f"environment variables are missing: OUTREACH_WEBHOOK_SECRET ({why}). "
        "Set it to the secret of the webhook, or give that to OutreachSource itself."
    )


def test_a_lifecycle_webhook_shares_no_variable_with_the_records() -> None:
    """Its secret is the app's own: with the other one every delivery would be refused, and lost."""
    environ = {"OUTREACH_WEBHOOK_SECRET": "other", "APP_SECRET": SECRET}
    with pytest.raises(ConfigurationError, match="no variable of its own"):
        LifecycleSource.from_env(environ=environ)
    assert isinstance(outreach(source=LifecycleSource.from_env("APP_SECRET", environ=environ)), Delivery)


def test_secrets_are_dropped_from_the_headers_and_the_rest_is_bounded() -> None:
    canary = "canary-7f3a"
    received = outreach(
        **{
            "Outreach-Webhook-Cleanup-Token": canary,
            "Authorization": canary,
            "Cookie": canary,
            "X-Api-Key": canary,
            "X-Session-Id": canary,
            "X-Shared-Secret": canary,
            "X-Password": canary,
            "X-Credentials": canary,
            "Proxy-Authorization": canary,
            "X-Original-Url": f"/outreach?token={canary}",
            "X-Long": "y" * 5000,
            "X-Odd": "a\x1b[31m\u00ff",
        },
        **{f"X-{n}": "z" for n in range(100)},
    )
    assert isinstance(received, Delivery)
    assert canary not in str(received.headers)
    assert not any("signature" in name for name, _ in received.headers)
    assert received.header("x-long") == "y" * 1024
    assert received.header("x-odd") == "a\\x1b[31m\u00ff"
    assert len(received.headers) == 64


SAMPLES = [
    "Bearer x.y",
    "bearer\tx",
    "eyJhbGciOi.eyJpc3Mi.sig",
    "pms_live_abcdef",
    "-----BEGIN PRIVATE KEY-----x",
    '{"token": "x"}',
    "/installs/x/actions/setupToken",
    "a?token=x&code=y",
]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(SAMPLES) | st.text(max_size=20), max_size=4))
def test_a_header_is_stored_as_the_redactor_leaves_it(parts: list[str]) -> None:
    value = "".join(parts)
    received = taken(OutreachSource(unsigned=True), "POST", [("x-any", value)], BODY, NOW)
    assert isinstance(received, Delivery)
    assert received.headers == (("x-any", printable(redact(value))),)


def test_headers_are_read_from_mappings_and_from_raw_pairs() -> None:
    pairs = [(b"X-A", b"1"), (b"x-a", b"\xff\xe9")]
    assert raw_fields(pairs) == fields_of(pairs) == [("x-a", "1"), ("x-a", "ÿé")]
    assert fields_of({"X-A": "1"}) == fields_of([("X-A", "1")]) == [("x-a", "1")]


def test_outreach_is_known_by_its_digest_and_shortly_without_the_time_of_delivery() -> None:
    first, again = genuine(BODY), genuine(BODY.replace(b"04:30:00.250", b"04:30:01.251"))
    assert [key.horizon for key in first.keys] == [72 * 3600, 10]
    assert first.keys[0] != again.keys[0]
    assert first.keys[1] == again.keys[1]
    assert first.watch == again.watch == ()


@pytest.mark.parametrize(
    "other",
    [
        BODY.replace(b"CTO", b"CEO"),
        BODY.replace(b"5f2c", b"5f2d"),
        BODY.replace(b'"id":12', b'"id":13'),
        BODY.replace(b'"meta"', b'"extra":1,"meta"'),
        BODY.replace(b"prospect.updated", b"prospect.created"),
    ],
)
def test_bodies_that_differ_in_anything_else_share_no_key(other: bytes) -> None:
    assert not {key.text for key in genuine(BODY).keys} & {key.text for key in genuine(other).keys}


def test_an_attribute_called_delivered_at_is_not_the_time_of_delivery() -> None:
    def body(attribute: str, meta: str) -> bytes:
        data = {"type": "mailing", "id": 3, "attributes": {"deliveredAt": attribute}}
        return json.dumps({"meta": {"eventName": "mailing.delivered", "deliveredAt": meta}, "data": data}).encode()

    one, two = "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"
    softs = [genuine(body(*times)).keys[1] for times in ((one, one), (two, two), (one, two), (two, one))]
    assert softs[0] != softs[1]
    assert softs[0] != softs[3]
    assert genuine(body(one, two)).keys[1] == genuine(body(one, "2026-01-07T00:00:00Z")).keys[1]


@pytest.mark.parametrize(
    "meta", ["{}", "null", "[]", '{"deliveredAt":null}', '{"deliveredAt":7}', f'{{"deliveredAt":"{"x" * 99}"}}']
)
def test_a_body_without_a_time_of_delivery_is_known_by_its_digest_alone(meta: str) -> None:
    received = genuine(f'{{"data":{{"type":"prospect","id":1}},"meta":{meta}}}'.encode())
    assert len(received.keys) == 1
    assert (received.event, received.resource, received.unreadable) == ("", "prospect/1", "")


def test_two_sources_of_a_kind_share_no_key() -> None:
    other = OutreachSource(SECRET, name="second", path="/second")
    assert not set(genuine(BODY).keys) & set(genuine(BODY, other).keys)


ENVELOPE = b'{"event":"lead.replied","id":"evt_1","createdAt":"2026-01-05T12:30:00Z","data":{"leadId":"lead_1"}}'
SILENT = b'{"event":"lead.replied","data":{"leadId":"lead_1"}}'


def test_planmysaas_is_known_by_id_and_digest_together() -> None:
    first = pms(ENVELOPE)
    assert first == pms(ENVELOPE)
    assert (first.event, first.resource, first.flags) == ("lead.replied", "lead/lead_1", ())
    assert len(first.keys) == 2
    assert [watch.flag for watch in first.watch] == ["same-id-other-body"]


def test_a_horizon_is_that_of_every_name_but_the_shortly_known_one() -> None:
    source = PlanMySaaSSource(SECRET, horizon=60)
    for received in (pms(ENVELOPE, source=source), pms(SILENT, source=source)):
        assert {each.horizon for each in (*received.keys, *received.watch)} == {60}
    assert [key.horizon for key in genuine(BODY, OutreachSource(SECRET, horizon=60)).keys] == [60, 10]


def test_a_body_with_an_id_or_a_time_is_a_copy_under_any_event_id() -> None:
    for body in (ENVELOPE, ENVELOPE.replace(b'"id":"evt_1",', b""), ENVELOPE.replace(b"createdAt", b"x")):
        assert _is_copy(pms(body, "evt_2"), of=pms(body, "evt_1"))


def test_a_body_without_either_is_remarkable_under_another_event_id() -> None:
    first, other = pms(SILENT, "evt_1"), pms(SILENT, "evt_2")
    assert not _is_copy(other, of=first)
    assert _flags(other, after=first) == ["same-digest-other-id"]
    assert _is_copy(pms(SILENT, "evt_1"), of=first)


def test_another_body_under_the_same_event_id_is_an_event_of_its_own() -> None:
    first, other = pms(SILENT, "evt_1"), pms(ENVELOPE, "evt_1")
    assert not _is_copy(other, of=first)
    assert _flags(other, after=first) == ["same-id-other-body"]


def test_without_an_event_id_the_digest_decides() -> None:
    assert _is_copy(pms(SILENT, ""), of=pms(SILENT, ""))
    assert _flags(pms(SILENT, ""), after=pms(SILENT, "evt_1")) == ["same-digest-other-id"]


def test_an_odd_event_id_still_makes_a_key() -> None:
    for event_id in ("x" * 500, "é", "a/b c"):
        first = pms(SILENT, event_id)
        assert all(len(text.text) <= 200 and text.text.isascii() for text in (*first.keys, *first.watch))
        assert _is_copy(pms(SILENT, event_id), of=first)


def _known(delivery: Delivery) -> set[str]:
    named: tuple[Key | Watch, ...] = (*delivery.keys, *delivery.watch)
    return {text.text for text in named}


def _is_copy(delivery: Delivery, of: Delivery) -> bool:
    return any(key.text in _known(of) for key in delivery.keys)


def _flags(delivery: Delivery, after: Delivery) -> list[str]:
    return [watch.flag for watch in delivery.watch if watch.text in _known(after)]


@pytest.mark.parametrize(
    ("body", "header", "event", "flags"),
    [
        (b'{"event":"lead.created"}', "lead.created", "lead.created", ()),
        (b'{"type":"lead.created"}', "", "lead.created", ()),
        (b'{"event":"lead.created"}', "lead.bounced", "lead.created", ("other-event-in-header",)),
        (b'{"data":{}}', "lead.bounced", "lead.bounced", ("event-from-header",)),
        (b'{"event":{"x":1}}', "lead.bounced", "lead.bounced", ("event-from-header",)),
        (b'{"event":"a\\nb.c"}', "", "", ()),
        (b"{}", "x" * 500, "", ()),
        (b"[]", "lead.bounced", "", ()),
    ],
)
def test_the_event_is_the_bodys_and_only_then_the_headers(
    body: bytes, header: str, event: str, flags: tuple[str, ...]
) -> None:
    received = pms(body, event=header)
    assert (received.event, received.flags) == (event, flags)


UNREADABLE = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":1e999}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a":"\\ud800"}',
    b'{"a":"\xff\xfe"}',
    b'{"a":"\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    b'{"a":"\x00"}',
    b"{}{}",
    b"a=1&b=2",
    b"<html></html>",
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:24]))
def test_what_cannot_be_parsed_is_kept_as_it_came_and_says_why(body: bytes) -> None:
    for received in (genuine(body), pms(body)):
        assert received.body == body
        assert received.event == received.resource == ""
        assert received.keys
        with pytest.raises(MalformedDelivery):
            parse(received)
    assert pms(body).unreadable


BROKEN_INSIDE = [body.replace(b'"a"', b'"attributes"') for body in UNREADABLE if body.startswith(b'{"a"')]


@pytest.mark.parametrize("inside", BROKEN_INSIDE, ids=lambda body: repr(body[:32]))
def test_what_is_broken_inside_is_known_and_then_refused_by_the_worker(inside: bytes) -> None:
    body = b'{"data":{"type":"prospect","id":12,"x":' + inside + b'},"meta":{"eventName":"prospect.updated"}}'
    received = genuine(body)
    assert received.unreadable or (received.event, received.resource) == ("prospect.updated", "prospect/12")
    with pytest.raises(MalformedDelivery):
        parse(received)


@pytest.mark.parametrize(
    "data", ["null", "{}", '{"type":"prospect"}', '{"id":null}', '{"id":0}', '{"id":true}', '{"id":{}}', '{"id":""}']
)
def test_a_known_event_without_its_record_cannot_be_handled(data: str) -> None:
    body = f'{{"data":{data},"meta":{{"eventName":"prospect.created"}}}}'.encode()
    received = genuine(body)
    assert (received.event, received.unreadable) == ("prospect.created", "the payload has no data.id")


def test_doubled_json_keys_count_by_the_last() -> None:
    received = genuine(
        b'{"meta":{"eventName":"a.b"},"meta":{"eventName":"user.updated"},"data":{"type":"user","id":1,"id":2}}'
    )
    assert (received.event, received.resource) == ("user.updated", "user/2")


def test_an_id_may_be_a_text_and_a_name_nobody_could_index_is_dropped() -> None:
    assert genuine(b'{"data":{"type":"install","id":"i-1"},"meta":{}}').resource == "install/i-1"
    long = json.dumps({"data": {"type": "x", "id": "y" * 300}, "meta": {"eventName": "z" * 300}}).encode()
    assert (genuine(long).resource, genuine(long).event) == ("", "")
    assert genuine(b'{"data":{"id":4},"meta":{"eventName":"user.updated"}}').resource == "user/4"


def test_the_time_that_the_signed_body_tells_is_handed_on() -> None:
    assert genuine(BODY).sent == "2026-01-05T04:30:00.250-08:00"
    assert pms(ENVELOPE).sent == "2026-01-05T12:30:00Z"
    assert pms(SILENT).sent == ""


def test_old_deliveries_are_set_aside_where_an_age_is_given() -> None:
    source = OutreachSource(SECRET, max_age=3600)
    fresh, old = (outreach(source=source, now=NOW + later) for later in (3000, 4000))
    assert isinstance(fresh, Delivery)
    assert isinstance(old, Delivery)
    assert fresh.unreadable == ""
    assert "sent 4000 s ago" in old.unreadable
    just_in_time = outreach(source=source, now=NOW + 3600.25)
    assert isinstance(just_in_time, Delivery)
    assert just_in_time.unreadable == ""
    assert isinstance(outreach(source=lifecycle_source(SECRET, max_body=10)), Refusal)
    lifecycle = outreach(source=lifecycle_source(SECRET, max_age=3600, horizon=60), now=NOW + 4000)
    assert isinstance(lifecycle, Delivery)
    assert "sent 4000 s ago" in lifecycle.unreadable
    assert lifecycle.keys[0].horizon == 60
    undated = taken(source, "POST", fields_of(sign(b"{}", secret=SECRET)), b"{}", NOW)
    assert isinstance(undated, Delivery)
    assert undated.unreadable == ""
    strict = PlanMySaaSSource(SECRET, max_age=60)
    assert pms(ENVELOPE, source=strict).unreadable == pms(SILENT, source=strict).unreadable == ""
    assert "sent 3600 s ago" in pms(ENVELOPE.replace(b"12:30", b"11:30"), source=strict).unreadable


def test_a_tally_shows_which_secrets_are_in_use() -> None:
    source = OutreachSource({"2026-11": "new", "2026-05": SECRET})
    tally = Tally([source, OutreachSource(unsigned=True, name="open", path="/open")])
    for received in (outreach(source=source), outreach(b"[", source=source), outreach(source=OutreachSource("x"))):
        tally.count(source, received)
    assert tally.verified == {("outreach", "2026-11"): 0, ("outreach", "2026-05"): 2, ("open", ""): 0}
    assert tally.refused == {("outreach", "signature-wrong"): 1}
    assert tally.unreadable == {"outreach": 1}
    assert (tally.received("outreach"), tally.received("open")) == (3, 0)


def test_what_cannot_be_stored_is_pushed_back_as_each_vendor_understands() -> None:
    assert unstorable(SOURCE, owns_socket=True) is ABORT
    assert unstorable(lifecycle_source(SECRET), owns_socket=True) is ABORT
    for reply in (unstorable(SOURCE, owns_socket=False), unstorable(PMS, owns_socket=True)):
        assert isinstance(reply, Reply)
        assert reply.status == 503
        assert dict(reply.headers)["Retry-After"] == "60"
    assert STORED.status == 200


def test_a_delivery_prints_no_persons_data() -> None:
    assert repr(genuine(BODY)) == f"<Delivery outreach prospect.updated prospect/12, {len(BODY)} bytes>"
    assert repr(genuine(b"!")) == "<Delivery outreach ? -, 1 bytes>"


NAMES = [
    "data",
    "meta",
    "id",
    "type",
    "event",
    "eventName",
    "deliveredAt",
    "attributes",
    "relationships",
    "leadId",
    "lead",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(json_values)
def test_any_json_under_a_right_signature_is_a_delivery(value: Any) -> None:
    body = json.dumps(value).encode("utf-8", "surrogatepass")
    for received in (genuine(body), pms(body), genuine(body, lifecycle_source(SECRET))):
        assert received.body == body
        for text in (received.event, received.resource, received.unreadable):
            text.encode()


@settings(max_examples=200)
@given(st.binary(max_size=200), st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=80)), max_size=6))
def test_any_bytes_and_headers_get_an_answer(body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    for source in (SOURCE, PMS):
        assert isinstance(taken(source, "POST", raw_fields(headers), body, NOW), Refusal)
    signed = raw_fields([*headers, *((k.encode(), v.encode()) for k, v in sign(body, secret=SECRET).items())])
    received = taken(SOURCE, "POST", signed, body, NOW)
    if isinstance(received, Delivery):
        str(received.headers).encode()
