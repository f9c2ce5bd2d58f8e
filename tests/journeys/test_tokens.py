"""Grants that rotate, expire, are revoked, throttled, lost on the way, and shared by processes."""

import asyncio
import subprocess
import sys
import textwrap
from urllib.parse import urlsplit

import pytest

from outreach_async import (
    AssertionRefused,
    CredentialError,
    FileTokens,
    MemoryTokens,
    OAuthApp,
    Outreach,
    Request,
    S2SApp,
    SignInRequired,
    Unauthorized,
)
from outreach_async.sandbox import Sandbox

HOUR = 3600


def grants(sandbox):
    return [entry for entry in sandbox.outreach.requests if entry.path == "/oauth/token"]


@pytest.mark.parametrize("rotation", ["revoke_immediately", "revoke_on_first_use", "keep"])
async def test_a_job_that_runs_every_night_keeps_its_grant(rotation, tmp_path):
    """Two runs a day apart over one token file, seeded once: every mode of rotation is survived."""
    sandbox = Sandbox(prospects=20, rotation=rotation)
    for _ in range(2):
        app = sandbox.oauth_app(FileTokens(tmp_path / "tokens.json"))
        async with Outreach(app.user("ada", refresh_token=sandbox.refresh_token()), pool=sandbox.pool()) as api:
            assert len(await api.prospects.where().collect()) == 20
            await sandbox.advance(3 * HOUR)
            assert len(await api.prospects.where().collect()) == 20
        await sandbox.advance(24 * HOUR)
    assert sandbox.outreach.rate_limited == 0
    assert len(grants(sandbox)) == 4
    assert all(entry.status == 200 for entry in grants(sandbox))


async def test_many_tasks_meet_an_expiry_with_one_grant():
    sandbox = Sandbox(prospects=20, rotation="revoke_immediately")
    async with sandbox.client() as api:
        await api.prospects.get(1)
        for _ in range(5):
            await sandbox.advance(3 * HOUR)
            await asyncio.gather(*(api.prospects.get(number) for number in range(1, 20)))
    assert len(grants(sandbox)) == 6
    assert sandbox.outreach.rate_limited == 0


async def test_a_revoked_token_is_replaced_once_for_everybody():
    sandbox = Sandbox(prospects=20, mint_throttle=1)
    async with sandbox.client() as api:
        await api.prospects.get(1)
        await sandbox.advance(120)
        sandbox.outreach.revoke_tokens()
        await asyncio.gather(*(api.prospects.get(number) for number in range(1, 20)))
    assert len(grants(sandbox)) == 2


async def test_a_revoked_grant_asks_for_a_sign_in():
    sandbox = Sandbox(prospects=20)
    async with sandbox.client() as api:
        await api.prospects.get(1)
        await sandbox.advance(120)
        sandbox.outreach.revoke_tokens(refresh=True)
        with pytest.raises((SignInRequired, Unauthorized)) as caught:
            await api.prospects.get(1)
        assert isinstance(caught.value, SignInRequired)
        assert sandbox.credentials.refresh_token not in str(caught.value)


async def test_the_throttle_is_waited_for_within_patience_and_told_beyond():
    """A token revoked ten seconds after it was granted: the next may be had only fifty seconds later."""
    sandbox = Sandbox(prospects=20)
    async with sandbox.client() as api:
        await api.prospects.get(1)
        await sandbox.advance(10)
        sandbox.outreach.revoke_tokens()
        began = sandbox.clock.now()
        with pytest.raises(CredentialError) as caught:
            await api.with_options(patience=5).prospects.get(1)
        assert began + 40 < caught.value.retry_at < began + 60

        assert (await api.prospects.get(1)).id == 1
        assert 40 < sandbox.clock.now() - began < 60
    assert sandbox.outreach.rate_limited == 0


async def test_a_lost_refresh_answer_is_asked_for_again_but_not_at_once(tmp_path):
    sandbox = Sandbox(prospects=20, rotation="revoke_on_first_use")
    async with sandbox.client() as api:
        await api.prospects.get(1)
        await sandbox.advance(3 * HOUR)
        sandbox.outreach.cut_next(route="POST /oauth/token")
        began = sandbox.clock.now()
        assert (await api.prospects.get(1)).id == 1
        assert sandbox.clock.now() - began >= 59
    assert sandbox.outreach.rate_limited == 0


async def test_a_token_that_expires_during_a_wait_for_quota_is_not_sent():
    sandbox = Sandbox(prospects=20, quota="10/7000", access_lifetime="5000")
    async with sandbox.client() as api:
        patient = api.with_options(patience=20_000)
        for number in range(1, 16):
            await patient.prospects.get(number)
    assert not [entry for entry in sandbox.outreach.requests if entry.status in {401, 429}]


async def test_the_code_flow_signs_in():
    sandbox = Sandbox(prospects=20)
    app, transport = sandbox.oauth_app(MemoryTokens()), sandbox.transport()
    sign_in = app.begin_sign_in(scopes=["prospects.read"])
    url = urlsplit(sign_in.url)
    page = await transport.send(Request("GET", f"{url.scheme}://{url.netloc}", url.path, url.query), None)
    code = sign_in.code(page.headers["Location"])
    token = await app.exchange(code, user="eve", verifier=sign_in.verifier, transport=transport, clock=sandbox.clock)
    assert token.scopes == {"prospects.read"}

    async with Outreach(app.user("eve"), pool=sandbox.pool()) as api:
        await api.prospects.get(1)
        assert api.granted_scopes == {"prospects.read"}
    with pytest.raises(SignInRequired):
        sign_in.code(page.headers["Location"].replace("state=", "state=x"))
    with pytest.raises(CredentialError):
        await app.exchange(code, user="eve", verifier=sign_in.verifier, transport=transport, clock=sandbox.clock)


async def test_installations_have_tokens_of_their_own():
    sandbox = Sandbox(prospects=20)
    sandbox.outreach.add_install("install-2", org_id=2)
    app = sandbox.s2s_app()
    async with sandbox.pool() as pool:
        tenants = [Outreach(app.install(name), pool=pool) for name in (sandbox.credentials.install_id, "install-2")]
        for tenant in tenants:
            await tenant.prospects.get(1)
        await sandbox.advance(2 * HOUR)
        for tenant in tenants:
            await asyncio.gather(*(tenant.prospects.get(number) for number in range(1, 10)))
    minted = [entry for entry in sandbox.outreach.requests if entry.path.endswith("/actions/accessToken")]
    assert len(minted) == 4
    assert sandbox.outreach.rate_limited == 0


async def test_an_installation_whose_organisation_is_gone_is_refused():
    sandbox = Sandbox(prospects=20)
    sandbox.outreach.set_org_state(sandbox.credentials.install_id, "deleted")
    async with Outreach(sandbox.s2s_app().install(sandbox.credentials.install_id), pool=sandbox.pool()) as api:
        with pytest.raises(AssertionRefused):
            await api.prospects.get(1)


async def test_the_setup_redirect_gives_the_installation():
    sandbox = Sandbox(prospects=20)
    token = sandbox.outreach.setup_token(sandbox.credentials.install_id)
    app: S2SApp = sandbox.s2s_app()
    assert await app.setup(token, transport=sandbox.transport(), clock=sandbox.clock) == sandbox.credentials.install_id


PROCESS = """
    import asyncio, sys
    from outreach_async import FileTokens, OAuthApp, Outreach

    async def main(origin, path, client_id, client_secret, redirect_uri, seed):
        app = OAuthApp(client_id, client_secret, redirect_uri, tokens=FileTokens(path), base_url=origin)
        async with Outreach(app.user("ada", refresh_token=seed)) as api:
            for _ in range(3):
                await asyncio.gather(*(api.prospects.get(number) for number in range(1, 10)))
                await asyncio.sleep(0.6)
        print("done")

    asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_share_one_token_file(tmp_path):
    """Tokens live 2 s and the refresh token rotates at once: any process that did not share would be locked out."""
    sandbox = Sandbox(prospects=20, rotation="revoke_immediately", mint_throttle=0)
    known = sandbox.credentials
    async with sandbox.serve() as served:
        arguments = [served.outreach_base_url, str(tmp_path / "tokens.json"), known.client_id, known.client_secret]
        arguments += [known.redirect_uri, known.refresh_token]
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                textwrap.dedent(PROCESS),
                *arguments,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        for process in processes:
            out, err = await process.communicate()
            assert out == b"done\n", err.decode()
    assert len(grants(sandbox)) == 1
    assert not [entry for entry in sandbox.outreach.requests if entry.status != 200]


def test_the_application_prints_no_secret():
    app = OAuthApp("id", "canary", "http://127.0.0.1/cb", tokens=MemoryTokens())
    assert "canary" not in repr(app) + repr(app.user("ada")) + str(vars(app.user("ada")).keys())
