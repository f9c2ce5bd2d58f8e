"""Find prospects: filters, sorting, sparse fields, related records in the same call, and a bounded bulk read.

Set OUTREACH_ACCESS_TOKEN for the real service, or sign in with `outreach-async login` and set the variables of the
OAuth application. Without either the sandbox stands in.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import datetime as dt
import os

from outreach_async import Account, BearerToken, FileTokens, OAuthApp, Outreach, any_of, since
from outreach_async.sandbox import Sandbox

TITLES = ("CTO", "VP", "Founder")


async def recently_touched(api: Outreach) -> None:
    """List decision makers and their companies: one call a page, the accounts come along."""
    a_while_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=5 * 365)
    found = (
        api.prospects.where(title=any_of(*TITLES), updated_at=since(a_while_ago))
        .sort("-updated_at")
        .include("account")
        .fields(prospect=["name", "title", "updated_at", "account"], account=["name"])
        .page_size(50)
        .limit(10)
    )
    async for page in found.pages():
        for prospect in page:
            account = page.find(prospect.account)
            print(f"{prospect.name}, {prospect.title}, {account.name if account else 'no account'}")


async def companies(api: Outreach) -> None:
    """Read several accounts at once; one that cannot be read is told and does not stop the others."""
    ids = [1, 2, 3, 999_999]
    async for outcome in api.map(api.accounts.get, ids, concurrency=20):
        account: Account | None = outcome.value
        print(f"account {outcome.item}: {account.name if account else outcome.error}")


async def what_it_cost(api: Outreach) -> None:
    """Watch a block of calls: how many exchanges it took, and how long it waited."""
    with api.watching() as calls:
        count = await api.prospects.where(account=1).count()
    print(f"{count} prospects of account 1; {calls.attempts} request, {calls.waited:.1f} s of waiting; {api.quota}")


@contextlib.asynccontextmanager
async def client() -> abc.AsyncIterator[Outreach]:
    """Give a client of the environment's credential, or of the sandbox."""
    if "OUTREACH_ACCESS_TOKEN" in os.environ:
        async with Outreach(BearerToken.from_env()) as api:
            yield api
    elif "OUTREACH_CLIENT_ID" in os.environ:
        tokens = FileTokens(os.environ.get("OUTREACH_TOKENS", "~/.local/state/outreach-async/tokens.json"))
        async with Outreach(OAuthApp.from_env(tokens=tokens).user("default")) as api:
            yield api
    else:
        async with Sandbox(prospects=500).client() as api:
            yield api


async def main() -> None:
    """Find, read and count."""
    async with client() as api:
        await recently_touched(api)
        await companies(api)
        await what_it_cost(api)


if __name__ == "__main__":
    asyncio.run(main())
