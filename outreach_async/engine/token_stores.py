"""Where tokens are kept: the three-method protocol, and the store that forgets.

A key names one user of one app at one origin; what it looks like is not the store's business. A store of your own, in
your database, implements `TokenStore`; `token_records.write_token` gives it bytes to keep.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
from typing import Protocol

from ..protocol.errors import CredentialError
from ..protocol.tokens import Token
from .file_tokens import FileTokens

__all__ = ["FileTokens", "MemoryTokens", "TokenStore"]


class TokenStore(Protocol):
    """Keeps tokens, for as many processes as share it."""

    async def load(self, key: str) -> Token | None:
        """Give the token last saved under this key, by whichever process; None when there is none."""
        ...

    async def save(self, key: str, token: Token) -> None:
        """Keep the token. When this returns, a crash or power loss must not undo it."""
        ...

    def lock(self, key: str, *, timeout: float) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold this key against every other task and process that shares the store.

        It is held over a re-read, a grant and a save, some 30 seconds at the longest, and must be given up when its
        process dies. Raises CredentialError when it cannot be had within `timeout` seconds.
        """
        ...


class MemoryTokens:
    """Keeps tokens while the process lives: for tests, and for tokens that are cheap to get again."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def __repr__(self) -> str:
        return f"<MemoryTokens of {len(self._tokens)}>"

    async def load(self, key: str) -> Token | None:
        """Give the token last saved under this key."""
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        """Keep the token until the process ends."""
        self._tokens[key] = token

    @contextlib.asynccontextmanager
    async def lock(self, key: str, *, timeout: float) -> abc.AsyncIterator[None]:
        """Hold this key against other tasks. Raises CredentialError after `timeout` seconds."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            try:
                async with asyncio.timeout(timeout):
                    await lock.acquire()
            except TimeoutError:
                raise CredentialError(f"another task has held the token's lock for {timeout:g} s") from None
            try:
                yield
            finally:
                lock.release()
        finally:
            # Dropped with its last user, so that a later event loop gets a lock of its own.
            lock, users = self._locks[key]
            self._locks[key] = (lock, users - 1)
            if users == 1:
                del self._locks[key]
