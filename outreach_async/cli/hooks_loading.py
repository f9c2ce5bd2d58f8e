"""Finds the receiver that a command is about, named as MODULE:NAME, and makes sure that `webhooks` is ours.

A user's own `webhooks.py` shadows the package of that name, so this says whose file was found instead of failing
somewhere inside it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocol.errors import ConfigurationError

if TYPE_CHECKING:
    from webhooks.app import Webhooks

OURS = Path(__file__).resolve().parents[2] / "webhooks" / "__init__.py"


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

    Raises ConfigurationError that says which part of the name is wrong, and what loading the module raises.
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
            f"{target} is a {type(found).__name__}, and no Webhooks", hint="Name what Webhooks(...) was assigned to."
        )
    return found


def _module(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # What the module itself fails to import is its own error, and has its own name.
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        raise ConfigurationError(
            f"there is no module {name!r}", hint="Write it as Python would import it, from its folder."
        ) from None
    except KeyError as error:
        if not _from_environment(error):
            raise
        raise ConfigurationError(
            f"{name} wants {error.args[0]!r} of the environment, and it is not set", hint="Set that variable."
        ) from None


def _from_environment(error: KeyError) -> bool:
    """Say whether it was `os.environ` that had no such key: how an application takes its secrets."""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__") == "os"
