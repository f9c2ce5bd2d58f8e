from __future__ import annotations

import base64
import functools
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from outreach_async.protocol.assertion import (
    AppKey,
    app_token,
    install_token_request,
    read_install_grant,
    read_setup,
    setup_token_request,
)
from outreach_async.protocol.errors import (
    AssertionRefused,
    ConfigurationError,
    CredentialError,
    InvalidResponse,
)
from outreach_async.protocol.messages import NO_HEADERS, Headers, Response
from outreach_async.protocol.redaction import Secret

ORIGIN = "https://api.outreach.io"
NOW = 1_795_428_000.5
GUID = "3f1e6c0e-guid"

# RFC 7515, appendix A.2: key, signing input and signature.
RFC_N = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
    "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV"
    "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
)
RFC_D = (
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0"
    "BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYT"
    "CBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"
)
RFC_P = (
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPG"
    "BY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"
)
RFC_Q = (
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA"
    "-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"
)
RFC_INPUT = (
    b"eyJhbGciOiJSUzI1NiJ9."
    b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
RFC_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZ"
    "cAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-e"
    "OkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)


def b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unb64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pem(key: object, form: str = "PKCS8", password: bytes | None = None) -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    forms = serialization.PrivateFormat
    return key.private_bytes(serialization.Encoding.PEM, getattr(forms, form), encryption).decode()  # type: ignore[attr-defined,no-any-return]


@functools.cache
def rfc_key() -> rsa.RSAPrivateKey:
    n, d, p, q = (int.from_bytes(b64(text)) for text in (RFC_N, RFC_D, RFC_P, RFC_Q))
    public = rsa.RSAPublicNumbers(65537, n)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key()


@functools.cache
def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def test_a_loaded_key_signs_as_rfc_7515_appendix_a_2() -> None:
    key = AppKey(pem(rfc_key())).rsa
    assert unb64(jwt.get_algorithm_by_name("RS256").sign(RFC_INPUT, key)) == RFC_SIGNATURE
    assert unb64(key.sign(RFC_INPUT, padding.PKCS1v15(), hashes.SHA256())) == RFC_SIGNATURE


def test_the_app_token_is_byte_for_byte_what_a_second_implementation_makes() -> None:
    token = app_token(GUID, AppKey(pem(rfc_key())), now=NOW).reveal()
    head, claims, signature = token.split(".")
    assert json.loads(b64(head)) == {"alg": "RS256", "typ": "JWT"}
    assert json.loads(b64(claims)) == {"iss": GUID, "iat": 1_795_427_970, "exp": 1_795_427_970 + 3600}
    signed = rfc_key().sign(f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert signature == unb64(signed)
    assert token == app_token(GUID, AppKey(pem(rfc_key())), now=NOW).reveal()


def test_the_app_token_lives_no_longer_than_an_hour_and_is_never_from_the_future() -> None:
    claims = json.loads(b64(app_token(GUID, AppKey(pem(rfc_key())), now=NOW).reveal().split(".")[1]))
    assert claims["iat"] < NOW < claims["exp"] <= NOW + 3600
    assert claims["exp"] - claims["iat"] <= 3600


def test_the_app_token_and_the_key_print_masked() -> None:
    key = AppKey(pem(rfc_key()))
    assert repr(key) == "<AppKey, RSA 2048 bits>"
    assert "ey" not in repr(app_token(GUID, key, now=NOW))


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_is_loaded_in_either_form_and_however_its_lines_end(form: str) -> None:
    text = pem(rfc_key(), form)
    for given in (
        text,
        text.encode(),
        text.strip(),
        text.replace("\n", "\\n"),
        text.replace("\n", "\r\n"),
        text.replace("\n", " "),
    ):
        assert AppKey(given).rsa.private_numbers() == rfc_key().private_numbers()


def test_a_key_may_come_with_its_certificate() -> None:
    assert AppKey(pem(rfc_key()) + certificate()).rsa.key_size == 2048


def public_pem() -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return rfc_key().public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def certificate() -> str:
    return "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: "", "not a PEM"),
        (lambda: "canary", "not a PEM"),
        (lambda: b"\x30\x82\xff", "not a PEM"),
        (lambda: "\ud800", "not a PEM"),
        (lambda: pem(small_key()), "1024 bits"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        (lambda: pem(ed25519.Ed25519PrivateKey.generate()), "not an RSA key"),
        (lambda: pem(rfc_key(), password=b"secret"), "encrypted"),
        (lambda: pem(rfc_key(), "TraditionalOpenSSL", b"secret"), "encrypted"),
        (public_pem, "public key"),
        (certificate, "certificate"),
        (lambda: pem(rfc_key(), "OpenSSH"), "OpenSSH"),
        (lambda: pem(rfc_key())[:800], "cut off"),
        (lambda: pem(rfc_key()).replace("\n", "\ncanary!", 3), "cut off"),
        (lambda: "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", "cut off"),
    ],
)
def test_what_is_no_usable_key_is_refused_without_being_quoted(make, why: str) -> None:
    given = make()
    with pytest.raises(ConfigurationError, match=why) as caught:
        AppKey(given)
    text = str(caught.value)
    material = (given if isinstance(given, str) else given.decode("latin-1")).split("\n")[1:-1]
    assert not any(line in text for line in material if line)
    assert "canary" not in text
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_setup_token_is_exchanged_as_documented() -> None:
    request = setup_token_request(ORIGIN, "s?t&1")
    assert (request.method, request.url) == ("POST", ORIGIN + "/api/app/installs/s%3Ft%261/actions/setupToken")
    assert request.body is None


def test_the_install_token_is_asked_for_as_documented() -> None:
    request = install_token_request(ORIGIN, "42")
    assert (request.method, request.url) == ("POST", ORIGIN + "/api/app/installs/42/actions/accessToken")
    assert request.body is None
    assert request.replay is True


@pytest.mark.parametrize("install_id", ["", "..", "a/b", "a\r\nb"])
def test_an_install_id_cannot_climb(install_id: str) -> None:
    with pytest.raises(ConfigurationError):
        install_token_request(ORIGIN, install_id)


SETUP = setup_token_request(ORIGIN, "tok")
INSTALL = install_token_request(ORIGIN, "42")


def answer(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, Headers(headers) if headers else NO_HEADERS, raw)


def grant(access: object = "s2s-1", org: object = 7) -> dict[str, object]:
    relationships = {"org": {"data": {"type": "org", "id": org}}}
    return {"data": {"type": "install", "id": "42", "meta": {"accessToken": access}, "relationships": relationships}}


@pytest.mark.parametrize(("told", "install_id"), [("42", "42"), (42, "42"), ("a-b", "a-b")])
def test_the_setup_answer_names_the_installation(told: object, install_id: str) -> None:
    assert read_setup(SETUP, answer(201, {"data": {"id": told}}), now=NOW) == install_id


def test_the_install_answer_holds_the_token_and_the_org() -> None:
    token = read_install_grant(INSTALL, answer(200, grant()), now=NOW)
    assert (token.access, token.refresh, token.scopes, token.org_id) == (Secret("s2s-1"), None, None, "7")
    assert token.expires_at == NOW + 3600


@pytest.mark.parametrize("org", [None, True, [], {}])
def test_an_answer_without_an_org_is_fine(org: object) -> None:
    assert read_install_grant(INSTALL, answer(200, grant(org=org)), now=NOW).org_id == ""
    assert read_install_grant(INSTALL, answer(200, {"data": {"meta": {"accessToken": "x"}}}), now=NOW).org_id == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000, {}, {"data": None}, {"data": [1]}, grant("")])
def test_a_success_that_holds_nothing_is_invalid(body: object) -> None:
    with pytest.raises(InvalidResponse):
        read_install_grant(INSTALL, answer(200, body), now=NOW)
    if body != grant(""):
        with pytest.raises(InvalidResponse):
            read_setup(SETUP, answer(200, body), now=NOW)


@pytest.mark.parametrize("access", [None, 5, "a b", "a\nb", "é"])
def test_a_token_that_cannot_stand_in_a_header_is_invalid(access: object) -> None:
    with pytest.raises(InvalidResponse):
        read_install_grant(INSTALL, answer(200, grant(access)), now=NOW)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 302])
def test_a_refusal_says_what_to_check(status: int) -> None:
    body = {"errors": [{"id": "orgLocked", "detail": "The org is locked."}]}
    with pytest.raises(AssertionRefused, match="orgLocked The org is locked") as caught:
        read_install_grant(INSTALL, answer(status, body), now=NOW)
    assert "GUID" in caught.value.hint
    with pytest.raises(AssertionRefused):
        read_setup(SETUP, answer(status, b""), now=NOW)


def test_a_busy_server_says_when_to_come_back() -> None:
    for status in (429, 500, 503):
        with pytest.raises(CredentialError) as caught:
            read_install_grant(INSTALL, answer(status, b""), now=NOW)
        assert caught.value.retry_at == NOW
    with pytest.raises(CredentialError) as caught:
        read_install_grant(INSTALL, answer(429, b"", {"Retry-After": "9"}), now=NOW)
    assert caught.value.retry_at == NOW + 9


def test_no_error_prints_the_setup_token() -> None:
    with pytest.raises(AssertionRefused) as caught:
        read_setup(setup_token_request(ORIGIN, "canary"), answer(401, b""), now=NOW)
    assert "canary" not in str(caught.value) + caught.value.as_curl() + repr(caught.value.request)
