"""What can be a handler: an asynchronous callable with a name that lasts, annotated for all it may be given.

Type checkers say the same about the annotation; this says it to those who run none, when the program starts and not
when the first event comes. Annotations that cannot be resolved at run time, being imported for checkers only, pass.
"""

from __future__ import annotations

import collections.abc as abc
import functools
import inspect
import types
import typing
from pathlib import Path
from typing import Any

from outreach_async.protocol.errors import ConfigurationError

from .events import Event

_ANYTHING = (Any, object, inspect.Parameter.empty)


def handler_name(handler: abc.Callable[..., Any], given: str = "") -> str:
    """Give the name that state is kept under: the one given, else `module:qualified.name`.

    A program that is run has the name by which it would be imported from its folder, so that state outlives a change
    from `python app.py` to `hooks serve app:hooks`. Raises ConfigurationError where there is no name, or one that
    could not stand in a log or a metric.
    """
    if not given and isinstance(handler, functools.partial):
        raise ConfigurationError("a partial function has no name of its own", hint="Give one: on(..., name=...).")
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    name = given or f"{_module(handler, named.__module__)}:{named.__qualname__}"
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise ConfigurationError(f"{name!r} cannot name a handler", hint="Use up to 200 printable characters.")
    return name


def check_handler(handler: abc.Callable[..., Any], wanted: abc.Iterable[type[Event]]) -> None:
    """Refuse what could not handle these classes of events. Raises ConfigurationError."""
    if not is_asynchronous(handler):
        raise ConfigurationError(f"{_shown(handler)} is not asynchronous", hint="Write it as `async def`.")
    annotation = _annotation(handler)
    takes = tuple(_classes(annotation))
    for kind in wanted:
        if takes and not issubclass(kind, takes):
            given = "any Event, as a pattern gives" if kind is Event else kind.__name__
            raise ConfigurationError(
                f"{_shown(handler)} would be given {given}, and is annotated for {_told(takes)}",
                hint="Widen the annotation, or register it for the classes it takes.",
            )


def is_asynchronous(handler: abc.Callable[..., Any]) -> bool:
    """Say whether calling this gives something to await: a coroutine function, or what wraps or holds one."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    innermost = inspect.unwrap(handler)
    return any(map(inspect.iscoroutinefunction, (handler, innermost, getattr(handler, "__call__", None))))  # noqa: B004


def _module(handler: abc.Callable[..., Any], name: str) -> str:
    """Give the module's name; for the program that is run, that behind `-m`, else its file's, if it has one."""
    if name != "__main__":
        return name
    # The handler's own, and not `sys.modules`: under a profiler that holds the profiler.
    program = _namespace(handler)
    started = getattr(program.get("__spec__"), "name", name)
    file = program.get("__file__") or ""
    if started != name or not file or file.startswith("<"):
        return started
    return Path(file).stem


def _annotation(handler: abc.Callable[..., Any]) -> object:
    """Give the annotation of the one parameter a handler is called with."""
    parameters = list(inspect.signature(handler).parameters.values())
    try:
        inspect.signature(handler).bind(None)
    except TypeError:
        raise ConfigurationError(f"{_shown(handler)} cannot be called with one event") from None
    return _resolved(handler, parameters[0].annotation)


def _resolved(handler: abc.Callable[..., Any], annotation: object) -> object:
    if not isinstance(annotation, str):
        return annotation
    bearer = types.SimpleNamespace(__annotations__={"event": annotation})
    try:
        return typing.get_type_hints(bearer, globalns=_namespace(handler))["event"]
    except Exception:  # whatever evaluating a foreign text may raise; checkers have read it already
        return Any


def _namespace(handler: abc.Callable[..., Any]) -> dict[str, Any]:
    """Give the global names of the module a handler is written in; none where that cannot be told."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    function = inspect.unwrap(handler)
    method = function if hasattr(function, "__globals__") else getattr(function, "__call__", function)  # noqa: B004
    found = getattr(method, "__globals__", None) or getattr(getattr(method, "__func__", None), "__globals__", None)
    return found or {}


def _classes(annotation: object) -> abc.Iterator[type]:
    """Give the classes of an annotation; none where it takes anything, or something that cannot be judged."""
    members = _members(annotation)
    classes = [member for member in members if isinstance(member, type) and member not in _ANYTHING]
    if len(classes) == len(members):
        yield from classes


def _members(annotation: object) -> list[object]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return [member for part in typing.get_args(annotation) for member in _members(part)]
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if isinstance(annotation, typing.TypeVar):
        return _members(annotation.__bound__) if annotation.__bound__ else list(annotation.__constraints__) or [Any]
    return [origin or annotation]


def _shown(handler: object) -> str:
    return f"the handler {getattr(handler, '__qualname__', None) or type(handler).__qualname__}"


def _told(classes: tuple[type, ...]) -> str:
    return " | ".join(kind.__name__ for kind in classes)
