"""The documents tell the truth: their programs run, their commands parse, their links lead somewhere.

The word behind `python` on a fence says what is done with a block:

    python            compiled
    python run        run in order with the page's other ones, in one namespace that holds `sandbox`, `api` and `pms`
    python program    run as a process of its own, its environment set up for a sandbox on loopback
    python serve      the same, for a receiver on port 8080 (its operator's on 8081): the `console run` blocks that
                      follow on its page are run while it serves, on ports that are free; then it is sent SIGTERM

A comment `# -> text` says what is printed there: it has to be, in that order; `...` stands for anything.

On a `console` fence every line behind `$ ` that calls `outreach-async` has to parse; with the word `run`, each line is
run by the shell in that same environment and has to succeed, and what stands below it has to be printed.
"""

from __future__ import annotations

import ast
import asyncio
import collections.abc as abc
import contextlib
import functools
import inspect
import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import typer

import outreach_async
from outreach_async import OutreachError
from outreach_async.cli import selection
from outreach_async.cli.app import app
from outreach_async.sandbox import Sandbox
from outreach_async.sandbox.switches import Switches, describe, parse

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)
_INLINE = re.compile(r"`(outreach-async [^`\n]+)`")
_STEP = "--- next step"
_SETTING = re.compile(r"\b(?:OUTREACH|PLANMYSAAS|WEBHOOKS)_[A-Z][A-Z0-9_]*")
# What a server tells its own processes is nobody's to set.
_INTERNAL = {"OUTREACH_ASYNC_GENERATION"}


@dataclass(frozen=True)
class Block:
    """A fenced block. `words` are those behind the language, `line` is that of its first line of text."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def compiled(self) -> Any:
        # Padded, so that a traceback names the page's own line.
        source = "\n" * (self.line - 1) + self.text
        return compile(source, str(self.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def blocks(page: Path) -> list[Block]:
    text, found = page.read_text(), []
    for fence in _FENCE.finditer(text):
        language, *words = fence["info"].split() or [""]
        line = text.count("\n", 0, fence.start("text")) + 1
        found.append(Block(page, line, language, tuple(words), fence["text"]))
    return found


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def chosen(language: str, word: str) -> list[Any]:
    """Give the blocks of a language that carry a word, as parameters of a test."""
    return [
        pytest.param(block, id=f"{named(page)}:{block.line}")
        for page in PAGES
        for block in blocks(page)
        if block.language == language and word in block.words and not (language == "console" and with_server(block))
    ]


def with_server(block: Block) -> Block | None:
    """Give the program that a session at the console speaks to: the `serve` block before it on its page."""
    before = [one for one in blocks(block.page) if one.line < block.line and "serve" in one.words]
    return before[-1] if before else None


def prose(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


each_page = pytest.mark.parametrize("page", [pytest.param(page, id=named(page)) for page in PAGES])


@each_page
def test_every_python_block_compiles(page: Path) -> None:
    for block in blocks(page):
        assert set(block.words) <= {"run", "program", "serve"}, f"{named(page)}:{block.line}: no such kind of block"
        if block.language == "python":
            block.compiled()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, id=named(p))
        for p in PAGES
        if any("run" in b.words and b.language == "python" for b in blocks(p))
    ],
)
async def test_the_fragments_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(prospects=60)
    async with sandbox.client() as api, sandbox.planmysaas_client() as pms:
        names: dict[str, Any] = {"__name__": "docs", "sandbox": sandbox, "api": api, "pms": pms}
        for block in blocks(page):
            if block.language == "python" and "run" in block.words:
                outcome = eval(block.compiled(), names)
                if inspect.isawaitable(outcome):
                    await outcome
                check_printed(block, promised(block.text), capsys.readouterr().out)


def promised(text: str) -> list[str]:
    """Give what the comments of a program say it prints."""
    return re.findall(r"# -> (.+?) *$", text, re.MULTILINE)


def check_printed(block: Block, lines: abc.Iterable[str], output: str) -> None:
    """Hold that these lines were printed, in this order; runs of spaces count as one."""
    printed = iter([" ".join(line.split()) for line in output.splitlines()])
    for line in lines:
        wanted = ".*".join(re.escape(" ".join(part.split())) for part in line.split("..."))
        found = any(re.fullmatch(rf"{wanted}", one.strip()) for one in printed)
        assert found, f"{named(block.page)}:{block.line} does not print {line!r}, but:\n{output}"


@pytest.fixture
async def served(tmp_path: Path) -> abc.AsyncIterator[dict[str, str]]:
    """Serve a sandbox, and give the environment of a process that uses it."""
    sandbox = Sandbox(prospects=60)
    async with sandbox.serve() as at:
        known = at.announced()
        (tmp_path / "key.pem").write_text(known["s2s_private_key"])
        settings = {
            "OUTREACH_BASE_URL": known["outreach_base_url"],
            "OUTREACH_CLIENT_ID": known["client_id"],
            "OUTREACH_CLIENT_SECRET": known["client_secret"],
            "OUTREACH_REDIRECT_URI": known["redirect_uri"],
            "OUTREACH_REFRESH_TOKEN": known["refresh_token"],
            "OUTREACH_TOKENS": str(tmp_path / "tokens.json"),
            "OUTREACH_S2S_GUID": known["s2s_guid"],
            "OUTREACH_S2S_PRIVATE_KEY": str(tmp_path / "key.pem"),
            "OUTREACH_INSTALL_ID": known["install_id"],
            "PLANMYSAAS_BASE_URL": known["planmysaas_base_url"],
            "PLANMYSAAS_API_KEY": known["api_key"],
            "OUTREACH_WEBHOOK_SECRET": known["outreach_webhook_secret"],
            "PLANMYSAAS_WEBHOOK_SECRET": known["planmysaas_webhook_secret"],
            "WEBHOOKS_ADMIN_TOKEN": "a token for tests only",
            "SANDBOX": known["control_url"],
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield {**os.environ, **settings, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


async def ran(command: abc.Sequence[str], environment: dict[str, str], folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(50):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, told.decode()
    return told.decode()


@pytest.mark.parametrize("block", chosen("python", "program"))
async def test_a_whole_program_runs(block: Block, served: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(block.text)
    check_printed(block, promised(block.text), await ran([sys.executable, str(program)], served, tmp_path))


@pytest.mark.needs_tool("bash", "curl")
@pytest.mark.parametrize("block", chosen("console", "run"))
async def test_a_session_at_the_console_runs(block: Block, served: dict[str, str], tmp_path: Path) -> None:
    await held(block, block.text, served, tmp_path)


async def held(block: Block, text: str, environment: dict[str, str], folder: Path) -> None:
    """Type a session into one shell, since exports last, and look at what each line printed."""
    steps: list[tuple[str, list[str]]] = []
    for line in joined(text).splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line.strip():
            steps[-1][1].append(line)
    script = "".join(f"{line}\necho {_STEP}\n" for line, _ in steps)
    output = await ran(["bash", "-e", "-o", "pipefail", "-c", script], environment, folder)
    for (_, shown), told in zip(steps, output.split(_STEP), strict=False):
        check_printed(block, shown, told)


@pytest.mark.needs_tool("bash", "curl", "openssl")
@pytest.mark.parametrize("block", chosen("python", "serve"))
async def test_a_receiver_serves_what_follows_it(
    block: Block, served: dict[str, str], tmp_path: Path, unused_tcp_port_factory: abc.Callable[[], int]
) -> None:
    ports = {"8080": unused_tcp_port_factory(), "8081": unused_tcp_port_factory()}
    shown = [one for one in blocks(block.page) if one.language == "console" and "run" in one.words]
    sessions = [one for one in shown if with_server(one) == block]
    assert sessions, "nothing is shown of it"
    (tmp_path / "receiver.py").write_text(on_ports(block.text, ports))
    with (tmp_path / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "receiver.py", env=served, cwd=tmp_path, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
    try:
        await until_listening(ports["8080"], process)
        for session in sessions:
            await held(session, on_ports(session.text, ports), served, tmp_path)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)
    told = (tmp_path / "output").read_text()
    assert process.returncode == 0, told
    check_printed(block, promised(block.text), told)


def on_ports(text: str, ports: abc.Mapping[str, int]) -> str:
    for documented, free in ports.items():
        text = text.replace(documented, str(free))
    return text


async def until_listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(20):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


def joined(text: str) -> str:
    """Give a session with the lines that a backslash continues in one."""
    return re.sub(r"\\\n\s*(?:> )?", "", text)


def typed(text: str) -> list[str]:
    """Give what a session's person typed: the lines behind `$ `."""
    return [line[2:] for line in joined(text).splitlines() if line.startswith("$ ")]


def commands(page: Path) -> abc.Iterator[list[str]]:
    """Give every command line of `outreach-async` on a page, as arguments."""
    lines = [match[1] for match in _INLINE.finditer(prose(page))]
    for block in blocks(page):
        if block.language == "console":
            lines += typed(block.text)
    for line in lines:
        # What stands before the command, or behind it in a pipe, is the shell's.
        words = shlex.split(line, comments=True)
        if "outreach-async" in words:
            words = words[words.index("outreach-async") + 1 :]
            ends = [words.index(end) for end in ("|", ">", ">>", "&&", "&") if end in words]
            yield words[: min(ends, default=len(words))]


@each_page
def test_every_command_line_parses(page: Path) -> None:
    for words in commands(page):
        _parse(typer.main.get_command(app), words)
        if words[0] == "sandbox":
            given = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
            Switches().with_values(parse(given))
        if words[0] == "get" and "planmysaas" not in words:
            selection.collection_name(words[1])


def _parse(command: Any, words: list[str]) -> None:
    """Let the command's own parser read the words, without running anything."""
    context = command.make_context("outreach-async", list(words), resilient_parsing=True)
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, words)
        if "--help" in words or "-h" in words:
            return
        nested = hasattr(command, "resolve_command")
        context = command.make_context(name, list(words), parent=context, resilient_parsing=nested)


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.finditer(prose(page)):
        target, _, anchor = link["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{named(page)} links to {link['target']}"
        assert ROOT in there.parents, f"{named(page)} links out of the repository"
        if anchor:
            assert anchor in anchors(there), f"{named(page)} links to {link['target']}"


@each_page
def test_every_file_named_is_there(page: Path) -> None:
    for name in re.findall(
        r"`((?:tests|tools|examples|benchmarks|outreach_async|webhooks|docs)/[\w/.-]*)`", prose(page)
    ):
        assert (ROOT / name).exists(), f"{named(page)} names {name}"


def anchors(page: Path) -> set[str]:
    """Give the names of a page's headings as the usual viewers make them."""
    headings = (match["text"].replace("`", "") for match in _HEADING.finditer(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_leads_to_every_page() -> None:
    linked = {link["target"] for link in _LINK.finditer((ROOT / "docs" / "index.md").read_text())}
    assert {page.name for page in PAGES[1:]} - linked == {"index.md"}


@functools.lru_cache(maxsize=1)
def settings_read() -> frozenset[str]:
    """Give the environment variables of ours that the code names; the demo's are an application's own."""
    found = [path for package in ("outreach_async", "webhooks") for path in (ROOT / package).rglob("*.py")]
    files = [path for path in found if not path.name.startswith("demo")]
    names = {name for path in files for name in re.findall(rf'"({_SETTING.pattern})"', path.read_text())}
    return frozenset(names - _INTERNAL)


def test_the_environment_variables_documented_are_those_read() -> None:
    text = (ROOT / "docs" / "getting-started.md").read_text()
    table = text.partition("## Environment variables")[2].partition("\n## ")[0]
    rows = {match[1] for match in re.finditer(r"^\| `(\w+)` \|", table, re.MULTILINE)}
    assert rows == settings_read() | {"XDG_STATE_HOME"}


@each_page
def test_no_page_names_an_environment_variable_that_nobody_reads(page: Path) -> None:
    own = set(re.findall(r'(?:environ(?:\.get)?[\[(]|^\s*(?:\$ )?export )"?([A-Z_]+)', page.read_text(), re.MULTILINE))
    assert set(_SETTING.findall(page.read_text())) <= settings_read() | own, named(page)


def test_the_switches_documented_are_those_there_are() -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text()
    told = re.findall(r"^\| `[a-z_0-9]+` \| `.*\|$", text.partition("## Switches")[2], re.MULTILINE)
    rows = [f"| `{s.name}` | `{escaped(s.values)}` | `{s.default}` | {escaped(s.about)} |" for s in describe()]
    assert told == rows, "docs/sandbox.md should have:\n" + "\n".join(rows)


async def test_the_control_calls_documented_are_those_there_are(served: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{served['SANDBOX']}/_sandbox") as answer:
        calls = (await answer.json())["calls"]
    text = (ROOT / "docs" / "sandbox.md").read_text()
    told = re.findall(r"^\| `(?:GET|POST|PATCH|DELETE) /_sandbox.*\|$", text, re.MULTILINE)
    rows = [f"| `{call['method']} {call['path']}` | {escaped(call['does'])} |" for call in calls]
    assert told == rows, "docs/sandbox.md should have:\n" + "\n".join(rows)


def escaped(text: str) -> str:
    """Write a text as a cell of a table."""
    return text.replace("|", "\\|")


def test_every_error_is_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()
    errors = {name for name in dir(outreach_async) if is_error(getattr(outreach_async, name))}
    assert {name for name in errors if not re.search(rf"\b{name}\b", text)} == set()


def is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, OutreachError)
