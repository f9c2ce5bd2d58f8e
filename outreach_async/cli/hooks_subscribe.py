"""`hooks subscribe`: the webhooks a file asks for exist afterwards, each once.

A webhook is known by its resource, action and url: with two that share these, every event would come twice. One that
is there is kept when nothing differs, and changed only on request. A secret that Outreach does not show cannot be
compared, and counts as equal. Outreach, webhooks.
"""

from __future__ import annotations

import collections.abc as abc
import json
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..engine.environment import Environment, required
from ..protocol.errors import ConfigurationError
from ..protocol.event_names import OUTREACH_ACTIONS
from ..protocol.names import snake
from ..protocol.redaction import redact_url
from .output import DONE, FAILED, Output
from .settings import Who, outreach

if TYPE_CHECKING:
    from ..outreach.client import Outreach
    from ..outreach.resources.webhooks import Webhook

MOST = 1_000
"""Webhooks in one file."""

_URL_LIMIT, _SECRET_LIMIT = 1024, 255
_NAMES = ("url", "resource", "action", "secret", "secret_env", "payload_version", "authorizer")

Kind = Literal["create", "keep", "change", "differs"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One webhook of the file."""

    url: str
    resource: str = "*"
    action: str = "*"
    secret: str | None = field(default=None, repr=False)
    payload_version: int | None = None
    authorizer: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What a webhook is known by."""
        return self.resource, self.action, self.url


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done for one webhook. `why` names what differs."""

    kind: Kind
    wanted: Wanted
    id: int | str | None = None
    why: tuple[str, ...] = ()


async def subscribe(output: Output, file: Path, who: Who, *, update: bool, dry_run: bool) -> int:
    """Create what is missing. FAILED when one is there with other values and was not to be changed."""
    wanted = read_wanted(file)
    for each in wanted:
        if each.action not in (*OUTREACH_ACTIONS.get(each.resource, ()), "*") or each.resource not in OUTREACH_ACTIONS:
            output.note(f"{each.resource}.{each.action} is no event this release knows of; Outreach decides")
    async with outreach(who, output.note) as (api, _):
        existing = [webhook async for webhook in api.webhooks.where()]
        steps = [step_for(each, existing, update=update) for each in wanted]
        done = steps if dry_run else [await _do(api, step) for step in steps]
    _tell(output, done, dry_run=dry_run)
    return FAILED if any(step.kind == "differs" for step in done) else DONE


def step_for(wanted: Wanted, existing: abc.Iterable[Webhook], *, update: bool) -> Step:
    """Say what is to be done so that this webhook exists."""
    twins = [each for each in existing if (each.resource, each.action, each.url) == wanted.key]
    if not twins:
        return Step("create", wanted)
    compared = [(each, _differences(wanted, each)) for each in twins]
    found, why = min(compared, key=lambda pair: len(pair[1]))
    if not why:
        return Step("keep", wanted, found.id)
    return Step("change" if update else "differs", wanted, found.id, why)


def _differences(wanted: Wanted, found: Webhook) -> tuple[str, ...]:
    why = []
    if found.active is False or found.disabled_since is not None:
        why.append("it is switched off")
    version = found.payload_version
    if wanted.payload_version is not None and version is not None and str(version) != str(wanted.payload_version):
        why.append(f"payloadVersion is {version}")
    shown = found.secret if found.secret and "*" not in found.secret else None
    if wanted.secret is not None and shown is not None and shown != wanted.secret:
        why.append("its secret is another one")
    return tuple(why)


async def _do(api: Outreach, step: Step) -> Step:
    values = _values(step.wanted)
    if step.kind == "create":
        made = await api.webhooks.create(url=step.wanted.url, **values)
        return Step("create", step.wanted, made.id)
    if step.kind == "change":
        assert step.id is not None
        await api.webhooks.update(step.id, active=True, **values)
    return step


def _values(wanted: Wanted) -> dict[str, Any]:
    """Give what is sent besides the url. What the file leaves out is left out."""
    from ..outreach.resources.users import User

    values: dict[str, Any] = {"resource": wanted.resource, "action": wanted.action}
    if wanted.secret is not None:
        values["secret"] = wanted.secret
    if wanted.payload_version is not None:
        values["payload_version"] = wanted.payload_version
    if wanted.authorizer is not None:
        values["authorizer"] = User.ref(wanted.authorizer)
    return values


def _tell(output: Output, steps: abc.Sequence[Step], *, dry_run: bool) -> None:
    words = {"create": "created", "keep": "kept", "change": "changed", "differs": "differs"}
    if dry_run:
        words |= {"create": "would create", "change": "would change"}
    rows = [
        (words[step.kind], str(step.id or "-"), step.wanted.resource, step.wanted.action, redact_url(step.wanted.url))
        for step in steps
    ]
    if not output.json:
        output.table(("", "id", "resource", "action", "url"), rows)
    for step in steps:
        if step.kind == "differs":
            output.note(f"webhook {step.id} differs: {', '.join(step.why)}; --update changes it")
    told = [
        {"did": did, "id": step.id, "resource": resource, "action": action, "url": url, "why": list(step.why)}
        for step, (did, _, resource, action, url) in zip(steps, rows, strict=True)
    ]
    output.result({"webhooks": told, "dry_run": dry_run})


def read_wanted(file: Path, environ: Environment = os.environ) -> list[Wanted]:
    """Read the webhooks of a file: a list, or an object or table with the list `webhooks`.

    Raises ConfigurationError that says which one is wrong.
    """
    document = _document(file)
    listed = document.get("webhooks") if isinstance(document, dict) else document
    if not isinstance(listed, list) or not listed or len(listed) > MOST:
        raise ConfigurationError(
            f"{file} holds no webhooks", hint='Write [[webhooks]] tables in TOML, or {"webhooks": [{...}]} in JSON.'
        )
    found: dict[tuple[str, str, str], Wanted] = {}
    for number, each in enumerate(listed, 1):
        try:
            wanted = _wanted(each, environ)
        except ConfigurationError as error:
            raise ConfigurationError(f"webhook {number} of {file}: {error.message}", hint=error.hint) from None
        if wanted.key in found:
            raise ConfigurationError(f"webhook {number} of {file} is there twice: events would come twice")
        found[wanted.key] = wanted
    return list(found.values())


def _document(file: Path) -> Any:
    try:
        text = file.expanduser().read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise ConfigurationError(f"{file} is not {kind}: {error}") from None


def _wanted(told: Any, environ: Environment) -> Wanted:
    if not isinstance(told, dict):
        raise ConfigurationError("it is no object")
    values = {snake(name): value for name, value in told.items()}
    if unknown := sorted(set(values) - set(_NAMES)):
        raise ConfigurationError(
            f"{unknown[0]!r} is nothing a webhook here has", hint=f"It may have {', '.join(_NAMES)}."
        )
    for name in ("url", "resource", "action", "secret", "secret_env"):
        if name in values and (not isinstance(values[name], str) or not values[name].strip()):
            raise ConfigurationError(f"its {name} is no text")
    if "secret" in values and "secret_env" in values:
        raise ConfigurationError("it has a secret and a secret_env: which is it?")
    if variable := values.pop("secret_env", None):
        (values["secret"],) = required(environ, variable)
    _check(values)
    return Wanted(**values)


def _check(values: abc.Mapping[str, Any]) -> None:
    url = values.get("url")
    if url is None or not url.startswith(("https://", "http://")) or len(url) > _URL_LIMIT or not url.isprintable():
        raise ConfigurationError(f"its url is no web address of at most {_URL_LIMIT} characters")
    if len(values.get("secret") or "") > _SECRET_LIMIT:
        raise ConfigurationError(f"its secret has more than {_SECRET_LIMIT} characters")
    if values.get("payload_version") not in (None, 1, 2) or isinstance(values.get("payload_version"), bool):
        raise ConfigurationError("its payloadVersion is neither 1 nor 2")
    authorizer = values.get("authorizer")
    if authorizer is not None and (not isinstance(authorizer, int) or isinstance(authorizer, bool) or authorizer < 1):
        raise ConfigurationError("its authorizer is no user's id")
