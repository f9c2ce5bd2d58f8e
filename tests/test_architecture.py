"""The arrows between the layers, and the purity of the first, read off the source."""

from __future__ import annotations

import ast
import collections.abc as abc
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Every arrow is an import and points to something further left. `webhooks` reaches past layer 3 only where named.
MAY_IMPORT = {
    "protocol": set(),
    "engine": {"protocol"},
    "outreach": {"engine", "protocol"},
    "planmysaas": {"engine", "protocol"},
    "sync": {"outreach", "planmysaas", "engine", "protocol"},
    "sandbox": {"outreach", "planmysaas", "engine", "protocol"},
    "cli": {"sync", "sandbox", "outreach", "planmysaas", "engine", "protocol", "webhooks"},
    "webhooks": {"outreach", "planmysaas", "engine", "protocol"},
}
WEBHOOKS_REACHING_FURTHER = {"reconcile.py", "watch.py", "testing.py"}
IMPURE = {
    "asyncio",
    "anyio",
    "aiohttp",
    "os",
    "random",
    "secrets",
    "select",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "uuid",
}


def sources() -> abc.Iterator[tuple[str, Path]]:
    for layer in MAY_IMPORT:
        folder = ROOT / (layer if layer == "webhooks" else f"outreach_async/{layer}")
        for path in sorted(folder.rglob("*.py")):
            yield layer, path


def module_parts(path: Path) -> list[str]:
    return list(path.relative_to(ROOT).with_suffix("").parts)


def imported(path: Path) -> abc.Iterator[list[str]]:
    """Give every import of a file as absolute module parts, those under TYPE_CHECKING and in functions included."""
    package = module_parts(path)[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            where = base + (node.module.split(".") if node.module else [])
            for alias in node.names:
                yield [*where, alias.name]


def layer_of(parts: list[str]) -> str | None:
    if parts[0] == "webhooks":
        return "webhooks"
    if parts[0] == "outreach_async" and len(parts) > 1 and parts[1] in MAY_IMPORT:
        return parts[1]
    return None


@pytest.mark.parametrize(
    ("layer", "path"), [pytest.param(*case, id=str(case[1].relative_to(ROOT))) for case in sources()]
)
def test_every_import_points_left(layer: str, path: Path) -> None:
    allowed = MAY_IMPORT[layer] | {layer}
    if layer == "webhooks" and path.name in WEBHOOKS_REACHING_FURTHER:
        allowed = allowed | {"sync", "sandbox"}
    found = {target for parts in imported(path) if (target := layer_of(parts)) is not None}
    assert found <= allowed, f"{path.relative_to(ROOT)} imports {sorted(found - allowed)}"


@pytest.mark.parametrize("path", [pytest.param(p, id=p.name) for layer, p in sources() if layer == "protocol"])
def test_the_protocol_neither_waits_nor_looks_around(path: Path) -> None:
    tree = ast.parse(path.read_text())
    waiting = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)
    ]
    assert not waiting
    assert not {parts[0] for parts in imported(path)} & IMPURE
    clocks = [
        n.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and n.attr in {"now", "utcnow", "today", "environ"}
    ]
    assert not clocks


def test_imports_inside_the_packages_are_relative() -> None:
    absolute = [
        str(path.relative_to(ROOT))
        for _, path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and node.module
        and node.module.split(".")[0] in {"outreach_async", "webhooks"}
        and not (path.relative_to(ROOT).parts[1] in {"cli", "sandbox"} and node.module.split(".")[0] == "webhooks")
        and not (path.relative_to(ROOT).parts[0] == "webhooks" and node.module.split(".")[0] == "outreach_async")
    ]
    assert not absolute


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT)) for _, path in sources() if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_none_of_its_dependencies() -> None:
    assert not loaded_by("import outreach_async") & {"aiohttp", "pydantic", "jwt", "msgspec", "anyio", "cryptography"}


def test_importing_the_receiver_loads_neither_a_server_nor_a_signer() -> None:
    assert not loaded_by("import webhooks") & {"aiohttp", "jwt"}


def test_every_public_name_is_there() -> None:
    import outreach_async

    for name in dir(outreach_async):
        if not name.startswith("_"):
            assert getattr(outreach_async, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Prospekt'"):
        outreach_async.Prospekt  # noqa: B018
