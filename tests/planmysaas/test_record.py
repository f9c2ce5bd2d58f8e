from __future__ import annotations

import datetime as dt
import logging

import pytest
from pydantic import ValidationError

from outreach_async.planmysaas import Campaign, Lead, Record, Reply
from outreach_async.planmysaas.record import Rows, build
from outreach_async.protocol.errors import DriftError, InvalidResponse
from outreach_async.protocol.messages import Request

ASKED = Request("GET", "https://www.planmysaas.com", "/api/v1/outreach/leads", route="/leads")


class Step(Record):
    number: int | None = None


class Sequence(Record):
    name: str | None = None
    first_step: Step | None = None
    steps: Rows[Step] = ()


def test_wire_names_become_python_names() -> None:
    lead = build(Lead, {"id": "lead_1", "firstName": "Sam", "linkedinUrl": "https://x", "campaignId": "camp_1"}, ASKED)
    assert (lead.first_name, lead.linkedin_url, lead.campaign_id) == ("Sam", "https://x", "camp_1")
    assert lead["first_name"] == lead["firstName"] == "Sam"
    assert lead.last_name is None
    assert "last_name" not in lead.model_fields_set


def test_an_underscored_wire_name_is_read() -> None:
    campaign = build(Campaign, {"_count": {"leads": 3, "bounces": 1}, "createdAt": "2026-01-02T03:04:05.000Z"}, ASKED)
    assert campaign.counts is not None
    assert (campaign.counts.leads, campaign.counts["bounces"]) == (3, 1)
    assert campaign.created_at == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_what_is_not_known_is_kept() -> None:
    reply = build(Reply, {"id": "r", "classification": "sarcastic", "sentiment": {"score": 1}}, ASKED)
    assert reply.classification == "sarcastic"
    assert reply.extra == {"sentiment": {"score": 1}}
    assert reply["sentiment"] == {"score": 1}
    with pytest.raises(KeyError):
        reply["nothing_such"]
    assert reply.drifted == ()


def test_an_unexpected_type_is_kept_raw_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    class Widget(Record):
        size: int | None = None
        name: str | None = None

    with caplog.at_level(logging.WARNING, "outreach_async.drift"):
        records = [build(Widget, {"size": ["big"], "name": "x"}, ASKED) for _ in range(2)]
    assert [(record.size, record.name, record.drifted) for record in records] == [(["big"], "x", ("size",))] * 2
    assert [entry.getMessage() for entry in caplog.records] == [
        "Widget.size has an unexpected type; its value is kept raw"
    ]


def test_drift_inside_of_a_row_stays_inside() -> None:
    row = {"name": "s", "firstStep": {"number": "x"}, "steps": [{"number": 1}, {"number": []}]}
    sequence = build(Sequence, row, ASKED)
    assert sequence.drifted == ()
    assert sequence.first_step is not None
    assert sequence.first_step.drifted == ("number",)
    assert [step.number for step in sequence.steps] == [1, []]


def test_rows_that_are_none_are_kept_raw() -> None:
    sequence = build(Sequence, {"steps": [1, 2], "firstStep": "first"}, ASKED)
    assert sequence.drifted == ("first_step", "steps")
    assert sequence["steps"] == [1, 2]
    assert build(Sequence, {"steps": None}, ASKED).steps == ()


def test_drift_can_be_refused() -> None:
    with pytest.raises(DriftError, match="unexpected types in dailyCap") as caught:
        build(Campaign, {"dailyCap": "many"}, ASKED, "raise")
    assert caught.value.names == ("dailyCap",)
    with pytest.raises(DriftError, match="Step: unexpected types in number"):
        build(Sequence, {"steps": [{"number": "x"}]}, ASKED, "raise")


@pytest.mark.parametrize(
    ("row", "told"), [(None, "null"), ([], "an array"), ("x", "a text"), (True, "a bool"), (1, "a number")]
)
def test_a_row_that_is_no_object_is_an_invalid_answer(row: object, told: str) -> None:
    with pytest.raises(InvalidResponse, match=f"a Lead came as {told}"):
        build(Lead, row, ASKED)


def test_records_are_values() -> None:
    one, same = (build(Lead, {"id": "lead_1", "tags": ["a"]}, ASKED) for _ in range(2))
    assert one == same
    with pytest.raises(ValidationError, match="frozen"):
        one.id = "lead_2"  # type: ignore[misc]
    assert Lead(first_name="Sam").first_name == "Sam"
    assert len({build(Lead, {"id": "lead_1"}, ASKED), build(Lead, {"id": "lead_1"}, ASKED)}) == 1
