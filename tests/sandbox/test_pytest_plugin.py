from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
async def test_users_of_the_plugin_get_a_fresh_sandbox(outreach_sandbox, planmysaas_sandbox):
    assert planmysaas_sandbox is outreach_sandbox
    async with outreach_sandbox.client() as api:
        assert await api.prospects.where().first()

def test_another_test_gets_another_sandbox(outreach_sandbox):
    assert not outreach_sandbox.outreach.requests
"""


def test_the_fixtures_work_in_a_suite_of_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_plugin_imports_nothing_of_the_sandbox_by_itself() -> None:
    script = (
        "import sys, outreach_async.sandbox.pytest_plugin; print('aiohttp' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=True)
    assert done.stdout.split() == ["False", "False"]
