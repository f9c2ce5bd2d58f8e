"""`call`: any request of either API, signed, paced, judged and repeated as the SDK's own are."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ..protocol.errors import ConfigurationError
from ..protocol.messages import Response
from ..protocol.redaction import redact_body
from .output import DONE, Output
from .rows import masked
from .settings import Who, outreach, planmysaas

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS")
_ROOTS = {"outreach": "/api/v2", "planmysaas": "/api/v1/outreach"}
_SHOWN = 4000

# Bytes of the largest body read from a file or from stdin.
MAX_BODY = 64 * 1024 * 1024


async def call(output: Output, method: str, path: str, data: str | None, service: str, who: Who) -> int:
    """Make the call and write its answer."""
    method, path, body = _method(method), _below(path, _ROOTS[service]), _body(data)
    if service == "planmysaas":
        async with planmysaas() as pms:
            response = await pms.request(method, path, data=body)
    else:
        async with outreach(who, output.note) as (api, _):
            response = await api.request(method, path, data=body)
    _write(output, response)
    return DONE


def _write(output: Output, response: Response) -> None:
    document: Any = None
    try:
        document = masked(json.loads(response.body)) if response.body else None
    except (ValueError, RecursionError):
        document = redact_body(response.body, _SHOWN)
    if output.json:
        output.result({"status": response.status, "body": document})
    elif document is None:
        output.note(f"{response.status}, no body")
    else:
        # ASCII only: nothing that came from outside can drive the terminal.
        output.line(json.dumps(document, indent=2))


def _method(text: str) -> str:
    method = text.upper()
    if method not in _METHODS:
        raise ConfigurationError(f"{text!r} is not a method", hint=f"One of {', '.join(_METHODS)}.")
    return method


def _below(path: str, root: str) -> str:
    """Give the path below the API's root, whether or not it was written with the root."""
    if not path.startswith("/"):
        raise ConfigurationError(f"the path {path!r} does not begin with /", hint="Such as /prospects/1.")
    return path.removeprefix(root) if path == root or path.startswith((root + "/", root + "?")) else path


def _body(data: str | None) -> Any:
    """Read the JSON to send: the text itself, `@FILE`, or `-` for stdin. Raises ConfigurationError."""
    if data is None:
        return None
    try:
        return json.loads(_text(data))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"--data is not JSON: {error}", hint="Or @FILE, or - for stdin.") from None


def _text(data: str) -> str:
    if data == "-":
        return sys.stdin.read(MAX_BODY)
    if not data.startswith("@"):
        return data
    try:
        with Path(data[1:]).expanduser().open(encoding="utf-8") as file:
            return file.read(MAX_BODY)
    except OSError as error:
        raise ConfigurationError(f"{data[1:]} cannot be read: {error.strerror}") from None
