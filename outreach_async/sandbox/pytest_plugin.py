"""Fixtures for the users' own suites: a fresh sandbox for every test, in process, on a clock wound by hand.

Installing the package is enough; nothing of the sandbox is imported before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .sandbox import Sandbox


@pytest.fixture
def outreach_sandbox() -> Sandbox:
    """Give a sandbox with 50 prospects, whose `client()` signs in as its user `ada`."""
    from .sandbox import Sandbox

    return Sandbox(prospects=50)


@pytest.fixture
def planmysaas_sandbox(outreach_sandbox: Sandbox) -> Sandbox:
    """Give the same sandbox, for tests that speak to PlanMySaaS by its `planmysaas_client()`."""
    return outreach_sandbox
