"""What must never be printed, and the one place that masks it.

Secrets are found by where they stand (header, query and JSON key names) and by what they look like (Bearer values,
JSON Web Tokens, PlanMySaaS keys, PEM private keys), because an error text may quote either.
"""

from __future__ import annotations

import collections.abc as abc
import re

MASK = "***"

_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "outreach-webhook-cleanup-token",
        "outreach-webhook-signature",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-pms-signature",
    }
)
_SECRET_NAMES = (
    "access_?token|api_?key|apikey|assertion|cleanup_?token|client_?secret|code_?verifier|install_?setup_?token"
    "|password|private_?key|refresh_?token|secret|setup_?token|signature|token"
)
_IN_QUERY = re.compile(rf"(?i)(^|[?&;\s\"'(])((?:code|{_SECRET_NAMES})=)([^&;#\s\"']*)")
_IN_JSON = re.compile(rf'(?i)("(?:{_SECRET_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"?')
_SETUP_PATH = re.compile(r"(/installs/)([^/?#\s]+)(/actions/setupToken)")
_LOOKS_SECRET = re.compile(
    r"(?i:bearer)\s+[^\s\"',;]+"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"
    # PlanMySaaS's support asks for a key's prefix: the two characters that we show of it are no key.
    r"|pms_[a-z]+_[A-Za-z0-9_-]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# An address in a text or, with %40, in a URL. Possessive, so that no text takes long.
_EMAIL = re.compile(r"(?<![\w.+'-])('*+[\w.+-]?)[\w.+'-]*+(?<=[\w.+'-])(@|%40)(?=[\w-]++(?:\.[\w-]++)+)")


class Secret:
    """A text that prints masked everywhere; `reveal()` gives it to the one place that sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)


def redact(text: str) -> str:
    """Mask every secret in a text: a URL, a form or JSON body, a log line."""
    text = _SETUP_PATH.sub(rf"\1{MASK}\3", text)
    text = _IN_QUERY.sub(rf"\1\2{MASK}", text)
    text = _IN_JSON.sub(rf'\1"{MASK}"', text)
    return _LOOKS_SECRET.sub(_mask_look, text)


def mask_emails(text: str) -> str:
    """Mask e-mail addresses in a text, all but the first letter of each and its host."""
    return _EMAIL.sub(rf"\1{MASK}\2", text)


def redact_url(url: str) -> str:
    """Mask secrets in a URL's path and query, and any user information before its host."""
    return redact(re.sub(r"(//)[^/@?#]*@", rf"\1{MASK}@", url))


def redact_headers(headers: abc.Mapping[str, str]) -> dict[str, str]:
    """Give the headers with the values of the secret ones masked."""
    return {name: MASK if name.lower() in _SECRET_HEADERS else redact(value) for name, value in headers.items()}


def redact_body(body: bytes | None, limit: int = 500) -> str:
    """Give the first `limit` characters of a body as printable text, secrets masked and control characters escaped."""
    if not body:
        return ""
    text = redact(body[: limit * 8].decode("utf-8", "replace"))
    shown = text if len(text) <= limit else text[:limit] + "…"
    return printable(shown)


def printable(text: str) -> str:
    """Escape control characters, so that a foreign text cannot forge log lines or drive a terminal."""
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode("ascii") for ch in text)


def _mask_look(match: re.Match[str]) -> str:
    found = match.group()
    if found[:6].lower() == "bearer":
        return f"{found[:6]} {MASK}"
    if found.startswith("pms_"):
        return "_".join(found.split("_")[:2]) + "_" + MASK
    return MASK
