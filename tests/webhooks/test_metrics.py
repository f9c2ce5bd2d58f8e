"""The text for Prometheus, read by its rules, and the counts behind it."""

from __future__ import annotations

import re

from outreach_async.sandbox.clock import START
from tests.webhooks.kept import told
from tests.webhooks.receiving import outreach, receiver
from webhooks.metrics import Counts, Histogram, Rate, exposition
from webhooks.outreach import OutreachSource
from webhooks.planmysaas import PlanMySaaSSource
from webhooks.tally import Tally

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)+)\})? (\S+)')


def read(text: str) -> dict[str, float]:
    """Read an exposition; every sample has to follow the help and type of its family."""
    values: dict[str, float] = {}
    family = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
        elif not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match is not None, line
            assert re.fullmatch(family + "(_bucket|_sum|_count)?", match[1]), line
            values[line.rpartition(" ")[0]] = float(match[3])
    return values


async def test_it_tells_what_happened() -> None:
    made = receiver()
    async with made.hooks as hooks:
        for number in (1, 2, 2):
            message = outreach(number)
            await hooks.receive("outreach", message.headers, message.body)
        await hooks.receive("outreach", {}, b"{}")
        await hooks.settled()
        values = read(hooks.metrics())
    assert values['webhooks_received_total{source="outreach"}'] == 4
    assert values['webhooks_verified_total{source="outreach",secret="default"}'] == 3
    assert values['webhooks_verified_total{source="planmysaas",secret="default"}'] == 0
    assert values['webhooks_refused_total{source="outreach",reason="signature-absent"}'] == 1
    assert values['webhooks_stored_total{source="outreach"}'] == 2
    assert values['webhooks_duplicates_total{source="outreach"}'] == 1
    assert values['webhooks_handled_total{handler="seen"}'] == 2
    assert values['webhooks_ack_seconds_count{source="outreach"}'] == 3
    assert values['webhooks_ack_seconds_bucket{source="outreach",le="+Inf"}'] == 3
    assert values['webhooks_handler_seconds_count{handler="seen"}'] == 2
    assert (values["webhooks_up"], values["webhooks_depth"], values["webhooks_store_failing"]) == (1, 0, 0)
    assert values["webhooks_log_bytes"] == 0
    assert read(made.hooks.metrics())["webhooks_up"] == 0


def test_names_from_the_application_are_escaped() -> None:
    counts = Counts(["outreach"])
    counts.settled(told('a\\b"c\nd'))
    text = exposition(Tally([OutreachSource("x")]), counts, None, START)
    assert r'webhooks_handled_total{handler="a\\b\"c\nd"} 1' in text
    assert read(text)


def test_secrets_that_nobody_uses_show_as_zero() -> None:
    source = PlanMySaaSSource({"new": "a", "old": "b"})
    values = read(exposition(Tally([source]), Counts([source.name]), None, START))
    assert values['webhooks_verified_total{source="planmysaas",secret="old"}'] == 0


def test_every_outcome_is_counted_by_its_handler() -> None:
    counts = Counts([])
    for settlement in (told("a"), told("a", "retry"), told("b", "dead"), told("", "dead")):
        counts.settled(settlement)
    assert (counts.handled, counts.retried, counts.dead) == ({"a": 1}, {"a": 1}, {"b": 1, "": 1})
    assert set(counts.runs) == {"a", "b"}


def test_what_was_never_run_is_not_timed() -> None:
    counts = Counts([])
    counts.settled(told("gone", "dead", attempt=0))
    assert (counts.dead, dict(counts.runs), counts.handled_rate.per_minute(START)) == ({"gone": 1}, {}, 0)


def test_events_that_no_handler_takes_are_counted_by_source() -> None:
    counts = Counts(["outreach", "planmysaas"])
    counts.note_unclaimed("outreach")
    values = read(exposition(Tally([OutreachSource("x")]), counts, None, START))
    assert values['webhooks_unclaimed_total{source="outreach"}'] == 1
    assert values['webhooks_unclaimed_total{source="planmysaas"}'] == 0


def test_a_histogram_counts_up() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 3.0):
        histogram.observe(value)
    samples = list(histogram.samples("x", ()))
    assert [(name, labels, value) for name, labels, value in samples] == [
        ("x_bucket", (("le", "0.1"),), 2),
        ("x_bucket", (("le", "1"),), 3),
        ("x_bucket", (("le", "+Inf"),), 4),
        ("x_sum", (), 3.65),
        ("x_count", (), 4),
    ]


def test_a_rate_forgets_what_is_over_a_minute_old() -> None:
    rate = Rate()
    for second in (0, 0, 30, 59.9):
        rate.note(START + second)
    assert rate.per_minute(START + 59.9) == 4
    assert rate.per_minute(START + 60) == 2
    assert rate.per_minute(START + 90) == 1
    assert rate.per_minute(START + 10_000) == 0
    rate.note(START)  # set back
    assert rate.per_minute(START + 1) == 1
