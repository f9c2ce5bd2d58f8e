"""Signatures: outside vectors, every kind of refusal, rotation, and hostile header text."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.signature import (
    OUTREACH,
    PLANMYSAAS,
    Refused,
    Scheme,
    Secrets,
    Verified,
    sign,
    verify,
)

BODY = b'{"data":{"type":"prospect","id":1}}'
SECRETS = Secrets("correct horse")
GOOD = sign(BODY, "correct horse", OUTREACH)


# GitHub's documented example, and RFC 4231's test cases 1 to 4, 6 and 7 for HMAC-SHA-256.
VECTORS = [
    (
        b"It's a Secret to Everybody",
        b"Hello, World!",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size data. "
            b"The key needs to be hashed before being used by the HMAC algorithm."
        ),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("key", "body", "digest"), VECTORS)
@pytest.mark.parametrize("scheme", [OUTREACH, PLANMYSAAS])
def test_outside_vectors_are_signed_and_verified(key: bytes, body: bytes, digest: str, scheme: Scheme) -> None:
    assert sign(body, key, scheme) == scheme.prefix + digest
    assert verify(body, [scheme.prefix + digest], Secrets(key), scheme) == Verified("default")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "absent"),
        ([GOOD, GOOD], "doubled"),
        ([GOOD, "x"], "doubled"),
        ([""], "garbled"),
        (["garbage"], "garbled"),
        ([GOOD + "," + GOOD], "garbled"),
        ([GOOD[:-1]], "garbled"),
        ([GOOD + "0"], "garbled"),
        ([" " + GOOD], "garbled"),
        ([GOOD + "\n"], "garbled"),
        (["sha256=" + GOOD], "garbled"),
        ([" ".join(GOOD[i : i + 2] for i in range(0, 64, 2))], "garbled"),
        ([GOOD[:62] + "é9"], "garbled"),
        ([GOOD[:62] + "\udcff\udce9"], "garbled"),
        ([GOOD[:63] + "٣"], "garbled"),  # a digit, and not an ASCII one
        (["0" * 64], "wrong"),
        ([sign(BODY + b" ", "correct horse", OUTREACH)], "wrong"),
        ([sign(BODY, "battery staple", OUTREACH)], "wrong"),
    ],
)
def test_a_bad_signature_is_refused_with_its_reason(values: list[str], reason: str) -> None:
    assert verify(BODY, values, SECRETS, OUTREACH) == Refused(reason)  # type: ignore[arg-type]


def test_the_prefix_is_part_of_the_scheme() -> None:
    value = sign(BODY, "correct horse", PLANMYSAAS)
    assert value == "sha256=" + GOOD
    assert verify(BODY, [value], SECRETS, PLANMYSAAS) == Verified("default")
    assert verify(BODY, [GOOD], SECRETS, PLANMYSAAS) == Refused("garbled")
    assert verify(BODY, ["SHA256=" + GOOD], SECRETS, PLANMYSAAS) == Refused("garbled")


def test_hex_is_taken_in_either_case() -> None:
    assert verify(BODY, [GOOD.upper()], SECRETS, OUTREACH) == Verified("default")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_can_be_verified(kind: type) -> None:
    assert verify(kind(BODY), [GOOD], SECRETS, OUTREACH) == Verified("default")


def test_every_flipped_bit_of_a_body_is_refused() -> None:
    for place in range(len(BODY) * 8):
        forged = bytearray(BODY)
        forged[place // 8] ^= 1 << place % 8
        assert verify(forged, [GOOD], SECRETS, OUTREACH) == Refused("wrong")


def test_every_flipped_bit_of_a_signature_is_refused() -> None:
    digest = bytes.fromhex(GOOD)
    for place in range(256):
        forged = bytearray(digest)
        forged[place // 8] ^= 1 << place % 8
        assert verify(BODY, [forged.hex()], SECRETS, OUTREACH) == Refused("wrong")


def test_either_secret_of_a_rotation_verifies_and_is_named() -> None:
    secrets = Secrets({"2026-11": "new", "2026-05": Secret("old")})
    assert secrets.names == ("2026-11", "2026-05")
    assert verify(BODY, [sign(BODY, "new", OUTREACH)], secrets, OUTREACH) == Verified("2026-11")
    assert verify(BODY, [sign(BODY, "old", OUTREACH)], secrets, OUTREACH) == Verified("2026-05")
    assert verify(BODY, [sign(BODY, "older", OUTREACH)], secrets, OUTREACH) == Refused("wrong")


def test_a_retired_secret_no_longer_verifies() -> None:
    assert verify(BODY, [sign(BODY, "old", OUTREACH)], Secrets({"2026-11": "new"}), OUTREACH) == Refused("wrong")


@pytest.mark.parametrize(("values", "reason"), [([], "absent"), ([GOOD, GOOD], "doubled"), (["x"], "garbled")])
def test_what_tells_no_digest_is_refused_whatever_is_compared(
    values: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hmac, "compare_digest", lambda mine, theirs: True)
    assert verify(BODY, values, SECRETS, OUTREACH) == Refused(reason)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[], [GOOD, GOOD], ["x"], ["0" * 64], [GOOD]])
def test_every_secret_is_computed_whatever_the_header_says(values: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    secrets = Secrets({"a": "correct horse", "b": "battery staple", "c": "tr0ub4dor"})

    def counting(mine: bytes, theirs: bytes) -> bool:
        compared.append(mine)
        return mine == theirs

    monkeypatch.setattr(hmac, "compare_digest", counting)
    verify(BODY, values, secrets, OUTREACH)
    assert len(set(compared)) == 3


@pytest.mark.parametrize("secret", ["", "  ", b"", None, 7, Secret(""), "\udcff"])
def test_an_unusable_secret_is_refused(secret: object) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        Secrets(secret)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="secret"):
        sign(BODY, secret, OUTREACH)  # type: ignore[arg-type]


def test_no_secrets_and_one_secret_under_two_names_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no secret"):
        Secrets({})
    with pytest.raises(ConfigurationError, match="two names"):
        Secrets({"a": "same", "b": b"same"})


@pytest.mark.parametrize("name", ["", "a b", "a\n", 'a"', "é", "x" * 65])
def test_a_name_that_could_not_stand_in_a_metric_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot name"):
        Secrets({name: "text"})


def test_secrets_print_their_names_only() -> None:
    assert repr(Secrets({"2026-11": "canary", "old": "bird"})) == "Secrets(2026-11, old)"


@settings(max_examples=200)
@given(st.lists(st.text(st.characters(codec=None)), max_size=3), st.binary(max_size=64))
def test_any_header_text_gives_a_refusal_and_no_exception(values: list[str], body: bytes) -> None:
    for scheme in (OUTREACH, PLANMYSAAS):
        assert isinstance(verify(body, values, SECRETS, scheme), Refused)


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=200), st.binary(max_size=300))
def test_a_signature_is_rfc_2104_for_any_key_and_body(key: bytes, body: bytes) -> None:
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + body).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).hexdigest()
    if key.strip(b" \t\r\n"):
        assert sign(body, key, OUTREACH) == outer
