"""Webhook signatures: HMAC-SHA256 over the raw body, in both vendors' spelling, under several live secrets.

Outreach sends bare hex in `Outreach-Webhook-Signature` (Outreach, app lifecycle webhooks); PlanMySaaS sends `sha256=`
and hex in `X-PMS-Signature` (PlanMySaaS, webhooks). Neither signs a time or a header, so a signature proves who wrote
the body, and not that it is new.

Any header text at all gives an answer, never an exception: a server that answers 500 to a garbled header has lost the
event, since Outreach counts that as delivered. A refusal costs the same work whatever its reason. Hex is taken in
either case; two signatures, in two headers or in one, are refused. Knows nothing of events and never reads the body.
"""

from __future__ import annotations

import collections.abc as abc
import hmac
import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from .errors import ConfigurationError
from .redaction import Secret

Body = bytes | bytearray | memoryview
SecretText = str | bytes | Secret
Reason = Literal["absent", "doubled", "garbled", "wrong"]

DEFAULT_NAME = "default"
"""The name of a secret that was given without one."""

_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_DIGITS = 64
_NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class Scheme:
    """Where a vendor puts the signature: the header's lower-case name, and what stands before the hex digits."""

    header: str
    prefix: str = ""


OUTREACH = Scheme("outreach-webhook-signature")
PLANMYSAAS = Scheme("x-pms-signature", "sha256=")


# Structs: each delivery makes one, and a frozen dataclass takes five times as long.
class Verified(msgspec.Struct, frozen=True, gc=False):
    """The body was signed with the secret of this name."""

    secret: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The signature does not hold: none was sent, several were, it is no SHA-256 in hex, or it is another body's."""

    reason: Reason


class Secrets:
    """The live secrets of one source, each with a name, so that a rotation can be watched and finished.

    Takes one text, or texts by name: `{"2026-11": new, "2026-05": old}`. Raises ConfigurationError for no secret, an
    empty one, one text under two names, or a name that could not stand in a log or a metric. Prints names only.
    """

    __slots__ = ("_keyed",)

    def __init__(self, secrets: SecretText | abc.Mapping[str, SecretText]) -> None:
        named = secrets if isinstance(secrets, abc.Mapping) else {DEFAULT_NAME: secrets}
        keys = {_checked(name): _key(name, secret) for name, secret in named.items()}
        if not keys:
            raise ConfigurationError("a webhook source got no secret", hint="Give the one the webhook was made with.")
        if len(set(keys.values())) < len(keys):
            raise ConfigurationError("one webhook secret is given under two names", hint="Drop one of the names.")
        # Keyed once: a copy costs a third less than a new HMAC for each delivery.
        self._keyed = tuple((name, hmac.new(key, digestmod="sha256")) for name, key in keys.items())

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order given."""
        return tuple(name for name, _ in self._keyed)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self.names)})"

    def signer_of(self, body: Body, digest: bytes) -> str:
        """Give the name of the secret under which the body has this digest, else an empty text.

        Every secret is tried, whichever matches, so that the time taken does not tell which one did.
        """
        found = ""
        for name, keyed in self._keyed:
            mac = keyed.copy()
            mac.update(body)
            if hmac.compare_digest(mac.digest(), digest):
                found = name
        return found


def sign(body: Body, secret: SecretText, scheme: Scheme) -> str:
    """Give the header value that a vendor would send with this body. Raises ConfigurationError for an empty secret."""
    return scheme.prefix + hmac.new(_key(DEFAULT_NAME, secret), body, "sha256").hexdigest()


def verify(body: Body, signatures: abc.Sequence[str], secrets: Secrets, scheme: Scheme) -> Verified | Refused:
    """Say whether one of the secrets signed these very bytes.

    `signatures` are all values of the scheme's header, as received; the one good answer is to exactly one of them.
    """
    reason: Reason = "wrong"
    digest = _NO_DIGEST
    if len(signatures) != 1:
        reason = "doubled" if signatures else "absent"
    elif (told := _digest(signatures[0], scheme.prefix)) is None:
        reason = "garbled"
    else:
        digest = told
    name = secrets.signer_of(body, digest)
    return Verified(name) if name and digest is not _NO_DIGEST else Refused(reason)


def _digest(text: str, prefix: str) -> bytes | None:
    """Read a header value. `fromhex` lets blanks stand between digits: 32 bytes of 64 characters have none."""
    if len(text) != len(prefix) + _DIGITS or not text.startswith(prefix):
        return None
    try:
        digest = bytes.fromhex(text[len(prefix) :])
    except ValueError:
        return None
    return digest if len(digest) == len(_NO_DIGEST) else None


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(
            f"{name!r} cannot name a webhook secret", hint="Use up to 64 letters, digits and any of _ . : / -"
        )
    return name


def _key(name: str, secret: object) -> bytes:
    """Give the key's bytes. `object`, since an unset variable hands in None whatever the annotation says."""
    text = secret.reveal() if isinstance(secret, Secret) else secret
    try:
        key = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError:
        key = None
    if not isinstance(key, bytes) or not key.strip(b" \t\r\n"):
        raise ConfigurationError(f"the webhook secret {name!r} is empty, or is no text", hint="Is the variable set?")
    return key
