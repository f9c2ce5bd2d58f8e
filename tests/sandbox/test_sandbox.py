from __future__ import annotations

import asyncio
from typing import Any

import pytest

from outreach_async.engine.clock import SystemClock
from outreach_async.engine.credentials import BearerToken
from outreach_async.outreach.client import Outreach
from outreach_async.protocol.errors import ConfigurationError, Forbidden, SignInRequired, Unauthorized
from outreach_async.sandbox.clock import START, WoundClock
from outreach_async.sandbox.sandbox import Sandbox


async def test_a_client_signs_in_and_reads(outreach_sandbox: Sandbox) -> None:
    async with outreach_sandbox.client() as api:
        prospects = [prospect async for prospect in api.prospects.where().page_size(20)]
    assert len(prospects) == 50
    assert outreach_sandbox.outreach.rate_limited == 0
    assert outreach_sandbox.outreach.statistics()["tokens_minted"] == 1


async def test_clients_of_one_user_share_a_token_and_users_do_not_share_quota(outreach_sandbox: Sandbox) -> None:
    for user in ("ada", "ada", "bob"):
        async with outreach_sandbox.client(user=user) as api:
            await api.users.where().first()
    assert outreach_sandbox.outreach.statistics()["tokens_minted"] == 2
    assert {entry.subject for entry in outreach_sandbox.outreach.requests} == {"user:ada", "user:bob", ""}


async def test_the_quota_is_waited_for_on_the_sandboxs_clock() -> None:
    sandbox = Sandbox(prospects=5, quota="20/60")
    async with sandbox.client() as api:
        await asyncio.gather(*(api.users.get(1) for _ in range(50)))
    assert sandbox.outreach.rate_limited == 0
    assert START + 120 <= sandbox.clock.now() < START + 190


async def test_a_revoked_token_is_replaced_once_the_throttle_allows(outreach_sandbox: Sandbox) -> None:
    async with outreach_sandbox.client() as api:
        await api.users.get(1)
        outreach_sandbox.outreach.revoke_tokens()
        await asyncio.gather(*(api.users.get(1) for _ in range(20)))
        outreach_sandbox.outreach.revoke_tokens("ada", refresh=True)
        with pytest.raises((SignInRequired, Unauthorized)):
            await api.users.get(1)
    assert outreach_sandbox.outreach.rate_limited == 0
    assert outreach_sandbox.outreach.statistics()["tokens_minted"] == 2


async def test_server_to_server(outreach_sandbox: Sandbox) -> None:
    app, setup = (
        outreach_sandbox.s2s_app(),
        outreach_sandbox.outreach.setup_token(outreach_sandbox.credentials.install_id),
    )
    install = await app.setup(setup, transport=outreach_sandbox.transport(), clock=outreach_sandbox.clock)
    assert install == outreach_sandbox.credentials.install_id
    async with Outreach(app.install(install), pool=outreach_sandbox.pool()) as api:
        assert await api.prospects.where().limit(3).collect()
        with pytest.raises(Forbidden):
            await api.stages.where().first()
    assert f"install:{install}" in {entry.subject for entry in outreach_sandbox.outreach.requests}


async def test_a_bearer_token_has_the_scopes_it_was_minted_with(outreach_sandbox: Sandbox) -> None:
    token = outreach_sandbox.access_token("ada", ["users.read"])
    async with Outreach(BearerToken(token), pool=outreach_sandbox.pool()) as api:
        await api.users.get(1)
        with pytest.raises(Forbidden, match=r"prospects\.read"):
            await api.prospects.get(1)


async def test_planmysaas_in_process(planmysaas_sandbox: Sandbox) -> None:
    async with planmysaas_sandbox.planmysaas_client() as pms:
        (await pms.me()).require("leads:write")
        lead = await pms.leads.create(campaign="camp_abc", email="founder@example.com")
        again = await pms.leads.create(campaign="camp_abc", email="founder@example.com")
        assert lead.id == again.id
        replies = [reply async for reply in pms.replies.where(needs_action=True)]
        assert all(reply.needs_action for reply in replies)
    async with planmysaas_sandbox.planmysaas_client(key="revoked") as pms:
        with pytest.raises(Unauthorized, match="Key revoked"):
            await pms.me()


async def test_planmysaas_keys_and_replies_change(planmysaas_sandbox: Sandbox) -> None:
    side = planmysaas_sandbox.planmysaas
    lead = next(iter(side.api.workspaces["ws_abc"].leads))
    assert side.receive_reply(lead)["classification"] == "interested"
    side.set_scopes("full", ["replies:read"])
    async with planmysaas_sandbox.planmysaas_client() as pms:
        assert lead in {reply["leadId"] async for reply in pms.replies.where(needs_action=True)}
        with pytest.raises(Forbidden):
            await pms.campaigns.where().first()
    side.revoke_key()
    async with planmysaas_sandbox.planmysaas_client() as pms:
        with pytest.raises(Unauthorized):
            await pms.me()


async def test_heavy_pages_and_changed_documents() -> None:
    sandbox = Sandbox(prospects=60)
    sandbox.outreach.heavy_pages(above=25)
    sandbox.outreach.drift("unknown_enum", "prospect", "title")
    async with sandbox.client() as api:
        prospects = await api.prospects.where().collect()
    assert len(prospects) == 60
    assert {prospect.title for prospect in prospects if prospect.title} == {"a_value_nobody_knew"}
    assert sandbox.outreach.store.count("prospect") == 60
    sandbox.outreach.heal()
    assert sandbox.outreach.statistics()["faults_waiting"] == 0


@pytest.mark.parametrize("rotation", ["revoke_immediately", "revoke_on_first_use", "keep"])
async def test_a_lost_grant_costs_the_sign_in_only_where_the_old_token_dies_at_once(rotation: str) -> None:
    sandbox = Sandbox(prospects=2, rotation=rotation)
    sandbox.outreach.cut_next(route="POST /oauth/token")
    async with sandbox.client() as api:
        if rotation == "revoke_immediately":
            with pytest.raises(SignInRequired):
                await api.users.get(1)
        else:
            await api.users.get(1)
            assert sandbox.clock.now() >= START + 60
    assert sandbox.outreach.rate_limited == 0


async def test_two_users_with_different_scopes(outreach_sandbox: Sandbox) -> None:
    first = outreach_sandbox.refresh_token("carol", ["users.read"])
    assert first != outreach_sandbox.refresh_token("carol", ["users.read"])
    assert outreach_sandbox.refresh_token("dave") == outreach_sandbox.refresh_token("dave")


def test_a_sandbox_repeats_with_its_seed() -> None:
    first, second, other = Sandbox(prospects=5), Sandbox(prospects=5), Sandbox(prospects=5, seed=2)
    assert first.credentials == second.credentials
    assert first.access_token() == second.access_token()
    assert first.credentials.client_id != other.credentials.client_id
    assert first.credentials.client_secret not in repr(first.credentials)


@pytest.mark.parametrize("wrong", [{"rotatoin": "keep"}, {"quota": "many"}])
def test_an_unknown_switch_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Sandbox(prospects=1, **wrong)
    sandbox = Sandbox(prospects=1)
    with pytest.raises(ConfigurationError):
        sandbox.set_switches(mint_throttle=5, **wrong)
    assert sandbox.switches.mint_throttle == 60


async def test_time_moves_only_where_it_can() -> None:
    wound, real = Sandbox(prospects=1, clock=WoundClock()), Sandbox(prospects=1, clock=SystemClock())
    await wound.advance(86_400)
    assert wound.clock.now() == START + 86_400
    with pytest.raises(ConfigurationError, match="WoundClock"):
        await real.advance(1)
    with pytest.raises(ConfigurationError):
        Sandbox(prospects=-1)
