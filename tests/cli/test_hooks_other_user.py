"""An inbox that is another user's: told in one line whose it is, and how to get at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from outreach_async.engine.clock import SystemClock
from tests.webhooks.serving import APPLICATION, ROOT
from webhooks.sqlite_inbox import SqliteInbox

NOBODY = 65_534
POWERLESS = "-dac_override,-dac_read_search"
SETPRIV = shutil.which("setpriv")

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or SETPRIV is None, reason="needs root, which alone gives files away, and setpriv"
)


@pytest.fixture
async def foreign(tmp_path: Path) -> Path:
    """Give the inbox of another user, which nobody holds."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    inbox = SqliteInbox(folder / "inbox.db")
    await inbox.open(SystemClock())
    await inbox.close()
    for each in (folder, *folder.iterdir()):
        os.chown(each, NOBODY, NOBODY)
    return inbox.path


def powerless(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user to whom permissions apply."""
    assert SETPRIV is not None
    without = [SETPRIV, "--bounding-set", POWERLESS, "--inh-caps", POWERLESS]
    command = [*without, sys.executable, "-m", "outreach_async.cli", "hooks", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", [("events",), ("stats",), ("redeliver", "1")])
@pytest.mark.parametrize(("hidden", "whose"), [(False, "inbox.db"), (True, "theirs")])
def test_a_file_that_is_another_users_says_whose(
    foreign: Path, command: tuple[str, ...], hidden: bool, whose: str
) -> None:
    foreign.parent.chmod(0o700 if hidden else 0o755)
    refused = powerless(*command, "--inbox", str(foreign))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert f"{whose} belongs to " in refused.stderr or f"{whose}.lock belongs to " in refused.stderr
    assert "Run this as " in refused.stderr
    assert "--admin URL" in refused.stderr


def test_a_file_that_may_only_be_read_says_what_is_missing(foreign: Path) -> None:
    foreign.parent.chmod(0o755)
    foreign.chmod(0o644)
    refused = powerless("events", "--inbox", str(foreign))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert "may not make or write inbox.db-" in refused.stderr
    assert "Run this as " in refused.stderr
    assert "--admin URL" in refused.stderr


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_receiver_is_told_the_same(foreign: Path, tmp_path: Path, mode: int) -> None:
    foreign.parent.chmod(mode)
    application = APPLICATION.replace('"inbox.db"', repr(str(foreign)))
    (tmp_path / "app.py").write_text(textwrap.dedent(application))
    refused = powerless("serve", "app:hooks", "--port", "0", "--single", folder=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert " belongs to " in refused.stderr
    assert "Run this as " in refused.stderr
