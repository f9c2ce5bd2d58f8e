"""Percent-encoding, decided once: a query out of pairs, an id as one path segment.

What leaves here is plain ASCII that no later layer has to encode again. It knows nothing of filters or paging, and
joins no path: who builds a path puts segments between slashes.
"""

from __future__ import annotations

import collections.abc as abc
from functools import lru_cache
from urllib.parse import quote

from .errors import ConfigurationError

_CLIMBING = frozenset({"", ".", ".."})


def encode(pairs: abc.Iterable[tuple[str, str]]) -> str:
    """Give the percent-encoded query of these decoded pairs, in their order.

    Everything but letters, digits and `-._~` is encoded, brackets, spaces, carriage returns and line feeds included,
    so a value cannot end its parameter, its line or its URL. Raises ConfigurationError for a text that is not
    Unicode (a lone surrogate).
    """
    return "&".join(f"{_encoded_name(name)}={_encoded(value)}" for name, value in pairs)


def path_segment(value: object) -> str:
    """Give an id, or the id of a record or reference, as exactly one percent-encoded path segment.

    Raises ConfigurationError for what would change the path or the request line: an empty id, `.`, `..`, a slash, a
    backslash, a control character, a lone surrogate, or a value that is no id.
    """
    text = identifier(value)
    if text is None:
        raise ConfigurationError(
            f"{type(value).__name__} is not an id", hint="Give an integer, a text, a record or a reference."
        )
    if text in _CLIMBING or "/" in text or "\\" in text or not text.isprintable():
        raise ConfigurationError(f"{_shown(text)} cannot be an id in a path", hint="Give the bare id.")
    return _encoded(text)


def identifier(value: object) -> str | None:
    """Give the text of an id: an integer, a text, or anything whose `id` is one of these; None for all else."""
    found = value if isinstance(value, (int, str)) else getattr(value, "id", None)
    if isinstance(found, bool):
        return None
    return str(found) if isinstance(found, (int, str)) else None


@lru_cache(maxsize=1024)
def _encoded_name(name: str) -> str:
    return _encoded(name)


def _encoded(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{_shown(text)} is not Unicode text", hint="It holds a lone surrogate; decode it with the right charset."
        ) from None
    except TypeError:
        raise ConfigurationError(
            f"a parameter of the query is a {type(text).__name__}, not a text", hint="Write it as the wire does."
        ) from None


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "...")
