"""Typed keyword arguments that can be left out.

An argument not passed is not sent; None is sent as null. Filters, drafts and patches are declared as classes of
annotated names; what is required has no default, what is not has `LEFT_OUT`.
"""

from __future__ import annotations

import collections.abc as abc
import difflib
import inspect
from typing import Any, ClassVar, dataclass_transform

from ..protocol.errors import ConfigurationError
from ..protocol.names import camel
from ..protocol.omission import LEFT_OUT as LEFT_OUT  # noqa: PLC0414  # offered here, where generated modules look


@dataclass_transform(kw_only_default=True)
class Params:
    """Base of filters, drafts and patches. `relations` names those that stand for related records.

    Raises ConfigurationError for a name it does not have, with the nearest that it has, and for a required name that
    was left out.
    """

    relations: ClassVar[frozenset[str]] = frozenset()
    names: ClassVar[frozenset[str]] = frozenset()
    required: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, relations: abc.Iterable[str] = ()) -> None:
        own = {name for name in inspect.get_annotations(cls) if not name.startswith("_")}
        cls.relations = cls.relations | frozenset(relations)
        cls.names = cls.names | own
        cls.required = frozenset(name for name in cls.names if not hasattr(cls, name))

    def __init__(self, **values: Any) -> None:
        for name in values.keys() - self.names:
            near = difflib.get_close_matches(name, self.names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(sorted(self.names)) or 'none'}."
            raise ConfigurationError(f"{type(self).__name__} has no {name!r}", hint=hint)
        passed = {name: value for name, value in values.items() if value is not LEFT_OUT}
        if absent := self.required - passed.keys():
            raise ConfigurationError(f"{type(self).__name__} needs {', '.join(sorted(absent))}")
        self.passed: abc.Mapping[str, Any] = passed


def wire_path(params: type[Params], name: str) -> tuple[str, ...]:
    """Give the wire path of a filter: `owner` is (owner, id), `owner__email` is (owner, email)."""
    path = tuple(camel(part) for part in name.split("__"))
    return (*path, "id") if name in params.relations else path
