"""What every test shares: no connection leaves this machine, and tools that are absent skip visibly."""

from __future__ import annotations

import ipaddress
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes no test wrong: examples are bounded in number, and every test in time.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

VENDOR_SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "reference"

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple):
        host = str(address[0])
        if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {host}")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _loopback_only)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see none of the settings that this machine's user may have."""
    import os

    for name in list(os.environ):
        if name.startswith(("OUTREACH_", "PLANMYSAAS_")):
            monkeypatch.delenv(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs_tool"):
        for tool in mark.args:
            if shutil.which(tool) is None:
                pytest.skip(f"needs {tool}, which this machine does not have")
    if item.get_closest_marker("needs_vendor_schema") and not VENDOR_SCHEMAS.is_dir():
        pytest.skip("needs the vendor's schema, which is not part of this repository")
