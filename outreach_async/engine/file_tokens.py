"""Tokens in one file that any number of processes share.

Two kinds of locks, both sidecar files that are never removed, since a lock on the token file itself would be lost
when that is replaced: one per user and app, held over a whole grant, and one for the file, held while it is
rewritten. The operating system gives both up when their holder dies.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import hashlib
import os
import stat
import typing
from pathlib import Path

from ..protocol.errors import ConfigurationError, CredentialError
from ..protocol.token_records import Cipher, read_tokens, write_tokens
from ..protocol.tokens import Token

if typing.TYPE_CHECKING:
    import filelock

# Bytes of the largest token file read: some twenty thousand users.
MAX_FILE_SIZE = 16 * 1024 * 1024

# Seconds that a rewrite of the file may wait for another process's.
_REWRITE_PATIENCE = 20.0
_FIRST_POLL = 0.005
_LAST_POLL = 0.1

T = typing.TypeVar("T")


class FileTokens:
    """Keeps tokens in a file, readable by its owner only (mode 0600), for all processes of one machine.

    `key` is a Fernet key (`cryptography.fernet.Fernet.generate_key()`) that encrypts the file; of several, the first
    encrypts and all decrypt. A plain file is read with a key too, and encrypted when it is next written. A file that
    is damaged, of a newer version or under another key is refused with ConfigurationError and left as it is.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, key: bytes | str | abc.Sequence[bytes | str] | None = None
    ) -> None:
        self._path = Path(path).expanduser().absolute()
        self._seal: Cipher | None = None
        self._unseal: Cipher | None = None
        if key is not None:
            self._seal, self._unseal = _ciphers(key)

    def __repr__(self) -> str:
        return f"FileTokens({str(self._path)!r}{', encrypted' if self._seal else ''})"

    async def load(self, key: str) -> Token | None:
        """Give the token last saved under this key by any process. Raises ConfigurationError."""
        return (await _in_thread(self._read)).get(key)

    async def save(self, key: str, token: Token) -> None:
        """Replace the file by one that holds this token too, synced to disk. Raises ConfigurationError."""
        await _in_thread(self._rewrite, key, token)

    @contextlib.asynccontextmanager
    async def lock(self, key: str, *, timeout: float) -> abc.AsyncIterator[None]:
        """Hold this key against all tasks and processes that use the file.

        Raises CredentialError, with the holder's process id, after `timeout` seconds.
        """
        lock = await self._held(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16], timeout)
        try:
            yield
        finally:
            lock.release()

    async def _held(self, name: str, timeout: float) -> filelock.BaseFileLock:
        # Polled from the loop, one quick system call a time: a thread that waits for a lock would get it, and keep
        # it, after its task was cancelled.
        loop = asyncio.get_running_loop()
        deadline, poll = loop.time() + timeout, _FIRST_POLL
        lock = self._sidecar(f".{name}.lock")
        while True:
            with _explained(self._path), contextlib.suppress(TimeoutError):
                lock.acquire(blocking=False)
                _leave_pid(lock.lock_file)
                return lock
            if loop.time() >= deadline:
                holder = _pid_in(lock.lock_file)
                raise CredentialError(
                    f"the token's lock was not free within {timeout:g} s; {holder} holds it",
                    hint=f"The lock is {lock.lock_file}; it is free as soon as that process ends.",
                )
            await asyncio.sleep(min(poll, max(0.0, deadline - loop.time())))
            poll = min(2 * poll, _LAST_POLL)

    def _sidecar(self, suffix: str) -> filelock.BaseFileLock:
        target = self._target()
        import filelock

        with _explained(self._path):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return filelock.FileLock(f"{target}{suffix}", mode=0o600, thread_local=False)

    def _target(self) -> Path:
        """Give the file itself where the path is a symbolic link, so that replacing it keeps the link."""
        return Path(os.path.realpath(self._path))

    def _read(self) -> dict[str, Token]:
        with _explained(self._path):
            data = _content(self._target())
        if data is None:
            return {}
        try:
            return read_tokens(data, self._unseal)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"the token file {self._path} cannot be used: {error.message}",
                hint=error.hint or "It was left as it is; move it away to begin anew, and sign in again.",
            ) from None

    def _rewrite(self, key: str, token: Token) -> None:
        lock = self._sidecar(".lock")
        try:
            with _explained(self._path), lock.acquire(timeout=_REWRITE_PATIENCE):
                tokens = self._read()
                tokens[key] = token
                _replace(self._target(), write_tokens(tokens, self._seal))
        except TimeoutError:
            raise CredentialError(
                f"the token file {self._path} was being written by another process for {_REWRITE_PATIENCE:g} s"
            ) from None


def _ciphers(key: bytes | str | abc.Sequence[bytes | str]) -> tuple[Cipher, Cipher]:
    from cryptography.fernet import Fernet, InvalidToken, MultiFernet

    keys = [key] if isinstance(key, (bytes, str)) else list(key)
    try:
        fernet = MultiFernet([Fernet(each) for each in keys])
    except (ValueError, TypeError):
        raise ConfigurationError(
            "the key of the token file is not a Fernet key", hint="cryptography.fernet.Fernet.generate_key() makes one."
        ) from None

    def unseal(data: bytes) -> bytes:
        try:
            return fernet.decrypt(data)
        except InvalidToken:
            raise ValueError from None

    return fernet.encrypt, unseal


@contextlib.contextmanager
def _explained(path: Path) -> abc.Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise ConfigurationError(
            f"the token file {path} cannot be used: {error.strerror or error}", hint="Check the path and its rights."
        ) from error


def _content(path: Path) -> bytes | None:
    """Read the file whole; None when there is none. Not a folder, a pipe or a device, which could block or not end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is not a regular file")
        data = file.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise OSError(None, f"it is larger than {MAX_FILE_SIZE} bytes")
    return data


def _replace(path: Path, data: bytes) -> None:
    """Put the data in the place of the file, so that a crash at any point leaves the old one or the new one, whole."""
    # One name will do, since the file's lock is held; what a crash left there goes first.
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _leave_pid(lock_file: str) -> None:
    with contextlib.suppress(OSError), Path(lock_file).open("r+b") as file:
        file.write(b"%-10d" % os.getpid())


def _pid_in(lock_file: str) -> str:
    with contextlib.suppress(OSError, ValueError), Path(lock_file).open("rb") as file:
        return f"process {int(file.read(16))}"
    return "another process"


async def _in_thread(function: abc.Callable[..., T], *arguments: object) -> T:
    """Run in a thread, and stay until it is done even when cancelled: a lock held around it must outlast it."""
    work = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        work.exception()
        raise cancelled
    return work.result()
