"""The comparisons see what they are there to see: each thing that may be wrong is made up, and found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.webhooks.load import order_verdict, poison_verdict
from tests.webhooks.load.delays import Delays, delays_of
from tests.webhooks.load.deliveries import ALWAYS, Planned
from tests.webhooks.load.notes import Run
from tests.webhooks.load.poison import Loaded, Outcome
from tests.webhooks.load.stored import Stored


class TestComparingPoison:
    """Five events: a good one, poison that raises, a good one behind it, poison without a record, a good one after."""

    planned = (
        Planned(1, 1),
        Planned(2, 2, fails=ALWAYS),
        Planned(3, 2),
        Planned(4, 4, readable=False),
        Planned(5, 2),
    )
    stored = (
        Stored(1, 1, "done", "prospect/1", 100.0),
        Stored(2, 2, "dead", "prospect/2", 101.0, failures=2, released_at=110.0),
        Stored(3, 3, "done", "prospect/2", 102.0),
        Stored(4, 4, "dead", "", 103.0, failures=1, released_at=103.0),
        Stored(5, 5, "done", "prospect/2", 111.0),
    )
    runs = (
        Run(1, 100.5, 100.6, done=True),
        Run(2, 101.0, 101.1, done=False),
        Run(2, 109.9, 110.0, done=False),
        Run(3, 110.2, 110.3, done=True),
        Run(5, 111.1, 111.2, done=True),
    )

    def judge(self, stored: object = None, runs: object = None) -> poison_verdict.Verdict:
        kept = self.stored if stored is None else stored
        return poison_verdict.judge(self.planned, kept, self.runs if runs is None else runs, 1, 1.0)  # type: ignore[arg-type]

    def changed(self, place: int, **changes: object) -> poison_verdict.Verdict:
        """What is found when one event on file is another."""
        kept = list(self.stored)
        kept[place] = replace(kept[place], **changes)  # type: ignore[arg-type]
        return self.judge(stored=kept)

    def rerun(self, place: int, **changes: object) -> poison_verdict.Verdict:
        """What is found when one run is another."""
        runs = list(self.runs)
        runs[place] = replace(runs[place], **changes)  # type: ignore[arg-type]
        return self.judge(runs=runs)

    def test_nothing_wrong(self):
        verdict = self.judge()
        assert verdict.good
        assert str(verdict) == "events 5, poison 2, dead 2, late 0, lost 0"
        assert (verdict.others.count, verdict.behind.count) == (2, 1)
        assert (verdict.others.longest, verdict.held) == (pytest.approx(0.5), pytest.approx(8.2))

    def test_a_late_event_of_another_resource(self):
        verdict = self.rerun(0, started=101.1)
        assert (verdict.others.late, verdict.behind.late, verdict.late, verdict.good) == (1, 0, 1, False)

    def test_a_late_event_once_poison_let_its_resource_go(self):
        verdict = self.rerun(3, started=111.1)
        assert (verdict.others.late, verdict.behind.late, verdict.late, verdict.good) == (0, 1, 1, False)

    def test_poison_that_let_go_before_excuses_nothing(self):
        verdict = self.rerun(4, started=112.1)
        assert (verdict.others.late, verdict.behind.late, verdict.good) == (1, 0, False)

    def test_the_run_that_handled_an_event_counts_and_not_one_that_failed(self):
        failed = Run(1, 100.0, 100.1, done=False)
        verdict = self.judge(runs=[failed, replace(self.runs[0], started=101.2), *self.runs[1:]])
        assert (verdict.late, verdict.doubled) == (1, 0)

    def test_a_good_event_that_died(self):
        verdict = self.changed(0, state="dead")
        assert (verdict.dead, verdict.misjudged, verdict.good) == (3, 1, False)

    def test_poison_that_did_not_die(self):
        verdict = self.changed(1, state="done")
        assert (verdict.dead, verdict.misjudged, verdict.good) == (1, 1, False)

    def test_a_dead_set_of_the_right_size_and_the_wrong_events(self):
        kept = [replace(self.stored[0], state="dead"), replace(self.stored[1], state="done"), *self.stored[2:]]
        verdict = self.judge(stored=kept)
        assert (verdict.dead, verdict.misjudged, verdict.good) == (2, 2, False)

    @pytest.mark.parametrize("place", range(5))
    def test_an_event_that_is_not_on_file(self, place: int):
        verdict = self.judge(stored=[each for each in self.stored if each.id != place + 1])
        assert (verdict.lost, verdict.good) == (1, False)

    def test_a_good_event_that_was_not_handled(self):
        verdict = self.judge(runs=self.runs[1:])
        assert (verdict.lost, verdict.good) == (1, False)
        assert self.rerun(0, done=False).lost == 1

    def test_an_event_on_file_or_handled_twice(self):
        assert self.judge(stored=[*self.stored, replace(self.stored[0], id=6)]).doubled == 1
        verdict = self.judge(runs=[*self.runs, self.runs[0]])
        assert (verdict.doubled, verdict.good) == (1, False)

    def test_poison_tried_too_seldom_or_too_often(self):
        assert self.judge(runs=[self.runs[0], *self.runs[2:]]).mistried == 1
        assert self.judge(runs=[*self.runs, self.runs[1]]).mistried == 1
        verdict = self.judge(runs=[*self.runs, replace(self.runs[1], number=4)])
        assert (verdict.mistried, verdict.good) == (1, False)

    def test_the_whole_is_no_better_than_its_parts(self):
        quick = Delays(5, 0, 0.1, 0.1)
        fine = Loaded(5.0, quick, self.judge())
        assert Outcome(fine, fine, 2, 2).good
        late = replace(fine, verdict=self.rerun(0, started=101.1))
        lost = replace(fine, verdict=self.judge(runs=self.runs[1:]))
        slow = replace(fine, answers=replace(quick, late=1))
        assert not Outcome(fine, late, 2, 2).good
        assert not Outcome(fine, slow, 2, 2).good
        assert not Outcome(lost, fine, 2, 2).good
        assert not Outcome(fine, fine, 2, 1).good
        assert Outcome(late, fine, 2, 2).good
        assert str(Outcome(fine, late, 2, 2)).endswith("\nevents 5, poison 2, dead 2, late 1, lost 0")


class TestComparingOrder:
    """Three events of one resource and one of another between them, the second of the first failing once."""

    planned = (Planned(1, 1, 1.0), Planned(2, 2, 1.0), Planned(3, 1, 1.0, fails=1), Planned(4, 1, 1.0))
    runs = (
        Run(1, 10.0, 10.5, done=True),
        Run(2, 10.0, 10.6, done=True),
        Run(3, 10.6, 10.7, done=False),
        Run(3, 11.0, 11.1, done=True),
        Run(4, 11.2, 12.0, done=True),
    )

    def judge(self, *places: int) -> order_verdict.Verdict:
        """What is found of these runs."""
        return order_verdict.judge(self.planned, [self.runs[place] for place in places])

    def test_nothing_wrong(self):
        verdict = self.judge(0, 1, 2, 3, 4)
        assert verdict.good
        assert verdict.failed_tries == 1
        assert str(verdict).endswith("events 4, violations 0, effects per event 1, speed-up 2.5")

    def test_an_effect_out_of_order(self):
        run = replace(self.runs[4], started=10.8, ended=10.9)
        verdict = order_verdict.judge(self.planned, [*self.runs[:3], run, self.runs[3]])
        assert (verdict.disordered, verdict.overlapping, verdict.good) == (1, 0, False)

    def test_other_resources_have_no_order_among_each_other(self):
        assert self.judge(1, 0, 2, 3, 4).good

    def test_runs_of_one_resource_side_by_side(self):
        run = replace(self.runs[4], started=11.05)
        verdict = order_verdict.judge(self.planned, [*self.runs[:4], run])
        assert (verdict.disordered, verdict.overlapping, verdict.good) == (0, 1, False)
        run = replace(self.runs[2], started=10.4)
        assert order_verdict.judge(self.planned, [*self.runs[:2], run, *self.runs[3:]]).violations == 1

    def test_an_effect_missing(self):
        verdict = self.judge(0, 1, 2, 3)
        assert (verdict.missing, verdict.doubled, verdict.good) == (1, 0, False)

    def test_an_effect_doubled(self):
        verdict = self.judge(0, 1, 1, 2, 3, 4)
        assert (verdict.missing, verdict.doubled, verdict.good) == (0, 1, False)
        assert "effects per event 1.25," in str(verdict)

    def test_one_missing_and_one_doubled_do_not_make_up_for_each_other(self):
        verdict = self.judge(0, 1, 1, 2, 3)
        assert (verdict.effects_per_event, verdict.missing, verdict.doubled, verdict.good) == (1.0, 1, 1, False)

    def test_nothing_at_all(self):
        verdict = self.judge()
        assert (verdict.missing, verdict.speed_up, verdict.good) == (4, 0.0, False)


def test_waits_are_summed_up():
    delays = delays_of([0.5, 2.0, 0.1, 1.0], 1.0)
    assert (delays.count, delays.late, delays.most, delays.longest) == (4, 1, 1.0, 2.0)
    assert delays_of([], 1.0).count == 0
