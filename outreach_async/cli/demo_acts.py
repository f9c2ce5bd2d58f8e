"""The acts of the demo, in order. Each tells what it does, adds to the summary, and says what went wrong.

An act is an async function of the stage; a further one joins by its place in `ACTS`.
"""

from __future__ import annotations

import collections.abc as abc
from dataclasses import dataclass, field
from typing import Any

from ..engine.credentials import ApiKey, OAuthUser
from ..engine.oauth import OAuthApp
from ..engine.request_pool import RequestPool
from ..engine.s2s import S2SApp
from ..engine.token_stores import MemoryTokens
from ..outreach.client import Outreach
from ..planmysaas import PlanMySaaS
from ..protocol.errors import InvalidResponse
from ..protocol.messages import JSON, Request
from ..sandbox.sandbox import Sandbox
from ..sandbox.server import Served
from .demo_copy import Copy, sources
from .demo_screen import Screen
from .demo_tally import Tally

# What the compressed sandbox grants: requests in so many seconds, and seconds between two token grants.
QUOTA = (40, 3)
MINT_THROTTLE = 2


@dataclass(slots=True)
class Stage:
    """What the acts share. `summary` is what `--json` prints, `problems` what makes the exit code 1."""

    sandbox: Sandbox
    served: Served
    pool: RequestPool
    screen: Screen
    tally: Tally
    clients: dict[str, Outreach] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


Act = abc.Callable[[Stage], abc.Awaitable[None]]


async def sign_in(stage: Stage) -> None:
    """Sign a user in by the authorise page, and an installation by its app's key."""
    known, base_url = stage.sandbox.credentials, stage.served.outreach_base_url
    app = OAuthApp(
        known.client_id,
        known.client_secret,
        known.redirect_uri,
        tokens=MemoryTokens(),
        base_url=base_url,
        grant_interval=MINT_THROTTLE,
    )
    user = await _user(stage, app)
    stage.clients["user"] = Outreach(user, pool=stage.pool, observers=[stage.tally])
    stage.screen.event(f"signed in as user {user.name!r} by OAuth: authorise page, code, tokens")
    s2s = S2SApp(guid=known.s2s_guid, private_key=known.s2s_private_key, base_url=base_url)
    install_id = await s2s.setup(stage.sandbox.outreach.setup_token(known.install_id), transport=stage.pool.transport)
    stage.clients["install"] = Outreach(s2s.install(install_id), pool=stage.pool, observers=[stage.tally])
    stage.screen.event(f"signed in as installation {install_id} by server-to-server: app token, setup, access token")


async def copy_everything(stage: Stage) -> None:
    """Copy every listable type at once, and compare it with what the sandbox holds."""
    user, install = stage.clients["user"], stage.clients["install"]
    work = sources(user, install)
    copy = Copy(stage.sandbox, stage.screen.event)
    totals = {source.type: len(copy.listed(source.type)) for source in work}
    limit, seconds = QUOTA
    stage.screen.event(
        f"copying {sum(totals.values()):,} rows of {len(work)} types, {limit} requests per {seconds} s allowed to each"
    )

    def status() -> str:
        return f"user: {user.quota}   installation: {install.quota}"

    began = stage.pool.clock.now()
    with stage.screen.bars(totals, status) as advance:
        await copy.run(work, advance)
    stage.summary |= {"rows": copy.rows, "types": len(work), "copy_seconds": round(stage.pool.clock.now() - began, 2)}
    stage.problems += copy.differences()


async def call_planmysaas(stage: Stage) -> None:
    """Make the six calls of PlanMySaaS."""
    key = ApiKey(stage.sandbox.credentials.api_key, base_url=stage.served.planmysaas_base_url)
    async with PlanMySaaS(key, pool=stage.pool, observers=[stage.tally]) as pms:
        me = (await pms.me()).require("leads:write")
        campaigns = await pms.campaigns.where().collect()
        leads = await pms.leads.where(campaign=campaigns[0]).collect()
        new: dict[str, Any] = {"campaign": campaigns[0], "email": "founder@example.com", "first_name": "Sam"}
        lead, again = await pms.leads.create(**new), await pms.leads.create(**new)
        lead = await pms.leads.get(lead)
        replies = await pms.replies.where().collect()
    if lead.id != again.id:
        stage.problems.append("PlanMySaaS: creating a lead twice made two")
    stage.summary["planmysaas"] = {"campaigns": len(campaigns), "leads": len(leads), "replies": len(replies)}
    stage.screen.event(
        f"PlanMySaaS, workspace {me.workspace.name}: {len(campaigns)} campaigns, {len(leads)} leads of one of them, "
        f"{len(replies)} replies; a lead created twice is one"
    )


ACTS: tuple[Act, ...] = (sign_in, copy_everything, call_planmysaas)


async def _user(stage: Stage, app: OAuthApp) -> OAuthUser:
    """Do what a browser does: open the authorise page, and follow where it leads."""
    begun = app.begin_sign_in()
    path, _, query = begun.url.removeprefix(app.identity.origin).partition("?")
    page = Request("GET", app.identity.origin, path, query, media_type=JSON)
    answer = await stage.pool.transport.send(page, None)
    if answer.status != 302:
        raise InvalidResponse(f"the authorise page answered {answer.status}", request=page)
    code = begun.code(answer.headers["Location"])
    await app.exchange(code, user="ada", verifier=begun.verifier, transport=stage.pool.transport)
    return app.user("ada")
