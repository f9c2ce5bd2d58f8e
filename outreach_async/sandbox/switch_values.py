"""The kinds of values switches take, and how each is read from a text and written as one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NewType, TypeVar, get_args

_N = TypeVar("_N", int, float)

Share = NewType("Share", float)
"""How many of all it hits: 0 is none, 1 every one."""

Factor = NewType("Factor", float)
"""What something is multiplied by."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, written `10000/3600`. A limit of 0 is no limit."""

    limit: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.limit}/{written(self.seconds)}"


def switch(default: Any, about: str) -> Any:
    """Declare a switch: its default and what it decides."""
    return field(default=default, metadata={"about": about})


def converted(kind: Any, value: object) -> object:
    """Read a value of this kind; texts are parsed. Raises ValueError or TypeError when it is none."""
    if kind is Rate:
        return value if isinstance(value, Rate) else _rate(str(value))
    if kind is bool:
        return value if isinstance(value, bool) else {"on": True, "off": False}[_known(str(value), ("on", "off"))]
    if kind is int:
        return _at_least_zero(int(str(value)))
    if kind in (float, Factor, Share):
        number = _at_least_zero(float(str(value)))
        if kind is Share and number > 1:
            raise ValueError(value)
        return number
    return _known(str(value), get_args(kind))


def _rate(text: str) -> Rate:
    limit, _, seconds = text.partition("/")
    rate = Rate(_at_least_zero(int(limit)), _at_least_zero(float(seconds)))
    if rate.seconds == 0:
        raise ValueError(text)
    return rate


def _at_least_zero(number: _N) -> _N:
    if not 0 <= number < math.inf:
        raise ValueError(number)
    return number


def _known(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def accepted(kind: Any) -> str:
    """Say what a switch of this kind takes."""
    named = {Rate: "limit/seconds", bool: "on|off", int: "a whole number", float: "seconds"}
    named |= {Factor: "a number", Share: "a number from 0 to 1"}
    return named.get(kind) or "|".join(get_args(kind))


def written(value: object) -> str:
    """Give the text that reads back as this value."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
