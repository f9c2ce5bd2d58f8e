"""What the agenda tells of itself; what it gives out when is tested through the inboxes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webhooks.agenda import Agenda


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_the_oldest_is_the_oldest_in_whatever_order_they_came(steps: list[tuple[int, bool]]) -> None:
    agenda, left = Agenda(), {}
    for number, (received_at, ends) in enumerate(steps):
        agenda.add(number, "", float(received_at), now=10.0)
        left[number] = float(received_at)
        for pick in agenda.take(int(ends), now=10.0):
            agenda.end(pick.id, "whole", now=10.0)
            del left[pick.id]
        assert agenda.oldest_at == min(left.values(), default=None)
