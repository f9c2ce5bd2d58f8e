"""Finished pages are kept within a bound, the oldest go first, and none outlives a change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outreach_async.sandbox import documents, listing


@pytest.fixture
def tight(monkeypatch, new_service):
    monkeypatch.setattr(listing, "PAGES_KEPT", 20_000)
    monkeypatch.setattr(listing, "_LISTS_KEPT", 2)
    monkeypatch.setattr(documents, "_TEMPLATES_KEPT", 2)
    return new_service()


def test_old_pages_make_room(tight):
    first = tight.get("/stages", ("sort", "name"))
    assert tight.get("/stages", ("sort", "name")).raw is first.raw
    for number in range(30):
        assert tight.get("/stages", ("filter[id]", f"1..{number + 1}"), ("fields[stage]", "name")).status == 200
    again = tight.get("/stages", ("sort", "name"))
    assert again.raw is not first.raw
    assert again.raw == first.raw


def test_a_page_too_large_to_keep_is_answered_all_the_same(tight):
    pages = [tight.get("/prospects", ("page[size]", "20")).raw for _ in range(2)]
    assert pages[0] is not pages[1]
    assert pages[0] == pages[1]


def test_many_ways_of_writing_a_row(tight):
    for name in ("name", "color", "order", "name,color", ""):
        row = tight.get("/stages/1", ("fields[stage]", name)).data
        assert set(row["attributes"]) == {part for part in name.split(",") if part}


def test_pages_with_secrets_are_not_kept(service):
    mine = service.post("webhook", {"url": "https://h.example", "secret": "hush"}).data["id"]
    assert service.get("/webhooks", ("filter[active]", "true")).data[-1]["attributes"]["secret"] == "hush"
    service.actor = replace(service.actor, client_id="another app")
    assert service.get("/webhooks", ("filter[active]", "true")).data[-1]["attributes"]["secret"] is None
    assert service.api.store.get("webhook", mine).attributes["secret"] == "hush"
