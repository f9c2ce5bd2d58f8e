"""The mark of an argument that was not passed: left out is not null."""

from __future__ import annotations

from typing import Any


class _LeftOut:
    """Not passed, so not sent."""

    def __repr__(self) -> str:
        return "LEFT_OUT"


# Typed Any, so that what defaults to it keeps its own clean type.
LEFT_OUT: Any = _LeftOut()
