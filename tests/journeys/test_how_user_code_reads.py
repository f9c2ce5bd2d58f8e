"""The programs that the documents promise, as a user would write them, against the sandbox."""

import datetime as dt

import pytest

from outreach_async import (
    FileTokens,
    OAuthApp,
    Outreach,
    Pace,
    PlanMySaaS,
    RequestPool,
    S2SApp,
    any_of,
    since,
)
from outreach_async.outreach.resources import Account, Mailbox, Sequence, User
from outreach_async.sandbox import Sandbox


@pytest.fixture
async def served(monkeypatch):
    async with Sandbox(prospects=60).serve() as made:
        announced = made.announced()
        settings = {
            "OUTREACH_BASE_URL": "outreach_base_url",
            "OUTREACH_CLIENT_ID": "client_id",
            "OUTREACH_CLIENT_SECRET": "client_secret",
            "OUTREACH_REDIRECT_URI": "redirect_uri",
            "OUTREACH_REFRESH_TOKEN": "refresh_token",
            "OUTREACH_S2S_GUID": "s2s_guid",
            "OUTREACH_S2S_PRIVATE_KEY": "s2s_private_key",
            "PLANMYSAAS_BASE_URL": "planmysaas_base_url",
            "PLANMYSAAS_API_KEY": "api_key",
        }
        for variable, name in settings.items():
            monkeypatch.setenv(variable, announced[name])
        yield announced


async def test_reading_and_writing(served, tmp_path):
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=3650)
    app = OAuthApp.from_env(tokens=FileTokens(tmp_path / "tokens.json"))
    async with Outreach(app.user("ada")) as api:
        async for prospect in api.prospects.where(updated_at=since(yesterday), owner=User.ref(1)).sort("-updated_at"):
            assert prospect.id
            assert prospect.account is None or prospect.account.type == "account"

        page = await api.prospects.where(title=any_of("CTO", "VP")).include("account").fields(account=["name"])
        for prospect in page:
            if account := page.find(prospect.account):
                assert account.name

        ada = await api.prospects.create(
            first_name="Ada", emails=["ada@example.com"], account=Account.ref(7), custom={"custom12": "x"}
        )
        assert ada.custom["custom12"] == "x"
        ada = await api.prospects.update(ada, title="Countess", owner=None)
        assert (ada.title, ada.first_name) == ("Countess", "Ada")
        state = await api.sequence_states.create(prospect=ada, sequence=Sequence.ref(3), mailbox=Mailbox.ref(1))
        assert (await api.sequence_states.finish(state)).state == "finished"

        found = 0
        async for outcome in api.map(api.prospects.get, [1, 2, 9999], concurrency=20):
            found += outcome.value is not None
            assert (outcome.value is None) == (outcome.error is not None)
        assert found == 2

        urgent = api.with_options(lane="interactive", timeout=5, replay=True)
        assert (await urgent.prospects.get(1)).id == 1
        assert "of 10,000 left" in str(api.quota)
        assert (await api.request("GET", "/prospects/1")).status == 200
        async for record in api.collection("opportunities").filter({"filter[id]": "1..3"}):
            assert record["name"]
        with api.watching() as calls:
            await api.users.where().first()
        assert len(calls) == 1


async def test_many_tenants_share_a_pool(served):
    s2s = S2SApp(guid=served["s2s_guid"], private_key=served["s2s_private_key"], base_url=served["outreach_base_url"])
    async with RequestPool(concurrency=40, pace=Pace.burst(reserve=500)) as pool:
        for install in [served["install_id"]]:
            tenant = Outreach(s2s.install(install), pool=pool)
            assert await tenant.prospects.where().first()


async def test_planmysaas(served):
    async with PlanMySaaS.from_env() as pms:
        (await pms.me()).require("leads:write")
        campaign = await pms.campaigns.where().first()
        lead = await pms.leads.create(campaign=campaign, email="founder@example.com", first_name="Sam")
        assert lead.email == "founder@example.com"
        async for reply in pms.replies.where(needs_action=True):
            assert reply.classification


async def test_in_process_with_a_fault():
    sandbox = Sandbox(prospects=500)
    async with sandbox.client() as api:
        sandbox.outreach.fail_next(429, times=2)
        assert (await api.prospects.get(1)).id == 1
