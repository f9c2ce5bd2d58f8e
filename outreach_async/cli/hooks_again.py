"""`hooks redeliver` and `hooks replay`: have events worked on again, and hand deliveries in from a file."""

from __future__ import annotations

import base64
import collections.abc as abc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..protocol.errors import ConfigurationError
from . import hooks_loading
from .hooks_reach import MAX_FILE, View, Where, Writing, writing
from .output import DONE, FAILED, Output

if TYPE_CHECKING:
    from webhooks.operations import Redelivered


async def redeliver(output: Output, where: Where, ids: abc.Sequence[int], *, every: bool) -> int:
    """Have these events worked on again, or every dead letter. FAILED when some could not be."""
    if bool(ids) is every:
        raise ConfigurationError("it is not said what to redeliver", hint="Name events by their ids, or say --all.")
    async with writing(where) as inbox:
        done = await _every(inbox) if every else _read_done(await inbox.redeliver(ids))
        at_once = inbox.at_once
    taken, left = list(done.taken), list(done.left)
    if taken:
        when = "" if at_once else "; their handlers run when a receiver starts"
        output.say(f"redelivered {len(taken):,} {'event' if len(taken) == 1 else 'events'}{when}")
    elif every:
        output.say("there are no dead letters")
    if left:
        output.note(f"left alone, not there or not finished: {', '.join(map(str, left))}")
    output.result({"redelivered": taken, "left": left})
    return FAILED if left else DONE


async def _every(inbox: Writing) -> Redelivered:
    from webhooks.operations import redeliver_every

    async def some(before: int | None) -> Redelivered:
        return _read_done(await inbox.redeliver_dead(before))

    return await redeliver_every(some)


def _read_done(told: View) -> Redelivered:
    from webhooks.operations import Redelivered

    return Redelivered(tuple(told["redelivered"]), tuple(told["left"]), told["before"])


async def replay(output: Output, where: Where, file: str, provider: str | None) -> int:
    """Hand in every delivery of a file; nothing is handed in when one of them cannot be read."""
    hooks_loading.check_package()
    saved = _saved(file) if provider is None else [_raw(file, provider)]
    async with writing(where) as inbox:
        told = [await inbox.replay(each) for each in saved]
    new = sum(not each["duplicate"] for each in told)
    output.say(f"stored {new:,}, known before {len(told) - new:,}")
    output.result({"stored": new, "duplicates": len(told) - new, "events": told})
    return DONE


def _raw(file: str, provider: str) -> View:
    """Give the saved delivery of a file that is one body, byte for byte. Raises ConfigurationError for what is none.

    A genuine delivery that cannot be read is kept as a dead letter; what somebody hands in has a mistake in it.
    """
    from webhooks.replay import PROVIDERS, read_saved

    if provider not in PROVIDERS:
        raise ConfigurationError(f"--as {provider} is no provider", hint=f"It may be {_either(PROVIDERS)}.")
    body = _read(file)
    if not body.strip():
        raise _nothing_in(file)
    saved = {"provider": provider, "source": provider, "body_base64": base64.b64encode(body).decode("ascii")}
    if why := read_saved(saved, 0.0, MAX_FILE).unreadable:
        raise ConfigurationError(f"{_shown(file)} is no body as {provider} sends it: {why}")
    return saved


def _saved(file: str) -> list[Any]:
    """Give the saved deliveries of a file, each of which can be read. Raises ConfigurationError."""
    from webhooks.replay import PROVIDERS, read_saved

    saved = _documents(file)
    if not saved:
        raise _nothing_in(file)
    for number, each in enumerate(saved, 1):
        try:
            read_saved(each, 0.0, MAX_FILE)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"delivery {number}: {error.message}",
                hint=f"Save one with `hooks show ID --raw`. A body as its vendor sends it is read with --as "
                f"{_either(PROVIDERS)}.",
            ) from None
    return saved


def _documents(file: str) -> list[Any]:
    """Read an object or a list of them, or one object a line. Raises ConfigurationError."""
    text = _read(file)
    try:
        whole = json.loads(text)
        return whole if isinstance(whole, list) else [whole]
    except (ValueError, RecursionError):
        pass
    found = []
    for number, row in enumerate(text.splitlines(), 1):
        if row.strip():
            try:
                found.append(json.loads(row))
            except (ValueError, RecursionError) as error:
                raise ConfigurationError(
                    f"line {number} of {_shown(file)} is not JSON: {error}",
                    hint="A body as the vendor sends it is read with --as PROVIDER.",
                ) from None
    return found


def _nothing_in(file: str) -> ConfigurationError:
    return ConfigurationError(f"there is no delivery in {_shown(file)}")


def _shown(file: str) -> str:
    return "stdin" if file == "-" else file


def _either(names: abc.Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _read(file: str) -> bytes:
    try:
        if file == "-":
            content = sys.stdin.buffer.read(MAX_FILE + 1)
        else:
            with Path(file).expanduser().open("rb") as opened:
                content = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE:
        raise ConfigurationError(f"{file} has more than {MAX_FILE:,} bytes", hint="Hand it in by parts.")
    return content
