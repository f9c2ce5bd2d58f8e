"""Canaries in every place a secret was ever seen: none may come out."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach_async.protocol.redaction import (
    Secret,
    mask_emails,
    printable,
    redact,
    redact_body,
    redact_headers,
    redact_url,
)

CANARY = "kanaryBird0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"refresh_token={CANARY}&x=1",
        f"https://h/cb?code={CANARY}&state=s",
        f"a=1&client_secret={CANARY}",
        f"?installSetupToken={CANARY}",
        f'{{"access_token": "{CANARY}"}}',
        f'{{"a":1,"refresh_token":"{CANARY}',
        f'{{"secret":"a\\"{CANARY}"}}',
        f'{{"data":{{"attributes":{{"cleanupToken":"{CANARY}"}}}}}}',
        f'{{"smtp":1,"password":"{CANARY}"}}',
        f"Authorization: Bearer {CANARY}",
        f"authorization: bearer {CANARY}",
        f"the key pms_live_{CANARY} was revoked",
        f"eyJhbGciOiJSUzI1NiJ9.{CANARY}.{CANARY}",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}",
        f"https://api.outreach.io/api/app/installs/{CANARY}/actions/setupToken",
        f"grant_type=refresh_token;client_secret={CANARY}",
    ],
)
def test_no_canary_sings(text):
    assert CANARY not in redact(text)
    assert CANARY not in redact_url(text)
    assert CANARY not in redact_body(text.encode())


def test_what_is_no_secret_stays():
    text = 'filter[name]=Ada&page[after]=eyJx {"title": "token of thanks", "code": "validationError"}'
    assert redact(text) == text
    assert redact("pms_live_abcde") == "pms_live_***"
    assert redact("[key pms_live_ab]") == "[key pms_live_ab]"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no such person ada@example.com", "no such person a***@example.com"),
        ("KeyError: 'ada.king+x@mail.example.co.uk'", "KeyError: 'a***@mail.example.co.uk'"),
        ('{"email":"ada@example.com","to":["o\'brien@x-y.io"]}', '{"email":"a***@example.com","to":["o***@x-y.io"]}'),
        ("<ada@example.com>, ädä@exämple.de.", "<a***@example.com>, ä***@exämple.de."),
        ("GET /p?filter[emails]=ada%40example.com&x=1", "GET /p?filter[emails]=a***%40example.com&x=1"),
        ("-ada@example.com .b@example.com ''@example.com", "-***@example.com .***@example.com ''***@example.com"),
        ("a@b ada@localhost 3 @ 4.5 @decorator.of x@.y", "a@b ada@localhost 3 @ 4.5 @decorator.of x@.y"),
    ],
)
def test_a_persons_address_keeps_its_first_letter_and_its_host(text, masked):
    assert mask_emails(text) == masked


@pytest.mark.parametrize("piece", ["a", "a@", "a.", "a@b.", "'", "%40", "a%40", "@a", "-@", "ä@ä"])
def test_no_text_is_long_to_look_for_addresses_in(piece):
    began = time.process_time()
    mask_emails(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 0.5


def test_user_information_in_a_url_is_masked():
    assert redact_url(f"https://ada:{CANARY}@h/p") == "https://***@h/p"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "X-PMS-Signature", "Outreach-Webhook-Signature", "outreach-webhook-cleanup-token", "Cookie"],
)
def test_secret_headers_are_masked_whole(name):
    assert redact_headers({name: CANARY, "Accept": "a"}) == {name: "***", "Accept": "a"}


def test_a_body_is_cut_and_cannot_forge_lines():
    assert redact_body(None) == ""
    assert redact_body(b"a\r\nINFO forged \x1b[31m") == "a\\r\\nINFO forged \\x1b[31m"
    assert redact_body(b"x" * 600, 10) == "x" * 10 + "…"
    assert redact_body(b"\xff") == "�"


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret(CANARY)
    assert secret.reveal() == CANARY
    assert CANARY not in f"{secret!r} {secret} {[secret]} {secret!s:>40}"
    assert secret == Secret(CANARY)
    assert secret != CANARY
    assert len({secret, Secret(CANARY)}) == 1
    assert (bool(secret), bool(Secret(""))) == (True, False)


@given(st.text(max_size=80))
def test_any_text_can_be_redacted_and_printed(text):
    assert printable(redact(text)).isprintable()


@pytest.mark.parametrize(
    "piece", ["eyJ", "Bearer ", "pms_a_", "-----BEGIN PRIVATE KEY-----", '"secret":"', "/installs/"]
)
def test_no_text_takes_long(piece):
    """A hostile answer must not hold the loop; half a second is a hundred times what it takes."""
    began = time.process_time()
    redact(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 0.5
