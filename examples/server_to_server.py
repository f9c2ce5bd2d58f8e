"""One server-to-server app, many customers: each installation has its own token and quota, all share one pool.

Set OUTREACH_S2S_GUID, OUTREACH_S2S_PRIVATE_KEY (PEM or a path) and OUTREACH_INSTALL_ID (several with commas between)
for the real service. Without them the sandbox stands in, with two installations and one that is none.
"""

from __future__ import annotations

import asyncio
import collections.abc as abc
import contextlib
import os

from outreach_async import Outreach, OutreachError, Pace, RequestPool, S2SApp
from outreach_async.sandbox import Sandbox


async def report(app: S2SApp, install: str, pool: RequestPool) -> str:
    """Count what one customer has, leaving most of their quota to others."""
    async with Outreach(app.install(install), pool=pool) as api:
        prospects, accounts = await asyncio.gather(api.prospects.where().count(), api.accounts.where().count())
        return f"{install}: {prospects} prospects, {accounts} accounts; {api.quota}"


async def report_all(app: S2SApp, installs: abc.Sequence[str], pool: RequestPool) -> None:
    """Report on every customer, four at a time; one that fails does not stop the others."""

    async def work(install: str) -> str:
        return await report(app, install, pool)

    async for outcome in pool.map(work, installs, concurrency=4):
        print(outcome.value if outcome.error is None else f"{outcome.item}: failed: {outcome.error}")


@contextlib.asynccontextmanager
async def setting() -> abc.AsyncIterator[tuple[S2SApp, list[str], RequestPool]]:
    """Give the app, its installations and a pool: of the environment, or of the sandbox."""
    pace = Pace.burst(reserve=500)
    if "OUTREACH_S2S_GUID" in os.environ:
        installs = [install.strip() for install in os.environ["OUTREACH_INSTALL_ID"].split(",")]
        async with RequestPool(concurrency=40, pace=pace) as pool:
            yield S2SApp.from_env(), installs, pool
        return
    async with Sandbox(prospects=200).serve() as served, RequestPool(concurrency=40, pace=pace) as pool:
        sandbox = served.sandbox
        app = sandbox.s2s_app(base_url=served.outreach_base_url)
        # An administrator who installs the app is sent to it with a setup token, which tells the installation's id.
        setup_token = sandbox.outreach.setup_token(sandbox.credentials.install_id)
        first = await app.setup(setup_token, transport=pool.transport)
        sandbox.outreach.add_install("install-second")
        yield app, [first, "install-second", "install-unknown"], pool


async def main() -> None:
    """Report on every installation."""
    try:
        async with setting() as (app, installs, pool):
            await report_all(app, installs, pool)
    except OutreachError as error:
        raise SystemExit(f"failed: {error}") from None


if __name__ == "__main__":
    asyncio.run(main())
