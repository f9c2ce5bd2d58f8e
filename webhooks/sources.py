"""A source: one sender's name, secrets, path and dialect, as the application configures it.

The vendors' modules derive theirs from `Source` and say how a body of theirs is identified. A source without a secret
refuses to exist unless `unsigned=True` is spelt out, since anybody could then make events.
"""

from __future__ import annotations

import collections.abc as abc
import hashlib
import os
import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, Self

import msgspec

from outreach_async.engine.environment import Environment, required
from outreach_async.protocol.errors import ConfigurationError
from outreach_async.protocol.signature import Scheme, Secrets, SecretText

from .delivery import HORIZON, TEXT_LIMIT, Key, Watch

MAX_BODY = 1 << 20
"""The largest body a source takes, in bytes, unless its `max_body` says otherwise."""

PATIENCE = 4.0
"""How long a delivery may wait to be stored, in seconds: Outreach waits 5 for its answer."""

# Copied for each body: looking the algorithm up costs as much as a body's digest.
_SHA256 = hashlib.sha256()
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]+)+")

RawHeaders = abc.Mapping[str, str] | abc.Iterable[tuple[str, str]] | abc.Iterable[tuple[bytes, bytes]]
Fields = abc.Sequence[tuple[str, str]]
SecretTexts = SecretText | abc.Mapping[str, SecretText] | None


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What a genuine body is: its event, its resource, the texts that name it, and why it cannot be read if so.

    `sent` is the time the signed body tells, in its own words; empty where it tells none.
    """

    event: str = ""
    resource: str = ""
    keys: tuple[Key, ...] = ()
    watch: tuple[Watch, ...] = ()
    flags: tuple[str, ...] = ()
    sent: str = ""
    unreadable: str = ""


class Source(ABC):
    """One sender. `name` is stored with each delivery and is part of its keys: keep it once it is in use.

    `secret` is one text, or several by name while they are rotated. `max_body` is in bytes, `horizon` in seconds: how
    long a copy of a delivery is known for one. `max_age`, in seconds, dead-letters what its signed body says was sent
    longer ago than that: a replay of what the inbox has forgotten. Raises ConfigurationError for what cannot work.
    """

    provider: ClassVar[str]
    scheme: ClassVar[Scheme]
    retried_on: ClassVar[Literal["silence", "error"]]
    """What makes the vendor send a delivery again: only `silence`, or an `error` status of the 500s too."""
    variable: ClassVar[str] = ""
    """Names the secret in the environment; empty where `from_env` has to be told which one does."""

    def __init__(
        self,
        secret: SecretTexts = None,
        *,
        name: str = "",
        path: str = "",
        unsigned: bool = False,
        max_body: int = MAX_BODY,
        horizon: float = HORIZON,
        max_age: float | None = None,
    ) -> None:
        self.name = name or self.provider
        self.path = path or "/" + self.provider.replace("-", "/")
        self.secrets = _secrets(self.name, secret, unsigned)
        self.max_body = max_body
        self.horizon = horizon
        self.max_age = max_age
        self.patience = PATIENCE
        if _NAME.fullmatch(self.name) is None:
            raise ConfigurationError(
                f"{self.name!r} cannot name a source", hint="Use up to 40 letters, digits and any of _ . -"
            )
        if _PATH.fullmatch(self.path) is None:
            raise ConfigurationError(f"{self.path!r} is not a path for a source", hint='Write it as "/outreach".')
        if max_body < 1 or horizon <= 0 or (max_age is not None and max_age <= 0):
            raise ConfigurationError(f"source {self.name!r}: max_body, horizon and max_age have to be above 0")

    @classmethod
    def from_env(cls, variable: str = "", *, environ: Environment = os.environ, **options: Any) -> Self:
        """Take the secret from an environment variable, `cls.variable` unless another one is named.

        `options` are those of the class. Raises ConfigurationError that names the variable when it is not set.
        """
        name = variable or cls.variable
        if not name:
            raise ConfigurationError(
                f"the secret of {cls.provider} has no variable of its own", hint="Name the one that holds it."
            )
        hint = f"Set it to the secret of the webhook, or give that to {cls.__name__} itself."
        (secret,) = required(environ, name, hint=hint)
        return cls(secret, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.path}>"

    @abstractmethod
    def identify(self, fields: Fields, body: bytes) -> Identity:
        """Say what a verified body is. `fields` are the headers, names in lower case. Never raises for a body."""

    def text(self, kind: str, *parts: str) -> str:
        """Give the text of a key: no two sources and no two kinds share one."""
        return "/".join((self.name, kind, *parts))


def check_sources(sources: abc.Iterable[Source]) -> None:
    """Refuse two sources with one name or one path. Raises ConfigurationError."""
    names: set[str] = set()
    paths: set[str] = set()
    for source in sources:
        if source.name in names or source.path in paths:
            raise ConfigurationError(
                f"two sources share the name {source.name!r} or the path {source.path!r}",
                hint="Give the second one a name and a path: name=..., path=...",
            )
        names.add(source.name)
        paths.add(source.path)


def sha256(data: bytes) -> hashlib._Hash:
    """Begin a SHA-256 with these bytes."""
    digest = _SHA256.copy()
    digest.update(data)
    return digest


def digest_of(body: bytes) -> str:
    """Give the SHA-256 of a body in hex."""
    return sha256(body).hexdigest()


def field(fields: Fields, name: str) -> str:
    """Give the first value of a header by its lower-case name; empty when it was not sent."""
    return next((value for told, value in fields if told == name), "")


def token(value: object) -> str:
    """Give a name or an id from a body or a header, where it is one; else an empty text.

    Such texts stand in logs, metrics and indexes, so what is long, empty or not printable ASCII is no name.
    """
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        return ""
    return value if value.isascii() and value.isprintable() else ""


def _secrets(name: str, secret: SecretTexts, unsigned: bool) -> Secrets | None:
    if secret is None and not unsigned:
        raise ConfigurationError(
            f"the webhook source {name!r} has no secret, so anybody could send it events",
            hint="Give it one, or say unsigned=True where another layer keeps strangers out.",
        )
    if secret is not None and unsigned:
        raise ConfigurationError(f"the webhook source {name!r} has a secret and is unsigned=True: which is it?")
    return None if secret is None else Secrets(secret)
