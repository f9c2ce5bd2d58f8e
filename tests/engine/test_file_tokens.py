from __future__ import annotations

import asyncio
import gc
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from outreach_async.engine.file_tokens import FileTokens
from outreach_async.protocol.errors import ConfigurationError, CredentialError
from outreach_async.protocol.redaction import Secret
from outreach_async.protocol.token_records import write_tokens
from outreach_async.protocol.tokens import Token

TOKEN = Token(Secret("at-canary"), Secret("rt-canary"), 8200.0, frozenset({"users.read"}), 1000.0)
OTHER = Token(Secret("at-2"), None, 9000.0, None, 2000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


async def test_the_file_is_the_owners_alone_whatever_the_umask(path) -> None:
    before = os.umask(0)
    try:
        await FileTokens(path).save("ada", TOKEN)
        async with FileTokens(path).lock("ada", timeout=1):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    locks = list(path.parent.glob("*.lock"))
    assert len(locks) == 2
    assert {stat.S_IMODE(lock.stat().st_mode) for lock in locks} == {0o600}


async def test_a_file_that_others_could_read_is_closed_to_them_by_the_next_save(path) -> None:
    await FileTokens(path).save("ada", TOKEN)
    path.chmod(0o644)
    await FileTokens(path).save("bob", OTHER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    await FileTokens("~/t.json").save("ada", TOKEN)
    assert (tmp_path / "t.json").exists()


async def test_a_relative_path_stays_where_it_was_when_the_folder_changes(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = FileTokens("t.json")
    monkeypatch.chdir("/")
    await store.save("ada", TOKEN)
    assert (tmp_path / "t.json").exists()


async def test_a_symbolic_link_stays_one(tmp_path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(target)
    await FileTokens(link).save("ada", TOKEN)
    assert link.is_symlink()
    assert await FileTokens(target).load("ada") == TOKEN
    async with FileTokens(link).lock("ada", timeout=1):
        with pytest.raises(CredentialError):
            async with FileTokens(target).lock("ada", timeout=0.01):
                pass


async def test_the_new_file_is_on_disk_before_it_takes_the_old_ones_place(path, monkeypatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        done.append("sync folder" if stat.S_ISDIR(status.st_mode) else f"sync file of {status.st_size} bytes")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        done.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    await FileTokens(path).save("ada", TOKEN)
    assert done == [f"sync file of {path.stat().st_size} bytes", "replace", "sync folder"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
async def test_nothing_stays_open(path) -> None:
    store = FileTokens(path)
    await store.save("ada", TOKEN)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        async with store.lock("ada", timeout=1):
            await store.save("ada", TOKEN)
            await store.load("ada")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("broken", ["fsync", "replace", "write"])
async def test_a_save_that_fails_leaves_the_old_file_whole(path, monkeypatch, broken) -> None:
    store = FileTokens(path)
    await store.save("ada", TOKEN)

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        match broken:
            case "fsync":
                patch.setattr(os, "fsync", no_space)
            case "replace":
                patch.setattr(Path, "replace", no_space)
            case _:
                patch.setattr("outreach_async.engine.file_tokens.os.fdopen", no_space)
                patch.setattr("outreach_async.engine.file_tokens._content", lambda _: path.read_bytes())
        with pytest.raises(ConfigurationError, match="No space left"):
            await store.save("ada", OTHER)
    assert await store.load("ada") == TOKEN
    assert sorted(each.name for each in path.parent.iterdir()) == ["tokens.json", "tokens.json.lock"]


async def test_what_a_crash_left_is_swept_away(path) -> None:
    store = FileTokens(path)
    await store.save("ada", TOKEN)
    left = path.with_name(".tokens.json.new")
    left.write_bytes(b"half")
    left.chmod(0o666)
    await store.save("bob", OTHER)
    assert not left.exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await store.load("ada") == TOKEN


WHOLE = write_tokens({"ada": TOKEN})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (WHOLE[: len(WHOLE) // 2], "damaged"),
        (WHOLE[:-3], "damaged"),
        (b"\x00" * 100, "damaged"),
        (WHOLE.replace(b'"version":1', b'"version":2'), "format 2"),
        (b'{"format": "x", "version": 1}', "not a token file"),
        (Fernet(Fernet.generate_key()).encrypt(b"x"), "damaged"),
        (write_tokens({"ada": TOKEN}, Fernet(Fernet.generate_key()).encrypt), "no key was given"),
    ],
    ids=["empty", "half", "cut", "zeros", "newer", "other", "foreign", "encrypted"],
)
async def test_a_file_that_cannot_be_understood_is_refused_and_kept(path, content, why) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    store = FileTokens(path)
    with pytest.raises(ConfigurationError, match=why) as caught:
        await store.load("ada")
    with pytest.raises(ConfigurationError, match=why):
        await store.save("ada", OTHER)
    assert path.read_bytes() == content
    assert str(path) in str(caught.value)
    assert caught.value.hint
    assert ("move it away" in caught.value.hint) == (why in ("damaged", "not a token file"))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "large"])
async def test_what_is_no_ordinary_file_is_refused_and_never_waited_for(tmp_path, monkeypatch, kind) -> None:
    path = tmp_path / "t.json"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            monkeypatch.setattr("outreach_async.engine.file_tokens.MAX_FILE_SIZE", 10)
            path.write_bytes(WHOLE)
    with pytest.raises(ConfigurationError, match=r"regular file|larger than|directory"):
        await FileTokens(path).load("ada")


async def test_a_path_through_a_file_is_refused(tmp_path) -> None:
    (tmp_path / "a").write_text("x")
    store = FileTokens(tmp_path / "a" / "t.json")
    for use in (store.load("ada"), store.save("ada", TOKEN)):
        with pytest.raises(ConfigurationError, match="cannot be used"):
            await use
    with pytest.raises(ConfigurationError, match="cannot be used"):
        async with store.lock("ada", timeout=1):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_without_rights_is_refused(path) -> None:
    await FileTokens(path).save("ada", TOKEN)
    path.chmod(0)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        await FileTokens(path).load("ada")


async def test_an_encrypted_file_holds_nothing_in_clear(path) -> None:
    key = Fernet.generate_key()
    store = FileTokens(path, key=key)
    await store.save("ada", TOKEN)
    data = path.read_bytes()
    assert not any(part in data for part in (b"canary", b"ada", b"users.read"))
    assert await store.load("ada") == TOKEN
    assert "canary" not in repr(store) + repr(vars(store))


async def test_another_key_is_refused_and_the_file_kept(path) -> None:
    await FileTokens(path, key=Fernet.generate_key()).save("ada", TOKEN)
    data = path.read_bytes()
    other = FileTokens(path, key=Fernet.generate_key())
    for use in (other.load("ada"), other.save("ada", OTHER)):
        with pytest.raises(ConfigurationError, match="key is another one"):
            await use
    assert path.read_bytes() == data


async def test_an_encrypted_file_that_was_changed_is_refused(path) -> None:
    key = Fernet.generate_key()
    await FileTokens(path, key=key).save("ada", TOKEN)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigurationError):
        await FileTokens(path, key=key).load("ada")


async def test_keys_are_rotated(path) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key().decode()
    await FileTokens(path, key=old).save("ada", TOKEN)
    await FileTokens(path, key=[new, old]).save("bob", OTHER)
    assert await FileTokens(path, key=new).load("ada") == TOKEN


async def test_a_plain_file_is_encrypted_at_the_next_save(path) -> None:
    key = Fernet.generate_key()
    await FileTokens(path).save("ada", TOKEN)
    await FileTokens(path, key=key).save("bob", OTHER)
    assert b"canary" not in path.read_bytes()
    assert await FileTokens(path, key=key).load("ada") == TOKEN


@pytest.mark.parametrize("key", [b"", "short", b"x" * 44, [], [b"x"]])
def test_what_is_no_key_is_refused(path, key) -> None:
    with pytest.raises(ConfigurationError, match="Fernet key"):
        FileTokens(path, key=key)


async def test_saves_of_many_users_lose_none(path) -> None:
    stores = [FileTokens(path) for _ in range(3)]
    await asyncio.gather(*[stores[n % 3].save(f"user-{n}", TOKEN) for n in range(30)])
    assert all([await stores[0].load(f"user-{n}") == TOKEN for n in range(30)])


async def test_waiting_for_a_lock_does_not_hold_up_the_loop(path) -> None:
    store, longest = FileTokens(path), 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)

    ticking = asyncio.create_task(tick())
    async with store.lock("ada", timeout=1):
        with pytest.raises(CredentialError):
            async with store.lock("ada", timeout=0.3):
                pass
    ticking.cancel()
    assert longest < 0.25


async def test_a_save_that_is_cancelled_ends_before_its_lock_is_given_back(path, monkeypatch) -> None:
    """Otherwise another process could read the old token while the new one is still being written."""
    started, release = threading.Event(), threading.Event()
    replace = Path.replace

    def slow(self: Path, target: Path) -> Path:
        started.set()
        release.wait(5)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", slow)
    store = FileTokens(path)

    async def grant() -> None:
        async with store.lock("ada", timeout=1):
            await store.save("ada", TOKEN)

    granting = asyncio.create_task(grant())
    while not started.is_set():
        await asyncio.sleep(0.001)
    granting.cancel()
    await asyncio.sleep(0.01)
    granting.cancel()
    await asyncio.sleep(0.01)
    assert not granting.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await granting
    assert await store.load("ada") == TOKEN


async def test_a_cancelled_save_that_also_fails_is_a_cancellation(path, monkeypatch, caplog) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(self: Path, target: Path) -> Path:
        started.set()
        release.wait(5)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", slow)
    saving = asyncio.create_task(FileTokens(path).save("ada", TOKEN))
    while not started.is_set():
        await asyncio.sleep(0.001)
    saving.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await saving
    del saving
    gc.collect()
    assert "never retrieved" not in caplog.text


HOLDER = """
import asyncio, sys
from outreach_async.engine.file_tokens import FileTokens
async def main():
    async with FileTokens(sys.argv[1]).lock("ada", timeout=5):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def holder(path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


async def test_another_process_that_holds_the_lock_is_named(path, holder) -> None:
    with pytest.raises(CredentialError, match=f"process {holder.pid} holds it"):
        async with FileTokens(path).lock("ada", timeout=0.05):
            pass


async def test_a_process_that_was_stopped_holds_the_lock_and_the_wait_ends(path, holder) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    with pytest.raises(CredentialError, match=str(holder.pid)):
        async with FileTokens(path).lock("ada", timeout=0.05):
            pass


async def test_a_process_that_was_killed_holds_nothing(path, holder) -> None:
    holder.kill()
    holder.wait()
    async with FileTokens(path).lock("ada", timeout=2):
        pass


async def test_a_holder_that_left_no_name_is_another_process(path) -> None:
    store = FileTokens(path)
    async with store.lock("ada", timeout=1):
        for lock in path.parent.glob("*.lock"):
            lock.write_bytes(b"")
        with pytest.raises(CredentialError, match="another process holds it"):
            async with store.lock("ada", timeout=0.01):
                pass


async def test_a_rewrite_waits_for_anothers_with_a_bound(path, monkeypatch) -> None:
    import filelock

    monkeypatch.setattr("outreach_async.engine.file_tokens._REWRITE_PATIENCE", 0.05)
    path.parent.mkdir()
    lock = filelock.FileLock(f"{path}.lock")
    with lock, pytest.raises(CredentialError, match="being written"):
        await FileTokens(path).save("ada", TOKEN)
