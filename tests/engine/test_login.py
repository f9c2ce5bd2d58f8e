from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import socket

import aiohttp
import pytest

from outreach_async.engine.login import MAX_STRANGERS, Callback, listening, loopback_address
from outreach_async.engine.oauth import OAuthApp, SignIn
from outreach_async.engine.token_stores import MemoryTokens
from outreach_async.protocol.errors import ConfigurationError, SignInRequired


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def redirect_uri() -> str:
    return f"http://127.0.0.1:{free_port()}/oauth/callback"


@pytest.fixture
def sign_in(redirect_uri: str) -> SignIn:
    return OAuthApp("app", "hush", redirect_uri, tokens=MemoryTokens()).begin_sign_in()


@contextlib.asynccontextmanager
async def browsing(sign_in: SignIn, redirect_uri: str) -> abc.AsyncIterator[tuple[Callback, aiohttp.ClientSession]]:
    async with listening(sign_in, redirect_uri) as callback, aiohttp.ClientSession() as browser:
        yield callback, browser


async def seen(answer: aiohttp.ClientResponse) -> str:
    async with answer:
        return await answer.text()


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://127.0.0.1:8765/callback", ("127.0.0.1", 8765, "/callback", "127.0.0.1:8765")),
        ("http://LocalHost:9/", ("localhost", 9, "/", "localhost:9")),
        ("http://[::1]:9", ("::1", 9, "/", "[::1]:9")),
        ("http://127.1.2.3/x", ("127.1.2.3", 80, "/x", "127.1.2.3")),
    ],
)
def test_a_loopback_redirect_is_taken_apart(uri: str, expected: tuple[object, ...]) -> None:
    found = loopback_address(uri)
    assert found is not None
    assert (found.host, found.port, found.path, found.netloc) == expected


@pytest.mark.parametrize(
    "uri",
    [
        "https://127.0.0.1:8765/callback",
        "http://example.com/callback",
        "http://127.0.0.1.example.com/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:8765/callback?app=1",
        "http://127.0.0.1:notaport/",
        "http://[::1/",
        "urn:ietf:wg:oauth:2.0:oob",
    ],
)
def test_any_other_redirect_is_not_listened_at(uri: str) -> None:
    assert loopback_address(uri) is None


async def test_a_redirect_elsewhere_is_refused(sign_in: SignIn) -> None:
    with pytest.raises(ConfigurationError, match="does not lead to this machine"):
        async with listening(sign_in, "https://example.com/callback"):
            pass


async def test_the_code_arrives_once(sign_in: SignIn, redirect_uri: str) -> None:
    async with browsing(sign_in, redirect_uri) as (callback, browser):
        good = f"{redirect_uri}?code=c0de&state={sign_in.state.reveal()}"
        answer = await browser.get(good)
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Signed in" in await seen(answer)
        assert await callback.code(5) == "c0de"
        again = await browser.get(good)
        assert again.status == 404
        await seen(again)


async def test_an_answer_of_another_sign_in_is_refused_and_the_wait_goes_on(sign_in: SignIn, redirect_uri: str) -> None:
    async with browsing(sign_in, redirect_uri) as (callback, browser):
        for query in (
            "",
            "?code=evil",
            "?code=evil&state=guess",
            "?code=a&code=b&state=guess",
            "?error=access_denied&state=guess",
            "?error=%ff&state=%ed%a0%80",
            "?" + "&".join(f"error{n}=x" for n in range(100)),
        ):
            answer = await browser.get(aiohttp.client.URL(redirect_uri + query, encoded=True))
            assert answer.status == 400
            text = await seen(answer)
            assert "evil" not in text
            assert sign_in.state.reveal() not in text
            assert "guess" not in text
        await seen(await browser.get(f"{redirect_uri}?code=good&state={sign_in.state.reveal()}"))
        assert await callback.code(5) == "good"


@pytest.mark.parametrize("with_state", [True, False])
async def test_a_denial_ends_the_wait(sign_in: SignIn, redirect_uri: str, with_state: bool) -> None:
    async with browsing(sign_in, redirect_uri) as (callback, browser):
        state = f"&state={sign_in.state.reveal()}" if with_state else ""
        answer = await browser.get(f"{redirect_uri}?error=access_denied{state}")
        assert answer.status == 400
        assert "access_denied" not in await seen(answer)
        with pytest.raises(SignInRequired, match="access_denied"):
            await callback.code(5)


async def test_only_the_exact_address_answers(sign_in: SignIn, redirect_uri: str) -> None:
    good = f"?code=c&state={sign_in.state.reveal()}"
    async with browsing(sign_in, redirect_uri) as (_, browser):
        for url in (redirect_uri + "/" + good, redirect_uri.replace("/oauth", "") + good, redirect_uri + "%20" + good):
            answer = await browser.get(aiohttp.client.URL(url, encoded=True))
            assert answer.status == 404
            await seen(answer)
        rebound = await browser.get(redirect_uri + good, headers={"Host": "evil.example"})
        assert rebound.status == 404
        await seen(rebound)
        posted = await browser.post(redirect_uri + good)
        assert posted.status == 405
        await seen(posted)


async def test_raw_bytes_get_an_answer(sign_in: SignIn, redirect_uri: str) -> None:
    address = loopback_address(redirect_uri)
    assert address is not None
    async with listening(sign_in, redirect_uri):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        line = f"GET {address.path}?error=x&state=".encode() + b"\xed\xa0\x80\xff"
        writer.write(line + f" HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
        await writer.wait_closed()


async def test_guessing_has_an_end(sign_in: SignIn, redirect_uri: str) -> None:
    async with browsing(sign_in, redirect_uri) as (callback, browser):
        for _ in range(MAX_STRANGERS):
            await seen(await browser.get(f"{redirect_uri}?code=evil&state=guess"))
        with pytest.raises(SignInRequired, match="belongs to another sign-in"):
            await callback.code(5)


async def test_the_wait_is_bounded_and_frees_the_port(sign_in: SignIn, redirect_uri: str) -> None:
    async with listening(sign_in, redirect_uri) as callback:
        with pytest.raises(SignInRequired, match=r"nobody signed in within 0\.01 s"):
            await callback.code(0.01)
    async with listening(sign_in, redirect_uri):
        pass


async def test_a_taken_port_is_named(sign_in: SignIn, redirect_uri: str) -> None:
    async with listening(sign_in, redirect_uri):
        with pytest.raises(ConfigurationError, match=r"nothing can listen at 127\.0\.0\.1:\d+"):
            async with listening(sign_in, redirect_uri):
                pass


async def test_cancelling_the_wait_frees_the_port(sign_in: SignIn, redirect_uri: str) -> None:
    async def wait() -> None:
        async with listening(sign_in, redirect_uri) as callback:
            await callback.code(60)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with listening(sign_in, redirect_uri):
        pass
