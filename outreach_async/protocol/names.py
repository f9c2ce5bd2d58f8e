"""Names on both sides: `first_name` in Python, `firstName` on the wire."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Give the Python name of a wire name: `addressStreet2` is `address_street2`, `linkedInUrl` is `linked_in_url`."""
    return _WORD_START.sub("_", name).lower()


@lru_cache(maxsize=4096)
def camel(name: str) -> str:
    """Give the wire name of a Python name. A trailing underscore, which keeps a keyword legal, is dropped."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
