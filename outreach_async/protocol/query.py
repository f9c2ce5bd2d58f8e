"""What a list call asks for: filter values, both filter grammars, sort keys, sparse fields and includes.

The classic grammar writes lists as `a,b` and ranges as `a..b`, so a value that holds either mark makes the whole
request use the other grammar, which the API reads under `newFilterSyntax=true` (Outreach, making requests).
Which attributes a type lets filter or sort is not known here: the generated collections carry that.
"""

from __future__ import annotations

import collections.abc as abc
import datetime as dt
import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

from .errors import ConfigurationError
from .names import camel
from .urls import encode as encode  # noqa: PLC0414  # offered here too, beside what it encodes
from .urls import identifier
from .urls import path_segment as path_segment  # noqa: PLC0414

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Path: TypeAlias = tuple[str, ...]

_NULL = "__null__"
_NOT_NULL = "__notnull__"
_OPEN_LOW = "neginf"
_OPEN_HIGH = "inf"
_SEARCH: Path = ("q",)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Range(Generic[T_co]):
    """From `low` to `high`, both included; an end that is None is open. One end at least is given."""

    low: T_co | None
    high: T_co | None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ConfigurationError("a range needs at least one end", hint="For 'has any value' say is_set().")


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[T_co]):
    """Any one of these values; one at least is given."""

    values: tuple[T_co, ...]

    def __post_init__(self) -> None:
        # Sent as it stands, an empty list would be read as "no filter" or as "no rows": nobody knows which.
        if not self.values:
            raise ConfigurationError("any_of() needs at least one value", hint="Leave the filter out, or do not ask.")


@dataclass(frozen=True, slots=True)
class Empty:
    """A test for having no value (`null` True) or any value (`null` False). Made by `is_empty()` and `is_set()`."""

    null: bool


Filter: TypeAlias = T | Range[T] | AnyOf[T] | Empty
"""What a filter of type T takes: a value, `since/before/between`, `any_of`, `is_empty()` or `is_set()`."""

_IS_EMPTY = Empty(null=True)
_IS_SET = Empty(null=False)


def since(value: T) -> Range[T]:
    """Match this value and everything above it, the value included (Outreach, making requests)."""
    return Range(value, None)


def before(value: T) -> Range[T]:
    """Match this value and everything below it. The API's ranges include their ends, so this does too."""
    return Range(None, value)


def between(low: T, high: T) -> Range[T]:
    """Match everything from `low` to `high`, both included."""
    return Range(low, high)


def any_of(*values: T) -> AnyOf[T]:
    """Match any one of the values. Raises ConfigurationError when none is given."""
    return AnyOf(values)


def is_empty() -> Empty:
    """Match records whose attribute is null."""
    return _IS_EMPTY


def is_set() -> Empty:
    """Match records whose attribute is not null."""
    return _IS_SET


def wire_value(value: object) -> str:
    """Give a value as the API writes it: `true`, `42`, `2017-01-01`, `2017-01-01T00:00:00.000Z`, or a record's id.

    Datetimes become UTC, cut to milliseconds; an enum member counts as its value. Raises ConfigurationError for a
    datetime without time zone, None, NaN, an infinity, and every other type.
    """
    if isinstance(value, Enum):
        return wire_value(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return _instant(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    text = identifier(value)
    if text is None:
        raise ConfigurationError(f"{type(value).__name__} cannot be sent as a value", hint=_advice(value))
    return text


def encode_filters(filters: abc.Iterable[tuple[Path, object]]) -> list[tuple[str, str]]:
    """Give the query pairs of filters, each a path of wire names and a value.

    `("firstName",)` is `filter[firstName]`, `("account", "id")` is `filter[account][id]`. A list, tuple or set means
    any of its values. The search `q` goes as it stands, since a comma in it is its own syntax. Raises
    ConfigurationError for a value that cannot be sent, and for the texts `__null__` and `__notnull__`, which the API
    would take for a test.
    """
    tests = [(path, _test(value)) for path, value in filters]
    new = any(_ambiguous(test) for path, test in tests if path != _SEARCH)
    write = _new_pairs if new else _classic_pairs
    pairs: list[tuple[str, str]] = []
    for path, test in tests:
        key = "filter" + "".join(f"[{name}]" for name in path)
        pairs += _search_pairs(key, test) if path == _SEARCH else write(key, test)
    return [*pairs, ("newFilterSyntax", "true")] if new else pairs


def sort_value(keys: abc.Iterable[str]) -> str:
    """Give the `sort` parameter: `-updated_at` becomes `-updatedAt`, a leading minus meaning descending."""
    return ",".join("-" + _wire_name(key[1:]) if key.startswith("-") else _wire_name(key) for key in _texts(keys))


def fields_parameters(fields: abc.Mapping[str, abc.Iterable[str]]) -> list[tuple[str, str]]:
    """Give the `fields[type]` pairs, keyed by resource type (`sequence_state`); no names at all asks for none."""
    return [
        (f"fields[{_wire_name(kind)}]", ",".join(_wire_name(name) for name in _texts(names)))
        for kind, names in fields.items()
    ]


def include_value(paths: abc.Iterable[str]) -> str:
    """Give the `include` parameter; a path is relationship names joined by dots, `account.owner`."""
    return ",".join(".".join(_wire_name(part) for part in path.split(".")) for path in _texts(paths))


def _test(value: object) -> AnyOf[str] | Range[str] | Empty:
    if isinstance(value, Empty):
        return value
    if isinstance(value, Range):
        return Range(_bound(value.low), _bound(value.high))
    if isinstance(value, AnyOf):
        return AnyOf(tuple(wire_value(item) for item in value.values))
    if isinstance(value, (set, frozenset)):
        return AnyOf(tuple(sorted(wire_value(item) for item in value)))  # a set has no order to keep between runs
    if isinstance(value, (list, tuple)):
        return AnyOf(tuple(wire_value(item) for item in value))
    return AnyOf((wire_value(value),))


def _bound(value: object) -> str | None:
    return None if value is None else wire_value(value)


def _ambiguous(test: AnyOf[str] | Range[str] | Empty) -> bool:
    if isinstance(test, Empty):
        return False
    if isinstance(test, AnyOf):
        return any("," in text or ".." in text for text in test.values)
    ends = [end for end in (test.low, test.high) if end is not None]
    return any(
        "," in end or ".." in end or end in {"", _OPEN_LOW, _OPEN_HIGH} or "." in (end[0], end[-1]) for end in ends
    )


def _classic_pairs(key: str, test: AnyOf[str] | Range[str] | Empty) -> list[tuple[str, str]]:
    if isinstance(test, Empty):
        return [(key, _NULL if test.null else _NOT_NULL)]
    if isinstance(test, AnyOf):
        return [(key, ",".join(map(_plain, test.values)))]
    low = _OPEN_LOW if test.low is None else test.low
    high = _OPEN_HIGH if test.high is None else test.high
    return [(key, f"{low}..{high}")]


def _new_pairs(key: str, test: AnyOf[str] | Range[str] | Empty) -> list[tuple[str, str]]:
    if isinstance(test, Empty):
        return _classic_pairs(key, test)  # the same words are assumed: no other form is documented
    if isinstance(test, AnyOf):
        return [(f"{key}[]", _plain(text)) for text in test.values]
    ends = (("gte", test.low), ("lte", test.high))
    return [(f"{key}[{name}]", end) for name, end in ends if end is not None]


def _search_pairs(key: str, test: AnyOf[str] | Range[str] | Empty) -> list[tuple[str, str]]:
    if not isinstance(test, AnyOf) or len(test.values) != 1:
        raise ConfigurationError("the search filter q takes one text")
    return [(key, test.values[0])]


def _plain(text: str) -> str:
    if text in {_NULL, _NOT_NULL}:
        raise ConfigurationError(
            f"the API takes the text {text} for a test, not a value", hint="Say is_empty() or is_set()."
        )
    return text


def _wire_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is not the name of an attribute, a relationship or a type")
    return camel(name)


def _texts(names: abc.Iterable[str]) -> abc.Iterable[str]:
    return (names,) if isinstance(names, str) else names  # a lone text is one name, not its letters


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ConfigurationError(
            f"{value} cannot be sent as a value", hint="For an open range say since() or before()."
        )
    return repr(value)


def _instant(value: dt.datetime) -> str:
    if value.utcoffset() is None:
        raise ConfigurationError(
            f"the datetime {value.isoformat()} has no time zone",
            hint="Use datetime.now(timezone.utc), or value.astimezone() when local time is meant.",
        )
    try:
        moment = value.astimezone(dt.UTC)
    except OverflowError:
        raise ConfigurationError(f"the datetime {value.isoformat()} has no UTC form") from None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _advice(value: object) -> str:
    if value is None:
        return "To match records without a value say is_empty()."
    if isinstance(value, (Range, AnyOf, Empty, list, tuple, set, frozenset)):
        return "Tests and lists do not nest; list values with any_of(a, b)."
    return "Use a text, number, bool, date, datetime with time zone, record or reference."
