"""Runs the benchmarks and prints the table: `python -m benchmarks [NAME ...]`. Exits 1 when a target is missed."""

from __future__ import annotations

import importlib
import os
import platform
import sys

NAMES = ("decoding", "pacing", "importing", "client", "quota_use", "receiver")


def main(names: list[str]) -> int:
    """Print every figure of the named modules, or of all."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    print(f"{platform.python_implementation()} {platform.python_version()}, {machine}\n")
    print("| figure | read | target | reached | spread | note |\n|---|---|---|---|---|---|")
    missed = 0
    for name in names or NAMES:
        for figure in importlib.import_module(f"{__package__}.{name}").figures():
            print(figure.line, flush=True)
            missed += not figure.reached
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
