"""The twenty-seven calls of the nine groups, each end to end with the scope it needs and no other."""

import datetime as dt

import pytest

from outreach_async import (
    Account,
    BearerToken,
    Forbidden,
    Mailbox,
    NotFound,
    Outreach,
    Prospect,
    Sequence,
    SequenceState,
    User,
    any_of,
    since,
)
from outreach_async.sandbox import Sandbox

DUE = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def sandbox():
    return Sandbox(prospects=60)


@pytest.fixture
async def pool(sandbox):
    async with sandbox.pool() as made:
        yield made


@pytest.fixture
def allowed(sandbox, pool):
    """A client whose token has just these scopes."""

    def client(*scopes: str) -> Outreach:
        return Outreach(BearerToken(sandbox.access_token(scopes=scopes)), pool=pool)

    return client


async def test_prospects(allowed):
    read, write, delete = allowed("prospects.read"), allowed("prospects.write"), allowed("prospects.delete")
    listed = await read.prospects.where(created_at=since(dt.date(2000, 1, 1))).collect()
    assert len(listed) == 60

    ada = await write.prospects.create(first_name="Ada", emails=["ada@example.com"], account=Account.ref(1))
    assert (await read.prospects.get(ada)).first_name == "Ada"
    changed = await write.prospects.update(ada, title="Countess", account=None)
    assert (changed.title, changed.account, changed.first_name) == ("Countess", None, "Ada")
    await delete.prospects.delete(ada)
    with pytest.raises(NotFound, match="Could not find 'prospect' with ID"):
        await read.prospects.get(ada)


async def test_accounts(allowed):
    read, write = allowed("accounts.read"), allowed("accounts.write")
    made = await write.accounts.create(name="Analytical Engines", domain="engines.example", named=True)
    assert (await read.accounts.get(made)).name == "Analytical Engines"
    assert (await write.accounts.update(made, industry="Computing")).industry == "Computing"
    found = await read.accounts.where(domain="engines.example").first()
    assert found is not None
    assert found.id == made.id


async def test_sequences(allowed):
    read, write = allowed("sequences.read"), allowed("sequences.write")
    made = await write.sequences.create(name="Welcome", share_type="shared")
    assert (await read.sequences.get(made)).name == "Welcome"
    assert made.id in [sequence.id async for sequence in read.sequences.where(name="Welcome")]


async def test_sequence_states(allowed, sandbox):
    read, write = allowed("sequenceStates.read"), allowed("sequenceStates.write")
    prospect = await allowed("prospects.write").prospects.create(first_name="Ada", emails=["ada@example.com"])
    sequences = allowed("sequences.all")
    sequence = await sequences.sequences.create(name="Welcome", sequence_type="interval")
    steps = allowed("sequenceSteps.write").sequence_steps
    await steps.create(sequence=sequence, step_type="task", order=1, interval=7 * 86400)
    await sequences.sequences.activate(sequence)

    state = await write.sequence_states.create(prospect=prospect, sequence=sequence, mailbox=Mailbox.ref(1))
    assert state.state == "pending"
    await sandbox.advance(120)
    (found,) = await read.sequence_states.where(prospect=prospect).collect()
    assert found.state == "active"
    assert (await write.sequence_states.finish(state)).state == "finished"


async def test_mailings(allowed):
    read, write = allowed("mailings.read"), allowed("mailings.all")
    made = await write.mailings.create(
        prospect=Prospect.ref(1), mailbox=Mailbox.ref(1), subject="Hello", body_html="<p>Hello</p>"
    )
    assert (await read.mailings.get(made)).subject == "Hello"
    assert made.id in [mailing.id async for mailing in read.mailings.where(prospect=1)]


async def test_calls(allowed):
    read, write = allowed("calls.read"), allowed("calls.write")
    made = await write.calls.create(prospect=Prospect.ref(1), user=User.ref(1), direction="outbound", note="rang")
    assert made.id in [call.id async for call in read.calls.where(prospect=any_of(Prospect.ref(1), Prospect.ref(2)))]


async def test_tasks(allowed):
    read, write = allowed("tasks.read"), allowed("tasks.write")
    made = await write.tasks.create(
        action="email", note="write", due_at=DUE, subject=Prospect.ref(1), owner=User.ref(1)
    )
    assert made.subject == Prospect.ref(1)
    assert made.id in [task.id async for task in read.tasks.where(owner=1, prospect=1)]
    done = await write.tasks.mark_complete(made, completion_note="done")
    assert done.state == "complete"
    assert done.completed_at is not None


async def test_templates(allowed):
    read, write = allowed("templates.read"), allowed("templates.write")
    made = await write.templates.create(name="Greeting", subject="Hi", body_html="<p>Hi</p>")
    assert made.id in [template.id async for template in read.templates.where(name="Greeting")]


async def test_users(allowed):
    read = allowed("users.read")
    users = await read.users.where().sort("last_name").collect()
    assert users
    assert (await read.users.get(users[0])).email == users[0].email


REFUSED = [
    ("prospects.write", "prospects.read", lambda api: api.prospects.get(1)),
    ("prospects.read", "prospects.write", lambda api: api.prospects.create(first_name="x")),
    ("prospects.write", "prospects.delete", lambda api: api.prospects.delete(1)),
    ("accounts.write", "accounts.read", lambda api: api.accounts.get(1)),
    ("accounts.read", "accounts.write", lambda api: api.accounts.update(1, name="x")),
    ("sequences.read", "sequences.write", lambda api: api.sequences.create(name="x")),
    ("sequenceStates.read", "sequenceStates.write", lambda api: api.sequence_states.finish(SequenceState.ref(1))),
    ("mailings.read", "mailings.write", lambda api: api.mailings.create(prospect=Prospect.ref(1))),
    ("calls.read", "calls.write", lambda api: api.calls.create(note="x")),
    ("tasks.read", "tasks.write", lambda api: api.tasks.mark_complete(1)),
    ("templates.read", "templates.write", lambda api: api.templates.create(name="x")),
    ("teams.read", "users.read", lambda api: api.users.get(1)),
]


@pytest.mark.parametrize(("granted", "needed", "call"), REFUSED, ids=[f"{case[1]}" for case in REFUSED])
async def test_every_scope_is_needed_and_named_when_missing(allowed, sandbox, granted, needed, call):
    """A bearer token's scopes are unknown here, so it is the server that refuses, in its own words."""
    with pytest.raises(Forbidden, match=rf"required scope '{needed}'") as caught:
        await call(allowed(granted))
    assert needed in caught.value.missing
    assert sandbox.outreach.requests[-1].status == 403


async def test_a_grant_that_tells_its_scopes_is_not_even_asked(sandbox, pool):
    app = sandbox.oauth_app()
    seed = sandbox.refresh_token("bob", scopes=["prospects.write"])
    bob = Outreach(app.user("bob", refresh_token=seed), pool=pool)
    await bob.prospects.create(first_name="Bob")
    before = len(sandbox.outreach.requests)
    with pytest.raises(Forbidden, match=r"needs prospects\.read or prospects\.all; the token has prospects\.write"):
        await bob.prospects.get(1)
    assert len(sandbox.outreach.requests) == before
    with pytest.raises(Forbidden, match="required scope"):
        await bob.with_options(check_scopes=False).prospects.get(1)


async def test_every_listable_type_can_be_listed(sandbox):
    from outreach_async.outreach.resources import TYPES

    async with sandbox.client() as api:
        listed = 0
        for plural, _ in TYPES.values():
            collection = getattr(api, plural)
            if hasattr(collection, "where"):
                rows = await collection.where().collect()
                assert len(rows) == len({row.id for row in rows}), plural
                assert not [row.drifted for row in rows if row.drifted], plural
                listed += 1
        assert listed == 47
        assert sandbox.outreach.rate_limited == 0


async def test_an_enrolment_from_nothing(sandbox):
    """Template, sequence, step, join, activate, enrol: the order the service demands."""
    async with sandbox.client() as api:
        template = await api.templates.create(name="Hello", subject="Hi", body_html="<p>Hi</p>")
        sequence = await api.sequences.create(name="New", sequence_type="interval")
        step = await api.sequence_steps.create(sequence=sequence, step_type="auto_email", order=1, interval=7 * 86400)
        await api.sequence_templates.create(sequence_step=step, template=template)
        await api.sequences.activate(sequence)
        state = await api.sequence_states.create(
            prospect=Prospect.ref(5), sequence=Sequence.ref(sequence.id), mailbox=Mailbox.ref(1)
        )
        await sandbox.advance(61)
        assert (await api.sequence_states.get(state)).state == "active"
        await api.sequence_states.pause(state)
        await api.sequence_states.resume(state)
        assert (await api.sequence_states.finish(state)).state == "finished"
