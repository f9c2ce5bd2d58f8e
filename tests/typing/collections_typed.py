"""What a type checker must accept of the client, and what it must refuse.

Lines that must be refused carry an ignore with its code; both checkers also fail when such a line becomes acceptable.
"""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import datetime as dt
from typing import assert_type

from outreach_async import Outreach, Record, Ref, any_of, between, is_empty, since
from outreach_async.outreach.page import Count, Page
from outreach_async.outreach.record import Related
from outreach_async.outreach.resources import Account, Mailbox, Mailing, Prospect, Sequence, SequenceState, Task, User

YESTERDAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def accepted(api: Outreach) -> None:
    query = api.prospects.where(updated_at=since(YESTERDAY), owner=User.ref(42), title=any_of("CTO", "VP"))
    async for prospect in query.sort("-updated_at", "first_name").include("account").fields(account=["name"]):
        assert_type(prospect, Prospect)
        assert_type(prospect.account, Ref[Account] | None)
        assert_type(prospect.mailings, Related[Mailing])
        assert_type(prospect.first_name, str | None)
        assert_type(prospect.updated_at, dt.datetime | None)

    page = await query
    assert_type(page, Page[Prospect])
    assert_type(page[0], Prospect)
    if account := page.find(page[0].account):
        assert_type(account, Account)
    assert_type(page.find(None), None)
    assert_type(await query.first(), Prospect | None)
    assert_type(await query.collect(), list[Prospect])
    assert_type(await query.count(), Count)

    ada = await api.prospects.create(
        first_name="Ada", emails=["ada@example.com"], account=Account.ref(7), custom={"custom12": "x"}
    )
    await api.prospects.update(ada, title="Countess", owner=None)
    await api.prospects.update(Prospect.ref(3), first_name=None)
    await api.prospects.update(3, owner=User.ref(1))
    await api.prospects.delete(ada)
    assert_type(await api.prospects.get(1), Prospect)

    state = await api.sequence_states.create(prospect=ada, sequence=Sequence.ref(3), mailbox=Mailbox.ref(9))
    assert_type(await api.sequence_states.finish(state), SequenceState)
    assert_type(await api.tasks.mark_complete(5, completion_action="finish_replied"), Task)
    api.tasks.where(owner__email="ada@example.com", due_at=between(dt.date(2026, 1, 1), YESTERDAY), state=is_empty())
    api.sequence_states.where(prospect=any_of(Prospect.ref(1), Prospect.ref(2)), sequence__name="Welcome")

    async for outcome in api.map(api.prospects.get, [1, 2, 3], concurrency=20):
        assert_type(outcome.item, int)
        assert_type(outcome.value, Prospect | None)

    assert_type(Ref("widget", 1), Ref[Record])
    assert_type(User.ref(1), Ref[User])
    assert_type(Ref(User, 1), Ref[User])
    async for record in api.collection("anything").filter({"filter[amount]": "1000..inf"}):
        record["amount"]
    assert_type(api.with_options(lane="interactive", timeout=5, replay=True, query={"a": "b"}), Outreach)


async def refused(api: Outreach) -> None:
    api.prospects.where(owner=Account.ref(42))  # type: ignore[arg-type]
    api.prospects.where(titel="x")  # type: ignore[call-arg]
    api.prospects.where(title=since(3))  # type: ignore[arg-type]
    api.prospects.where(tags="x")  # type: ignore[call-arg]
    api.prospects.where().sort("-nope")  # type: ignore[arg-type]
    await api.duties.create()  # type: ignore[attr-defined]
    await api.sequence_states.create(prospect=Prospect.ref(1))  # type: ignore[call-arg]
    await api.sequence_states.update(1)  # type: ignore[attr-defined]
    await api.prospects.update(Account.ref(3), first_name="x")  # type: ignore[arg-type]
    await api.prospects.create(first_name=5)  # type: ignore[arg-type]
    await api.prospects.create(created_at=YESTERDAY)  # type: ignore[call-arg]
    await api.users.delete(1)  # type: ignore[attr-defined]
    await api.tasks.reschedule(1)  # type: ignore[call-arg]
    await api.tasks.finish(1)  # type: ignore[attr-defined]
    await api.prospekts.get(1)  # type: ignore[attr-defined]
