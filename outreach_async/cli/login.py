"""`login`: a browser sign-in whose tokens end in the token file.

The answer is caught at OUTREACH_REDIRECT_URI where that leads to this machine; anywhere else the person pastes the
address that the browser ended at.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import datetime as dt
import os
import sys
from dataclasses import dataclass

from ..engine.login import listening, loopback_address
from ..engine.oauth import OAuthApp, SignIn
from ..protocol.errors import SignInRequired
from ..protocol.tokens import Token
from .output import DONE, Output
from .settings import DEFAULT_USER, oauth_app, tokens_path

# What a sign-in asks for unless told otherwise: to read the types that most people work with.
DEFAULT_SCOPES = tuple(
    f"{name}.read"
    for name in [
        "accounts",
        "calls",
        "mailings",
        "prospects",
        "sequenceStates",
        "sequences",
        "tasks",
        "templates",
        "users",
    ]
)
_LONGEST_ANSWER = 8192


@dataclass(frozen=True, slots=True)
class Manner:
    """How a sign-in is done. `timeout` is in seconds, for the person at the browser."""

    paste: bool = False
    browser: bool = True
    timeout: float = 300.0


async def login(output: Output, user: str | None, scopes: abc.Sequence[str], manner: Manner) -> int:
    """Sign a user in, and say where the tokens are kept."""
    name = user or DEFAULT_USER
    wanted = [scope for text in scopes for scope in text.replace(",", " ").split()]
    app = oauth_app(scopes=wanted or DEFAULT_SCOPES)
    app.user(name)  # refuses a name that cannot be one, before anybody signs in
    sign_in = app.begin_sign_in()
    if manner.paste or loopback_address(app.identity.redirect_uri) is None:
        code = _pasted(output, app, sign_in)
    else:
        code = await _caught(output, app, sign_in, manner)
    token = await app.exchange(code, user=name, verifier=sign_in.verifier)
    _tell(output, name, token)
    return DONE


async def _caught(output: Output, app: OAuthApp, sign_in: SignIn, manner: Manner) -> str:
    async with listening(sign_in, app.identity.redirect_uri) as callback:
        output.note(f"Sign in at {sign_in.url}")
        if manner.browser and _has_screen():
            await asyncio.to_thread(_open, sign_in.url)
        output.note(f"waiting at {app.identity.redirect_uri} for up to {manner.timeout:g} s (--paste does without)")
        return await callback.code(manner.timeout)


def _pasted(output: Output, app: OAuthApp, sign_in: SignIn) -> str:
    output.note(f"Sign in at {sign_in.url}")
    output.note(f"Then paste the whole address the browser ends at; it begins with {app.identity.redirect_uri}")
    # Nothing else runs, so waiting here for the person holds nobody up.
    answer = sys.stdin.readline(_LONGEST_ANSWER).strip()
    if not answer:
        raise SignInRequired("nothing was pasted", hint="Sign in again.")
    return sign_in.code(answer)


def _tell(output: Output, user: str, token: Token) -> None:
    until = dt.datetime.fromtimestamp(token.expires_at, dt.UTC).isoformat(timespec="seconds")
    scopes = sorted(token.scopes or ())
    output.say(f"signed in as {user!r}; the tokens are kept in {tokens_path()}")
    output.say(f"scopes: {' '.join(scopes) or 'not told'}")
    output.result({"user": user, "store": str(tokens_path()), "scopes": scopes, "expires_at": until})


def _has_screen() -> bool:
    # Without one, a text browser would take the terminal over.
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _open(url: str) -> None:
    import webbrowser

    webbrowser.open(url)
