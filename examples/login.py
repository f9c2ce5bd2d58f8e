"""Sign a user in by OAuth, keep the tokens, and call the API as that user.

In a web application `browse` is a redirect to the URL, and the answer is the URL of the request that comes back. Here
a person opens the one and pastes the other.

Set OUTREACH_CLIENT_ID, OUTREACH_CLIENT_SECRET and OUTREACH_REDIRECT_URI for the real service. Without them the sandbox
stands in, and a few lines play the browser.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from outreach_async import FileTokens, OAuthApp, Outreach
from outreach_async.sandbox import Sandbox

SCOPES = ["users.read", "prospects.read"]

Browse = abc.Callable[[str], abc.Awaitable[str]]


async def sign_in(app: OAuthApp, browse: Browse) -> None:
    """Sign the user `ada` in: from now on any process that has the token file can act for her."""
    begun = app.begin_sign_in(scopes=SCOPES)
    callback = await browse(begun.url)
    await app.exchange(begun.code(callback), user="ada", verifier=begun.verifier)


async def greet(app: OAuthApp) -> None:
    """Read something as that user. The token is refreshed, and saved before it is used, whenever it is due."""
    async with Outreach(app.user("ada")) as api:
        user = await api.users.where().first()
        print(f"the first user of this organisation is {user.name if user else 'nobody'}")
        print(f"granted: {' '.join(sorted(api.granted_scopes or ()))}")
        print(f"quota: {api.quota}")


async def person(url: str) -> str:
    """Ask the person at the terminal to sign in."""
    print(f"Open {url}")
    return (await asyncio.to_thread(input, "Paste the address the browser ends at: ")).strip()


async def robot(url: str) -> str:
    """Sign in at the sandbox, which asks nobody."""
    async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as page:
        return page.headers["Location"]


async def main() -> None:
    """Sign in and greet: at the real service, or at the sandbox."""
    if "OUTREACH_CLIENT_ID" in os.environ:
        app = OAuthApp.from_env(tokens=FileTokens(os.environ.get("OUTREACH_TOKENS", "tokens.json")))
        await sign_in(app, person)
        await greet(app)
        return
    with TemporaryDirectory() as folder:
        async with Sandbox(prospects=50).serve() as served:
            tokens = FileTokens(Path(folder) / "tokens.json")
            app = served.sandbox.oauth_app(tokens, base_url=served.outreach_base_url)
            await sign_in(app, robot)
            await greet(app)


if __name__ == "__main__":
    asyncio.run(main())
