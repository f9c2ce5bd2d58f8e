"""Certificates are verified, always: there is no argument that turns it off."""

import datetime as dt
import inspect
import ipaddress
import ssl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outreach_async.engine.aiohttp_transport import AiohttpTransport
from outreach_async.protocol.errors import ConnectionFailed
from outreach_async.protocol.messages import Request


@pytest.fixture
async def server(tmp_path):
    """A server whose certificate nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    seen = []

    async def handle(request):
        seen.append(request)
        return web.Response()

    app = web.Application()
    app.router.add_get("/", handle)
    made = TestServer(app, host="127.0.0.1", scheme="https")
    await made.start_server(ssl=context)
    yield str(made.make_url("/")).rstrip("/"), seen
    await made.close()


async def test_a_certificate_nobody_vouches_for_is_refused_before_the_token_is_sent(server):
    origin, seen = server
    transport = AiohttpTransport()
    with pytest.raises(ConnectionFailed, match="certificate") as caught:
        await transport.send(Request("GET", origin, "/"), "Bearer t")
    await transport.close()
    assert not caught.value.reached
    assert seen == []


def test_nothing_turns_verification_off():
    options = inspect.signature(AiohttpTransport).parameters
    assert not [name for name in options if "ssl" in name or "verify" in name]
