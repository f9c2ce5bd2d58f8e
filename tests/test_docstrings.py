"""Public names say what they do: a sentence, the units of what they take, and what they raise.

Read off the source, so that nothing has to be imported and nothing is missed. Whether what they say is true is for
people to judge.
"""

from __future__ import annotations

import ast
import collections.abc as abc
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import outreach_async
import webhooks
from outreach_async import planmysaas
from webhooks import outreach as webhooks_outreach
from webhooks import planmysaas as webhooks_planmysaas

ROOT = Path(__file__).resolve().parent.parent
FILES = [path for package in ("outreach_async", "webhooks") for path in sorted((ROOT / package).rglob("*.py"))]

# What a number means is told where its name does not: in the docstring of the function, or of its class.
UNITS = {
    "cap": "byte",
    "grace": "second",
    "grant_interval": "second",
    "horizon": "second",
    "interval": "second",
    "max_age": "second",
    "max_body": "byte",
    "patience": "second",
    "timeout": "second",
}
# Layers whose functions users call, and get errors from.
CALLED = ("protocol", "engine", "outreach", "planmysaas", "webhooks")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Named:
    """A public class or function: where it stands, and what it says together with its class."""

    file: Path
    name: str
    node: ast.ClassDef | Function
    around: str

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def said(self) -> str:
        return f"{self.doc}\n{self.around}"

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.node.lineno} {self.name}"


def public(file: Path) -> abc.Iterator[Named]:
    yield from _public(file, ast.parse(file.read_text()).body, "", "")


def _public(file: Path, body: list[ast.stmt], prefix: str, around: str) -> abc.Iterator[Named]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _public(file, node.body, prefix, around)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield Named(file, prefix + node.name, node, "")
            own = ast.get_docstring(node) or ""
            yield from _public(file, node.body, f"{prefix}{node.name}.", own)
        elif isinstance(node, Function) and _is_public(node):
            yield Named(file, prefix + node.name, node, around)


def _is_public(node: Function) -> bool:
    marks = {mark for one in node.decorator_list for mark in re.findall(r"\w+", ast.unparse(one))}
    return (not node.name.startswith("_") or node.name == "__init__") and not {"overload", "setter"} & marks


def raised(function: Function) -> set[str]:
    """Give the errors that a function itself raises by name, not those of the functions it calls."""
    found, left = set(), list(ast.iter_child_nodes(function))
    while left:
        node = left.pop()
        if isinstance(node, Function | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            found.add(node.exc.func.id)
        left += ast.iter_child_nodes(node)
    return {name for name in found if name[0].isupper()} - {"AssertionError", "AttributeError", "StopAsyncIteration"}


def test_every_public_name_says_what_it_is() -> None:
    silent = []
    for file in FILES:
        for named in public(file):
            first, _, rest = named.doc.partition("\n")
            sentence = first.endswith((".", ":")) and (not rest or rest.startswith("\n"))
            if not sentence and not named.name.endswith("__init__"):
                silent.append(str(named))
        assert ast.get_docstring(ast.parse(file.read_text())), f"{file} does not say what it decides"
    assert not silent, "\n".join(silent)


def test_numbers_have_units() -> None:
    silent = []
    for file in FILES:
        for named in public(file):
            if not isinstance(named.node, Function) or "cli" in file.parts:
                continue
            given = [argument.arg for argument in (*named.node.args.args, *named.node.args.kwonlyargs)]
            silent += [f"{named}: {name}" for name in given if UNITS.get(name, "") not in named.said.lower()]
    assert not silent, "\n".join(silent)


def test_errors_are_announced() -> None:
    silent = []
    for file in FILES:
        if not set(CALLED) & set(file.relative_to(ROOT).parts):
            continue
        for named in public(file):
            if isinstance(named.node, Function) and not re.search(r"\b([Rr]aise|[Rr]efuse)", named.said):
                silent += [f"{named}: {error}" for error in sorted(raised(named.node)) if error not in named.said]
    assert not silent, "\n".join(silent)


def offered(package: object) -> list[str]:
    return [name for name in dir(package) if not name.startswith("_") and name != "TYPE_CHECKING"]


@pytest.mark.parametrize(
    "package", [outreach_async, planmysaas, webhooks, webhooks_outreach, webhooks_planmysaas], ids=lambda p: p.__name__
)
def test_everything_that_is_exported_has_a_docstring_of_its_own(package: object) -> None:
    for name in offered(package):
        thing = getattr(package, name)
        if isinstance(thing, type):
            assert vars(thing).get("__doc__"), name
        elif inspect.isfunction(thing):
            assert thing.__doc__, name


@pytest.mark.parametrize(
    "name",
    [
        "outreach_async/engine/oauth.py",
        "outreach_async/engine/pipeline.py",
        "outreach_async/engine/s2s.py",
        "outreach_async/outreach/queries.py",
        "outreach_async/planmysaas/campaigns.py",
        "outreach_async/planmysaas/leads.py",
        "outreach_async/planmysaas/replies.py",
        "outreach_async/planmysaas/workspace.py",
        "outreach_async/protocol/assertion.py",
        "outreach_async/protocol/grants.py",
        "outreach_async/protocol/instants.py",
        "outreach_async/protocol/jsonapi.py",
        "outreach_async/protocol/paging.py",
        "outreach_async/protocol/query.py",
        "outreach_async/protocol/quota_headers.py",
        "outreach_async/protocol/scopes.py",
        "outreach_async/protocol/signature.py",
        "outreach_async/protocol/tokens.py",
        "webhooks/outreach.py",
        "webhooks/planmysaas.py",
        "webhooks/receiver.py",
    ],
)
def test_facts_of_the_wire_name_their_source(name: str) -> None:
    assert re.search(r"\b(Outreach|PlanMySaaS),\s\w", (ROOT / name).read_text()), name
