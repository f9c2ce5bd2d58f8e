"""Rows survive being packed, and columns and indexes stay true while rows come, change and go."""

from __future__ import annotations

import random

from outreach_async.sandbox.store import Record, Store


def a_store() -> Store:
    return Store(["account", "prospect", "user"])


def prospect(row_id: int, account: int | None = None, **attributes: object) -> Record:
    one = {"account": ("account", account)} if account else {}
    return Record("prospect", row_id, dict(attributes), one, {})


def test_a_row_comes_back_as_it_went_in():
    store = a_store()
    row = prospect(7, 3, emails=["a@b.example"], score=1.5, optedOut=False)
    row.many["teams"] = [("team", 1), ("team", 2)]
    store.put(row)
    assert store.get("prospect", 7) == row
    assert store.at(("prospect", 7)) == row
    assert store.get("prospect", 8) is None
    assert store.at(None) is None
    assert store.at(("nobody knows this type", 1)) is None


def test_changing_a_copy_changes_nothing():
    store = a_store()
    store.put(prospect(1, name="Ada"))
    copy = store.get("prospect", 1)
    assert copy is not None
    copy.set({"name": None, "title": "CTO"})
    assert store.get("prospect", 1) == prospect(1, name="Ada")


def test_ids_rise_and_are_not_given_twice():
    store = a_store()
    assert store.next_id("prospect") == 1
    for row_id in (5, 2, 9):
        store.put(prospect(row_id))
    assert list(store.ids("prospect")) == [2, 5, 9]
    store.remove(("prospect", 9))
    assert list(store.ids("prospect")) == [2, 5]
    assert store.next_id("prospect") == 10
    assert store.count("prospect") == 2


def test_every_change_raises_the_version():
    store = a_store()
    seen = {store.version}
    store.put(prospect(1))
    seen.add(store.version)
    store.put(prospect(1, name="x"))
    seen.add(store.version)
    store.remove(("prospect", 1))
    seen.add(store.version)
    assert len(seen) == 4


def test_texts_are_found_whatever_their_case():
    store = a_store()
    store.put(prospect(1, email="Ada@Engines.example"))
    assert list(store.having("prospect", "email", "ada@engines.EXAMPLE")) == [1]
    assert list(store.having("prospect", "email", "grace@engines.example")) == []


def test_rows_may_change_while_they_are_walked():
    store = a_store()
    for row_id in range(1, 6):
        store.put(prospect(row_id))
    walked = []
    for row in store.all("prospect"):
        walked.append(row.id)
        if row.id == 2:
            store.remove(("prospect", 3))
            store.put(prospect(99))
    assert walked == [1, 2, 4, 5]


def test_columns_and_indexes_agree_with_a_fresh_reading_after_many_changes():
    dice = random.Random(5)
    store = a_store()
    store.column("prospect", "name")
    store.holders("prospect", "account", ("account", 1))
    for _ in range(400):
        row_id = dice.randint(1, 30)
        if dice.random() < 0.25 and store.get("prospect", row_id):
            store.remove(("prospect", row_id))
        else:
            name = dice.choice([None, "Ada", "Grace"])
            store.put(prospect(row_id, dice.choice([None, 1, 2, 3]), **({"name": name} if name else {})))
    rows = list(store.all("prospect"))
    assert store.column("prospect", "name") == {r.id: r.attributes["name"] for r in rows if "name" in r.attributes}
    for account in (1, 2, 3):
        expected = [r.id for r in rows if r.one.get("account") == ("account", account)]
        assert list(store.holders("prospect", "account", ("account", account))) == expected
