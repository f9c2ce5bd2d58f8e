"""Many rows in one statement: whole, in order, within what SQLite takes, and in few lengths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webhooks.sqlite_rows import in_runs


@given(count=st.integers(0, 3_000), width=st.integers(1, 12))
def test_runs_are_the_rows_in_order_and_no_statement_has_too_many_parameters(count: int, width: int) -> None:
    rows = [(number,) * width for number in range(count)]
    runs = list(in_runs(rows, width))
    assert [row for run in runs for row in run] == rows
    assert all(0 < len(run) * width <= 999 for run in runs)


def test_a_usual_transaction_takes_few_statements_of_few_lengths() -> None:
    cut = [[len(run) for run in in_runs([(0,) * 10] * count, 10)] for count in range(1, 65)]
    assert max(len(lengths) for lengths in cut) == 2
    assert len({length for lengths in cut for length in lengths}) <= 24
