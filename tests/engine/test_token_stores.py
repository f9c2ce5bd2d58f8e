from __future__ import annotations

import asyncio

import pytest

from outreach_async.engine.token_stores import FileTokens, MemoryTokens, TokenStore
from outreach_async.protocol.errors import CredentialError
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.tokens import Token

TOKEN = Token(Secret("at-canary"), Secret("rt-canary"), 8200.0, frozenset({"users.read"}), 1000.0)


@pytest.fixture(params=["memory", "file"])
def store(request, tmp_path) -> TokenStore:
    return MemoryTokens() if request.param == "memory" else FileTokens(tmp_path / "tokens.json")


async def test_a_store_gives_back_what_was_saved(store) -> None:
    assert await store.load("ada") is None
    await store.save("ada", TOKEN)
    assert await store.load("ada") == TOKEN
    assert await store.load("bob") is None


async def test_a_store_prints_no_token(store) -> None:
    await store.save("ada", TOKEN)
    assert "canary" not in repr(store)


async def test_a_lock_lets_one_in_at_a_time(store) -> None:
    inside, most = 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with store.lock("ada", timeout=20):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*[visit() for _ in range(20)])
    assert most == 1


async def test_locks_of_two_keys_do_not_meet(store) -> None:
    async with store.lock("ada", timeout=0.1), store.lock("bob", timeout=0.1):
        pass


async def test_a_lock_is_waited_for_with_a_bound(store) -> None:
    async with store.lock("ada", timeout=1):
        with pytest.raises(CredentialError, match="lock"):
            async with store.lock("ada", timeout=0.02):
                pass
    async with store.lock("ada", timeout=1):
        pass


async def test_a_cancelled_waiter_leaves_no_lock_behind(store) -> None:
    async def visit() -> None:
        async with store.lock("ada", timeout=20):
            await asyncio.sleep(20)

    async with store.lock("ada", timeout=1):
        waiting = [asyncio.create_task(visit()) for _ in range(5)]
        await asyncio.sleep(0.02)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    holder = asyncio.create_task(visit())
    await asyncio.sleep(0.05)
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
    async with store.lock("ada", timeout=0.1):
        pass


async def test_an_error_inside_gives_the_lock_back(store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.lock("ada", timeout=1):
            raise ZeroDivisionError
    async with store.lock("ada", timeout=0.1):
        pass


def test_one_store_serves_one_loop_after_another(store) -> None:
    async def use() -> None:
        async def visit() -> None:
            async with store.lock("ada", timeout=5):
                await asyncio.sleep(0)

        await asyncio.gather(visit(), visit())
        await store.save("ada", TOKEN)

    for _ in range(3):
        asyncio.run(use())
