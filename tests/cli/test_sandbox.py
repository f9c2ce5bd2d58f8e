from __future__ import annotations

import collections.abc as abc
import contextlib
import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from outreach_async.cli import main

KEYS = {
    "outreach_base_url",
    "planmysaas_base_url",
    "control_url",
    "client_id",
    "client_secret",
    "redirect_uri",
    "refresh_token",
    "s2s_guid",
    "s2s_private_key",
    "install_id",
    "api_key",
    "api_keys",
    "outreach_webhook_secret",
    "planmysaas_webhook_secret",
}


@contextlib.contextmanager
def started(*argv: str) -> abc.Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "outreach_async.cli", "sandbox", *argv]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_itself_in_one_line_and_ends_when_told(number: signal.Signals) -> None:
    with started("--port", "0", "--prospects", "25", "--set", "quota=77/60", "--set", "rotation=keep") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told.keys() == KEYS
        assert told["api_keys"].keys() == {"no_scopes", "revoked", "free_plan"}
        assert told["outreach_base_url"].count("/") == 2
        with urllib.request.urlopen(told["control_url"] + "/_sandbox", timeout=10) as answer:
            state = json.load(answer)
        assert state["prospects"] == 25
        assert state["switches"]["quota"] == "77/60"
        assert state["switches"]["rotation"] == "keep"
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_in_use_is_one_line() -> None:
    with started("--prospects", "0") as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["outreach_base_url"].rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "outreach_async.cli", "sandbox", "--port", port, "--prospects", "0"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_the_switches_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--switches"]) == 0
    assert "revoke_immediately|revoke_on_first_use|keep" in capsys.readouterr().out
    assert main(["sandbox", "--switches", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["switches"]["mint_throttle"]["default"] == "60"
