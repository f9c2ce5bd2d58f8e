"""Finds the receiver that a command is about, named as MODULE:NAME, and makes sure that `webhooks` is ours.

A user's own `webhooks.py` shadows the package of that name, so this says whose file was found instead of failing
somewhere inside it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocol.errors import ConfigurationError, OutreachError

if TYPE_CHECKING:
    from webhooks.app import Webhooks

OURS = Path(__file__).resolve().parents[2] / "webhooks" / "__init__.py"

# What is below these, or in a folder of such a name, is nobody's own program.
_LIBRARIES = (sysconfig.get_path("stdlib"), str(OURS.parent), str(Path(__file__).resolve().parents[1]))
_INSTALLED = {"site-packages", "dist-packages"}


def check_package() -> None:
    """Refuse to go on with somebody else's `webhooks`. Raises ConfigurationError that names its file."""
    loaded = sys.modules.get("webhooks")
    spec = importlib.util.find_spec("webhooks") if loaded is None else loaded.__spec__
    found = spec.origin if spec else None
    if found is None or not OURS.exists() or not OURS.samefile(found):
        raise ConfigurationError(
            f"the module `webhooks` that Python finds is {found or 'missing'}, and not this library's {OURS}",
            hint="Give your own file another name, or run this from another folder.",
        )


def load(target: str) -> Webhooks:
    """Give the receiver named MODULE:NAME, from the present folder or from what is installed.

    Raises ConfigurationError that says which part of the name is wrong, or where and why the module cannot be loaded.
    """
    check_package()
    from webhooks.app import Webhooks

    module, colon, name = target.partition(":")
    if not colon or not module or module.startswith(".") or not name.isidentifier():
        raise ConfigurationError(f"{target!r} names no receiver", hint="Write MODULE:NAME, such as app:hooks.")
    folder = os.getcwd()  # noqa: PTH109  # sys.path holds texts
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found = getattr(_module(module), name, None)
    if found is None:
        raise ConfigurationError(f"{module} has no {name!r}", hint="Is it assigned at the top of the module?")
    if not isinstance(found, Webhooks):
        raise ConfigurationError(
            f"{target} is of type {type(found).__name__}, and no Webhooks",
            hint="Name what Webhooks(...) was assigned to.",
        )
    return found


def _module(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # What the module itself fails to import is its own error, and has its own name.
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise _broken(name, error) from error
        raise ConfigurationError(
            f"there is no module {name!r}", hint="Write it as Python would import it, from its folder."
        ) from None
    except KeyError as error:
        if not _from_environment(error):
            raise _broken(name, error) from error
        raise ConfigurationError(
            f"{name} wants {error.args[0]!r} of the environment, and it is not set", hint="Set that variable."
        ) from None
    except OutreachError:
        raise
    except Exception as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> ConfigurationError:
    """Say what a program raised while it was loaded, and where in it."""
    place = _syntax_place(error) or _own_place(error) or f"{name} cannot be loaded"
    told = error.msg if isinstance(error, SyntaxError) else str(error)
    return ConfigurationError(f"{place}: {type(error).__name__}" + (f": {told}" if told else ""))


def _syntax_place(error: Exception) -> str:
    """Give the line that cannot be read; empty where it is no file's."""
    if not isinstance(error, SyntaxError) or not error.filename or error.filename.startswith("<"):
        return ""
    return _place(error.filename, error.lineno)


def _own_place(error: Exception) -> str:
    """Give the last line of the program's own on the way to an error; empty where it has none."""
    _, *frames = traceback.extract_tb(error.__traceback__)
    files = [frame for frame in frames if not frame.filename.startswith("<") and not _is_importing(frame.filename)]
    own = [frame for frame in files if not _is_library(frame.filename)]
    # A program may be installed itself: then it begins where importing ends.
    found = own[-1] if own else next(iter(files), None)
    return _place(found.filename, found.lineno) if found else ""


def _is_importing(file: str) -> bool:
    return Path(file) == Path(importlib.__file__)


def _is_library(file: str) -> bool:
    path = Path(file)
    return bool(_INSTALLED.intersection(path.parts)) or any(path.is_relative_to(each) for each in _LIBRARIES)


def _place(file: str, line: int | None) -> str:
    path, folder = Path(file), Path.cwd()
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    return f"{shown} line {line}" if line else str(shown)


def _from_environment(error: KeyError) -> bool:
    """Say whether it was `os.environ` that had no such key: how an application takes its secrets."""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__") == "os"
