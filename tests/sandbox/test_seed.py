"""The planted organisation: populated, coherent, in proportion, cheap, and older than the clock."""

from __future__ import annotations

import time

import pytest

from outreach_async.sandbox.catalogue import catalogue
from outreach_async.sandbox.clock import START
from outreach_async.sandbox.timestamps import stamp


def test_every_type_has_rows(service):
    assert {name for name in catalogue().types if service.api.store.count(name) == 0} == set()


def test_sizes_are_in_proportion(new_service):
    store = new_service(prospects=500).api.store
    assert store.count("prospect") == 500
    assert store.count("account") == 100
    assert store.count("emailAddress") >= 500
    assert store.count("sequenceState") == 250
    assert 5 <= store.count("user") <= 10


@pytest.mark.parametrize("size", [0, 1, 7])
def test_small_organisations_work(new_service, size):
    service = new_service(prospects=size)
    for kind in catalogue().types.values():
        if "list" in kind.operations:
            assert service.get(f"/{kind.plural}").status == 200
    assert len(service.get("/prospects").ids) == size


def test_only_what_the_catalogue_knows_is_planted(service):
    for kind in catalogue().types.values():
        for row in service.api.store.all(kind.name):
            assert set(row.attributes) <= {*kind.attributes, kind.known_by}, kind.name
            assert set(row.one) <= {name for name, item in kind.relationships.items() if not item.many}, kind.name
            for name, ref in row.one.items():
                assert ref[0] in kind.relationships[name].types
                assert service.api.store.has(ref), (kind.name, name, ref)


def test_addresses_are_told_alike_in_both_places(service):
    for row in service.api.store.all("prospect"):
        ids = service.api.store.holders("emailAddress", "prospect", row.ref)
        assert [service.attributes("emailAddress", i)["email"] for i in ids] == row.attributes["emails"]


def test_everything_is_older_than_the_clock(service):
    now = stamp(START)
    for kind in catalogue().types.values():
        for name in ("createdAt", "updatedAt"):
            if name in kind.attributes:
                assert all(value < now for value in service.api.store.column(kind.name, name).values())


def test_nothing_changes_by_itself_in_what_was_planted(service):
    service.advance(365 * 86_400)
    assert service.changes == []


def test_500_prospects_are_planted_in_a_moment(new_service):
    # A generous bound: an idle machine needs a tenth of it.
    spent = time.process_time()
    new_service(prospects=500)
    assert time.process_time() - spent < 0.6
